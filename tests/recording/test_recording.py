"""Writing a recording and reading it back."""

import asyncio
import sqlite3
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bus.limits import PAYLOAD_BYTES
from console.recording.bodies import SAMPLES, Bodies, Row, contract_dictionary
from console.recording.history import find, history, sessions
from console.recording.reader import Reader
from console.recording.schema import RecordingError
from console.recording.writer import KEYFRAME_FLOOR, Recording, name_after
from tests.recording.rows import DAY, EMPTY, NOON, NOON_MS, Clock, event, everything, log, recorded


async def test_a_new_recording_begins_with_the_keyframe_it_was_given(tmp_path: Path) -> None:
    async with await Recording.open(tmp_path, initial=EMPTY, clock=Clock()) as recording:
        assert (recording.session, recording.pos, recording.at) == ("20261121T120000Z-0001", 0, NOON_MS)
        async with await Reader.open(recording.path) as reader:
            assert await reader.first_keyframe() == (0, NOON_MS, EMPTY)
            assert [row async for row in reader.rows()] == []
            assert await reader.pos_at(NOON_MS) == 0


async def test_what_is_appended_is_read_in_order_while_it_is_written_and_after(tmp_path: Path) -> None:
    async with await Recording.open(tmp_path, initial=EMPTY, clock=Clock()) as recording:
        async with await Reader.open(recording.path) as reader:
            await recording.append(log(1, 7))
            assert [row async for row in reader.rows(batch=2)] == log(1, 7)
            await recording.append(log(8, 9))
            assert [row async for row in reader.rows(7)] == log(8, 9)
        assert (recording.pos, recording.at) == (9, NOON_MS + 90)
    assert await everything(tmp_path) == log(1, 9)


async def test_rows_are_chosen_by_position_and_by_subject(tmp_path: Path) -> None:
    rows = log(1, 50)
    async with await Reader.open(await recorded(tmp_path, rows)) as reader:
        assert [row async for row in reader.rows(10, 20, batch=3)] == rows[10:20]
        about = [row async for row in reader.rows(4, 40, subject=("planner", "r1"), batch=3)]
        assert about == [row for row in rows[4:40] if row.run == "r1"]
        assert [row async for row in reader.rows(subject=("planner", "nobody"))] == []
        plan = await reader.query(
            "EXPLAIN QUERY PLAN SELECT pos FROM log WHERE subject = 1 AND pos > 3 ORDER BY pos"
        )
        assert [text for *_, text in plan] == [
            "SEARCH log USING COVERING INDEX log_subject (subject=? AND rowid>?)"
        ]


@given(st.lists(st.integers(0, 5), min_size=1, max_size=40), st.integers(-2, 210))
@settings(max_examples=30, deadline=None)
def test_a_time_leads_to_the_last_record_before_it(steps: list[int], asked: int) -> None:
    async def check(folder: Path) -> None:
        at, rows = NOON_MS, []
        for pos, step in enumerate(steps, 1):
            at += step
            rows.append(Row(pos, at, "planner", "r1", event(pos)))
        async with await Reader.open(await recorded(folder, rows)) as reader:
            expected = max((row.pos for row in rows if row.at <= NOON_MS + asked), default=0)
            assert await reader.pos_at(NOON_MS + asked) == expected

    with TemporaryDirectory() as folder:
        asyncio.run(check(Path(folder)))


@given(st.lists(st.lists(st.binary(max_size=2_000), max_size=5), max_size=5))
@settings(max_examples=30, deadline=None)
def test_any_bytes_come_back_as_they_were_sent(batches: list[list[bytes]]) -> None:
    async def check(folder: Path) -> None:
        rows: list[Row] = []
        for bodies in batches:
            async with await Recording.open(folder, initial=EMPTY, clock=Clock()) as recording:
                fresh = [Row(recording.pos + i, NOON_MS, "a", "b", body) for i, body in enumerate(bodies, 1)]
                await recording.append(fresh)
                rows += fresh
        assert await everything(folder) == rows

    with TemporaryDirectory() as folder:
        asyncio.run(check(Path(folder)))


@given(st.binary(max_size=PAYLOAD_BYTES))
def test_packing_never_makes_a_body_larger(body: bytes) -> None:
    bodies = Bodies()
    bodies.learn(1, contract_dictionary())
    dictionary, packed = bodies.pack(body)
    assert len(packed) <= len(body)
    assert bodies.unpack(dictionary, packed) == body


