"""The healthy majority: a crawler, a triage desk and an indexer, several runs each. Nothing ever goes wrong with them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

from bus.sdk.decision import Action, Decision
from bus.sdk.job import Run
from console.demo.pages import PAGES, fetch
from console.demo.sandbox import ORDERS, TROUBLES, label_of
from console.demo.script import Script
from console.demo.stage import SPOT_CHECK_WITHIN, Stage

LANES: Final = {"crawler": 4, "triage": 3, "indexer": 3}
"""Runs that each of them lives at once."""

_LABELS: Final = tuple(sorted(set(TROUBLES.values())))


@dataclass(frozen=True, slots=True)
class Case:
    """Things to go through, one a step, each with the claim that comes with it."""

    agent: str
    items: tuple[tuple[str, float], ...]

    @property
    def goal(self) -> str:
        """What the user wants."""
        what = {"crawler": "Save {} pages", "triage": "Label {} tickets", "indexer": "Index {} folders"}
        return what[self.agent].format(len(self.items)) + "."


def plan(script: Script) -> Case:
    """What the scripted model makes of a run."""
    names = {
        "crawler": tuple(PAGES),
        "triage": tuple(f"T-{number}" for number in range(1, ORDERS + 1)),
        "indexer": ("output", "outbox", "trash", "releases"),
    }[script.agent]
    left, items = list(names), []
    for _ in range(
        min(script.whole(6, 12), len(names))
    ):  # each thing once: doing one again is what a loop does
        left.remove(name := script.pick(tuple(left)))
        # What triage claims is how often it is right: see `_triage`.
        items.append((name, script.claim(0.9, 0.97) if script.agent == "triage" else script.claim(0.8, 0.98)))
    return Case(script.agent, tuple(items))


async def live(stage: Stage, job: Run, script: Script, case: Case) -> None:
    """Go through the things."""
    work = _WORK[case.agent]
    for name, claim in case.items:
        async with job.step(f"{case.agent.removesuffix('er')} {name}", confidence=claim, of=len(case.items)):
            await stage.pause(script.about(5.0))
            await work(stage, job, script, name, claim)


async def _crawl(stage: Stage, job: Run, _script: Script, name: str, claim: float) -> None:
    found = await stage.call(
        job, Action("fetch_page", {"url": f"{stage.pages}{name}"}), lambda it: fetch(it.args["url"])
    )

    def save_page(decision: Decision) -> object:
        path = stage.sandbox.inside(decision.args["path"])
        path.write_text(str(found.value), encoding="utf-8")
        return f"{path.stat().st_size} bytes"

    if found.ran:
        path = f"output/page-{name.strip('/')}.html"
        await stage.call(job, Action("save_page", {"path": path}, confidence=claim), save_page)


async def _triage(stage: Stage, job: Run, script: Script, name: str, claim: float) -> None:
    ticket = await stage.call(
        job, Action("read_ticket", {"ticket": name}), lambda it: stage.sandbox.ticket(it.args["ticket"])
    )
    await stage.pause(script.about(1.0))
    if not ticket.ran:
        return
    right = label_of(ticket.value["text"])
    # An honest model: of a hundred things that it claims at 0.95, five are wrong.
    chosen = right if script.happens(claim) else script.pick([name for name in _LABELS if name != right])
    label = Action(
        "label_ticket",
        {"ticket": name, "label": chosen},
        confidence=claim,
        decide_within=SPOT_CHECK_WITHIN,
    )
    await stage.call(
        job, label, lambda it: stage.sandbox.annotate(it.args["ticket"], "label", it.args["label"])
    )


async def _index(stage: Stage, job: Run, _script: Script, name: str, claim: float) -> None:
    def list_folder(decision: Decision) -> object:
        return sorted(path.name for path in stage.sandbox.inside(decision.args["path"]).iterdir())[:20]

    def write_index(decision: Decision) -> object:
        path = stage.sandbox.inside(decision.args["path"])
        path.write_text("\n".join(decision.args["names"]) + "\n", encoding="utf-8")
        return f"{len(decision.args['names'])} names"

    found = await stage.call(job, Action("list_folder", {"path": name}), list_folder)
    if found.ran:
        index = {"path": f"output/index-{name}.txt", "names": found.value}
        await stage.call(job, Action("write_index", index, confidence=claim), write_index)


_WORK: Final[dict[str, Callable[[Stage, Run, Script, str, float], Awaitable[None]]]] = {
    "crawler": _crawl,
    "triage": _triage,
    "indexer": _index,
}


async def main(stage: Stage) -> None:
    """Be the agent."""
    await stage.keep(plan, live, lanes=LANES[stage.name], rest=4.0)
