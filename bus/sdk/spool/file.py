"""What a spool's file is before it is opened: made whole or not at all, told from others' files, set aside when torn."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Final

from filelock import FileLock, Timeout

from bus.sdk.spool.store import Owner, SpoolBusyError, SpoolError, SpoolTornError

FORMAT: Final = 1
"""Version of the file's layout, in `PRAGMA user_version`."""

TORN: Final = ".torn"
"""Ends the name of a spool that was set aside, because nothing of it can be read."""

LOCK_WAIT: Final = 10.0
"""Seconds to wait for another process that is opening or deleting a spool of the same agent."""

APPLICATION: Final = 0x57465350
"""In `PRAGMA application_id`: "WFSP"."""

_MAKING: Final = ".making"
_SCHEMA: Final = f"""
PRAGMA journal_mode = MEMORY;
PRAGMA synchronous = OFF;
BEGIN EXCLUSIVE;
PRAGMA application_id = {APPLICATION};
PRAGMA user_version = {FORMAT};
CREATE TABLE meta (site TEXT, agent TEXT, run TEXT, incarnation TEXT, stored INTEGER, finished INTEGER) STRICT;
CREATE TABLE events (seq INTEGER PRIMARY KEY, event BLOB NOT NULL) STRICT;
COMMIT;
"""  # under a name of its own, which it gets rid of when all is there: so no log on disk is needed to undo it


def set_aside(path: Path) -> Path:
    """Give a spool that is torn a name under which nobody looks for one, its log with it. Return that; nothing is deleted.

    Raises:
        SpoolError: the folder stays locked, or the file cannot be renamed.
    """
    with folder_lock(path, make=False):
        aside = path.with_name(path.name + TORN)
        number = 1
        while aside.exists():
            number += 1
            aside = path.with_name(f"{path.name}{TORN}{number}")
        try:
            for suffix in ("-wal", "-shm", ""):
                if (part := path.with_name(path.name + suffix)).exists():
                    part.rename(aside.with_name(aside.name + suffix))
        except OSError as error:
            raise SpoolError(f"{path}: cannot be set aside: {error.strerror}") from None
        return aside


def make(path: Path, owner: Owner) -> None:
    """Make the file of a spool. It has its name when it is whole: whoever is killed here leaves no torn one.

    To be called under the folder's lock: what stands under the other name was left by somebody who was killed.
    """
    making = path.with_name(_MAKING)
    making.unlink(missing_ok=True)
    os.close(os.open(making, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    try:
        with closing(sqlite3.connect(making, isolation_level=None)) as database:
            database.executescript(_SCHEMA)
            database.execute(
                "INSERT INTO meta VALUES (?, ?, ?, ?, 0, 0)",
                (owner.site, owner.agent, owner.run, owner.incarnation),
            )
        making.rename(path)
    except BaseException:
        making.unlink(missing_ok=True)
        raise


def look(path: Path) -> None:
    """See whether a file is a spool, without changing a byte of it.

    Raises:
        SpoolBusyError: somebody else is using it, and all that it holds is in its log.
        SpoolTornError: there is nothing in it.
        SpoolError: it is somebody else's.
    """
    if not path.stat().st_size and not _has_log(path):
        raise SpoolTornError(f"{path}: the spool is torn: the file is empty")
    try:
        uri = f"{path.absolute().as_uri()}?mode=ro&immutable=1"
        with closing(sqlite3.connect(uri, uri=True)) as database:
            application, tables = _said(database)
            if not application and not tables and _has_log(path):
                application, tables = _in_log(path)
    except sqlite3.Error as error:
        raise meaning(path, error) from None
    if application == APPLICATION:
        return
    if not application and not tables:
        raise SpoolTornError(f"{path}: the spool is torn: nothing is in it")
    raise SpoolError(f"{path}: not a Watchfloor spool")


def _in_log(path: Path) -> tuple[int, int]:
    """What a file says whose only content is in its log, as that of an earlier version's spool may be."""
    with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=0)) as database:
        return _said(database)


def _said(database: sqlite3.Connection) -> tuple[int, int]:
    """The application's id, and the number of tables and the like."""
    (application,) = database.execute("PRAGMA application_id").fetchone()
    (tables,) = database.execute("SELECT count(*) FROM sqlite_schema").fetchone()
    return application, tables


def _has_log(path: Path) -> bool:
    log = path.with_name(path.name + "-wal")
    return log.exists() and log.stat().st_size > 0


def meaning(path: Path, error: sqlite3.Error) -> SpoolError:
    """Say what an error of SQLite means for a spool."""
    if isinstance(error, sqlite3.OperationalError) and "locked" in str(error):
        return SpoolBusyError(f"{path}: another process is using this spool")
    if isinstance(error, sqlite3.DatabaseError) and "not a database" in str(error):
        return SpoolTornError(f"{path}: not a Watchfloor spool")
    if getattr(error, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_CORRUPT or "no such table" in str(
        error
    ):
        return SpoolTornError(f"{path}: the spool is damaged: {error}")
    return SpoolError(f"{path}: {error}")


@contextmanager
def folder_lock(path: Path, *, make: bool) -> Iterator[None]:
    """Hold the lock of a spool's folder, made if wanted.

    Raises:
        FileNotFoundError: there is no folder.
        SpoolBusyError: another process holds it too long.
    """
    try:
        if make:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        elif not path.parent.is_dir():
            raise FileNotFoundError(f"{path}: no such spool")
        with FileLock(path.parent / ".lock", timeout=LOCK_WAIT, mode=0o600):
            yield
    except Timeout:
        raise SpoolBusyError(f"{path.parent}: another process keeps the folder locked") from None
