"""A real floor for one example at a time: broker and supervisor in processes of their own, a person in this one."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from bus.messages import Verb
from bus.signing import PrivateKey
from console.core.fleet.state import Action, Run
from console.link.floor import Floor
from tests import ROOT
from tests.adapters.environments import Example, python_of
from tests.fixtures.answering import about
from tests.fixtures.brokers import RunningBroker, embedded_broker
from tests.fixtures.site_processes import FloorProcesses, until
from tests.fixtures.site_rules import asking, entry

SOON: Final = 240.0
"""Seconds within which everything happens that is to happen: a bound, not a measure, also on a machine that is overrun."""

OPERATOR: Final = "ada"
CATALOGUE: Final = entry("write_note", "S2")
POLICY: Final = asking("write_note", "a person reads every note")


@dataclass
class Site:
    """One site with its broker; both may be ended in the middle."""

    processes: FloorProcesses
    broker: RunningBroker
    key: PrivateKey


@contextmanager
def site(root: Path, catalogue: str = CATALOGUE, policy: str = POLICY) -> Iterator[Site]:
    """Bring up a broker and `watchfloor up`, with one enrolled operator."""
    root.mkdir(parents=True, exist_ok=True)
    with embedded_broker() as broker, FloorProcesses(root, broker=broker.url, site="adapters") as processes:
        key = processes.prepare(OPERATOR, catalogue=catalogue, policy=policy)[OPERATOR]
        processes.start()
        yield Site(processes, broker, key)


@dataclass
class Agent:
    """An example that runs. `notes` is the folder that its tool writes into."""

    name: str
    process: subprocess.Popen[bytes]
    notes: Path
    log: Path

    @property
    def said(self) -> str:
        """What it has printed."""
        return self.log.read_text("utf-8", "replace")

    def written(self) -> dict[str, str]:
        """What stands on the disk: the notes by name. A tool that ran twice wrote two lines."""
        return {path.name: path.read_text("utf-8") for path in sorted(self.notes.iterdir())}

    async def ends(self) -> int:
        """Wait until it has ended, and return its exit code."""
        await until(
            lambda: self.process.poll() is not None, SOON, f"{self.name} ends; it said: {self.said[-800:]}"
        )
        return self.process.returncode


@dataclass
class Desk:
    """A person in front of a floor, and one agent."""

    site: Site
    floor: Floor
    agent: Agent
    answered: set[str] = field(default_factory=set)

    @property
    def run(self) -> Run | None:
        """The agent's run, once it is known."""
        return next((run for run in self.floor.fleet.runs.values() if run.agent == self.agent.name), None)

    @property
    def asked(self) -> list[Action]:
        """What waits for a person."""
        run = self.run
        return [action for action in run.actions.values() if action.state == "asked"] if run else []

    async def asks(self, count: int = 1) -> list[Action]:
        """Wait until so many calls wait that were not answered yet."""

        def fresh() -> list[Action]:
            return [action for action in self.asked if action.id not in self.answered]

        def enough() -> bool:
            assert self.agent.process.poll() is None, self.agent.said
            return len(fresh()) >= count

        await until(enough, SOON, f"{self.agent.name} asks; it said: {self.agent.said[-800:]}")
        return sorted(fresh(), key=lambda action: action.call_id)

    async def decide(self, verb: Verb, action: Action, **words: Any) -> None:
        """Answer an ask."""
        self.answered.add(action.id)
        answer = await self.floor.say(verb, **about(action), **words)
        assert answer.accepted, answer

    async def command(self, verb: Verb, state: str = "") -> None:
        """Pause, resume or kill the run, and wait until the record says that it is in a state."""
        run = self.run
        assert run is not None
        answer = await self.floor.say(verb, agent=run.agent, run=run.run)
        assert answer.accepted, answer
        if state:
            await self.reaches(state)

    async def reaches(self, state: str) -> None:
        """Wait until the run is in a state, by the record."""
        await until(
            lambda: self.run is not None and self.run.state == state, SOON, f"{self.agent.name} is {state}"
        )

    def actions(self) -> list[Action]:
        """Its calls, in order, by the record."""
        return list(self.run.actions.values()) if self.run else []

    def outcomes(self) -> list[str]:
        """How its calls ended, in order, by the record."""
        return [action.state for action in self.actions()]


def start(example: Example, site: Site, name: str, options: dict[str, Any]) -> Agent:
    """Start an example in its framework's environment."""
    root = site.processes.root / name
    notes = root / "notes"
    notes.mkdir(parents=True)
    log = root / "said.log"
    given = {"within": 120.0, "adapter": example.adapter, "agent": name, "gated": example.gated} | options
    with log.open("wb") as output:
        process = subprocess.Popen(
            [python_of(example), "-m", "tests.adapters.launch", example.path, notes, json.dumps(given)],
            cwd=root,
            env=site.processes.environment | {"PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": ""},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    return Agent(name, process, notes, log)
