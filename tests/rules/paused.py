"""How long a pause takes, from the key to the agent's word for it: `python -m tests.bench --only pause`.

A real site, a real agent that works in short steps, a console in a pty of 80x24. The key is `p` on the agent's row; the same
key lets it go on. Between the two the console states the intent, the supervisor records it, signs the command and sends it.
"""

from __future__ import annotations

import asyncio
import time
from typing import Final

from bus.events import CommandAcknowledged
from bus.sdk.agent import Agent
from bus.sdk.job import Run
from console.link.follower import Applied
from tests.bench.counted import CountedTerminal
from tests.bench.measures import Bench, joined
from tests.bench.report import Line, quantile
from tests.bench.site import WATCHFLOOR, site_on

AGENT: Final = "bench-pause"
STEP: Final = 0.05
"""Seconds that a step of the agent takes; it looks for a pause before each."""

STILL: Final = 1.0
"""Seconds between two keys: rows that moved stand still by then, and a key counts again."""


async def pause(bench: Bench) -> list[Line]:
    """So many pauses of one run, each ended again."""
    times = 5 if bench.quick else 20
    acknowledged: list[float] = []
    effective: list[float] = []
    with site_on(bench.url) as site:
        heard: list[float] = []

        def note(applied: list[Applied]) -> None:
            heard.extend(
                time.monotonic() for record, _ in applied if isinstance(record.data, CommandAcknowledged)
            )

        async with (
            joined(site) as floor,
            Agent(AGENT, broker=site.address, home=site.home) as agent,
            agent.run("work until paused") as run,
        ):
            floor.listen_to_records(note)
            working = asyncio.create_task(_work(run))
            with CountedTerminal([WATCHFLOOR], site.environment) as terminal:
                await asyncio.to_thread(
                    terminal.until, lambda text: "1 run" in text and "step" in text, "the run"
                )
                for _ in range(times):
                    await asyncio.to_thread(terminal.watch, STILL)
                    heard.clear()
                    began = time.monotonic()
                    terminal.press("p")
                    await asyncio.to_thread(terminal.until, _is_paused, "paused")
                    effective.append(time.monotonic() - began)
                    acknowledged.append(heard[0] - began)
                    await asyncio.to_thread(terminal.watch, STILL)
                    terminal.press("p")
                    await asyncio.to_thread(terminal.until, lambda text: not _is_paused(text), "going on")
            working.cancel()
            await asyncio.wait({working})
    detail = f"p50 {quantile(acknowledged, 0.5) * 1000:.0f} ms; {times} pauses"
    shown = f"p50 {quantile(effective, 0.5) * 1000:.0f} ms; no row moves for 500 ms after a key"
    return [
        Line(
            "the key to the acknowledged pause, slowest",
            max(acknowledged) * 1000,
            1_000.0,
            unit="ms",
            detail=detail,
        ),
        Line(
            "the key to `paused` on the screen, slowest", max(effective) * 1000, None, unit="ms", detail=shown
        ),
    ]


def _is_paused(text: str) -> bool:
    return any(AGENT[:4] in row and " paused" in row for row in text.splitlines()[2:22])


async def _work(run: Run) -> None:
    while True:
        async with run.step("look"):
            await asyncio.sleep(STEP)
