"""The clerk: books deliveries into the stock list of the order desk, as the delivery notes say.

Trouble: in its second run, and every fourth after that, it often swaps two digits of a count, and claims as much as ever.
Nothing fails, so nobody would know; the checker compares the list with the notes. What the first run had earned is lost.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from bus.sdk.decision import Action, Decision
from bus.sdk.job import Run
from console.demo.sandbox import DELIVERIES
from console.demo.script import Script
from console.demo.stage import SPOT_CHECK_WITHIN, Stage

BOOKINGS: Final = 50
"""Deliveries of one run: more than what the first rung takes."""

CARELESS_EVERY: Final = 4
"""Its second run is careless, and every fourth after that."""

SLIPS: Final = 0.6
"""How often a careless run swaps digits."""


@dataclass(frozen=True, slots=True)
class Case:
    """Deliveries to book, each with what is claimed, and whether its digits are swapped."""

    bookings: tuple[tuple[str, float, bool], ...]

    @property
    def goal(self) -> str:
        """What the user wants."""
        return f"Book {len(self.bookings)} deliveries into the stock list, with the counts of their delivery notes."


def plan(script: Script) -> Case:
    """What the scripted model makes of a run."""
    careless = script.turn % CARELESS_EVERY == 2
    first = script.whole(1, DELIVERIES)
    numbers = [(first + step - 1) % DELIVERIES + 1 for step in range(BOOKINGS)]
    return Case(
        tuple(
            (f"D-{number}", script.claim(0.93, 0.98), careless and script.happens(SLIPS))
            for number in numbers
        )
    )


def swapped(count: int) -> int:
    """A count of two different digits, read the wrong way round."""
    return int(str(count)[::-1])


async def live(stage: Stage, job: Run, script: Script, case: Case) -> None:
    """Book the deliveries of one run."""
    sandbox = stage.sandbox

    def list_deliveries(_decision: Decision) -> object:
        return sandbox.deliveries()

    def book_delivery(decision: Decision) -> object:
        return sandbox.book(decision.action, job.id, decision.args["delivery"], int(decision.args["count"]))

    async with job.step("read the delivery notes", confidence=0.97):
        notes = await stage.call(job, Action("list_deliveries", {}), list_deliveries)
        await stage.pause(script.about(1.5))
    if not notes.ran:
        return
    counts = {note["delivery"]: note["count"] for note in notes.value}
    for done, (delivery, claim, slips) in enumerate(case.bookings, 1):
        count = swapped(counts[delivery]) if slips else counts[delivery]
        await stage.pause(script.about(1.0))
        action = Action(
            "book_delivery",
            {"delivery": delivery, "count": count},
            confidence=claim,
            decide_within=SPOT_CHECK_WITHIN,
        )
        await stage.call(job, action, book_delivery)
        job.progress(done, len(case.bookings))


async def main(stage: Stage) -> None:
    """Be the agent."""
    await stage.keep(plan, live, rest=8.0)
