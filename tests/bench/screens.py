"""What the console costs: to its first paint, at ten thousand runs, and at a seek in a long recording."""

from __future__ import annotations

import random
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from bus import codec
from bus.events import StepFinished, StepStarted
from console.core.fleet.state import Fleet, decode
from console.core.reducing.reduce import reduce
from console.recording.player import Player
from console.recording.reader import Reader
from tests.bench.at_work import RUNS
from tests.bench.measures import Bench
from tests.bench.report import Line, quantile
from tests.bench.site import SITE, WATCHFLOOR, site_on
from tests.fixtures.console import Console, console
from tests.fixtures.floor import Script
from tests.fixtures.replay import eventful, record
from tests.fixtures.terminal import Terminal


async def paint(bench: Bench) -> list[Line]:
    """From the start of the process to its first paint, beside an empty Textual application, in turns."""
    rounds = 5 if bench.quick else 15
    ours: list[float] = []
    empty: list[float] = []
    with site_on(bench.url) as site, TemporaryDirectory(prefix="watchfloor-") as compiled:
        # Both compiled, as installed: in a checkout that may not be written to, only the toolkit would be.
        environment = {**site.environment, "PYTHONPYCACHEPREFIX": compiled}
        environment.pop("PYTHONDONTWRITEBYTECODE", None)
        for _ in range(rounds + 1):
            empty.append(_first([sys.executable, "-m", "tests.bench.empty_app"], environment, "ready"))
            ours.append(_first([WATCHFLOOR], environment, f"{SITE} › "))
    ratio = median(ours[1:]) / median(empty[1:])  # the first pair also reads the files from disk
    detail = f"{median(ours[1:]) * 1000:.0f} : {median(empty[1:]) * 1000:.0f} ms"
    return [Line("console's first paint : an empty Textual app's", ratio, 1.3, detail=detail)]


def _first(command: Sequence[str | Path], environment: dict[str, str], words: str) -> float:
    began = time.perf_counter()
    with Terminal(command, environment) as terminal:
        terminal.shows(words)
        return time.perf_counter() - began


async def runs(bench: Bench) -> list[Line]:
    """What a frame costs after a batch of events, with ten thousand runs on the floor and with fifty, in turns."""
    frames = 40 if bench.quick else 150
    costs: dict[int, list[float]] = {}
    for many in (RUNS, 10_000):
        script = Script()
        for number in range(many):
            script.start(f"agent{number % 100:02d}", f"r{number:05d}", f"Look at order {number}")
        async with console(script) as shown:
            costs[many] = [await _frame(shown, script, many, number) for number in range(frames)]
    few, most = (median(costs[many]) * 1000 for many in (RUNS, 10_000))
    p99 = quantile(costs[10_000], 0.99) * 1000
    return [
        Line(
            "a frame with 10,000 runs : one with 50", most / few, 1.5,
            detail=f"ten events and a frame: {most:.2f} : {few:.2f} ms; p99 with 10,000 {p99:.2f} ms",
        )
    ]  # fmt: skip


async def _frame(shown: Console, script: Script, many: int, number: int) -> float:
    chosen = [(number * 7919 + k * 104_729) % many for k in range(5)]
    began = time.perf_counter()
    for index in chosen:
        agent, run = f"agent{index % 100:02d}", f"r{index:05d}"
        script.agent(agent, run, StepStarted(step=number + 1, name="look"))
        script.agent(agent, run, StepFinished(step=number + 1, ok=True, text="seen"))
    shown.app.draw()
    await shown.pilot.pause(0)
    return time.perf_counter() - began


async def seek(bench: Bench) -> list[Line]:
    """To a random position of a long recording, beside reducing it from its beginning."""
    records, jumps = (20_000, 40) if bench.quick else (100_000, 150)
    with TemporaryDirectory(prefix="watchfloor-") as folder:
        (path,) = await record(eventful(records).rows, Path(folder), keyframes=5_000)
        whole = await _timed(lambda: _reduced(path))
        async with _open(path) as player:
            chance = random.Random(11)
            far = [await _to(player, chance.randint(player.base, player.last)) for _ in range(jumps)]
            here = player.base + records // 2
            await player.go(here)
            on = [await _to(player, here + step) for step in range(1, 100)]
            back = [await _to(player, here + step) for step in range(98, 0, -1)]
    ms = [median(times) * 1000 for times in (far, on, back)]
    return [
        Line(
            "seek to a random record : all from the beginning", median(far) / whole, None,
            detail=f"{records:,} records; p50 {ms[0]:.1f} ms, p99 {quantile(far, 0.99) * 1000:.0f} ms, "
            f"all {whole * 1000:,.0f} ms; one on {ms[1]:.2f} ms, one back {ms[2]:.2f} ms",
        )
    ]  # fmt: skip


async def _reduced(path: Path) -> Fleet:
    """The end of a recording without keyframes' help."""
    reader = await Reader.open(path)
    try:
        fleet = decode((await reader.first_keyframe()).body)
        async for rows in reader.batches():
            for row in rows:
                reduce(fleet, codec.record(row.pos, row.at, codec.decode_envelope(row.event)))
    finally:
        await reader.close()
    return fleet


@asynccontextmanager
async def _open(path: Path) -> AsyncIterator[Player]:
    player = await Player.open(path)
    try:
        yield player
    finally:
        await player.close()


async def _to(player: Player, pos: int) -> float:
    return await _timed(lambda: player.go(pos))


async def _timed(act: Callable[[], Awaitable[object]]) -> float:
    began = time.perf_counter()
    await act()
    return time.perf_counter() - began
