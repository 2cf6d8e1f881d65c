"""The crasher: appends batches to a file, and is killed (kill -9, by itself) in the middle of one in its first run.

Its next process finds the half-written batch, cuts it off, and goes on with the same run from its spool.
"""

from __future__ import annotations

import json
import logging
import os
import signal
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from bus.sdk.agent import Agent
from bus.sdk.decision import Action, Decision, RunKilled
from bus.sdk.job import Run
from console.demo.script import Script
from console.demo.stage import MODEL, VERSION, Stage

LINES: Final = 200
"""Lines of a batch."""

CRASH_EVERY: Final = 3
"""Its first run is killed, and every third after that."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Case:
    """A feed to import. `dies_at` is the batch in whose middle the process ends, 0 for none."""

    feed: str
    batches: int
    dies_at: int

    @property
    def goal(self) -> str:
        """What the user wants."""
        return f"Import {self.batches} batches of {self.feed}, each whole or not at all."


def plan(script: Script) -> Case:
    """What the scripted model makes of a run."""
    feed = script.pick(("stock levels", "price list", "carrier events"))
    return Case(feed, script.whole(4, 6), 2 if script.number % CRASH_EVERY == 1 else 0)


@dataclass(slots=True)
class Progress:
    """What must survive the process: which run it is, how many batches are whole, and their size in bytes."""

    path: Path
    number: int = 1
    batches: int = 0
    size: int = 0
    open: bool = False

    @classmethod
    def load(cls, path: Path) -> Progress:
        """Read it, or begin."""
        return cls(path, **json.loads(path.read_text("utf-8"))) if path.exists() else cls(path)

    def save(self) -> None:
        """Write it, whole or not at all."""
        partial = self.path.with_suffix(".new")
        facts = {"number": self.number, "batches": self.batches, "size": self.size, "open": self.open}
        partial.write_text(json.dumps(facts), encoding="utf-8")
        partial.replace(self.path)


def append(path: Path, batch: int, *, dies: bool) -> int:
    """Append a batch line by line; `dies` kills this process half-way. Returns the size of the file afterwards."""
    with path.open("a", encoding="utf-8") as file:
        for line in range(LINES):
            if dies and line == LINES // 2:
                file.flush()
                os.fsync(file.fileno())
                os.kill(os.getpid(), signal.SIGKILL)
            file.write(f"{batch};{line};{batch * LINES + line}\n")
    return path.stat().st_size


async def live(stage: Stage, job: Run, script: Script, case: Case, progress: Progress) -> None:
    """Import what is left of a feed."""
    path = stage.sandbox.output / f"import-{progress.number}.csv"

    def read_feed(decision: Decision) -> object:
        return f"batch {decision.args['batch']} of {case.feed}: {LINES} lines"

    def append_batch(decision: Decision) -> object:
        batch = int(decision.args["batch"])
        progress.size = append(path, batch, dies=batch == case.dies_at and not resumed)
        progress.batches = batch
        progress.save()
        return f"{LINES} lines appended"

    resumed = progress.open
    if path.exists() and path.stat().st_size > progress.size:
        async with job.step("cut off the half-written batch", confidence=0.95):
            with path.open("r+b") as file:
                file.truncate(progress.size)
    progress.open = True
    progress.save()
    for batch in range(progress.batches + 1, case.batches + 1):
        async with job.step(f"batch {batch}", confidence=0.9, of=case.batches):
            await stage.pause(script.about(2.5))
            await stage.call(job, Action("read_feed", {"batch": batch}), read_feed)
            await stage.pause(script.about(2.5))
            action = Action("append_batch", {"file": path.name, "batch": batch}, confidence=0.9)
            await stage.call(job, action, append_batch)
        job.progress(batch, case.batches)


async def main(stage: Stage) -> None:
    """Be the agent: go on with what a dead process left, then run after run."""
    progress = Progress.load(stage.sandbox.root / "crasher.json")
    async with Agent(stage.name, version=VERSION) as agent:
        while True:
            script = Script(stage.seed, stage.name, progress.number)
            case = plan(script)
            try:
                async with agent.run(
                    case.goal, run_id=script.run_id, model=MODEL, labels=stage.labels, resume=progress.open
                ) as job:
                    await live(stage, job, script, case, progress)
            except RunKilled as killed:
                log.info("run %s was killed: %s", script.run_id, killed)
            except FileNotFoundError:
                log.info("run %s had ended before this process began", script.run_id)
            progress.number += 1
            progress.batches, progress.size, progress.open = 0, 0, False
            progress.save()
            await stage.pause(script.about(12.0))
