"""Sessions kept by another reducer: a position is what this one makes of the records, however it was reached."""

from pathlib import Path

import pytest

from bus import codec
from console.cli.screens.replayed import Replayed
from console.core.fleet import state
from console.core.fleet.alarm_state import Load
from console.core.fleet.state import Fleet, decode, encode, of_another_reducer
from console.core.reducing.reduce import reduce
from console.recording.bodies import Row
from console.recording.player import Player
from console.recording.reader import Reader
from console.recording.writer import Recording
from console.supervisor.process.taking_up import restored
from tests.fixtures.floor import START, Script
from tests.fixtures.replay import SITE, eventful, record

RECORDS = 2_600
EVERY = 600


@pytest.fixture(scope="module")
def script() -> Script:
    return eventful(RECORDS)


def apply(fleet: Fleet, row: Row) -> None:
    reduce(fleet, codec.record(row.pos, row.at, codec.decode_envelope(row.event)))


def fleet_at(script: Script, pos: int) -> bytes:
    fleet = Fleet(site=SITE)
    for row in script.rows[:pos]:
        apply(fleet, row)
    return encode(fleet)


def as_another_made_it(fleet: Fleet) -> bytes:
    """The fleet as a reducer would have it that knew nothing of load, groups and who decided when."""
    other = decode(encode(fleet))
    other.load, other.last_decision = Load(), 0
    for alarm in other.alarms.values():
        alarm.first = ""
    other.reducer = state.REDUCER - 1
    return encode(other)


async def kept_by_another(script: Script, folder: Path) -> Path:
    """A session with keyframes of another reducer, the first one as well."""
    fleet = Fleet(site=SITE)
    async with await Recording.open(
        folder, initial=as_another_made_it(fleet), clock=lambda: START / 1000
    ) as recording:
        for row in script.rows:
            apply(fleet, row)
            await recording.append([row])
            if row.pos % EVERY == 0:
                await recording.keyframe(row.pos, row.at, as_another_made_it(fleet))
        return recording.path


def test_a_keyframe_says_which_reducer_made_it(monkeypatch: pytest.MonkeyPatch) -> None:
    body = encode(Fleet(site=SITE))
    assert not of_another_reducer(body)
    assert encode(decode(body)) == body
    monkeypatch.setattr(state, "REDUCER", state.REDUCER + 1)
    assert of_another_reducer(body)
    assert decode(body) == Fleet(site=SITE)  # what is made of it from here on is this one's
    assert of_another_reducer(b"\x80")  # from before there was a stamp
    assert not of_another_reducer(b"damaged")  # which reading it says


async def test_a_place_looks_the_same_however_it_was_reached(script: Script, tmp_path: Path) -> None:
    path = await kept_by_another(script, tmp_path)
    for way in ([2_500], [700, 2_500], [2_500, 650, 2_500], [1_900, 1_200]):
        async with await Player.open(path) as player:
            for pos in way:
                await player.go(pos)
            assert encode(player.fleet) == fleet_at(script, way[-1])
    async with await Reader.open(path) as reader:
        assert (await reader.segment(2_500)).keyframe.pos == 0


async def test_it_is_said_once_that_such_a_session_is_replayed_from_its_beginning(
    script: Script, tmp_path: Path
) -> None:
    async with await Replayed.open(await kept_by_another(script, tmp_path / "another")) as replayed:
        assert replayed.remark() == ""
        await replayed.wind(2_500)
        assert replayed.remark().startswith("kept by another version: replayed from its beginning")
        await replayed.wind(10)
        await replayed.wind(2_500)
        assert replayed.remark() == ""
    (ours,) = await record(script.rows, tmp_path / "ours", keyframes=EVERY)
    async with await Replayed.open(ours) as replayed:
        await replayed.wind(2_500)
        assert replayed.remark() == ""


async def test_a_supervisor_that_goes_on_with_such_a_session_begins_a_new_one(
    script: Script, tmp_path: Path
) -> None:
    old = await kept_by_another(script, tmp_path)
    now = fleet_at(script, len(script.rows))
    async with await Recording.open(tmp_path, initial=b"") as recording:
        assert encode((await restored(recording, lambda *_tool: False)).fleet) == now
        assert recording.path != old
        assert recording.pos == len(script.rows)
        new = recording.path
    async with await Reader.open(new) as reader:
        first = await reader.first_keyframe()
        assert (first.pos, first.body) == (len(script.rows), now)
    async with await Player.open(old) as player:  # live and replay agree over the seam
        await player.go(player.last)
        assert encode(player.fleet) == now
    async with await Recording.open(tmp_path, initial=b"") as recording:
        await restored(recording, lambda *_tool: False)
        assert recording.path == new
