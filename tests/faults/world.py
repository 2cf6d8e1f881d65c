"""A world to hurt: a site, load agents, a console process, a console in this process, and an operator who answers."""

from __future__ import annotations

import asyncio
import random
import signal
import subprocess
import time
from collections.abc import Callable
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Self

import psutil

from bus.messages import Answer
from console.core.fleet.state import Run
from console.core.reducing.reduce import Change
from console.link.floor import Floor, NoAnswerError
from console.link.status import LinkStatus
from console.recording.history import sessions
from tests.faults.agent import CATALOGUE, POLICY
from tests.faults.audit import Audit, counted, effects
from tests.faults.operator import Answering
from tests.fixtures.brokers import RunningBroker
from tests.fixtures.site_processes import FloorProcesses, TooLateError, free, until

AGENTS: Final = ("load-1", "load-2", "load-3")
OPERATOR: Final = "oracle"
JOIN_WITHIN: Final = 30.0
RECOVER_WITHIN: Final = 40.0
"""Seconds after which a site that is left alone must have recovered from anything: the longest pause of `up` is 10 s."""


@dataclass(slots=True)
class Moment:
    """How the link of the console stood from some moment on."""

    at: float
    status: LinkStatus


@dataclass
class World:
    """Everything of one matrix. `folder` holds the agents' accounts. Use it as an async context."""

    site: FloorProcesses
    chance: random.Random
    broker: RunningBroker | None = None
    agents: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)
    history: list[Moment] = field(default_factory=list)
    console: subprocess.Popen[bytes] | None = None
    _stack: AsyncExitStack = field(default_factory=AsyncExitStack)

    def __post_init__(self) -> None:
        self.folder = self.site.root / "agents"
        self.folder.mkdir(exist_ok=True)
        self.audit = Audit.of(self.site.home)
        self.reported: set[str] = set()
        self.done = 0
        self.tasks: set[asyncio.Task[Answer]] = set()
        self.floor: Floor
        self.operator: Answering

    async def __aenter__(self) -> Self:
        self._stack.enter_context(self.site)
        home = self.site.home
        key = self.site.prepare(OPERATOR, catalogue=CATALOGUE, policy=POLICY)[OPERATOR]
        self.site.start()
        self.floor = await self._stack.enter_async_context(
            Floor(self.site.url, home=home, operator=OPERATOR, key=key)
        )
        self.operator = Answering(self.floor, self.chance)
        self._stack.push_async_callback(self.operator.close)
        self.floor.listen(self._look)
        self.floor.listen(self.operator.look)
        await self.floor.join(JOIN_WITHIN)
        for name in AGENTS:
            self.start_agent(name)
        self.start_console()
        await self.flowing()
        return self

    async def __aexit__(self, *_: object) -> None:
        for task in self.tasks:
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)
        await self._stack.aclose()

    def _look(self, _: list[Change]) -> None:
        status = self.floor.status
        if not self.history or self.history[-1].status != status:
            self.history.append(Moment(time.monotonic(), status))

    # ---- who is there ------------------------------------------------------------------------------------------------

    def start_agent(self, name: str) -> None:
        """Start a load agent, or start it again: it goes on with its run."""
        self.agents[name] = self.site.spawn(
            "-m", "tests.faults.agent", name, str(self.folder), said=self.site.root / f"{name}.log"
        )

    def start_console(self) -> None:
        """Start the console process."""
        self.console = self.site.spawn("-m", "tests.faults.console", "watcher", said=self.console_said)

    @property
    def console_said(self) -> Path:
        """What the console process writes to."""
        return self.site.root / "console.log"

    def running(self, name: str) -> Run | None:
        """The run that an agent lives now, as the console shows it."""
        mine = [run for run in self.floor.fleet.runs.values() if run.agent == name and run.ended_at is None]
        return mine[-1] if mine else None

    # ---- waiting for it ----------------------------------------------------------------------------------------------

    async def saw(self, since: float, what: Callable[[LinkStatus], bool], within: float, named: str) -> float:
        """Wait until the console's link has stood in some way since a moment. Return after how many seconds it did."""

        def found() -> list[Moment]:
            return [moment for moment in self.history if moment.at >= since and what(moment.status)]

        await until(found, within, f"{named}; it is {self.floor.status}")
        return found()[0].at - since

    async def shows(self, what: Callable[[], object], within: float, named: str) -> None:
        """Wait until the console shows something."""
        await until(what, within, named)

    async def flowing(self, within: float = RECOVER_WITHIN) -> None:
        """Wait until everybody works: new events of each agent reach the console, and all they had counted is recorded."""
        floor = self.floor
        before = counted(self.folder)
        made = self._made()
        await until(
            lambda: floor.status.supervisor == "up" and floor.status.joined, within, "the console joins"
        )

        def working(name: str) -> bool:
            run, life = self.running(name), floor.fleet.agents.get(name)
            return (
                run is not None
                and run.state in ("working", "input-required")
                and life is not None
                and life.status == "online"
            )

        def well() -> bool:
            now = self._made()
            return all(working(name) and now.get(name, 0) > made.get(name, 0) + 5 for name in AGENTS)

        try:
            await until(well, within, "every agent works and is heard")
        except TooLateError as error:
            stand = {name: (run.state, run.seq) if (run := self.running(name)) else None for name in AGENTS}
            lives = {name: life.status for name, life in floor.fleet.agents.items()}
            raise TooLateError(
                f"{error}; runs {stand}, agents {lives}, made {made} then {self._made()}"
            ) from None
        await self._recorded(before, within)

    async def _recorded(self, made: dict[str, int], within: float) -> None:
        """Wait until everything that agents counted at some moment stands in the log."""

        def missing() -> list[str]:
            seqs = self._seqs()
            return [
                f"{run}: {seqs.get(run, 0)} of {count}"
                for run, count in made.items()
                if seqs.get(run, 0) < count
            ]

        try:
            await until(lambda: not missing(), within, "what agents counted is recorded")
        except TooLateError as error:
            raise TooLateError(f"{error}: {missing()}") from None

    def _seqs(self) -> dict[str, int]:
        """How far each run has come, as the console shows it."""
        fleet = self.floor.fleet
        return {key: max(lives.values()) for key, lives in fleet.ended.items()} | {
            run.key: run.seq for run in fleet.runs.values()
        }

    def _made(self) -> dict[str, int]:
        """Events of each agent that the console has seen."""
        made: dict[str, int] = {}
        for key, seq in self._seqs().items():
            agent = key.partition("/")[0]
            made[agent] = made.get(agent, 0) + seq
        return made

    async def mend(self) -> list[str]:
        """After a fault that went wrong: bring back whatever is gone, so that the next one meets a site. Return the rest."""
        self.operator.resume()
        for process in self.site.processes():
            with suppress(psutil.NoSuchProcess):
                process.resume()
        if not self.site.is_up:
            self.site.start()
        with suppress(psutil.NoSuchProcess):
            free(self.site.pid("supervisor"))
        for name, agent in self.agents.items():
            if agent.poll() is not None:
                self.start_agent(name)
        if self.console is None or self.console.poll() is not None:
            self.start_console()
        try:
            await self.flowing()
            await self.reset_alarms("second-supervisor", "recorded-late")
        except TooLateError as error:
            return [f"and it did not recover: {error}"]
        return []

    # ---- the invariants ----------------------------------------------------------------------------------------------

    async def check(self) -> list[str]:
        """Hold everything against everything, without stopping anybody. Return what is newly wrong."""
        done, made = effects(self.folder), counted(self.folder)
        self.done = len(done)
        await self._recorded(made, RECOVER_WITHIN)
        last = (await sessions(self.site.home.sessions))[-1]
        assert not last.problem, last.problem  # without an end, effects would be held against too little
        end = last.last_pos
        if not await self.floor.until(lambda fleet: fleet.pos >= end, 15.0):
            raise TooLateError(
                f"the console is at {self.floor.fleet.pos}, the recording at {end}: {self.floor.trouble}"
            )
        await self.audit.matches(self.floor.fleet)
        self.audit.join(done)
        missing = self.audit.missing(made)
        if missing:
            self.audit.problems.append(f"{missing} events that agents counted are not recorded")
        fresh = [text for text in dict.fromkeys(self.audit.problems) if text not in self.reported]
        self.reported.update(fresh)
        return fresh

    def lost(self) -> int:
        """Events that were lost for good, by the recording's own word or by the agents' count."""
        return self.audit.lost

    async def reset_alarms(self, *kinds: str) -> None:
        """Reset latched alarms as an operator does who has seen to it."""
        for alarm in list(self.floor.fleet.alarms.values()):
            if alarm.kind in kinds:
                try:
                    await self.floor.say("reset", alarm=alarm.id, reason="seen to")
                except NoAnswerError as error:
                    self.audit.problems.append(f"{alarm.id} cannot be reset: {error}")

    async def end(self) -> list[str]:
        """Bring everything down in order, and check what is left. Return what is wrong."""
        for process in self.agents.values():
            process.send_signal(signal.SIGTERM)
        agents = list(self.agents.values())
        await until(lambda: all(process.poll() is not None for process in agents), 60.0, "the agents end")
        for name, process in self.agents.items():
            if process.returncode:
                self.audit.problems.append(f"{name} ended with {process.returncode}")
        if self.console is not None:
            self.console.send_signal(signal.SIGTERM)
            await asyncio.to_thread(self.console.wait, 10.0)
        problems = await self.check()
        problems += [f"{key} passed by the pass list and was never recorded" for key in self.audit.passed]
        unfinished = set(counted(self.folder)) - self.audit.finished
        problems += [f"{run} has no recorded end" for run in sorted(unfinished)]
        problems += [f"{code} is the exit code of up" for code in [await self.site.stop()] if code]
        await self.audit.read()
        await self.audit.whole()
        problems += [text for text in self.audit.problems if text not in self.reported]
        problems += [f"left over: {process}" for process in self.site.processes()]
        problems += [f"left over: {path}" for path in self.site.leftovers()]
        return problems
