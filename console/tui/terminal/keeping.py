"""What an operator takes along: the subject as text for the clipboard or a file, and the screen as files.

A terminal never says whether it took what OSC 52 gave it, so a file is always the second way.
"""

from __future__ import annotations

import html
import json
import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import msgspec
from rich.cells import cell_len

if TYPE_CHECKING:
    from console.core.fleet.alarm_state import Alarm
    from console.core.fleet.state import Action

MODE: Final = 0o600
FOLDER_MODE: Final = 0o700
_TEXT: Final = re.compile(r'<text ([^>]*?)x="([0-9.]+)"([^>]*?)textLength="([0-9.]+)"([^>]*)>([^<]*)</text>')
_GAPS: Final = re.compile(r"((?:&#160;){2,})")
_WEB_FONTS: Final = re.compile(r"@font-face\s*\{[^}]*\}\s*")


def action_text(action: Action) -> str:
    """An action as one line of JSON in ASCII, its arguments exact. Those that are no longer kept here are null."""
    arguments = None if action.args_cut else action.args
    return _json(
        {
            "agent": action.agent,
            "run": action.run,
            "action": action.id,
            "tool": action.tool,
            "digest": action.digest,
            "args": arguments,
        }
    )


def alarm_text(alarm: Alarm) -> str:
    """An alarm as one line of JSON in ASCII."""
    return _json(msgspec.to_builtins(alarm))


def _json(value: Any) -> str:
    # One line: a pasted line end would have a shell run it. ASCII: no control or bidirectional sign comes along.
    return json.dumps(value, ensure_ascii=True).replace("\x7f", "\\u007f")


def standalone(svg: str) -> str:
    """A picture that loads nothing from the network when it is looked at, and keeps every word in its column.

    Viewers that know no `textLength` set a long text a little too narrow, and what ends a row misses its edge: words with
    two blanks or more between them are texts of their own.
    """
    apart = _TEXT.sub(_words_apart, _WEB_FONTS.sub("", svg))
    return apart.replace("<text ", '<text xml:space="preserve" ')


def _words_apart(text: re.Match[str]) -> str:
    before, x, between, length, after, content = text.groups()
    cells = cell_len(html.unescape(content))
    cell = float(length) / cells if cells else 0.0
    found = []
    at = 0
    for words in _GAPS.split(content):
        wide = cell_len(html.unescape(words))
        if words and not _GAPS.fullmatch(words):
            found.append(
                f'<text {before}x="{float(x) + at * cell:g}"{between}textLength="{wide * cell:g}"{after}>{words}</text>'
            )
        at += wide
    return "".join(found)


def keep(folder: Path, name: str, files: Sequence[tuple[str, str]]) -> Path:
    """Write texts, by the ending of each file, as `name-1` or the next number that is free. Returns the first file.

    Only the user can read them, and no file that is there is ever written over or followed.

    Raises:
        OSError: the folder or a file cannot be written; what was written of these files is gone again.
    """
    folder.mkdir(mode=FOLDER_MODE, parents=True, exist_ok=True)
    number = 1 + max((_number(path.name, name) for path in folder.iterdir()), default=0)
    written: list[Path] = []
    try:
        for ending, text in files:
            path = folder / f"{name}-{number}.{ending}"
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, MODE)
            written.append(path)
            with os.fdopen(descriptor, "w", encoding="utf-8", newline="\n") as file:
                file.write(text)
    except OSError:
        for path in written:
            path.unlink(missing_ok=True)
        raise
    return written[0]


def _number(file: str, name: str) -> int:
    found = re.fullmatch(rf"{re.escape(name)}-([0-9]{{1,9}})\.[a-z]+", file)
    return int(found[1]) if found else 0


def shown_path(path: Path, home: str) -> str:
    """A path for the note line, with `~` for the user's home."""
    text = str(path)
    return f"~{text.removeprefix(home)}" if home and text.startswith(f"{home}{os.sep}") else text
