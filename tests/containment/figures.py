"""How long a kill takes until nothing lives, p50 and p99 by kind of tree: `python -m tests.containment.figures [RUNS]`.

`after arrival` is by the wrapper's clock, from the command's arrival to the look that found nobody, less the grace period
where it had to pass; `on the console` is from the operator's word to the state `killed` on his screen, less the same.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
import time
from pathlib import Path
from typing import Final, NamedTuple

from tests.containment.floor import SOON, ContainFloor
from tests.fixtures.site_processes import until

GRACE: Final = 0.5
"""Seconds of grace of the trees that are deaf; nobody else uses any of it up."""


class Kind(NamedTuple):
    """A kind of tree: its program, how many processes, whether the grace period passes, whether it is frozen first."""

    name: str
    code: str
    size: int
    deaf: bool = False
    frozen: bool = False


FAMILY: Final = (
    "import subprocess\nfor n in range(4): subprocess.Popen(['setsid', 'sleep', '600'])\ntime.sleep(600)"
)
DEAF: Final = (
    "import os, signal\nsignal.signal(15, signal.SIG_IGN)\nfor n in range(4):\n"
    "    if os.fork() == 0: os.setsid(); time.sleep(600)\ntime.sleep(600)"
)
MANY: Final = DEAF.replace("range(4)", "range(60)")
KINDS: Final = (
    Kind("one process", "time.sleep(600)", 1),
    Kind("five, four in sessions of their own", FAMILY, 5),
    Kind("five that ignore SIGTERM", DEAF, 5, deaf=True),
    Kind("sixty-one that ignore SIGTERM", MANY, 61, deaf=True),
    Kind("five, frozen", DEAF, 5, frozen=True),
)


async def main(runs: int) -> None:
    """Print one table for each way of killing."""
    with tempfile.TemporaryDirectory() as folder:
        async with ContainFloor(Path(folder)) as world:
            for means in ([], ["--no-cgroup"]):
                print("by signals alone" if means else "with a control group, where there is one")
                print(f"  {'tree':38} {'runs':>4}  after arrival p50 / p99, s   on the console p50 / p99, s")
                for number, kind in enumerate(KINDS):
                    took = [
                        await one(world, kind, means, f"{len(means)}-{number}-{at}") for at in range(runs)
                    ]
                    dead, seen = (sorted(column) for column in zip(*took, strict=True))
                    print(f"  {kind.name:38} {runs:4}  {spread(dead):27}  {spread(seen)}", flush=True)


async def one(world: ContainFloor, kind: Kind, means: list[str], run: str) -> tuple[float, float]:
    """Start a tree, kill it, and return both times in seconds."""
    wrapper = world.python(kind.code, "--grace", str(GRACE), *means, run=run)
    await world.ready(run)
    await until(lambda: len(world.tree(wrapper)) >= kind.size, SOON, "the tree is whole")
    if kind.frozen:
        await world.say("pause", run)
        await world.becomes("paused", run)
    said = time.monotonic()
    await world.say("kill", run)
    await world.becomes("killed", run)
    seen = time.monotonic() - said
    grace = GRACE if kind.deaf else 0.0
    last = world.command("kill", run).rungs[-1]
    assert last.rung == "dead"
    return last.after - grace, seen - grace


def spread(sorted_values: list[float]) -> str:
    """The median and the 99th percentile (the largest, of fewer than a hundred)."""
    last = len(sorted_values) - 1
    return f"{sorted_values[last // 2]:.3f} / {sorted_values[round(last * 0.99)]:.3f}"


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]) if len(sys.argv) > 1 else 30))
