"""Damage and clumsy changes: the reader names them and is not harmed, `verify` finds them."""

import struct
from pathlib import Path

import pytest

from bus.limits import PAYLOAD_BYTES
from console.recording.bodies import KEYFRAME_BYTES
from console.recording.history import sessions
from console.recording.reader import Reader
from console.recording.schema import RecordingError
from console.recording.verify import PROBLEMS, verify, verify_folder
from console.recording.writer import Recording
from tests.recording.rows import EMPTY, NOON_MS, Clock, log, poke, problems_of, recorded


def bomb(size: int) -> bytes:
    """A zstd frame that claims to unpack to `size` bytes of one letter."""
    return b"\x28\xb5\x2f\xfd\xe0" + struct.pack("<Q", size) + b"\x03\x00\x01\x41"


@pytest.mark.parametrize(
    "statement, words",
    [
        (
            f"UPDATE log SET dictionary = 1, body = x'{bomb(2**40).hex()}' WHERE pos = 3",
            "claims to unpack to 1099511627776",
        ),
        ("UPDATE log SET dictionary = 1, body = x'00' WHERE pos = 3", "cannot be unpacked"),
        ("UPDATE log SET dictionary = 9 WHERE pos = 3", "no dictionary 9"),
        ("UPDATE log SET body = 'text' WHERE pos = 3", "body is missing or too large"),
        (
            f"UPDATE log SET body = zeroblob({PAYLOAD_BYTES + 1}) WHERE pos = 3",
            "body is missing or too large",
        ),
        ("UPDATE log SET at = 'noon' WHERE pos = 3", "time or subject is missing"),
        ("UPDATE log SET subject = 77 WHERE pos = 3", "time or subject is missing"),
        ("UPDATE dictionaries SET content = x'37a430ec0000000000'", "damaged record at position 1"),
    ],
)
async def test_a_damaged_record_is_named_and_never_unpacked_without_bound(
    tmp_path: Path, statement: str, words: str
) -> None:
    path = await recorded(tmp_path, log(1, 5))
    poke(path, statement)
    async with await Reader.open(path) as reader:
        rows = reader.rows()
        if "dictionaries" not in statement:
            assert [(await anext(rows)).pos, (await anext(rows)).pos] == [1, 2]
        with pytest.raises(RecordingError, match=words):
            await anext(rows)
        assert any(words in problem for problem in await verify(reader))


async def test_a_damaged_keyframe_is_named(tmp_path: Path) -> None:
    path = await recorded(tmp_path, log(1, 5))
    for body in (bomb(KEYFRAME_BYTES + 1), b"no frame"):
        poke(path, f"UPDATE keyframes SET body = x'{body.hex()}'")
        async with await Reader.open(path) as reader:
            with pytest.raises(RecordingError, match="damaged keyframe at position 0"):
                await reader.segment(3)
            assert len(await verify(reader)) == 1


async def test_a_sound_recording_has_no_problems(tmp_path: Path) -> None:
    async with await Recording.open(tmp_path, initial=EMPTY, clock=Clock()) as recording:
        await recording.append(log(1, 1_200))
        await recording.rotate(b"fleet")
        await recording.append(log(1_201, 1_300))
        await recording.keyframe(1_250, recording.at, b"fleet")
        assert set(await verify_folder(tmp_path)) == {info.name for info in await sessions(tmp_path)}
        assert not any((await verify_folder(tmp_path)).values())


@pytest.mark.parametrize(
    "statement, expected",
    [
        ("DELETE FROM log WHERE pos IN (2, 3)", ["positions 2 to 3 are missing"]),
        ("DELETE FROM log WHERE pos = 1", ["positions 1 to 1 are missing"]),
        (
            "UPDATE log SET at = at - 100 WHERE pos = 4",
            [f"position 4 was accepted at {NOON_MS - 60}, before {NOON_MS + 30}"],
        ),
        (
            "UPDATE log SET subject = 2 WHERE pos = 1",
            ["position 1 is filed under planner/r2, which it is not about"],
        ),
        ("UPDATE log SET dictionary = 0, body = x'7b7d' WHERE pos = 2", ["position 2 is no record"]),
        (
            "UPDATE log SET dictionary = 7 WHERE pos IN (2, 4)",
            ["position 2: no dictionary 7", "position 4: no dictionary 7"],
        ),
        ("DELETE FROM keyframes", ["has no keyframe"]),
        ("UPDATE keyframes SET pos = 9", ["keyframe at position 9", "begins at position 1, before"]),
    ],
)
async def test_what_was_changed_behind_our_back_is_found(
    tmp_path: Path, statement: str, expected: list[str]
) -> None:
    path = await recorded(tmp_path, log(1, 5))
    poke(path, statement)
    found = await problems_of(path)
    assert len(found) == len(expected)
    assert all(any(words in problem for problem in found) for words in expected)


async def test_the_list_of_problems_has_an_end(tmp_path: Path) -> None:
    path = await recorded(tmp_path, log(1, 2_500))
    poke(path, "DELETE FROM log WHERE pos % 2")
    found = await problems_of(path)
    assert len(found) == PROBLEMS
    assert found[-1] == "and more"


async def test_a_session_that_does_not_go_on_where_the_last_one_ended_is_found(tmp_path: Path) -> None:
    async with await Recording.open(tmp_path, initial=EMPTY, clock=Clock()) as recording:
        for last in (3, 6):
            await recording.append(log(recording.pos + 1, last))
            await recording.rotate(b"fleet")
    first, second, third = await sessions(tmp_path)
    second.path.unlink()
    report = await verify_folder(tmp_path)
    assert report == {
        first.name: [],
        third.name: [f"begins after position 6, but session {first.name} ends at 3"],
    }
    first.path.write_bytes(b"")
    assert "cut short" in (await verify_folder(tmp_path))[first.name][0]


async def test_a_record_that_was_put_over_another_is_named(tmp_path: Path) -> None:
    path = await recorded(tmp_path, log(1, 9))
    poke(path, "UPDATE log SET body = (SELECT body FROM log WHERE pos = 5) WHERE pos = 8")  # of the same run
    assert await problems_of(path) == ["position 8 is number 5 of /agents/planner/runs/r2, after number 5"]


async def test_records_of_a_run_that_changed_places_are_named(tmp_path: Path) -> None:
    path = await recorded(tmp_path, log(1, 9))
    for moved, to in ((5, -1), (8, 5), (-1, 8)):
        poke(path, f"UPDATE log SET pos = {to}, at = (SELECT max(at) FROM log) WHERE pos = {moved}")
    poke(path, "UPDATE log SET at = 1790000000000")
    assert await problems_of(path) == ["position 8 is number 5 of /agents/planner/runs/r2, after number 8"]
