"""A session file as anybody may read it: while it is written, after its writer was killed, or copied from elsewhere."""

from __future__ import annotations

import asyncio
import os
import sqlite3
from collections.abc import AsyncIterator, Iterable
from pathlib import Path
from typing import Any, Final, NamedTuple

import aiosqlite
from zstandard import ZstdError

from bus.limits import PAYLOAD_BYTES
from console.core.fleet.state import of_another_reducer
from console.recording import schema
from console.recording.bodies import (
    DICTIONARY_BYTES_MAX,
    KEYFRAME_BYTES,
    Bodies,
    Keyframe,
    PackError,
    Row,
    unpack_keyframe,
)
from console.recording.closing import Closing, start, uncut
from console.recording.files import advice_on, has_wal, wal_of
from console.recording.schema import RecordingError, naming
from console.recording.wal import was_missing

BATCH: Final = 1_000
"""Rows read at a time unless told otherwise: the event loop waits some milliseconds for them to be unpacked."""

# Ask for no body that is larger than it may be: what a stranger's file claims is not loaded.
_ROWS: Final = """
    SELECT log.pos, log.at, subjects.agent, subjects.run, log.dictionary, CASE WHEN length(log.body) <= ? THEN log.body END
    FROM log LEFT JOIN subjects ON subjects.id = log.subject
    WHERE log.pos > ? AND log.pos <= ? """
_KEYFRAME: Final = """
    SELECT pos, at, CASE WHEN length(body) <= ? THEN body END
    FROM keyframes WHERE pos <= ? ORDER BY pos DESC LIMIT 1"""
# Times never go back, so a binary search over positions needs no index on time. 64 halvings are enough for any file.
_POS_AT: Final = """
    WITH RECURSIVE search (low, high) AS (
        SELECT (SELECT min(pos) FROM log) - 1, (SELECT max(pos) FROM log)
        UNION ALL
        SELECT CASE WHEN (SELECT at FROM log WHERE pos <= high - (high - low) / 2 ORDER BY pos DESC LIMIT 1) <= ?1
                    THEN high - (high - low) / 2 ELSE low END,
               CASE WHEN (SELECT at FROM log WHERE pos <= high - (high - low) / 2 ORDER BY pos DESC LIMIT 1) <= ?1
                    THEN high ELSE high - (high - low) / 2 - 1 END
        FROM search WHERE low < high LIMIT 70)
    SELECT max(pos) FROM log WHERE pos <= (SELECT low FROM search WHERE low >= high LIMIT 1)"""


class Segment(NamedTuple):
    """What it takes to know the fleet at a position: the keyframe before it, and the rows from there up to it."""

    keyframe: Keyframe
    rows: AsyncIterator[Row]


class Extent(NamedTuple):
    """From where to where a session goes: positions, and times in ms since 1970 UTC. Empty, it ends at its keyframe."""

    first_pos: int
    last_pos: int
    first_at: int
    last_at: int
    records: int


