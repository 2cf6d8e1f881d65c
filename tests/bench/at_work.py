"""A floor at work on a real site: many runs, each an agent's own, that tell two things a second each."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import count
from typing import Final

from bus.codec import encode
from bus.events import Data, Progress, RunStarted, StepFinished, StepStarted
from bus.topics import Topics
from bus.url import BrokerUrl
from tests.bench.load import TEXT
from tests.bench.site import SITE
from tests.bench.wire import Wire

RUNS: Final = 50
EACH: Final = 2.0
"""Events a second of each run."""

UP_WITHIN: Final = 3.0
"""Seconds that the supervisor has to come up: what is said before is lost, for nobody here says it again."""


class Agents:
    """Many agents with a run each, by hand and without waiting for watermarks: at these rates nothing is lost."""

    def __init__(self, wire: Wire, runs: int) -> None:
        self.runs = [f"r{number:04d}" for number in range(runs)]
        self._wire = wire
        self._topics = Topics(SITE)
        self._seqs: dict[str, int] = {}

    def say(self, run: str, data: Data) -> None:
        """Publish the next event of a run: one of `runs` or another."""
        self._seqs[run] = self._seqs.get(run, 0) + 1
        agent, seq = f"agent{run[1:]}", self._seqs[run]
        head = (
            f'{{"specversion":"1.0","id":"bench.{seq}","source":"/agents/{agent}/runs/{run}","type":"{data.TYPE}",'
            f'"time":"2026-01-01T00:00:00.000Z","incarnation":"bench","seq":{seq},"data":'
        )
        self._wire.publish(self._topics.events(agent, run), head.encode() + encode(data) + b"}")

    async def begin(self, every: float) -> None:
        """Start each run, one after the other, `every` so many seconds."""
        for run in self.runs:
            self.say(run, RunStarted(goal="measure", control="gated"))
            await asyncio.sleep(every)

    async def step(self, number: int, every: float) -> None:
        """Have each run make one step, in three events."""
        for data in (
            StepStarted(step=number, name=f"look at order {number}"),
            Progress(step=number, done=number % 20, of=20, text="orders looked at"),
            StepFinished(step=number, ok=True, text=TEXT[:80]),
        ):
            for run in self.runs:
                self.say(run, data)
                await asyncio.sleep(every)


@asynccontextmanager
async def agents(url: BrokerUrl, runs: int) -> AsyncIterator[Agents]:
    """Connect them, once the supervisor had time to come up."""
    wire = await Wire.connect(url, "bench-floor", [], lambda *_: None)
    try:
        await asyncio.sleep(UP_WITHIN)
        yield Agents(wire, runs)
    finally:
        wire.close()


@asynccontextmanager
async def at_work(url: BrokerUrl, runs: int = RUNS) -> AsyncIterator[Agents]:
    """Have the agents work as long as the context stands."""
    async with agents(url, runs) as floor:

        async def work() -> None:
            every = 1 / (runs * EACH)
            await floor.begin(every)
            for step in count(1):
                await floor.step(step, every)

        working = asyncio.create_task(work())
        try:
            yield floor
        finally:
            working.cancel()
            await asyncio.wait({working})
