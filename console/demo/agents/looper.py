"""The looper: searches for the same words again and again, a little less sure each time, and gives up in the end."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from bus.sdk.decision import Action, Decision
from bus.sdk.job import Run
from console.demo.pages import PAGES
from console.demo.script import Script
from console.demo.stage import Stage

_WORDS: Final = ("refund policy for gift cards", "warranty of second-hand goods", "who signs export papers")


@dataclass(frozen=True, slots=True)
class Case:
    """Words that no page has, and how often they are looked for."""

    words: str
    times: int
    claim: float

    @property
    def goal(self) -> str:
        """What the user wants."""
        return f"Find the page about: {self.words}"


def plan(script: Script) -> Case:
    """What the scripted model makes of a run."""
    return Case(script.pick(_WORDS), script.whole(18, 26), script.claim(0.86, 0.92))


async def live(stage: Stage, job: Run, script: Script, case: Case) -> None:
    """Search, and search."""

    def search_docs(decision: Decision) -> object:
        words = str(decision.args["query"]).lower()
        return [name for name, text in PAGES.items() if words in text.lower()]

    for number in range(case.times):
        claim = max(0.4, round(case.claim - number * 0.02, 2))
        async with job.step(f"search: {case.words}", confidence=claim) as step:
            await stage.pause(script.about(2.5))
            found = await stage.call(
                job, Action("search_docs", {"query": case.words}, confidence=claim), search_docs
            )
            step.result(ok=None, text=f"{len(found.value or [])} pages", confidence=claim)
    job.message("assistant", "I did not find it.")


async def main(stage: Stage) -> None:
    """Be the agent."""
    await stage.keep(plan, live, rest=20.0)
