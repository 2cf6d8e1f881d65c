"""One session file while it is written: made whole under another name, appended to in transactions, closed without a WAL."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import suppress
from itertools import chain, islice
from pathlib import Path
from typing import Final

import aiosqlite

from console.recording import schema
from console.recording.bodies import (
    DICTIONARY_BYTES_MAX,
    Bodies,
    Keyframe,
    PackError,
    Row,
    contract_dictionary,
    pack_keyframe,
    packed_size,
)
from console.recording.dictionary import OwnDictionary
from console.recording.files import advice_on, begin, make_private, publish, remove_partial, size_of
from console.recording.growth import Growth
from console.recording.schema import RecordingError, naming, one
from console.recording.wal import begin_wal, note_missing, unmark, was_missing

_CONTRACT: Final = 1
_ROWS_AT_ONCE: Final = 100
_TOUCH: Final = "BEGIN IMMEDIATE; INSERT INTO dictionaries VALUES (-1, x''); DELETE FROM dictionaries WHERE id = -1; COMMIT"
"""A row that no reader can ever see: it comes and goes in one transaction, which writes a page and waits for the disk."""
_HEAD: Final = 18  # of a zstd frame: enough to know its size unpacked

Packed = tuple[int, int, int, int, bytes]


class Session:
    """One session file, open for writing. Its callers take turns; each method is one transaction or none."""

    def __init__(self, path: Path, connection: aiosqlite.Connection) -> None:
        self.path = path
        self.connection = connection
        self.pos = 0
        """Position of the last record, or of the first keyframe while there is none."""
        self.at = 0
        """When that was accepted, in ms since 1970 UTC."""
        self.started = 0
        """`at` of the first keyframe."""
        self.keyframe_pos = 0
        """Position of the last keyframe."""
        self.growth = Growth(size_of(path))
        self.log_bytes = 0
        """Bytes of events, as sent, since the last keyframe."""
        self.keyframe_bytes = 0
        """Bytes of the last keyframe before packing."""
        self.wal_missing = False
        """Whether its last writer was killed and the WAL that it left was gone: the newest records may be lost."""
        self._file = path.stat()
        self._bodies = Bodies()
        self._own = OwnDictionary(self._bodies, _CONTRACT)
        self._subjects: dict[tuple[str, str], int] = {}

    @staticmethod
    async def create(path: Path, keyframe: Keyframe) -> Session:
        """Make a new file that begins with a keyframe, and open it.

        Whatever happens on the way, there is never a file under `path` that is not complete.

        Raises:
            RecordingError: it cannot be made, or exists.
        """
        with naming(path):
            partial = begin(path)
            try:
                await _fill(partial, keyframe)
                publish(partial, path)
            except BaseException:
                with suppress(OSError):
                    remove_partial(partial)
                raise
        return await Session.resume(path)

    @staticmethod
    async def resume(path: Path) -> Session:
        """Open a file to append to it; an older version is migrated first. That its WAL is missing is noted in it for good.

        Raises:
            RecordingError: `schema.inspect` refuses it, it is damaged, locked, or not writable.
        """
        version = schema.inspect(path)
        torn = await schema.wal_missing(path)
        with naming(path):
            make_private(path)
            connection = await schema.connect(path, "rw")
            try:
                # All that may refuse the file comes before the first change to it.
                if version < schema.VERSION:
                    await schema.migrate(connection, path, version)
                await schema.check_schema(connection, path)
                session = Session(path, connection)
                await session._load()
                if torn:
                    await note_missing(connection)
                session.wal_missing = torn or await was_missing(connection)
                await begin_wal(connection, path)
            except BaseException:
                await connection.close()
                raise
        schema.BEING_WRITTEN.add(session._identity)
        return session

    async def insert(self, rows: Sequence[Row]) -> None:
        """Commit records in one transaction, durably, or leave the file as it was.

        Raises:
            RecordingError: nothing was recorded; the same rows may be tried again later.
        """
        fresh: dict[tuple[str, str], int] = {}
        subjects: list[int] = []
        for row in rows:
            key = (row.agent, row.run)
            number = self._subjects.get(key) or fresh.get(key)
            if number is None:
                fresh[key] = number = len(self._subjects) + len(fresh) + 1
            subjects.append(number)
        learned = await self._own.due()
        try:
            with naming(self.path):
                self._check_in_place()
                self.growth.add(len(rows), await self._commit(rows, subjects, fresh, learned))
                await self.growth.count(self.connection)
        except BaseException:
            if learned is not None:
                self._own.not_stored()
            raise
        if learned is not None:
            self._own.stored()
        self._subjects |= fresh
        self._own.sample(rows)
        self.pos, self.at = rows[-1].pos, rows[-1].at
        self.log_bytes += sum(len(row.event) for row in rows)

    async def packed(self, body: bytes) -> bytes:
        """A keyframe's body as the file keeps it. Takes no turn: it touches nothing.

        Raises:
            RecordingError: it is too large.
        """
        return await _packed(self.path, body)

    async def keyframe(self, packed: Keyframe, size: int) -> None:
        """Commit a keyframe whose body is packed; `size` is what it had before, in bytes.

        Raises:
            RecordingError: it was not recorded.
        """
        with naming(self.path):
            try:
                await self.connection.execute(
                    "INSERT OR REPLACE INTO keyframes VALUES (?, ?, ?)", (packed.pos, packed.at, packed.body)
                )
            except BaseException:
                await self._roll_back()
                raise
        self.growth.add(0, len(packed.body))
        self.log_bytes, self.keyframe_bytes, self.keyframe_pos = 0, size, packed.pos

    async def probe(self) -> None:
        """Write to the disk what leaves the database as it was, through the connection's worker thread.

        Raises:
            RecordingError: the disk does not take it, or the file is no longer there.
            ValueError: the session is closed.
        """
        with naming(self.path):
            self._check_in_place()
            try:
                await self.connection.executescript(_TOUCH)  # one trip: nothing comes in between
            except BaseException:
                await self._roll_back()
                raise

    async def close(self) -> None:
        """Close the file so that it is one file, readable from read-only media.

        Raises:
            RecordingError: closing failed; what was committed is safe, in the WAL beside the file.
        """
        with naming(self.path):
            try:
                # A reader in the way, or a full disk, leaves a WAL, which every reader understands.
                with suppress(sqlite3.OperationalError):
                    await self.connection.execute("PRAGMA busy_timeout = 0")
                    await self.connection.execute_fetchall("PRAGMA wal_checkpoint(TRUNCATE)")
                    await self.connection.execute_fetchall("PRAGMA journal_mode = DELETE")
            finally:
                await self.connection.close()
                schema.BEING_WRITTEN.discard(self._identity)
            await unmark(self.path)

    @property
    def _identity(self) -> tuple[int, int]:
        return self._file.st_dev, self._file.st_ino

    def _check_in_place(self) -> None:
        # SQLite goes on writing to a file that was removed or replaced, and all of it would be gone at the end.
        now = self.path.stat()
        if (now.st_ino, now.st_dev) != (self._file.st_ino, self._file.st_dev):
            raise RecordingError(
                f"{self.path}: was replaced while being written; put it back or restart the supervisor"
            )

    async def _commit(
        self,
        rows: Sequence[Row],
        subjects: list[int],
        fresh: dict[tuple[str, str], int],
        learned: bytes | None,
    ) -> int:
        """Return how many bytes their bodies take."""
        connection = self.connection
        size = 0
        alone = learned is None and not fresh and len(rows) <= _ROWS_AT_ONCE
        try:
            if not alone:
                await connection.execute("BEGIN IMMEDIATE")
            if learned is not None:
                await connection.execute(
                    "INSERT INTO dictionaries VALUES (?, ?)", (self._own.number, learned)
                )
            if fresh:
                names = [(number, agent, run) for (agent, run), number in fresh.items()]
                await connection.executemany("INSERT INTO subjects VALUES (?, ?, ?)", names)
            packed = self._pack(rows, subjects)
            while part := list(islice(packed, _ROWS_AT_ONCE)):
                size += sum(len(row[-1]) for row in part)
                await connection.execute(_insert(len(part)), list(chain.from_iterable(part)))
            if not alone:  # every call is a trip to the database's thread and back
                await connection.commit()
        except BaseException:
            await self._roll_back()
            raise
        return size

    def _pack(self, rows: Sequence[Row], subjects: list[int]) -> Iterator[Packed]:
        pack = self._bodies.pack
        for row, subject in zip(rows, subjects, strict=True):
            dictionary, body = pack(row.event)
            yield row.pos, row.at, subject, dictionary, body

    async def _roll_back(self) -> None:
        # SQLite may have rolled back by itself; then this does nothing. A dead connection has nothing to roll back.
        with suppress(sqlite3.Error, ValueError):
            await self.connection.rollback()

    async def _load(self) -> None:
        connection = self.connection
        first = await one(connection, "SELECT at FROM keyframes ORDER BY pos LIMIT 1")
        last = await one(
            connection,
            "SELECT pos, at, substr(body, 1, ?) FROM keyframes ORDER BY pos DESC LIMIT 1",
            (_HEAD,),
        )
        if first is None or last is None:
            raise RecordingError(f"{self.path}: has no keyframe; {advice_on(self.path)}")
        (self.started,) = first
        self.pos, self.at, head = last
        self.keyframe_bytes, self.keyframe_pos = packed_size(head), self.pos
        for number, content in await connection.execute_fetchall(
            "SELECT id, content FROM dictionaries WHERE id > 0 AND length(content) <= ? ORDER BY id",
            (DICTIONARY_BYTES_MAX,),
        ):
            self._bodies.learn(number, content)
        found = await connection.execute_fetchall("SELECT agent, run, id FROM subjects")
        self._subjects = {(agent, run): number for agent, run, number in found}
        for dictionary, length, head in await connection.execute_fetchall(
            "SELECT dictionary, length(body), substr(body, 1, ?) FROM log WHERE pos > ?", (_HEAD, self.pos)
        ):
            self.log_bytes += packed_size(head) if dictionary else length
        end = await one(connection, "SELECT pos, at FROM log ORDER BY pos DESC LIMIT 1")
        if end is not None:
            self.pos, self.at = max(self.pos, end[0]), max(self.at, end[1])


def _insert(rows: int) -> str:
    # One statement for many rows: sqlite3 gives the interpreter away and takes it back for every statement and row of
    # `executemany`, and each time the loop, which is receiving meanwhile, would have to be waited for.
    return "INSERT INTO log VALUES " + ", ".join(["(?, ?, ?, ?, ?)"] * rows)  # noqa: S608 - no text of anybody in it


async def _fill(path: Path, keyframe: Keyframe) -> None:
    body = await _packed(path, keyframe.body)
    connection = await schema.connect(path, "rw")
    try:
        await connection.execute(f"PRAGMA application_id = {schema.APPLICATION_ID}")
        await connection.execute("BEGIN IMMEDIATE")
        for statement in schema.DDL:
            await connection.execute(statement)
        await connection.execute(f"PRAGMA user_version = {schema.VERSION}")
        await connection.execute("INSERT INTO dictionaries VALUES (?, ?)", (_CONTRACT, contract_dictionary()))
        await connection.execute("INSERT INTO keyframes VALUES (?, ?, ?)", (keyframe.pos, keyframe.at, body))
        await connection.commit()
    finally:
        await connection.close()


async def _packed(path: Path, body: bytes) -> bytes:
    try:
        return await asyncio.to_thread(pack_keyframe, body)
    except PackError as error:
        raise RecordingError(f"{path}: {error}") from None
