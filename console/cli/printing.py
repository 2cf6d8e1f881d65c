"""What the verbs print: aligned columns, ages, and JSON that is safe to show in a terminal."""

from __future__ import annotations

import json
import shutil
import sys
import time
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from typing import Any, Final

import click

from console.cli.exits import complain
from console.cli.outlet import drop, reason
from console.core.text import ELLIPSIS, visible, visible_json

NOTHING: Final = "–"
ID_CELLS: Final = 12
"""How much of a long run id a list shows on a terminal."""

MARKS: Final = frozenset({"Mn", "Me", "Cf"})


def now_ms() -> int:
    """Return this machine's clock in milliseconds since 1970 UTC, as the log counts: for ages on a screen only."""
    return int(time.time() * 1000)


def width(text: str) -> int:
    """How many cells of a terminal a printable text takes."""
    if text.isascii():
        return len(text)
    return sum(
        0 if unicodedata.category(char) in MARKS else 2 if unicodedata.east_asian_width(char) in "WF" else 1
        for char in text
    )


def shown(key: str) -> str:
    """`agent/run` or `agent/run/action` for a list: on a terminal a long run id is cut to its end, which names it too."""
    if not sys.stdout.isatty():
        return key
    agent, slash, rest = key.partition("/")
    run, more, action = rest.partition("/")
    cut = ELLIPSIS + run[-ID_CELLS:] if len(run) > ID_CELLS + 1 else run
    return f"{agent}{slash}{cut}{more}{action}"


def fitted(lines: Iterable[str]) -> list[str]:
    """Lines of a list, on a terminal cut to its width: whatever is last on them is only a hint."""
    if not sys.stdout.isatty():
        return list(lines)
    space = shutil.get_terminal_size().columns
    return [line if width(line) <= space else _cut(line, space) for line in lines]


def _cut(line: str, space: int) -> str:
    kept = line[: space - 1]
    while width(kept) > space - 1:
        kept = kept[:-1]
    return kept + ELLIPSIS


def columns(head: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """A table as lines: columns as wide as their widest cell, two blanks apart, the last one of any length.

    What cannot be seen of a cell is shown as its escape, wherever the cell came from: an imported file may say anything.
    """
    table = [list(head), *([visible(text) for text in row] for row in rows)]
    widths = [max(width(row[number]) for row in table) for number in range(len(head))]
    lines = []
    for row in table:
        cells = [text + " " * (space - width(text)) for text, space in zip(row, widths, strict=True)]
        lines.append("  ".join(cells).rstrip())
    return lines


Table = Callable[[Sequence[str], Iterable[Sequence[str]]], list[str]]
"""Makes lines of a table: `columns`, or `spoken`."""


def spoken(head: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """The same table as lines of which each is understood alone: every value after its name, what is not known left out.

    For line mode: who hears a line has no heading in sight.
    """
    lines = []
    for row in rows:
        named = zip(head, map(visible, row), strict=True)
        parts = (
            f"{name.strip().lower()} {text.strip()}".strip()
            for name, text in named
            if text.strip() not in ("", NOTHING)
        )
        lines.append(f"  {', '.join(parts)}")
    return lines


def span(seconds: float) -> str:
    """A length of time in its two largest units."""
    left = max(0, int(seconds))
    if left < 60:
        return f"{left}s"
    if left < 3_600:
        return f"{left // 60}m {left % 60:02d}s"
    if left < 86_400:
        return f"{left // 3_600}h {left % 3_600 // 60:02d}m"
    return f"{left // 86_400}d {left % 86_400 // 3_600:02d}h"


def age(at: int | None, now: int) -> str:
    """How long ago a recorded time was."""
    return NOTHING if at is None else span((now - at) / 1000)


def clock(at: int | None, *, day: bool = False) -> str:
    """A recorded time as this machine's local time."""
    if at is None:
        return NOTHING
    try:
        moment = datetime.fromtimestamp(at / 1000, UTC).astimezone()
    except (OverflowError, OSError, ValueError):
        return f"{at} ms"
    text = moment.strftime("%Y-%m-%d %H:%M:%S" if day else "%H:%M:%S")
    return text if day else f"{text}.{at % 1000:03d}"


def safe_json(value: Any) -> str:
    """A value as JSON on one line, harmless to a terminal."""
    return visible_json(json.dumps(value, ensure_ascii=False, separators=(",", ":")))


def say_json(value: Any) -> None:
    """Print one JSON document as a line."""
    click.echo(safe_json(value))


def tell(text: str) -> None:
    """Print a line of a verb that acts: after what it sends, and ending nothing.

    A stop must go out, and its exit code must say what became of it, whether or not anybody can read the words. What cannot
    be printed is said once on standard error; from then on nothing is printed.
    """
    try:
        click.echo(text)
    except (OSError, ValueError) as error:
        drop(sys.stdout)
        complain(f"standard output takes nothing ({reason(error)}); this goes on without it")


def say(lines: Iterable[str]) -> None:
    """Print lines."""
    for line in lines:
        click.echo(line)
