"""The player: any position from anywhere, the same fleet that reducing from the beginning gives; and files it refuses."""

import random
import sqlite3
from pathlib import Path

import pytest

from bus import codec
from console.core.fleet.state import Fleet, encode
from console.core.reducing.reduce import reduce
from console.core.replay.marks import TURNS, Marks
from console.recording.player import CHUNK, FAR, Player
from console.recording.schema import RecordingError
from console.recording.waypoints import Waypoints
from tests.fixtures.floor import Script
from tests.fixtures.replay import SITE, eventful, record

RECORDS = 3_000


@pytest.fixture(scope="module")
def script() -> Script:
    return eventful(RECORDS)


@pytest.fixture(scope="module")
def fleets(script: Script) -> list[bytes]:
    """The fleet after every record, by nothing but `reduce`."""
    fleet = Fleet(site=SITE)
    states = [encode(fleet)]
    for row in script.rows:
        reduce(fleet, codec.record(row.pos, row.at, codec.decode_envelope(row.event)))
        states.append(encode(fleet))
    return states


async def test_any_walk_shows_what_reducing_from_the_beginning_gives(
    script: Script, fleets: list[bytes], tmp_path: Path
) -> None:
    (path,) = await record(script.rows, tmp_path, keyframes=1_100)
    chance = random.Random(1)
    async with await Player.open(path) as player:
        assert (player.base, player.last) == (0, len(script.rows))
        for _ in range(400):
            here = player.fleet.pos
            far = chance.randrange(-5, player.last + 5)
            pos = chance.choice((here - 1, here + 1, here - 40, here + 300, far))
            await player.go(pos)
            assert player.fleet.pos == max(0, min(pos, player.last))
            assert encode(player.fleet) == fleets[player.fleet.pos]


async def test_a_player_short_of_memory_is_slower_and_not_wrong(
    script: Script, fleets: list[bytes], tmp_path: Path
) -> None:
    (path,) = await record(script.rows, tmp_path, keyframes=10**9)
    async with await Player.open(path) as player:
        player._waypoints = Waypoints(bytes_kept=1)
        for pos in (2_900, 2_899, 2_898, 1_000, 999, 2_950):
            await player.go(pos)
            assert encode(player.fleet) == fleets[pos]


async def test_going_back_a_record_reduces_a_handful_and_reads_nothing(
    script: Script, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (path,) = await record(script.rows, tmp_path, keyframes=10**9)
    reduced = 0
    async with await Player.open(path) as player:
        await player.go(2_900)
        once = player._reduce

        def counted(record: codec.Record) -> object:
            nonlocal reduced
            reduced += 1
            return once(record)

        monkeypatch.setattr(player, "_reduce", counted)
        monkeypatch.setattr(player._reader, "query", None)
        for back in range(1, 401):
            await player.go(2_900 - back)
        # Within a waypoint's reach each time, and once over what lies between two far ones.
        assert reduced < 400 * 64 + FAR


async def test_what_changed_is_said(script: Script, tmp_path: Path) -> None:
    (path,) = await record(script.rows, tmp_path)
    async with await Player.open(path) as player:
        await player.go(500)
        changes = await player.go(501)
        assert changes
        assert ("site", "") not in [tuple(change) for change in changes]
        back = await player.go(500)
        assert {change.key for change in changes if change.kind == "run"} <= {change.key for change in back}
        assert await player.go(500) == []


async def test_marks_are_alarms_asks_their_decisions_and_kills(script: Script, tmp_path: Path) -> None:
    (path,) = await record(script.rows, tmp_path)
    async with await Player.open(path) as player:
        marks = Marks(player.base)
        async for upto, found in player.marks():
            marks.add(found, upto)
    assert marks.upto == RECORDS or marks.upto == len(script.rows)
    types = [codec.decode_envelope(row.event).type for row in script.rows]
    kinds = [mark.kind for mark in marks.found]
    assert len([kind for kind in kinds if kind in ("ask", "hold")]) == types.count("action.asked")
    assert kinds.count("decided") == types.count("action.decided")
    assert len([kind for kind in kinds if kind.startswith("alarm")]) == types.count("alarm.raised")
    assert kinds.count("kill") > 0
    first = marks.after(0)
    assert first is not None
    assert marks.before(first.pos) is None
    turn = marks.after(first.pos, TURNS)
    assert turn is not None
    assert turn.kind in TURNS
    assert marks.before(turn.pos + 1, TURNS) == turn


# ---- files that are not right ------------------------------------------------------------------------------------------


def spoil(path: Path, *statements: str) -> None:
    with sqlite3.connect(path) as database:
        for statement in statements:
            database.execute(statement)
    database.close()


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM log WHERE pos = 700",
        "UPDATE keyframes SET body = x'00'",
        "DELETE FROM keyframes",
        "PRAGMA user_version = 99",
        "PRAGMA application_id = 1",
    ],
)
async def test_a_spoiled_file_is_refused_in_one_line(script: Script, tmp_path: Path, statement: str) -> None:
    (path,) = await record(script.rows, tmp_path)
    spoil(path, statement)
    with pytest.raises(RecordingError) as caught:
        await Player.open(path)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


async def test_damage_on_the_way_stops_right_before_it(
    script: Script, fleets: list[bytes], tmp_path: Path
) -> None:
    (path,) = await record(script.rows, tmp_path, keyframes=10**9)
    spoil(path, f"UPDATE log SET body = x'00', dictionary = 0 WHERE pos = {CHUNK + 5}")
    async with await Player.open(path) as player:
        with pytest.raises(RecordingError, match=f"position {CHUNK + 5}"):
            await player.go(2_000)
        assert encode(player.fleet) == fleets[player.fleet.pos]
        assert player.fleet.pos == CHUNK


async def test_a_keyframe_that_cannot_be_used_is_done_without(
    script: Script, fleets: list[bytes], tmp_path: Path
) -> None:
    (path,) = await record(script.rows, tmp_path, keyframes=500)
    spoil(path, "UPDATE keyframes SET body = x'00' WHERE pos > 500")
    async with await Player.open(path) as player:
        for pos in (2_600, 2_599, 600, 1_700):
            await player.go(pos)
            assert encode(player.fleet) == fleets[pos]


async def test_a_session_without_records_is_its_keyframe(tmp_path: Path) -> None:
    (path,) = await record([], tmp_path)
    async with await Player.open(path) as player:
        assert (player.base, player.last) == (0, 0)
        assert await player.go(10) == []
        assert player.fleet.site == SITE


async def test_sessions_of_one_folder_are_neighbours(script: Script, tmp_path: Path) -> None:
    first, second = await record(script.rows, tmp_path, rotate_after=[1_200])
    async with await Player.open(first) as player:
        assert player.neighbour(1) == second
        assert player.neighbour(-1) is None
        assert player.last == 1_200
    async with await Player.open(second) as player:
        assert (player.base, player.neighbour(1), player.neighbour(-1)) == (1_200, None, first)
        await player.go(1_300)
        assert player.fleet.pos == 1_300
