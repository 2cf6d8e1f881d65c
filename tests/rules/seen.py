"""How long until an ask is on the screen: `python -m tests.rules.seen [TIMES]`.

From the publish of a proposal to the frame that counts it, in a pty of 80x24, while 50 runs tell two things a second each.
It is judged, recorded and sent on between the two. Prints one line.
"""

from __future__ import annotations

import asyncio
import re
import sys
import time
from functools import partial
from typing import Final

from bus.codec import encode
from bus.events import ActionProposed, Data, RunStarted
from bus.topics import Topics
from tests.bench.report import quantile
from tests.bench.screens import EACH, RUNS, _work
from tests.bench.site import SITE, WATCHFLOOR, site_on
from tests.bench.wire import Wire
from tests.broker_kinds import running_broker
from tests.terminal import Terminal

AGENT: Final = "bench-asks"
COUNTS: Final = re.compile(r"[■▲] (\d+)")


def wanted(text: str) -> int:
    """How many rows want a person now, by row 2."""
    return sum(map(int, COUNTS.findall(text.splitlines()[1])))


def more(before: int, text: str) -> bool:
    """Whether more rows want a person than before."""
    return wanted(text) > before


async def main(times: int) -> None:
    """Measure so many asks, one after the other."""
    seconds: list[float] = []
    with running_broker("embedded") as broker, site_on(broker.url) as site:
        wire = await Wire.connect(broker.url, "bench-rules", [], lambda *_: None)
        working = asyncio.create_task(_work(wire))
        seqs: dict[str, int] = {}

        def send(run: str, data: Data) -> None:
            seqs[run] = seqs.get(run, 0) + 1
            head = (
                f'{{"specversion":"1.0","id":"{run}.{seqs[run]}","source":"/agents/{AGENT}/runs/{run}",'
                f'"type":"{data.TYPE}","time":"2026-01-01T00:00:00.000Z","incarnation":"rules","seq":{seqs[run]},"data":'
            )
            wire.publish(Topics(SITE).events(AGENT, run), head.encode() + encode(data) + b"}")

        try:
            with Terminal([WATCHFLOOR], site.environment) as terminal:
                await asyncio.to_thread(terminal.shows, f"{RUNS} runs", 30.0)
                for number in range(times):
                    run = f"a{number:03d}"
                    send(run, RunStarted(goal="ask", control="gated"))
                    await asyncio.sleep(0.7)
                    await asyncio.to_thread(terminal.look)
                    before = wanted(terminal.text)
                    began = time.perf_counter()
                    send(run, ActionProposed(action="a1", tool="wire_money", args={"number": number}))
                    await asyncio.to_thread(terminal.until, partial(more, before), "one more", 20.0)
                    seconds.append(time.perf_counter() - began)
        finally:
            working.cancel()
            await asyncio.wait({working})
            wire.close()
    figures = ", ".join(
        f"{name} {quantile(seconds, of) * 1000:.0f} ms"
        for name, of in (("p50", 0.5), ("p95", 0.95), ("p99", 0.99))
    )
    print(  # noqa: T201  (what it is for)
        f"from an ask at the broker to the screen: {figures}; {times} asks, {RUNS} runs, {RUNS * EACH:g} events/s"
    )


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]) if len(sys.argv) > 1 else 100))
