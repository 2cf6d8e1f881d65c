"""The site database: every verdict and every rung, beside the sessions and for longer than they are kept.

It holds the records that reliability is made of, as they stand in the log, and nothing else: what is known is folded out of
them by the same code that the fleet is made with. It is a copy. What it misses is taken from the sessions when it is
opened, and `rebuild` makes it anew from them.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from pathlib import Path
from types import TracebackType
from typing import Final, Self

import aiosqlite

from bus import codec
from console.core.reducing.apply_outcome import KNOWLEDGE, learn
from console.core.reliability.standing import Reliability
from console.recording.bodies import Row
from console.recording.history import history, sessions
from console.recording.schema import BUSY_SECONDS, RecordingError, naming

APPLICATION_ID: Final = 0x57464B4E
"""`WFKN`, in the database header."""

_DDL: Final = (
    # Not by position: those of a site whose recording was begun anew come twice. The id of a record never does.
    """CREATE TABLE IF NOT EXISTS known (id TEXT PRIMARY KEY, pos INTEGER NOT NULL, at INTEGER NOT NULL,
        agent TEXT NOT NULL, run TEXT NOT NULL, event BLOB NOT NULL)""",
    "CREATE TABLE IF NOT EXISTS seen (session TEXT NOT NULL, pos INTEGER NOT NULL)",
)
_MARKS: Final = tuple(f'"{name}"'.encode() for name in sorted(KNOWLEDGE))


class Known:
    """The site database, open."""

    def __init__(self, path: Path, connection: aiosqlite.Connection) -> None:
        self.path = path
        self._connection = connection

    @staticmethod
    async def open(path: Path) -> Known:
        """Open it, or make it.

        Raises:
            RecordingError: it cannot be opened, is damaged, or is no database of ours.
        """
        with naming(path):
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            connection = await aiosqlite.connect(path, isolation_level=None, timeout=BUSY_SECONDS)
            try:
                mark = await _number(connection, "PRAGMA application_id")
                tables = await _number(connection, "SELECT count(*) FROM sqlite_master")
                if tables and mark != APPLICATION_ID:
                    raise RecordingError(f"{path}: not a reliability database; move it away")
                await connection.execute("PRAGMA journal_mode = WAL")
                await connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
                for statement in _DDL:
                    await connection.execute(statement)
            except BaseException:
                await connection.close()
                raise
        return Known(path, connection)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._connection.close()

    async def append(self, rows: Iterable[Row]) -> int:
        """Keep those rows that are about reliability, each record once. Returns how many are. One transaction.

        Raises:
            RecordingError: it cannot be written; nothing was.
        """
        kept = [row for row in rows if concerns(row)]
        if kept:
            async with self._transaction():
                await self._insert(kept)
        return len(kept)

    async def catch_up(self, folder: Path) -> int:
        """Take in what the sessions hold beyond the last `catch_up`. Returns how many records that were.

        Raises:
            RecordingError: a session cannot be read, or the database not written.
        """
        there = await sessions(folder)
        if not there:
            return 0
        with naming(self.path):
            async with self._connection.execute("SELECT session, pos FROM seen") as cursor:
                seen = await cursor.fetchone()
        # Of a recording that was begun anew everything is new.
        after = seen[1] if seen and any(info.name == seen[0] for info in there) else 0
        kept, end = [], after
        async for row in history(folder, after, lost=_told_already):
            end = row.pos
            if concerns(row):
                kept.append(row)
        async with self._transaction():
            await self._insert(kept)
            await self._connection.execute("DELETE FROM seen")
            await self._connection.execute("INSERT INTO seen VALUES (?, ?)", (there[-1].name, end))
        return len(kept)

    async def rebuild(self, folder: Path) -> tuple[int, int]:
        """Make it anew from the sessions. What is older than the oldest session is kept. Returns (kept, read).

        Raises:
            RecordingError: a session cannot be read, or the database not written; it is as it was.
        """
        first, rows = None, []
        async for row in history(folder, lost=_told_already):
            first = row.at if first is None else first
            if concerns(row):
                rows.append(row)
        async with self._transaction():
            if first is not None:
                await self._connection.execute("DELETE FROM known WHERE at >= ?", (first,))
            older = await _number(self._connection, "SELECT count(*) FROM known")
            await self._insert(rows)
        return older, len(rows)

    async def beyond(self, session: str, pos: int, at: int) -> int:
        """The highest position known to have been given beyond the end of `session`, `pos` at `at` (ms since 1970 UTC).

        Raises:
            RecordingError: it cannot be read.
        """
        with naming(self.path):
            async with self._connection.execute(
                "SELECT max(pos) FROM (SELECT pos FROM known WHERE at > ? UNION SELECT pos FROM seen WHERE session = ?)",
                (at, session),
            ) as cursor:
                row = await cursor.fetchone()
        return max(pos, (row[0] if row else None) or 0)

    async def skip(self, session: str, pos: int) -> None:
        """Take it that there is nothing to take in up to `pos`, where `session` begins: what was there is lost.

        Raises:
            RecordingError: it cannot be written.
        """
        async with self._transaction():
            await self._connection.execute("DELETE FROM seen")
            await self._connection.execute("INSERT INTO seen VALUES (?, ?)", (session, pos))

    async def rows(self) -> AsyncIterator[Row]:
        """Yield every record, in the order of the log.

        Raises:
            RecordingError: it cannot be read.
        """
        with naming(self.path):
            async with self._connection.execute(
                "SELECT pos, at, agent, run, event FROM known ORDER BY at, pos"
            ) as cursor:
                async for pos, at, agent, run, event in cursor:
                    yield Row(pos, at, agent, run, event)

    async def folded(self) -> Reliability:
        """What is known, by all records.

        Raises:
            RecordingError: it cannot be read.
        """
        known = Reliability()
        async for row in self.rows():
            learn(known, codec.record(row.pos, row.at, codec.decode_envelope(row.event)))
        return known

    async def _insert(self, rows: Iterable[Row]) -> None:
        named = [(codec.decode_envelope(row.event).id, *row) for row in rows]
        await self._connection.executemany("INSERT OR IGNORE INTO known VALUES (?, ?, ?, ?, ?, ?)", named)

    @asynccontextmanager
    async def _transaction(self) -> AsyncIterator[None]:
        with naming(self.path):
            await self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield
                await self._connection.execute("COMMIT")
            except BaseException:
                await self._connection.execute("ROLLBACK")
                raise


def concerns(row: Row) -> bool:
    """Whether a record is one that reliability is made of. An agent's own event never is, whatever type it claims."""
    if not any(mark in row.event for mark in _MARKS):
        return False
    envelope = codec.decode_envelope(row.event)
    return envelope.type in KNOWLEDGE and envelope.source == codec.SUPERVISOR_SOURCE


def _told_already(_hole: str) -> None:
    """Records were lost: that is an alarm of its own, and what they would have said counts for nothing."""


async def _number(connection: aiosqlite.Connection, sql: str) -> int:
    async with connection.execute(sql) as cursor:
        row = await cursor.fetchone()
    return int(row[0]) if row else 0
