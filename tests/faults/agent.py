"""A load agent: `python -m tests.faults.agent NAME FOLDER`. Works until SIGTERM, run after run.

Started again after a kill, it goes on with its run. In FOLDER it keeps `NAME.effects`, what its tools did, and `NAME.made`,
what it counted: `begin RUN`, `made RUN SEQ` after each step, `end RUN`. The product needs neither: they are what the
recording is held against.
"""

from __future__ import annotations

import asyncio
import os
import random
import signal
import sys
from contextlib import suppress
from itertools import count
from pathlib import Path
from typing import Final

from bus.sdk.agent import Agent
from bus.sdk.decision import Action, RunKilled, RunRefusedError
from bus.sdk.job import Run
from bus.sdk.spool.store import SpoolError
from console.demo.ledger import EffectLedger
from tests.fixtures.site_rules import asking, entry

STEPS: Final = 60
EXIT_REFUSED: Final = 3
PAUSE: Final = 0.08
"""Mean seconds of thinking in a step."""

TOOLS: Final = ("look_up", "write_note", "look_up", "peek", "write_note", "send_letter")
"""By the catalogue of the suite: auto, notify, pass list, and ask."""

CATALOGUE: Final = (
    entry("look_up", "S0", "read")
    + entry("peek", "S0", "read", pinned=True)
    + entry("write_note", "S1")
    + entry("send_letter", "S2")
)
POLICY: Final = asking("send_letter", "a person reads every letter")


class Counts:
    """The agent's own account of what it made, appended line by line."""

    def __init__(self, path: Path) -> None:
        self._lines = path.read_text("utf-8").splitlines() if path.exists() else []
        self._handle = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)

    def note(self, *words: object) -> None:
        """Append a line."""
        os.write(self._handle, (" ".join(map(str, words)) + "\n").encode())

    def last_run(self) -> tuple[int, bool]:
        """The number of the last run, 0 if there was none, and whether it has ended."""
        for line in reversed(self._lines):
            word, run, *_ = line.split()
            if word in {"begin", "end"}:
                return int(run[1:]), word == "end"
        return 0, True


class Load:
    """One agent process of the suite."""

    def __init__(self, name: str, folder: Path, run: str = "") -> None:
        """`run` asks for one certain run instead of the next one: an impostor's."""
        self._name = name
        self._run = run
        self._counts = Counts(folder / f"{name}.made")
        self._effects = EffectLedger(folder / f"{name}.effects")
        self._stopping = False
        self._chance = random.Random()

    async def live(self) -> int:
        """Work until told to stop; return the exit code."""
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGTERM, self._stop)
        async with Agent(self._name, close_within=30.0, version="1") as agent:
            if self._run:
                return await self._one(agent, self._run, resume=False)
            number, ended = self._counts.last_run()
            if not ended:
                # Otherwise it had finished, or had not begun.
                with suppress(FileNotFoundError, SpoolError):
                    await self._one(agent, f"r{number:04d}", resume=True)
            while not self._stopping:
                number += 1
                self._counts.note("begin", f"r{number:04d}")
                if code := await self._one(agent, f"r{number:04d}", resume=False):
                    return code
        return 0

    def _stop(self) -> None:
        self._stopping = True

    async def _one(self, agent: Agent, run: str, *, resume: bool) -> int:
        try:
            async with agent.run("carry letters", run_id=run, resume=resume) as job:
                await self._work(agent, job)
        except RunKilled:
            pass
        except RunRefusedError as error:
            sys.stdout.write(f"refused {run}: {error}\n")
            return EXIT_REFUSED
        self._counts.note("end", run)
        return 0

    async def _work(self, agent: Agent, job: Run) -> None:
        for number in count() if self._run else range(STEPS):  # an impostor stays until it is told to go
            async with job.step("carry", confidence=0.9) as step:
                job.message("assistant", "a thought " * self._chance.randrange(1, 20))
                job.progress(number, STEPS)
                await asyncio.sleep(self._chance.expovariate(1 / PAUSE))  # thinking
                await self._act(job, self._chance.choice(TOOLS))
                step.result(ok=True)
            made = agent._shell.call(lambda core, _: core.run(job.id).standing().seq)
            self._counts.note("made", job.id, made)
            if self._stopping:
                return

    async def _act(self, job: Run, tool: str) -> None:
        args = {"to": f"person-{self._chance.randrange(9)}", "text": "x" * self._chance.randrange(200)}
        decision = await job.gate(Action(tool, args, decide_within=120.0))
        if decision.approved:
            async with decision:
                self._effects.write(self._name, job.id, decision)
                decision.result(f"carried {self._chance.random()}")  # the same each time would be no progress


def main() -> int:
    """Run an agent; returns its exit code."""
    name, folder, *run = sys.argv[1:]
    return asyncio.run(Load(name, Path(folder), *run).live())


if __name__ == "__main__":
    sys.exit(main())
