"""What the console writes to a terminal of 80x24 while the floor works, keys are pressed, or nothing happens."""

from __future__ import annotations

import asyncio
from typing import Final

from tests.bench.at_work import EACH, RUNS, at_work
from tests.bench.counted import CountedTerminal
from tests.bench.measures import Bench
from tests.bench.report import Line
from tests.bench.site import WATCHFLOOR, site_on

FRAMES: Final = 15
"""Frames a second at most: see `console.tui.app`."""

VIEWS: Final = "23456789"
LOOKED_AT: Final = 1.5
"""Seconds that a view stands before the next one is opened."""

IDLE: Final = 15.0
"""Seconds of silence at most: after 30 the supervisor says that a run is not heard of."""

SETTLED: Final = 5.0
"""Seconds that the console gets to show the last of what it heard."""


async def line(bench: Bench) -> list[Line]:
    """Bytes a second: in the mean, in the worst second of all, while every view is opened, and while nothing happens."""
    seconds = 10.0 if bench.quick else 30.0
    with site_on(bench.url) as site, CountedTerminal([WATCHFLOOR], site.environment) as terminal:
        async with at_work(bench.url):
            await asyncio.to_thread(terminal.shows, f"{RUNS} runs", 30.0)
            await asyncio.to_thread(terminal.watch, SETTLED)
            work = await asyncio.to_thread(terminal.watch, seconds)
            opened = await asyncio.to_thread(_open_all, terminal)
        await asyncio.to_thread(terminal.watch, SETTLED)
        idle = await asyncio.to_thread(terminal.watch, min(seconds, IDLE))
        mean = terminal.rate(*work)
        share = mean / (80 * 24 * FRAMES)
        return [
            Line(
                "bytes a second at the terminal, mean", mean, 2_000.0, unit="B",
                detail=f"80x24, {RUNS} runs in a row each, {RUNS * EACH:g} events/s; {share:.1%} of every cell {FRAMES}/s",
            ),
            Line("the same, worst second", terminal.worst_second(*work), 10_000.0, unit="B"),
            Line(
                "the same, every view opened, worst second", terminal.worst_second(*opened), 10_000.0, unit="B",
                detail=f"{len(VIEWS)} views, one every {LOOKED_AT:g} s",
            ),
            Line(
                "the same, all is well and nothing comes", terminal.rate(*idle), 50.0, unit="B",
                detail=f"for {min(seconds, IDLE):g} s: silence for longer is news",
            ),
        ]  # fmt: skip


def _open_all(terminal: CountedTerminal) -> tuple[float, float]:
    """Open each view, and Fleet again."""
    began = ended = terminal.watch(0.1)[0]
    for key in (*VIEWS, "1"):
        terminal.press(key)
        _, ended = terminal.watch(LOOKED_AT)
    return began, ended
