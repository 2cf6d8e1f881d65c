"""The deployer: packs a release, tests it, shows it to a few customers, then to all. Written without asyncio.

Trouble: in its first run, and every second one after that, the smoke test asks a service that never answers. The step
really hangs: a pause or a kill is acknowledged, and takes effect only when the hang is over. Tests before it took half a
second, so half a minute of silence is a stall.
"""

from __future__ import annotations

import logging
import tarfile
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from bus.sdk.agent import Agent
from bus.sdk.decision import Action, Decision, RunKilled
from bus.sdk.job import SyncRun
from console.demo.pages import PAGES, fetch
from console.demo.script import TURNS, Script
from console.demo.stage import DECIDE_WITHIN, MODEL, VERSION, Called, Stage

HANG: Final = 75.0
"""Seconds that the step hangs."""

PROBES: Final = 11
"""Pages that answer before the one that may not: enough to know how long that takes."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Case:
    """A release on its way, and whether its smoke test hangs."""

    release: str
    hangs: bool
    claim: float

    @property
    def goal(self) -> str:
        """What the user wants."""
        return f"Bring release {self.release} to all customers, canary first."


def plan(script: Script) -> Case:
    """What the scripted model makes of a run."""
    release = f"{script.whole(2, 4)}.{script.number}.{script.whole(0, 9)}"
    return Case(release, script.turn % 2 == 1, script.claim(0.8, 0.94))


class SmokeTestError(Exception):
    """The release cannot be shown to anybody: its smoke test did not end well."""


def live(stage: Stage, job: SyncRun, script: Script, case: Case) -> None:
    """Deploy one release.

    Raises:
        SmokeTestError: its test failed.
    """
    releases = stage.sandbox.releases
    image = releases / f"{case.release}.tar"

    def build_image(_decision: Decision) -> object:
        with tarfile.open(image, "w") as archive:
            archive.add(stage.sandbox.output, arcname="app")
        return f"{image.stat().st_size} bytes"

    def smoke_test(decision: Decision) -> object:
        stage.pause_sync(script.about(0.4))
        return fetch(decision.args["url"], HANG / stage.speed)

    def point(decision: Decision) -> object:
        link = releases / ("canary" if decision.tool == "start_canary" else "current")
        fresh = link.with_suffix(".new")
        fresh.symlink_to(releases / f"{decision.args['release']}.tar")
        fresh.replace(link)
        return f"{link.name} is {decision.args['release']}"

    def step(name: str, action: Action, effect: Callable[[Decision], object]) -> Called:
        with job.step(name, confidence=action.confidence, of=6) as report:
            stage.pause_sync(script.about(3.0))
            called = stage.call_sync(job, action, effect)
            report.result(ok=called.ran, text=str(called.value) if called.ran else called.refusal)
        return called

    release = {"release": case.release}
    step("look at the build", Action("build_status", release, confidence=0.9), lambda _: "green")
    step("pack", Action("build_image", release, confidence=0.9), build_image)
    with job.step("probe its pages", confidence=0.9, of=6):
        for number in range(PROBES):
            page = tuple(PAGES)[number % len(PAGES)]
            action = Action(
                "smoke_test", {"url": f"{stage.pages}{page}", "probe": number + 1}, confidence=0.9
            )
            stage.call_sync(job, action, smoke_test)
    url = stage.pages + ("/stuck" if case.hangs else "/returns")
    tested = step("smoke test", Action("smoke_test", {"url": url}, confidence=0.9), smoke_test)
    job.checkpoint()  # whoever wanted to pause or kill it while it hung is heard here
    if not tested.ran:
        raise SmokeTestError(f"the smoke test gave no answer: {tested.refusal}")
    for name, tool in (("canary", "start_canary"), ("all customers", "promote_release")):
        action = Action(
            tool,
            release,
            confidence=case.claim,
            reason="its smoke test is green",
            decide_within=DECIDE_WITHIN,
        )
        if not step(name, action, point).ran:
            return


def main(stage: Stage) -> None:
    """Be the agent."""
    with Agent(stage.name, version=VERSION) as agent:
        for turn in range(1, TURNS):
            script = stage.script(turn)
            case = plan(script)
            try:
                with agent.run_sync(case.goal, run_id=script.run_id, model=MODEL, labels=stage.labels) as job:
                    job.message("user", case.goal)
                    live(stage, job, script, case)
            except RunKilled as killed:
                log.info("run %s was killed: %s", script.run_id, killed)
            except SmokeTestError as error:
                log.info("run %s failed: %s", script.run_id, error)
            stage.pause_sync(script.about(15.0))
