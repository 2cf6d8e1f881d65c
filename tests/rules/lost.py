"""How soon a console says that the broker is gone, and what that costs: `python -m tests.bench --only loss`.

The broker is killed and started again under a real site, while a real agent works. From the kill until the first row of the
console says so and every row is marked as not live; then from the broker's start until the floor is live again.
"""

from __future__ import annotations

import asyncio
import time
from contextlib import ExitStack
from typing import Final

from bus.sdk.agent import Agent
from bus.sdk.job import Run
from console.core.fleet.lifecycle import ENDED
from tests.bench.counted import CountedTerminal
from tests.bench.measures import Bench, joined
from tests.bench.report import Line
from tests.bench.site import WATCHFLOOR, site_on
from tests.fixtures.broker_kinds import running_broker

AGENT: Final = "bench-loss"
STEP: Final = 0.02
GONE_FOR: Final = 2.0
"""Seconds that the broker stays away."""

WITHIN: Final = 60.0


async def loss(bench: Bench) -> list[Line]:
    """So many deaths of the broker."""
    times = 2 if bench.quick else 6
    marked: list[float] = []
    back: list[float] = []
    with ExitStack() as stack:
        broker = stack.enter_context(
            running_broker("embedded")
        )  # one of our own: the others are still needed
        site = stack.enter_context(site_on(broker.url))
        async with joined(site) as floor, Agent(AGENT, broker=site.address, home=site.home) as agent:
            async with agent.run("work whatever happens") as run:
                ended = asyncio.Event()
                working = asyncio.create_task(_work(run, ended))
                with CountedTerminal([WATCHFLOOR], site.environment) as terminal:
                    await asyncio.to_thread(terminal.until, _is_live, "live")
                    for _ in range(times):
                        await asyncio.to_thread(terminal.watch, GONE_FOR)
                        began = time.monotonic()
                        broker.kill()
                        await asyncio.to_thread(terminal.until, _is_marked, "marked as not live")
                        marked.append(time.monotonic() - began)
                        await asyncio.to_thread(terminal.watch, GONE_FOR)
                        broker.restart()
                        began = time.monotonic()
                        await asyncio.to_thread(terminal.until, _is_live, "live again", WITHIN)
                        back.append(time.monotonic() - began)
                ended.set()
                made, key = await working, f"{AGENT}/{run.id}"
            if not await floor.until(
                lambda fleet: key in fleet.runs and fleet.runs[key].state in ENDED, WITHIN
            ):
                raise RuntimeError("the run's end was not recorded")
            known = floor.fleet.runs[key]
    return [
        Line("broker gone to every row marked, slowest", max(marked) * 1000, 2_000.0, unit="ms", detail=f"{times} deaths"),
        Line("broker back to a live floor, slowest", max(back), None, unit="s"),
        Line(
            "events lost over these deaths", float(made - known.steps_seen + known.gaps), 0.0, unit="",
            detail=f"{made:,} steps made, {known.steps_seen:,} recorded",
        ),
    ]  # fmt: skip


async def _work(run: Run, ended: asyncio.Event) -> int:
    """Make steps until told to end. Returns how many."""
    made = 0
    while not ended.is_set():
        async with run.step("look"):
            await asyncio.sleep(STEP)
        made += 1
    return made


def _rows(text: str) -> list[str]:
    return [row for row in text.splitlines()[3:20] if AGENT[:4] in row]


def _is_marked(text: str) -> bool:
    rows = _rows(text)
    return "bus lost" in text.splitlines()[0] and bool(rows) and all(row.endswith("?") for row in rows)


def _is_live(text: str) -> bool:
    rows = _rows(text)
    return "bus ok" in text.splitlines()[0] and bool(rows) and not any(row.endswith("?") for row in rows)
