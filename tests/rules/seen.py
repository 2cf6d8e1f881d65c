"""How long until an ask is on the screen: `python -m tests.bench --only seen`.

From the publish of a proposal to the frame that counts it, in a pty of 80x24, while 50 runs tell two things a second each.
It is judged, recorded and sent on between the two.
"""

from __future__ import annotations

import asyncio
import re
import time
from functools import partial
from typing import Final

from bus.events import ActionProposed, RunStarted
from tests.bench.at_work import EACH, RUNS, at_work
from tests.bench.measures import Bench
from tests.bench.report import Line, quantile
from tests.bench.site import WATCHFLOOR, site_on
from tests.fixtures.terminal import Terminal

COUNTS: Final = re.compile(r"[■▲] (\d+)")
BETWEEN: Final = 0.7
"""Seconds between the beginning of a run and its ask: more than rows stand still."""


def wanted(text: str) -> int:
    """How many rows want a person now, by row 2."""
    return sum(map(int, COUNTS.findall(text.splitlines()[1])))


def more(before: int, text: str) -> bool:
    """Whether more rows want a person than before."""
    return wanted(text) > before


async def seen(bench: Bench) -> list[Line]:
    """So many asks, one after the other."""
    times = 30 if bench.quick else 100
    seconds: list[float] = []
    with site_on(bench.url) as site:
        async with at_work(bench.url) as floor:
            with Terminal([WATCHFLOOR], site.environment) as terminal:
                await asyncio.to_thread(terminal.shows, f"{RUNS} runs", 30.0)
                for number in range(times):
                    run = f"a{number:03d}"
                    floor.say(run, RunStarted(goal="ask", control="gated"))
                    await asyncio.sleep(BETWEEN)
                    await asyncio.to_thread(terminal.look)
                    before = wanted(terminal.text)
                    began = time.perf_counter()
                    floor.say(run, ActionProposed(action="a1", tool="wire_money", args={"number": number}))
                    await asyncio.to_thread(terminal.until, partial(more, before), "one more", 20.0)
                    seconds.append(time.perf_counter() - began)
    p50, p95, p99 = (quantile(seconds, part) * 1000 for part in (0.5, 0.95, 0.99))
    detail = f"p50 {p50:.0f} ms; {times} asks, {RUNS} runs, {RUNS * EACH:g} events/s"
    return [
        Line("an ask at the broker to the screen, p95", p95, 500.0, unit="ms", detail=detail),
        Line("an ask at the broker to the screen, p99", p99, 1_000.0, unit="ms"),
    ]
