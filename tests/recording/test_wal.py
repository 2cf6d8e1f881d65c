"""The WAL of a session file: laid out beforehand, and no trouble where the disk has no room for it."""

from __future__ import annotations

from pathlib import Path

import pytest

from console.core.fleet.state import Fleet, encode
from console.recording import wal
from console.recording.bodies import Row
from console.recording.files import wal_of
from console.recording.verify import verify_folder
from console.recording.writer import Recording


async def test_a_commit_overwrites_a_wal_that_is_long_enough_already(tmp_path: Path) -> None:
    async with await Recording.open(tmp_path, initial=encode(Fleet(site="site"))) as recording:
        before = wal_of(recording.path).stat().st_size
        assert before >= wal.WAL_BYTES
        await recording.append([Row(1, recording.at, "a", "r", b'{"type":"progress"}')])
        assert wal_of(recording.path).stat().st_size == before
        assert recording.path.stat().st_size < wal.WAL_BYTES / 10
        assert not recording.should_rotate()


async def test_a_session_begins_where_its_wal_cannot_be_laid_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    refused = "PRAGMA max_page_count = 16; BEGIN IMMEDIATE;" + wal._LAY_OUT.partition("BEGIN IMMEDIATE;")[2]
    monkeypatch.setattr(wal, "_LAY_OUT", refused + "PRAGMA max_page_count = 1000000;")
    async with await Recording.open(tmp_path, initial=encode(Fleet(site="site"))) as recording:
        assert wal_of(recording.path).stat().st_size < wal.WAL_BYTES
        assert not recording._session.connection.in_transaction
    assert not any((await verify_folder(tmp_path)).values())
