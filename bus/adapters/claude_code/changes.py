"""What Claude Code's own file tools would change, read from the file before the call."""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from bus.events import Preview

FILE_BYTES: Final = 1024 * 1024
"""Largest file that is read for a preview."""


def changed(tool: str, given: Mapping[str, Any], folder: object) -> Preview | None:
    """What a call of `Write` or `Edit` would change; None where that cannot be said.

    Only files below the session's `folder` are read, and no hidden ones: what a preview shows is recorded, and a call must
    not bring to the floor what its agent was never given (keys, say).
    """
    path = given.get("file_path")
    if tool not in ("Write", "Edit") or not isinstance(path, str) or not isinstance(folder, str):
        return None
    try:
        base = Path(folder).resolve()
        file = (base / path).resolve()
        inside = file.relative_to(base)
        if not Path(folder).is_absolute() or any(part.startswith(".") for part in inside.parts):
            return None
        present = _text(file)
    except (OSError, RuntimeError, ValueError):  # elsewhere, a loop of links, no text, a NUL in the name
        return None
    proposed = _written(given) if tool == "Write" else _edited(given, present)
    return None if proposed is None else Preview(of=str(inside), present=present, proposed=proposed)


def _text(file: Path) -> str | None:
    """A file's text, None if there is no file.

    Raises:
        OSError: it cannot be read, or is no plain file, or too large.
        ValueError: it is no text.
    """
    try:
        # Without O_NONBLOCK a pipe would hold this process until somebody writes into it.
        opened = os.open(file, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    with os.fdopen(opened, "rb") as source:
        found = os.fstat(opened)
        if not stat.S_ISREG(found.st_mode) or found.st_size > FILE_BYTES:
            raise OSError("no plain file of a size to be shown")
        return source.read(FILE_BYTES).decode("utf-8")


def _written(given: Mapping[str, Any]) -> str | None:
    content = given.get("content")
    return content if isinstance(content, str) else None


def _edited(given: Mapping[str, Any], present: str | None) -> str | None:
    old, new = given.get("old_string"), given.get("new_string")
    if not isinstance(old, str) or not isinstance(new, str):
        return None
    if not old:  # begins a file
        return new if not present else None
    if present is None or old not in present:
        return None
    return present.replace(old, new, -1 if given.get("replace_all") is True else 1)
