"""A session whose writer was killed and whose WAL is gone is told from a whole one."""

from __future__ import annotations

import shutil
import sqlite3
from pathlib import Path

import pytest

from console.core.fleet.state import Fleet, encode
from console.recording import schema
from console.recording.files import wal_of
from console.recording.history import GIVEN_MOST, describe, history, sessions, torn_ends
from console.recording.known import Known
from console.recording.reader import Reader
from console.recording.schema import RecordingError, wal_missing
from console.recording.verify import verify, verify_folder
from console.recording.writer import Recording
from console.supervisor.process.taking_up import lost
from tests.recording.rows import NOON_MS, Clock, everything, log, recorded, torn

INITIAL = encode(Fleet(site="s"))


async def test_a_file_that_was_closed_is_not_suspected(tmp_path: Path) -> None:
    path = await recorded(tmp_path, log(1, 5))
    assert not await wal_missing(path)
    async with await Recording.open(tmp_path, initial=INITIAL, clock=Clock()) as recording:
        assert not recording.wal_missing
        assert not await wal_missing(path)
        assert wal_of(path).exists()
        await recording.rotate(INITIAL)
        assert not await wal_missing(path)
    assert not await wal_missing(recording.path)


async def test_a_reader_in_the_way_of_the_close_makes_nobody_suspect_it(tmp_path: Path) -> None:
    recording = await Recording.open(tmp_path, initial=INITIAL, clock=Clock())
    await recording.append(log(1, 5))
    async with await Reader.open(recording.path):
        await recording.close()
    assert not await wal_missing(recording.path)


async def test_every_reader_says_that_it_is_missing_and_leaves_it_so(tmp_path: Path) -> None:
    path = await torn(tmp_path / "site", tmp_path / "copy")
    for _ in range(2):
        info = await describe(path)
        assert info.wal_missing
        assert info.last_pos < 57
        async with await Reader.open(path) as reader:
            (problem,) = await verify(reader)
        assert "its WAL is missing" in problem
        assert not wal_of(path).exists()


@pytest.mark.parametrize("known_more", [False, True])
async def test_a_supervisor_gives_no_position_again(tmp_path: Path, known_more: bool) -> None:
    path = await torn(tmp_path / "site", tmp_path / "copy")
    async with await Known.open(tmp_path / "known.sqlite") as known:
        if known_more:
            await known.skip(path.stem, 57)
        fleet = Fleet(site="s")
        async with await Recording.open(path.parent, initial=INITIAL, clock=Clock()) as recording:
            end = recording.pos
            assert end < 57
            said = await lost(recording, known, fleet)
            assert "its WAL is missing" in said
            assert recording.pos == fleet.pos == (57 if known_more else end) + GIVEN_MOST
            assert recording.session != path.stem
            await recording.append(log(fleet.pos + 1, fleet.pos + 2, at=NOON_MS))
        assert await known.catch_up(path.parent) == 0
        report = await verify_folder(path.parent)
        (problem,) = report[path.stem]
        assert "its WAL is missing" in problem
        assert problem.endswith("; a supervisor went on without it")
        assert any(f"ends at {end}" in problem for problem in report[recording.session])
        holes: list[str] = []
        rows = [row.pos async for row in history(path.parent, lost=holes.append)]
        assert rows == [*range(1, end + 1), fleet.pos + 1, fleet.pos + 2]
        (hole,) = holes
        assert f"positions {end + 1} to {fleet.pos} are missing before it: the newest records of" in hole
        with pytest.raises(RecordingError, match="were lost, and a supervisor went on beyond them"):
            await everything(path.parent)
        # What was lost is told once.
        async with await Recording.open(path.parent, initial=INITIAL, clock=Clock()) as recording:
            assert not await lost(recording, known, fleet)


async def test_a_session_that_lost_its_wal_says_so_for_ever(tmp_path: Path) -> None:
    path = await torn(tmp_path / "site", tmp_path / "copy")
    # A supervisor that is gone before it began the next session leaves the note, and the next one heeds it.
    for _ in range(2):
        async with await Recording.open(path.parent, initial=INITIAL, clock=Clock()) as recording:
            assert (recording.path, recording.wal_missing) == (path, True)
        assert not await wal_missing(path)
        (info,) = await sessions(path.parent)
        assert info.wal_missing
        assert torn_ends([info]) == [info]
    async with await Recording.open(path.parent, initial=INITIAL, clock=Clock()) as recording:
        await recording.append(log(recording.pos + 1, recording.pos + 3))
        await recording.rotate(INITIAL)
        assert [info.wal_missing for info in await sessions(path.parent)] == [True, False]
    assert [row.pos async for row in history(path.parent)] == list(range(1, recording.pos + 1))


async def test_a_session_that_somebody_took_away_is_no_such_loss(tmp_path: Path) -> None:
    path = await torn(tmp_path / "site", tmp_path / "copy")
    async with await Known.open(tmp_path / "known.sqlite") as known:
        fleet = Fleet(site="s")
        async with await Recording.open(path.parent, initial=INITIAL, clock=Clock()) as recording:
            await recording.rotate(INITIAL)
            between = recording.path
            await recording.append(log(recording.pos + 1, recording.pos + 3))
            await known.skip(recording.session, recording.pos + 1)
            assert await lost(recording, known, fleet)
    between.unlink()
    with pytest.raises(RecordingError, match=r"are missing before it$"):
        [_ async for _ in history(path.parent, lost=print)]


async def test_what_only_the_site_database_knows_is_missed(tmp_path: Path) -> None:
    path = await recorded(tmp_path / "site", log(1, 5))
    async with await Known.open(tmp_path / "known.sqlite") as known:
        await known.skip(path.stem, 9)
        async with await Recording.open(path.parent, initial=INITIAL, clock=Clock()) as recording:
            assert "ends at position 5, and 9 was recorded" in await lost(recording, known, Fleet(site="s"))
            assert recording.pos == 9 + GIVEN_MOST


async def test_a_recording_that_was_begun_anew_has_lost_nothing(tmp_path: Path) -> None:
    async with await Known.open(tmp_path / "known.sqlite") as known:
        await known.skip("20200101T000000Z-0001", 9)
        async with await Recording.open(tmp_path / "site", initial=INITIAL, clock=Clock()) as recording:
            assert not await lost(recording, known, Fleet(site="s"))
            assert recording.pos == 0


async def test_a_session_with_its_wal_where_nothing_may_be_written_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    media = tmp_path / "media"
    async with await Recording.open(tmp_path / "site", initial=INITIAL, clock=Clock()) as recording:
        await recording.append(log(1, 5))
        media.mkdir()
        for file in (recording.path, wal_of(recording.path)):
            shutil.copy(file, media / file.name)

    async def refused(
        path: Path, mode: str
    ) -> None:  # as a medium does that nobody may write to, whoever runs the test
        raise sqlite3.OperationalError(f"unable to open database file {path} {mode}")

    monkeypatch.setattr(schema, "connect", refused)
    monkeypatch.setattr("os.access", lambda *_: False)
    with pytest.raises(RecordingError, match=r"copy .*\.sqlite and .*\.sqlite-wal to a folder of your own"):
        await Reader.open(media / recording.path.name)
