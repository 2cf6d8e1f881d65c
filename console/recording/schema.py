"""The form of a session file: tables, version, migrations, and what is refused.

A session file is an SQLite database with our application id. Its first 100 bytes are judged before SQLite sees it, so
that a foreign file or one of a newer version is never touched: opening a database for writing can already change it.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, Literal

import aiosqlite

from console.recording.files import advice_on, has_wal, wal_of

APPLICATION_ID: Final = 0x57464C52
"""`WFLR`, in the database header, so that `file` and we know a session when we see one."""

VERSION: Final = 1
"""Schema version this program writes, the database's `user_version`."""

BUSY_SECONDS: Final = 2.0
"""How long to wait for a database that another program has locked."""

DDL: Final = (
    # Dictionary 0 means that the body is stored as it was sent.
    "CREATE TABLE dictionaries (id INTEGER PRIMARY KEY, content BLOB NOT NULL)",
    "CREATE TABLE subjects (id INTEGER PRIMARY KEY, agent TEXT NOT NULL, run TEXT NOT NULL, UNIQUE (agent, run))",
    """CREATE TABLE log (pos INTEGER PRIMARY KEY, at INTEGER NOT NULL,
        subject INTEGER NOT NULL REFERENCES subjects (id), dictionary INTEGER NOT NULL, body BLOB NOT NULL)""",
    # Every index entry ends in the row id, which is `pos`: this one orders a run's records, too.
    "CREATE INDEX log_subject ON log (subject)",
    "CREATE TABLE keyframes (pos INTEGER PRIMARY KEY, at INTEGER NOT NULL, body BLOB NOT NULL)",
)

Migration = Callable[[aiosqlite.Connection], Awaitable[None]]
MIGRATIONS: Final[dict[int, Migration]] = {}
"""How to bring a file of one version to the next. A step runs inside a transaction and leaves exactly `DDL` in the end."""

_HEADER_BYTES: Final = 100
_MAGIC: Final = b"SQLite format 3\x00"
_WAL_MARK: Final = b"\x02\x02"
_OPENING: Final = 0.05  # seconds, in which a writer makes the WAL after the mark, or takes the mark after it


class RecordingError(Exception):
    """The recording cannot be used or written. The text is one line that names the file and says what to do."""


_ADVICE: Final = {
    sqlite3.SQLITE_BUSY: "another program has it locked; close that program and try again",
    sqlite3.SQLITE_LOCKED: "another program has it locked; close that program and try again",
    sqlite3.SQLITE_FULL: "the disk is full; free some space",
    sqlite3.SQLITE_READONLY: "it may not be written; check owner and mode of file and folder",
    sqlite3.SQLITE_PERM: "it may not be opened; check owner and mode of file and folder",
    sqlite3.SQLITE_CANTOPEN: "it cannot be opened; check owner and mode of file and folder",
    sqlite3.SQLITE_IOERR: "the disk failed; check the disk and free space",
}


_DAMAGED: Final = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)


@contextmanager
def naming(path: Path) -> Iterator[None]:
    """Turn whatever SQLite or the system says about a file into a `RecordingError` that names it."""
    try:
        yield
    except sqlite3.Error as error:
        # The low byte is the primary code; errors made by the Python module carry none.
        code = getattr(error, "sqlite_errorcode", 0) & 0xFF
        advice = _ADVICE.get(code, "it is not usable as a recording")
        if code in _DAMAGED:
            advice = f"it is damaged; {advice_on(path, copy=True)}"
        raise RecordingError(f"{path}: {advice} ({error})") from error
    except OSError as error:
        raise RecordingError(f"{path}: {error.strerror or error}") from error


BEING_WRITTEN: Final[set[tuple[int, int]]] = set()
"""Device and inode of the files that this process writes.

POSIX drops all locks of a process on a file when it closes any descriptor of it. SQLite's would go with them, and whoever
opens the file next and closes it takes the WAL away under our writer (sqlite.org/howtocorrupt.html, 2.2).
"""


def inspect(path: Path) -> int:
    """Return the schema version of a session file by its header alone, changing nothing.

    Raises:
        RecordingError: not there, no session of ours, of a newer version, or shorter than it says.
    """
    with naming(path):
        status = path.stat()
        if (status.st_dev, status.st_ino) in BEING_WRITTEN:
            return VERSION  # it was inspected, and migrated, when it was opened
        size = status.st_size
        with path.open("rb") as file:
            header = file.read(_HEADER_BYTES)
    if len(header) < _HEADER_BYTES and _MAGIC.startswith(header[: len(_MAGIC)]):
        raise RecordingError(f"{path}: cut short to {size} bytes; {advice_on(path, copy=True)}")
    if not header.startswith(_MAGIC) or int.from_bytes(header[68:72], "big") != APPLICATION_ID:
        raise RecordingError(f"{path}: not a Watchfloor recording; {advice_on(path)}")
    version = int.from_bytes(header[60:64], "big")
    if version > VERSION:
        raise RecordingError(
            f"{path}: written by a newer Watchfloor (schema {version}, this one knows {VERSION}); upgrade Watchfloor"
        )
    page = int.from_bytes(header[16:18], "big")
    promised = int.from_bytes(header[28:32], "big") * (65_536 if page == 1 else page)
    # With a WAL beside it the end of the database may not have been moved there yet.
    if size < promised and not has_wal(path):
        raise RecordingError(f"{path}: cut short to {size} of {promised} bytes; {advice_on(path, copy=True)}")
    return version


