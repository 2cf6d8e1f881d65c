"""Files that must not exist yet: there whole or not at all, on the disk, and with the mode that was meant."""

from __future__ import annotations

import os
import secrets
from pathlib import Path
from typing import Final

PRIVATE: Final = 0o600
"""For the owner's eyes."""


def write_new(path: Path, content: bytes, *, mode: int = PRIVATE) -> None:
    """Make a file with a content, durably. Whatever happens on the way, there is never half of it under its name.

    `mode` is what the file gets whatever the umask says: a umask that lets a group write must not decide who may enrol.

    Raises:
        FileExistsError: there is one already; it was not touched.
        OSError: it cannot be made.
    """
    partial = path.with_name(f".{path.name}.{secrets.token_hex(4)}.partial")
    try:
        with os.fdopen(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as file:
            if os.name == "posix":
                os.fchmod(file.fileno(), mode)
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        _name(partial, path)
    finally:
        partial.unlink(missing_ok=True)
    if os.name == "posix":  # elsewhere a folder cannot be opened, and names are durable
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def _name(partial: Path, path: Path) -> None:
    """Give a whole file its name, unless there is one under it."""
    try:
        path.hardlink_to(partial)
    except FileExistsError:
        raise
    except OSError:  # a file system without links
        if path.exists():
            raise FileExistsError(path) from None
        partial.rename(path)
