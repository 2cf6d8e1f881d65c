"""The parcel desk: twelve runs that ask the same carrier where parcels are.

Trouble: now and then the carrier's service is down for a while. Twelve runs then fail one call after the other: a flood of
alarms that all have one cause, and that go away together.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from bus.sdk.decision import Action, Decision
from bus.sdk.job import Run
from console.demo.pages import fetch
from console.demo.script import Script
from console.demo.stage import Stage

LANES: Final = 12
PARCELS: Final = 900


@dataclass(frozen=True, slots=True)
class Case:
    """Parcels to look for, by number."""

    first: int
    count: int

    @property
    def goal(self) -> str:
        """What the user wants."""
        return f"Find out where {self.count} parcels are, from number {self.first}."


def plan(script: Script) -> Case:
    """What the scripted model makes of a run."""
    return Case(script.whole(1, PARCELS), script.whole(40, 60))


async def live(stage: Stage, job: Run, script: Script, case: Case) -> None:
    """Look for the parcels of one run."""
    for done in range(1, case.count + 1):
        await stage.pause(script.about(4.0))
        url = f"{stage.pages}/parcels/{case.first + done}"
        await stage.call(job, Action("track_parcel", {"url": url}), _track)
        job.progress(done, case.count)


def _track(decision: Decision) -> str:
    return fetch(decision.args["url"])


async def main(stage: Stage) -> None:
    """Be the agent."""
    await stage.keep(plan, live, lanes=LANES, rest=8.0)
