"""What our list costs beside the toolkit's own table: bytes and CPU, the same rows of the same floor, in turns."""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Final, NamedTuple

from console.tui.settings import FRAMES
from tests.bench.at_work import RUNS
from tests.bench.counted import CountedTerminal
from tests.bench.measures import Bench
from tests.bench.report import Line
from tests.bench.site import environment

KINDS: Final = ("none", "lines", "table", "paced")
WITHIN: Final = 30.0
"""Seconds beyond those measured in which a process must have ended."""


class Cost(NamedTuple):
    """Bytes a second at the pty, and the part of a core."""

    bytes: float
    cpu: float


async def table(bench: Bench) -> list[Line]:
    """Our rows and a DataTable's, at the same events; the CPU is that of showing, beyond hearing and sorting in."""
    seconds, rounds = (6.0, 1) if bench.quick else (10.0, 2)
    costs: dict[str, list[Cost]] = {kind: [] for kind in KINDS}
    for _ in range(rounds):
        for kind in KINDS:
            costs[kind].append(await asyncio.to_thread(_cost, kind, seconds))
    idle = median(cost.cpu for cost in costs["none"])
    size = {kind: median(cost.bytes for cost in costs[kind]) for kind in KINDS}
    cpu = {kind: median(cost.cpu for cost in costs[kind]) - idle for kind in KINDS}
    return [
        Line(
            "bytes at the terminal : a DataTable's", size["lines"] / size["table"], 0.1,
            detail=f"{size['lines']:,.0f} : {size['table']:,.0f} a second, 80x24, {RUNS} runs",
        ),
        Line(
            "CPU of showing : a DataTable's", cpu["lines"] / cpu["table"], 0.1,
            detail=f"{cpu['lines']:.2%} : {cpu['table']:.2%} of a core, beyond {idle:.2%} for hearing",
        ),
        Line(
            "bytes, the DataTable paced as ours", size["lines"] / size["paced"], None,
            detail=f"{size['lines']:,.0f} : {size['paced']:,.0f} a second",
        ),
        Line(
            "CPU, the DataTable paced as ours", cpu["lines"] / cpu["paced"], None,
            detail=f"{cpu['lines']:.2%} : {cpu['paced']:.2%} of a core",
        ),
    ]  # fmt: skip


def _cost(kind: str, seconds: float) -> Cost:
    with TemporaryDirectory(prefix="watchfloor-") as folder:
        path = Path(folder) / "measured"
        command: list[str | Path] = [
            sys.executable,
            "-m",
            "tests.bench.rowed",
            kind,
            str(RUNS),
            str(seconds),
            path,
        ]
        paced = {
            "TEXTUAL_FPS": str(FRAMES)
        }  # as our console has it; the toolkit reads it when it is imported
        with CountedTerminal(command, environment(Path(folder)) | paced) as terminal:
            terminal.until(lambda _: path.exists() and path.read_text("utf-8"), "the end", seconds + WITHIN)
            began, ended, cpu = json.loads(path.read_text("utf-8"))
            return Cost(terminal.rate(began, ended), cpu / (ended - began))
