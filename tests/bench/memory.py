"""What a console holds in memory with a thousand runs on a real floor, beside an empty Textual application."""

from __future__ import annotations

import asyncio
import sys
from typing import Final

from tests.bench.at_work import agents
from tests.bench.measures import Bench
from tests.bench.report import Line
from tests.bench.site import WATCHFLOOR, site_on
from tests.fixtures.terminal import Terminal

MANY: Final = 1_000
STEPS: Final = 10
EVERY: Final = 0.001
"""Seconds between two events, so that nothing is lost on the way."""

SETTLED: Final = 5.0
MIB: Final = 1024 * 1024


async def memory(bench: Bench) -> list[Line]:
    """Resident memory of the process, every shared page of it counted in both."""
    with site_on(bench.url) as site:
        with Terminal([sys.executable, "-m", "tests.bench.empty_app"], site.environment) as terminal:
            await asyncio.to_thread(terminal.shows, "ready")
            empty = terminal.process.memory_info().rss
        async with agents(bench.url, MANY) as floor:
            with Terminal([WATCHFLOOR], site.environment) as terminal:
                await asyncio.to_thread(terminal.shows, "bus ok", 30.0)
                await _settle(terminal)
                alone = terminal.process.memory_info().rss
                await floor.begin(EVERY)
                for step in range(1, STEPS + 1):
                    await floor.step(step, EVERY)
                await asyncio.to_thread(terminal.shows, f"{MANY:,} runs".replace(",", " "), 60.0)
                await _settle(terminal)
                ours = terminal.process.memory_info().rss
    detail = (
        f"{ours / MIB:.0f} : {empty / MIB:.0f} MiB, {STEPS} steps a run; {alone / MIB:.0f} MiB before them"
    )
    return [
        Line(f"memory with {MANY:,} runs : an empty Textual app's", ours / empty, 2.0, detail=detail),
    ]


async def _settle(terminal: Terminal) -> None:
    for _ in range(int(SETTLED / 0.1)):
        await asyncio.to_thread(terminal.look, 0.1)