async def test_a_dictionary_trained_meanwhile_is_found_by_a_reader_and_by_the_next_writer(
    tmp_path: Path,
) -> None:
    rows = log(1, SAMPLES + 30)
    async with await Recording.open(tmp_path, initial=EMPTY, clock=Clock()) as recording:
        async with await Reader.open(recording.path) as reader:
            await recording.append(rows[:SAMPLES])
            await recording.append(rows[SAMPLES:-10])
            assert [row async for row in reader.rows()] == rows[:-10]
            used = await reader.query("SELECT dictionary, count(*) FROM log GROUP BY 1 ORDER BY 1")
        assert used == [(1, SAMPLES), (2, 20)]
    async with await Recording.open(tmp_path, initial=EMPTY, clock=Clock()) as recording:
        await recording.append(rows[-10:])
    assert await everything(tmp_path) == rows
    async with await Reader.open(recording.path) as reader:
        assert await reader.query("SELECT count(*) FROM log WHERE dictionary = 2") == [(30,)]
        assert await reader.query("SELECT count(*) FROM dictionaries") == [(2,)]


async def test_positions_times_and_sizes_that_cannot_be_are_refused_and_change_nothing(
    tmp_path: Path,
) -> None:
    async with await Recording.open(tmp_path, initial=EMPTY, clock=Clock()) as recording:
        await recording.append(log(1, 3))
        good = log(4, 5)
        for bad in (
            log(5, 5),
            log(3, 4),
            [good[0], good[0]],
            [good[0]._replace(at=recording.at - 1)],
            [good[0]._replace(event=b"x" * (PAYLOAD_BYTES + 1))],
        ):
            with pytest.raises(ValueError, match="position"):
                await recording.append(bad)
        with pytest.raises(ValueError, match="ends at 3"):
            await recording.keyframe(4, NOON_MS, EMPTY)
        await recording.append(())
        await recording.append(good)
    assert await everything(tmp_path) == log(1, 5)


async def test_a_keyframe_is_due_by_the_log_since_the_last_one(tmp_path: Path) -> None:
    async with await Recording.open(tmp_path, initial=EMPTY, clock=Clock()) as recording:
        rows = log(1, 1_000)
        at_floor = next(i for i in range(1_000) if sum(len(row.event) for row in rows[:i]) >= KEYFRAME_FLOOR)
        await recording.append(rows[: at_floor - 1])
        assert not recording.should_keyframe()
        await recording.append(rows[at_floor - 1 : at_floor])
        assert recording.should_keyframe()
        assert not recording.should_keyframe(fleet_bytes=KEYFRAME_FLOOR)
        await recording.keyframe(recording.pos, recording.at, b"f" * KEYFRAME_FLOOR)
        assert not recording.should_keyframe()
    # The count goes on in the next process.
    async with await Recording.open(tmp_path, initial=EMPTY, clock=Clock()) as recording:
        wide = [row._replace(at=recording.at, event=b"%06d" % row.pos + b"y" * 994) for row in log(1, 1_000)]
        more = wide[at_floor : at_floor + 262]
        await recording.append(more)
        assert not recording.should_keyframe()
    async with await Recording.open(tmp_path, initial=EMPTY, clock=Clock()) as recording:
        assert not recording.should_keyframe()
        await recording.append(wide[at_floor + 262 : at_floor + 263])
        assert recording.should_keyframe()


async def test_a_segment_is_the_keyframe_and_what_follows_up_to_the_position(tmp_path: Path) -> None:
    async with await Recording.open(tmp_path, initial=EMPTY, clock=Clock()) as recording:
        for batch in (log(1, 10), log(11, 20)):
            await recording.append(batch)
            await recording.keyframe(recording.pos, recording.at, b"fleet at %d" % recording.pos)
        await recording.append(log(21, 25))
    async with await Reader.open(recording.path) as reader:
        assert await reader.keyframe_positions() == [0, 10, 20]
        for pos, expected, first in (
            (0, EMPTY, 1),
            (9, EMPTY, 1),
            (10, b"fleet at 10", 11),
            (23, b"fleet at 20", 21),
        ):
            keyframe, rows = await reader.segment(pos)
            assert keyframe.body == expected
            assert [row async for row in rows] == log(first, pos)
        _, rows = await reader.segment(10**9)
        assert [row.pos async for row in rows] == [21, 22, 23, 24, 25]


