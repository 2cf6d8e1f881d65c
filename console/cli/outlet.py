"""Standard streams that take nothing: a full disk, a reader that went away, one that was closed before we began."""

from __future__ import annotations

import io
import os
import sys
from contextlib import suppress
from pathlib import Path
from typing import Final, TextIO

_NOWHERE: Final = Path(os.devnull)


def reason(error: Exception) -> str:
    """Why a stream took nothing, in words."""
    return (error.strerror if isinstance(error, OSError) else None) or str(error)


def takes(stream: TextIO) -> bool:
    """Whether a stream takes what was written to it."""
    try:
        stream.flush()
    except (OSError, ValueError):
        return False
    return True


def drop(stream: TextIO) -> None:
    """Let a stream lead nowhere: what it still holds would make the interpreter complain as it ends."""
    with suppress(OSError, ValueError, io.UnsupportedOperation):  # one of a test, or closed: it has no number
        number = stream.fileno()
        nowhere = os.open(_NOWHERE, os.O_WRONLY)
        os.dup2(nowhere, number)
        os.close(nowhere)


def stand_in() -> None:
    """Open the standard streams that this process was started without, before another file takes their numbers.

    Nothing can be read there, what is said on standard error is lost, and standard output refuses: a verb that was to print
    something must not end as if it had.
    """
    if sys.stdin is None:
        sys.stdin = _NOWHERE.open(encoding="utf-8")
    if sys.stdout is None:
        sys.stdout = os.fdopen(os.open(_NOWHERE, os.O_RDONLY), "w", encoding="utf-8")
    if sys.stderr is None:
        sys.stderr = _NOWHERE.open("w", encoding="utf-8")