class Reader(Closing):
    """Reads one session file and cannot change it. What is appended meanwhile is seen by the next call."""

    def __init__(self, path: Path, connection: aiosqlite.Connection) -> None:
        self.path = path
        self._connection = connection
        self._bodies = Bodies()
        self.wal_missing = False
        """Whether its writer was killed and the WAL that it left is not there, or was not when a supervisor went on: the
        newest records may be lost."""

    @staticmethod
    async def open(path: Path) -> Reader:
        """Open a session file, of this version or an older one.

        Raises:
            RecordingError: `schema.inspect` refuses it, it is damaged, or it may not be read.
        """
        opening = asyncio.ensure_future(Reader._open(path))
        try:
            return await uncut(opening)
        except asyncio.CancelledError:
            # SQLite opens it in a thread, which nothing stops: cut short, its descriptor would belong to nobody.
            opening.add_done_callback(_unwanted)
            raise

    @staticmethod
    async def _open(path: Path) -> Reader:
        version = schema.inspect(path)
        # Read as it is: SQLite would put an empty WAL beside it, and nobody could tell any more that one is missing.
        torn = await schema.wal_missing(path)
        with naming(path):
            try:
                connection = await schema.connect(path, "ro&immutable=1" if torn else "ro")
            except sqlite3.OperationalError:
                if has_wal(path):
                    if os.access(path.parent, os.W_OK):
                        raise
                    both = f"{path.name} and {wal_of(path).name}"
                    raise RecordingError(
                        f"{path}: was not closed in order, and is read only where its folder may be written; copy {both}"
                        " to a folder of your own, and read it there"
                    ) from None
                # A file that was copied to read-only media with its writer's mark, but without a WAL: nobody writes it.
                connection = await schema.connect(path, "ro&immutable=1")
            if version < schema.VERSION:
                connection = await schema.migrated_copy(connection, path, version)
            try:
                await schema.check_schema(connection, path)
                reader = Reader(path, connection)
                reader.wal_missing = torn or await was_missing(connection)
                await reader._learn()
            except BaseException:
                await connection.close()
                raise
        return reader

    async def close(self) -> None:
        """Close the file. Closing twice is harmless."""
        with naming(self.path):
            await uncut(self._connection.close())

    async def extent(self) -> Extent:
        """Return from where to where the session goes by now.

        Raises:
            RecordingError: the file is damaged.
        """
        ends = await self.query(
            "SELECT pos, at FROM log WHERE pos IN ((SELECT min(pos) FROM log), (SELECT max(pos) FROM log))"
        )
        if not ends:
            keyframe = await self.first_keyframe()
            return Extent(keyframe.pos + 1, keyframe.pos, keyframe.at, keyframe.at, 0)
        (first, first_at), (last, last_at) = min(ends), max(ends)
        # Counting a million rows takes a quarter of a second; positions without holes count themselves.
        return Extent(first, last, self._time(first, first_at), self._time(last, last_at), last - first + 1)

    async def batches(
        self,
        after_pos: int = 0,
        upto: int | None = None,
        *,
        subject: tuple[str, str] | None = None,
        batch: int = BATCH,
    ) -> AsyncIterator[list[Row]]:
        """Yield rows in order, `batch` at a time: those after `after_pos`, up to `upto`, about `subject` (agent, run).

        Raises:
            RecordingError: a row is damaged; all rows before it were yielded.
        """
        end = 2**63 - 1 if upto is None else upto
        sql, extra = _ROWS, ()
        if subject is not None:
            found = await self.query("SELECT id FROM subjects WHERE agent = ? AND run = ?", subject)
            if not found:
                return
            sql, extra = sql + "AND log.subject = ? ", found[0]
        sql += "ORDER BY log.pos LIMIT ?"
        while after_pos < end:
            found = await self.query(sql, (PAYLOAD_BYTES, after_pos, end, *extra, batch))
            if not found:
                return
            rows, damage = await self._unpacked(found)
            if rows:
                yield rows
            if damage is not None:
                raise damage
            after_pos = found[-1][0]

    async def rows(
        self,
        after_pos: int = 0,
        upto: int | None = None,
        *,
        subject: tuple[str, str] | None = None,
        batch: int = BATCH,
    ) -> AsyncIterator[Row]:
        """Yield rows one by one; see `batches`.

        Raises:
            RecordingError: a row is damaged.
        """
        async for rows in self.batches(after_pos, upto, subject=subject, batch=batch):
            for row in rows:
                yield row

    async def first_keyframe(self) -> Keyframe:
        """Return the keyframe that the session begins with.

        Raises:
            RecordingError: there is none, or it is damaged.
        """
        ((pos,),) = await self.query("SELECT min(pos) FROM keyframes")
        if pos is None:
            raise RecordingError(f"{self.path}: has no keyframe; {advice_on(self.path)}")
        return await self.keyframe_before(pos)

    async def keyframe_before(self, pos: int) -> Keyframe:
        """Return the last keyframe at or before a position.

        Raises:
            RecordingError: the session begins later, or the keyframe is damaged.
        """
        found = await self.query(_KEYFRAME, (KEYFRAME_BYTES, pos))
        if not found:
            raise RecordingError(f"{self.path}: begins after position {pos}; that is in an earlier session")
        number, at, body = found[0]
        try:
            return Keyframe(number, int(at), unpack_keyframe(_blob(body)))
        except (PackError, TypeError, ValueError) as error:
            raise RecordingError(f"{self.path}: damaged keyframe at position {number}: {error}") from None

    async def keyframe_positions(self) -> list[int]:
        """Return where the session has keyframes, in order.

        Raises:
            RecordingError: the file is damaged.
        """
        return [pos for (pos,) in await self.query("SELECT pos FROM keyframes ORDER BY pos")]

    async def segment(self, pos: int) -> Segment:
        """Return what it takes to know the fleet at a position. Past the end it is the end.

        A keyframe of another reducer is passed over for the one that the session begins with: what is known of a position
        may not depend on which keyframe was near.

        Raises:
            RecordingError: the session begins later, or is damaged.
        """
        keyframe = await self.keyframe_before(pos)
        if of_another_reducer(keyframe.body):
            keyframe = await self.first_keyframe()
        return Segment(keyframe, self.rows(keyframe.pos, pos))

    async def pos_at(self, time_ms: int) -> int:
        """Return the position of the last record at or before a time; before the first, that of the first keyframe.

        Raises:
            RecordingError: the file is damaged.
        """
        ((pos,),) = await self.query(_POS_AT, (time_ms,))
        return (await self.first_keyframe()).pos if pos is None else int(pos)

    async def query(self, sql: str, values: Iterable[object] = ()) -> list[tuple[Any, ...]]:
        """Return all rows of a query.

        Raises:
            RecordingError: the file is damaged, or the reader closed.
        """
        with naming(self.path):
            try:
                return [tuple(row) for row in await self._connection.execute_fetchall(sql, values)]
            except ValueError as error:
                raise RecordingError(f"{self.path}: {error}") from None

    def _time(self, pos: int, at: object) -> int:
        if type(at) is not int:
            raise RecordingError(f"{self.path}: damaged record at position {pos}: no time")
        return at

    async def _unpacked(self, found: list[tuple[Any, ...]]) -> tuple[list[Row], RecordingError | None]:
        rows: list[Row] = []
        for pos, at, agent, run, dictionary, body in found:
            try:
                try:
                    event = self._bodies.unpack(dictionary, _blob(body))
                except KeyError:
                    await self._learn()  # the writer has trained one meanwhile
                    event = self._bodies.unpack(dictionary, _blob(body))
                if type(at) is not int or type(agent) is not str or type(run) is not str:
                    raise TypeError("time or subject is missing")
            except (KeyError, PackError, TypeError, ZstdError) as error:
                text = f"no dictionary {error}" if isinstance(error, KeyError) else str(error)
                return rows, RecordingError(f"{self.path}: damaged record at position {pos}: {text}")
            rows.append(Row(pos, at, agent, run, event))
        return rows, None

    async def _learn(self) -> None:
        for number, content in await self.query(
            "SELECT id, content FROM dictionaries WHERE id > 0 AND length(content) <= ? ORDER BY id",
            (DICTIONARY_BYTES_MAX,),
        ):
            if isinstance(content, bytes):
                self._bodies.learn(number, content)


def _blob(value: object) -> bytes:
    if type(value) is not bytes:
        raise TypeError("its body is missing or too large")
    return value


def _unwanted(opening: asyncio.Future[Reader]) -> None:
    if not opening.cancelled() and opening.exception() is None:
        start(opening.result().close())
