"""The files of a recording: their names, their neighbours, their modes, and how one appears whole."""

from __future__ import annotations

import errno
import os
import re
from contextlib import suppress
from pathlib import Path
from typing import Final

SUFFIX: Final = ".sqlite"
"""Ending of a session file's name."""

PARTIAL: Final = ".partial"
"""Ending of a file that is not yet a session: its making was interrupted."""


_NAME: Final = re.compile(r"\d{8}T\d{6}Z-\d{4,}")


def session_paths(folder: Path) -> list[Path]:
    """Return the session files of a folder by name, which is the order they were made in. No folder, no sessions.

    A file under another name is nobody's session: the writer must never go on with one that was put there.

    Raises:
        OSError: the folder cannot be read.
    """
    return sorted(path for path in folder.glob(f"*{SUFFIX}") if is_session(path))


def is_session(path: Path) -> bool:
    """Whether a file has the name of a session, so that whoever lists its folder takes it for one."""
    return path.suffix == SUFFIX and _NAME.fullmatch(path.stem) is not None


def advice_on(path: Path, *, copy: bool = False) -> str:
    """What to do about a file that is no session of use: one that a person named by himself is in nobody's way.

    `copy`: it was one, and may be again.
    """
    if copy:
        return f"{'move it out of the folder and ' * is_session(path)}restore it from a copy"
    return "move it out of the folder" if is_session(path) else "name the file of a session"


def wal_of(path: Path) -> Path:
    """Where SQLite keeps what is committed and not yet moved into a database file."""
    return path.with_name(path.name + "-wal")


def has_wal(path: Path) -> bool:
    """Whether a session file is being written, or its writer was killed."""
    try:
        return wal_of(path).stat().st_size > 0
    except OSError:
        return False


def size_of(path: Path) -> int:
    """Bytes that a session takes on the disk, its WAL included; 0 if it is not there."""
    size = 0
    for file in (path, wal_of(path)):
        with suppress(OSError):
            size += file.stat().st_size
    return size


def partial_of(path: Path) -> Path:
    """The name that a session file has until it is complete."""
    return path.with_name(f".{path.name}{PARTIAL}")


def remove_partial(path: Path) -> None:
    """Remove an unfinished file and what SQLite keeps beside it.

    Raises:
        OSError: it cannot be removed.
    """
    for suffix in ("-journal", "-wal", "-shm", ""):
        path.with_name(path.name + suffix).unlink(missing_ok=True)


def tidy(folder: Path) -> list[Path]:
    """Remove unfinished files from a folder, and return the sessions that a killed writer left with a WAL.

    Raises:
        OSError: the folder cannot be read or changed.
    """
    for partial in folder.glob(f".*{SUFFIX}{PARTIAL}"):
        remove_partial(partial)
    return [path for path in session_paths(folder) if has_wal(path)]


def begin(path: Path) -> Path:
    """Make an empty private file beside a session to be, and return its path.

    Raises:
        OSError: it cannot be made, or the session exists.
    """
    if path.exists():
        raise FileExistsError(errno.EEXIST, "exists already; move it out of the way")
    partial = partial_of(path)
    remove_partial(partial)
    # SQLite gives its side files the mode of the database.
    os.close(os.open(partial, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
    return partial


def publish(partial: Path, path: Path) -> None:
    """Give a complete file its name, durably.

    Raises:
        OSError: it cannot be renamed.
    """
    partial.rename(path)
    if os.name == "posix":  # elsewhere a folder cannot be opened, and renames are durable
        descriptor = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def make_private(path: Path) -> None:
    """Let nobody but the owner read or write a file.

    Raises:
        OSError: the file belongs to another user.
    """
    path.chmod(0o600)
