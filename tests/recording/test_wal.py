"""The WAL of a session file: laid out beforehand, and no trouble where there is no room for it."""

from __future__ import annotations

from pathlib import Path

import pytest

from console.core.fleet.state import Fleet, encode
from console.recording import growth, wal
from console.recording.bodies import Row
from console.recording.files import wal_of
from console.recording.schema import one
from console.recording.writer import Recording

EVENT = b'{"type":"progress"}'


async def begun(folder: Path) -> Recording:
    return await Recording.open(folder, initial=encode(Fleet(site="site")))


async def record(recording: Recording, number: int = 1) -> None:
    first = recording.pos + 1
    rows = [Row(first + n, recording.at, "agent" * 8, f"run{first + n}" * 8, EVENT) for n in range(number)]
    await recording.append(rows)


async def cache(recording: Recording) -> object:
    return await one(recording._session.connection, "PRAGMA cache_size")


async def test_a_commit_overwrites_a_wal_that_is_long_enough_already(tmp_path: Path) -> None:
    async with await begun(tmp_path) as recording:
        before = wal_of(recording.path).stat().st_size
        assert before >= wal.WAL_BYTES
        await record(recording)
        assert wal_of(recording.path).stat().st_size == before
        assert recording.path.stat().st_size < wal.WAL_BYTES / 10
        assert not recording.should_rotate()
        assert await cache(recording) == (-2000,)


async def test_the_last_room_of_a_disk_is_left_for_what_is_recorded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wal, "ROOM", 2**62)
    async with await begun(tmp_path) as recording:
        assert wal_of(recording.path).stat().st_size < wal.WAL_BYTES / 10
        await record(recording)


async def test_what_cannot_be_laid_out_is_recorded_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    head, begin, rest = wal._LAY_OUT.partition("BEGIN IMMEDIATE;")
    monkeypatch.setattr(wal, "_LAY_OUT", f"{head}PRAGMA max_page_count = 64; {begin}{rest}")
    async with await begun(tmp_path) as recording:
        await recording._session.connection.execute("PRAGMA max_page_count = 100000")
        assert wal_of(recording.path).stat().st_size < wal.WAL_BYTES
        assert not recording._session.connection.in_transaction
        assert await cache(recording) == (-2000,)
        await record(recording)
        assert recording.pos == 1


async def test_a_file_is_as_large_as_its_pages_and_not_as_its_bodies_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(growth, "COUNTED_EVERY", 100)
    async with await begun(tmp_path) as recording:
        await record(recording, 1_000)  # each of a run with a long name of its own
        counted = recording._session.growth.bytes
        path = recording.path
    assert counted == path.stat().st_size