async def test_a_session_ends_with_its_day_and_positions_go_on(tmp_path: Path) -> None:
    clock = Clock()
    async with await Recording.open(tmp_path, initial=EMPTY, clock=clock) as recording:
        await recording.append(log(1, 5))
        clock.now = NOON + DAY / 2 - 1
        assert not recording.should_rotate()
        clock.now = NOON + DAY / 2
        assert recording.should_rotate()
        await recording.rotate(b"fleet at 5")
        assert (recording.session, recording.pos) == ("20261122T000000Z-0002", 5)
        clock.now = NOON  # the clock was set back
        assert not recording.should_rotate()
        assert recording.at == log(1, 5)[-1].at, "what was accepted meanwhile is not out of order"
        await recording.append(log(6, 8, at=recording.at))
        await recording.rotate(b"fleet at 8")
        clock.now = NOON + 2 * DAY
        assert recording.should_rotate()
    found = await sessions(tmp_path)
    assert [(info.name[-4:], info.first_pos, info.last_pos, info.records) for info in found] == [
        ("0001", 1, 5, 5),
        ("0002", 6, 8, 3),
        ("0003", 9, 8, 0),
    ]
    assert [info.name for info in found] == sorted(info.name for info in found)
    assert [row.pos for row in await everything(tmp_path)] == list(range(1, 9))
    assert [row.pos for row in await everything(tmp_path, 4)] == [5, 6, 7, 8]
    assert [row.pos async for row in history(tmp_path, 3, 6)] == [4, 5, 6]
    async with await Reader.open(found[1].path) as reader:
        assert (await reader.first_keyframe()).body == b"fleet at 5"
        with pytest.raises(RecordingError, match="earlier session"):
            await reader.segment(4)


async def test_a_session_ends_when_its_file_is_full(tmp_path: Path) -> None:
    async with await Recording.open(
        tmp_path, initial=EMPTY, clock=Clock(), session_bytes=200_000
    ) as recording:
        while not recording.should_rotate():
            assert recording.pos < 30_000
            await recording.append(log(recording.pos + 1, recording.pos + 1_000))
        await recording.rotate(b"fleet")
        assert not recording.should_rotate()
        assert recording.session == name_after("20261121T120000Z-0001", recording.at)
    assert len(await everything(tmp_path)) == recording.pos


async def test_a_position_is_found_in_the_session_that_holds_it(tmp_path: Path) -> None:
    with pytest.raises(RecordingError, match="is empty"):
        await find(tmp_path, 1)
    async with await Recording.open(tmp_path, initial=EMPTY, clock=Clock()) as recording:
        assert (await find(tmp_path, 0)).name == recording.session
        for last in (5, 8):
            await recording.append(log(recording.pos + 1, last))
            await recording.rotate(b"fleet")
    for pos, ordinal in ((0, 1), (1, 1), (5, 1), (6, 2), (8, 2), (9, 3), (99, 3)):
        assert (await find(tmp_path, pos)).name[-4:] == f"{ordinal:04d}"
    first, second, _ = await sessions(tmp_path)
    second.path.rename(tmp_path / "aside")
    with pytest.raises(RecordingError, match="position 7 is missing"):
        await find(tmp_path, 7)
    (tmp_path / "aside").rename(second.path)
    first.path.unlink()
    with pytest.raises(RecordingError, match="begins after position 4"):
        await find(tmp_path, 4)
    assert [row.pos for row in await everything(tmp_path)] == [6, 7, 8]


async def test_a_session_that_cannot_be_read_is_not_skipped(tmp_path: Path) -> None:
    async with await Recording.open(tmp_path, initial=EMPTY, clock=Clock()) as recording:
        for last in (5, 8, 9):
            await recording.append(log(recording.pos + 1, last))
            await recording.rotate(b"fleet")
    second = (await sessions(tmp_path))[1]
    second.path.write_bytes(b"")
    assert "cut short to 0 bytes" in (await sessions(tmp_path))[1].problem
    with pytest.raises(RecordingError, match=second.name):
        await everything(tmp_path)
    with pytest.raises(RecordingError, match=second.name):
        await find(tmp_path, 7)
    assert [row.pos for row in await everything(tmp_path, 8)] == [9]
    second.path.unlink()
    with pytest.raises(RecordingError, match="positions 6 to 8 are missing"):
        await everything(tmp_path)


async def test_a_copy_among_the_sessions_is_not_read_twice(tmp_path: Path) -> None:
    async with await Recording.open(tmp_path, initial=EMPTY, clock=Clock()) as recording:
        await recording.append(log(1, 5))
        await recording.rotate(b"fleet")
        await recording.append(log(6, 8))
    _, second = await sessions(tmp_path)
    (tmp_path / "20261121T120000Z-0003.sqlite").write_bytes(second.path.read_bytes())
    with pytest.raises(RecordingError, match=r"0003\.sqlite: repeats position 6"):
        await everything(tmp_path)
    assert await everything(tmp_path, 5) == log(6, 8)


async def test_a_stopped_reader_of_the_history_leaves_nothing_open(tmp_path: Path) -> None:
    path = await recorded(tmp_path, log(1, 5))
    async for row in history(tmp_path):
        assert row.pos == 1
        break
    # Nobody has the file open: a writer that wants it for itself gets it.
    await asyncio.sleep(0)
    with sqlite3.connect(path, timeout=1) as database:
        database.execute("PRAGMA locking_mode = EXCLUSIVE")
        database.execute("CREATE TABLE probe (x)")
    database.close()
