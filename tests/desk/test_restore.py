"""A supervisor that begins reads as much of its recording as its detectors need, and starts without what is damaged."""

from __future__ import annotations

from pathlib import Path

import aiosqlite
import pytest

from bus.events import RunStarted, StepStarted
from console.core.fleet.state import Fleet, encode
from console.recording.bodies import Row
from console.recording.schema import RecordingError
from console.recording.writer import Recording
from console.supervisor.process.taking_up import restored
from console.supervisor.watching.past import Past, beginning
from tests.fixtures.desk import Bench

STEPS = 12
EMPTY = encode(Fleet(site="site"))


async def recorded(recording: Recording) -> Bench:
    """A floor whose recording has a keyframe in its middle and one near its end."""
    bench = Bench()
    kept = 0

    async def keep() -> None:
        nonlocal kept
        rows = [Row(entry.pos, entry.at, entry.agent, entry.run, entry.event) for entry in bench.log[kept:]]
        kept = len(bench.log)
        await recording.append(rows)

    bench.event(1, RunStarted())
    for number in range(1, STEPS + 1):
        bench.pass_time(4.0)
        bench.event(number + 1, StepStarted(step=number))
        await keep()
        if number in (4, 9):
            await recording.keyframe(recording.pos, recording.at, encode(bench.desk.fleet))
    return bench


def durations(past: Past) -> int:
    return max((known.n for known in past.progress._known.values()), default=0)


def polls(_tool: str, _schema: str | None) -> bool:
    return False


@pytest.mark.parametrize(
    "keyframes, end, begin",
    [
        ([0], 500, 0),
        ([0, 400], 500, 0),
        ([0, 12_000, 24_000], 24_100, 12_000),
        ([0, 12_000, 24_000], 36_000, 24_000),
        ([0, 70_000], 70_100, 70_000),
        ([0], 200_000, 0),
        ([100_000], 100_000, 100_000),
    ],
)
def test_enough_is_read_and_not_too_much(keyframes: list[int], end: int, begin: int) -> None:
    assert beginning(keyframes, end) == begin


async def test_what_detectors_remember_is_older_than_the_last_keyframe(tmp_path: Path) -> None:
    async with await Recording.open(tmp_path, initial=EMPTY, clock=lambda: 0) as recording:
        bench = await recorded(recording)
        past = await restored(recording, polls)
    assert encode(past.fleet) == encode(bench.desk.fleet)
    assert durations(past) == STEPS


async def test_a_damaged_keyframe_costs_memory_and_no_start(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with await Recording.open(tmp_path, initial=EMPTY, clock=lambda: 0) as recording:
        bench = await recorded(recording)
        async with aiosqlite.connect(recording.path) as database:
            await database.execute(
                "UPDATE keyframes SET body = x'00' WHERE pos < (SELECT max(pos) FROM keyframes)"
            )
            await database.commit()
        past = await restored(recording, polls)
    assert encode(past.fleet) == encode(bench.desk.fleet)
    assert 0 < durations(past) < STEPS
    assert "detectors begin with less than they knew" in caplog.text


async def test_without_any_good_keyframe_nothing_starts(tmp_path: Path) -> None:
    async with await Recording.open(tmp_path, initial=EMPTY, clock=lambda: 0) as recording:
        await recorded(recording)
        async with aiosqlite.connect(recording.path) as database:
            await database.execute("UPDATE keyframes SET body = x'00'")
            await database.commit()
        with pytest.raises(RecordingError, match="damaged keyframe"):
            await restored(recording, polls)