async def wal_missing(path: Path) -> bool:
    """Whether a file says that it has a WAL and has none: it was not closed in order, and what stood there is gone.

    A writer that closes in order leaves no such mark (`Session.close`). One that is just opening the file has put the mark
    and not yet the WAL: hence the second look. False, too, for a file that cannot be read: opening it says why.
    """
    if not _lacks_wal(path):
        return False
    await asyncio.sleep(_OPENING)
    return _lacks_wal(path)


def _lacks_wal(path: Path) -> bool:
    try:
        status = path.stat()
        if (status.st_dev, status.st_ino) in BEING_WRITTEN or wal_of(path).exists():
            return False
        with path.open("rb") as file:
            return file.read(_HEADER_BYTES)[18:20] == _WAL_MARK
    except OSError:
        return False


def wal_lost(path: Path) -> str:
    """What there is to say of a file whose WAL is missing."""
    what = f"{path}: was not closed in order, and its WAL is missing ({wal_of(path).name}): the newest records may be lost"
    if not _lacks_wal(path):  # and it is no good to a file that was changed without it
        return f"{what}; a supervisor went on without it"
    return f"{what}; copy both files together, or restore them"


async def connect(path: Path, mode: Literal["rw", "ro", "ro&immutable=1"]) -> aiosqlite.Connection:
    """Open a database that exists. Transactions begin where they are written; a statement outside of one is one.

    Raises:
        sqlite3.Error: it cannot be opened.
    """
    address = f"{_uri(path)}?mode={mode}"
    connection = await _opened(
        aiosqlite.connect(address, uri=True, isolation_level=None, timeout=BUSY_SECONDS)
    )
    try:
        # A file may come from anybody: no functions from its schema, and pages are checked before they are believed.
        await connection.execute("PRAGMA trusted_schema = OFF")
        await connection.execute("PRAGMA cell_size_check = ON")
        await connection.execute_fetchall("SELECT count(*) FROM sqlite_schema")
    except BaseException:
        await connection.close()
        raise
    return connection


async def migrated_copy(connection: aiosqlite.Connection, path: Path, version: int) -> aiosqlite.Connection:
    """Close a read-only connection and return one to a copy in memory that has the present schema.

    Raises:
        RecordingError: there is no way from `version` to the present one.
        sqlite3.Error: copying or migrating failed.
    """
    copy = await _opened(aiosqlite.connect(":memory:", isolation_level=None))
    try:
        await connection.backup(copy)
        await migrate(copy, path, version)
    except BaseException:
        await copy.close()
        raise
    finally:
        await connection.close()
    return copy


async def migrate(connection: aiosqlite.Connection, path: Path, version: int) -> None:
    """Bring a database from `version` to the present one, wholly or not at all.

    Raises:
        RecordingError: a step is missing.
        sqlite3.Error: a step failed.
    """
    await connection.execute("BEGIN IMMEDIATE")
    try:
        for present in range(version, VERSION):
            step = MIGRATIONS.get(present)
            if step is None:
                raise RecordingError(
                    f"{path}: schema {present} is too old; export it with the Watchfloor that wrote it"
                )
            await step(connection)
            await connection.execute(f"PRAGMA user_version = {present + 1}")
        await connection.commit()
    except BaseException:
        await connection.rollback()
        raise


async def check_schema(connection: aiosqlite.Connection, path: Path) -> None:
    """Check that a database holds our tables and nothing else, text for text.

    A view, a trigger or a computed column under one of our names would run a stranger's code on each read.

    Raises:
        RecordingError: it does not.
        sqlite3.Error: the database is damaged.
    """
    found = await connection.execute_fetchall(
        # Somebody may have run ANALYZE on it.
        "SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL AND name NOT GLOB 'sqlite_stat*'"
    )
    if sorted(str(sql) for (sql,) in found) != sorted(DDL):
        raise RecordingError(f"{path}: its tables are not those of a recording; {advice_on(path)}")


async def one(
    connection: aiosqlite.Connection, sql: str, values: tuple[object, ...] = ()
) -> tuple[Any, ...] | None:
    """Return the first row of a query, or None.

    Raises:
        sqlite3.Error: the query failed.
    """
    found = list(await connection.execute_fetchall(sql, values))
    return tuple(found[0]) if found else None


def _uri(path: Path) -> str:
    return path.resolve().as_uri()


async def _opened(opening: aiosqlite.Connection) -> aiosqlite.Connection:
    # Its worker thread would keep the interpreter from ending when a close was forgotten or an exception was faster.
    worker: Any = getattr(opening, "_thread", opening)  # before 0.22 a connection is the thread itself
    worker.daemon = True
    return await opening
