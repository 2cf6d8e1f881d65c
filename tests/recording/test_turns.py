"""What takes turns goes on to its end, whatever becomes of whoever began it."""

import asyncio
from pathlib import Path

import pytest

from console.recording.schema import RecordingError
from console.recording.turns import Turns
from console.recording.writer import Recording
from tests.fixtures.full_disk import limit_pages
from tests.recording.rows import EMPTY, Clock, everything, log


class Acts:
    """Acts that end when they are let, and in which order they did what."""

    def __init__(self) -> None:
        self.done: list[str] = []
        self.let = asyncio.Event()

    async def slow(self) -> None:
        self.done.append("slow began")
        await self.let.wait()
        self.done.append("slow ended")

    async def quick(self) -> None:
        self.done.append("quick")


async def test_what_was_begun_is_done_in_its_turn_though_nobody_waits() -> None:
    acts, turns = Acts(), Turns()
    turns.begin(acts.slow)
    second = turns.begin(acts.quick)
    await asyncio.sleep(0)
    assert acts.done == ["slow began"]
    acts.let.set()
    await second.end()
    assert acts.done == ["slow began", "slow ended", "quick"]


async def test_a_cancelled_caller_hears_of_it_at_the_end() -> None:
    acts, turns = Acts(), Turns()
    going = turns.begin(acts.slow)
    caller = asyncio.create_task(going.end())
    await asyncio.sleep(0)
    caller.cancel()
    await asyncio.sleep(0)
    assert not caller.done()
    acts.let.set()
    with pytest.raises(asyncio.CancelledError):
        await caller
    assert acts.done == ["slow began", "slow ended"]


async def test_rows_that_were_begun_are_stored_and_told_before_the_end_is_heard_of(tmp_path: Path) -> None:
    told: list[int] = []
    async with await Recording.open(tmp_path, initial=EMPTY, clock=Clock()) as recording:
        writing = recording.appending(log(1, 3), lambda: told.append(recording.pos))
        assert told == []
        await writing.end()
        assert told == [3]
        await recording.append(log(4, 5))
    assert await everything(tmp_path) == log(1, 5)


async def test_what_no_disk_takes_is_not_told_as_stored(tmp_path: Path) -> None:
    told: list[int] = []
    async with await Recording.open(tmp_path, initial=EMPTY, clock=Clock()) as recording:
        await recording.append(log(1, 3))
        await limit_pages(recording, 1)
        writing = recording.appending(log(4, 900), lambda: told.append(recording.pos))
        with pytest.raises(RecordingError):
            await writing.end()
        assert (told, recording.pos) == ([], 3)
        await limit_pages(recording, 100_000)
        await recording.append(log(4, 5))
    assert await everything(tmp_path) == log(1, 5)
