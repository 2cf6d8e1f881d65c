"""The sleeper: reads a meter, and once goes silent. A native call holds the whole interpreter, heartbeat included.

That is what a wedged process looks like from outside: no goodbye, no step, no sign of life. Later it comes back.
"""

from __future__ import annotations

import ctypes
import sys
import time
from dataclasses import dataclass
from typing import Final

from bus.sdk.decision import Action, Decision
from bus.sdk.job import Run
from console.demo.script import Script
from console.demo.stage import Stage

SILENT: Final = 26
"""Seconds without a sign of life; the supervisor gives an agent 15."""

SILENT_EVERY: Final = 4
"""Its second run is the silent one, and every fourth after that."""


@dataclass(frozen=True, slots=True)
class Case:
    """Readings to take; `silent_at` is the one that wedges the process, 0 for none."""

    meter: str
    readings: int
    silent_at: int

    @property
    def goal(self) -> str:
        """What the user wants."""
        return f"Watch the meter {self.meter} and store what it says."


def plan(script: Script) -> Case:
    """What the scripted model makes of a run."""
    meter = script.pick(("cold store", "gate 2", "solar roof"))
    return Case(meter, script.whole(5, 7), 2 if script.turn % SILENT_EVERY == 2 else 0)


def wedge(seconds: int) -> None:
    """Hold the interpreter: no other thread of this process runs meanwhile."""
    if sys.platform == "win32":
        time.sleep(seconds)
    else:
        ctypes.PyDLL(None).sleep(seconds)


async def live(stage: Stage, job: Run, script: Script, case: Case) -> None:
    """Take the readings of one round."""
    path = stage.sandbox.output / "readings.csv"

    def read_meter(_decision: Decision) -> object:
        return round(script.between(3.0, 8.0), 2)

    def store_reading(decision: Decision) -> object:
        with path.open("a", encoding="utf-8") as file:
            file.write(f"{decision.args['meter']};{decision.args['value']}\n")
        return "stored"

    for number in range(1, case.readings + 1):
        async with job.step(f"reading {number}", confidence=0.95, of=case.readings):
            await stage.pause(script.about(2.5))
            read = await stage.call(job, Action("read_meter", {"meter": case.meter}), read_meter)
            if number == case.silent_at:
                wedge(SILENT)
            action = Action("store_reading", {"meter": case.meter, "value": read.value}, confidence=0.95)
            await stage.call(job, action, store_reading)


async def main(stage: Stage) -> None:
    """Be the agent."""
    await stage.keep(plan, live, rest=8.0)
