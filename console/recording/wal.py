"""The WAL of a session file while it is written: begun, laid out, and its mark taken off a file that is whole without."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import suppress
from pathlib import Path
from typing import Final

import aiosqlite

from console.recording import schema
from console.recording.schema import RecordingError, one

WAL_BYTES: Final = 4_120_000
"""The length that a WAL has at its first checkpoint, about: SQLite makes one when there are 1,000 pages."""

ROOM: Final = 16 * WAL_BYTES
"""Bytes that must be free on the disk for it: the last ones are for what is to be recorded."""

_LAY_OUT: Final = """
PRAGMA cache_size = 16;
BEGIN IMMEDIATE; INSERT INTO dictionaries VALUES (-1, zeroblob(4200000)); ROLLBACK;
"""
"""Pages that the cache does not hold are written to the WAL, also of what is then rolled back."""

_NOTE: Final = -2
"""A dictionary that no body is packed with, so that every program of this schema reads the file as before."""

_CACHE: Final = "PRAGMA cache_size = -2000"  # SQLite's own


async def begin_wal(connection: aiosqlite.Connection, path: Path) -> None:
    """Have a file written by way of a WAL, each commit durable when it returns.

    Raises:
        RecordingError: its file system cannot have one.
    """
    if await one(connection, "PRAGMA journal_mode = WAL") != ("wal",):
        raise RecordingError(f"{path}: its file system cannot share memory for a WAL; use a local disk")
    await one(connection, "SELECT 1 FROM sqlite_schema")  # makes the WAL: from now on it is there
    await connection.execute("PRAGMA synchronous = FULL")
    await connection.execute("PRAGMA fullfsync = ON")  # macOS: through the drive's cache as well


async def lay_out(connection: aiosqlite.Connection, path: Path) -> None:
    """Give the WAL its length from the beginning, where the disk has ample room. If that fails, nothing has happened.

    A commit then overwrites it, and the disk keeps no new length each time. On ext4 that made it a third faster (three
    small rows: 0.45 ms instead of 0.65).
    """
    with suppress(sqlite3.Error, OSError):
        if shutil.disk_usage(path.parent).free < ROOM:
            return
        try:
            await connection.executescript(_LAY_OUT)
        finally:
            await connection.rollback()  # SQLite may have done so; then it does nothing
            await connection.execute(_CACHE)


async def note_missing(connection: aiosqlite.Connection) -> None:
    """Note in a file, for good, that its WAL was missing when a writer went on with it: its close takes the mark off.

    Raises:
        sqlite3.Error: it cannot be written; the file says as before that its WAL is missing.
    """
    await connection.execute(
        "INSERT OR REPLACE INTO dictionaries VALUES (?, ?)", (_NOTE, b"its WAL was missing")
    )


async def was_missing(connection: aiosqlite.Connection) -> bool:
    """Whether that was noted.

    Raises:
        sqlite3.Error: the file is damaged.
    """
    return await one(connection, "SELECT 1 FROM dictionaries WHERE id = ?", (_NOTE,)) is not None


async def unmark(path: Path) -> None:
    """Take the mark of a WAL off a file that is whole without one: a reader that was in the way left while it was closed."""
    if await schema.wal_missing(path):
        with suppress(sqlite3.Error):
            connection = await schema.connect(path, "rw")
            try:
                await connection.execute_fetchall("PRAGMA journal_mode = DELETE")
            finally:
                await connection.close()
