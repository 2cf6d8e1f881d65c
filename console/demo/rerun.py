"""Recorded runs lived again as agents on the floor: every message reported, every tool call proposed and waited for.

A call that is approved "runs" by a line in a ledger and gives the recorded result. One that is not allowed gives none;
the recorded agent goes on as it did, since nobody can ask it what it would have done instead.
"""

from __future__ import annotations

import asyncio
import secrets
from collections import Counter, deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final, Literal

from bus.home import Home
from bus.limits import DECIDE_WITHIN
from bus.sdk.agent import Agent
from bus.sdk.decision import Action, Decision, RunKilled
from bus.sdk.job import Run
from console.demo.ledger import EffectLedger
from console.demo.recorded import RecordedRun, RecordedStep, as_id

UNTIMED_STEP: Final = 1.0
"""Seconds between steps of a run whose source kept no times, at speed 1."""

LONGEST_PAUSE: Final = 60.0
"""Seconds; longer pauses of the source are cut."""


@dataclass(frozen=True, slots=True)
class Pace:
    """How fast to live: `speed` times as fast as recorded, 0 for no pauses. `decide_within` is in seconds."""

    speed: float = 1.0
    parallel: int = 8
    decide_within: float = DECIDE_WITHIN


@dataclass(slots=True)
class Summary:
    """What was lived. `outcomes` counts decisions, `ends` counts runs by how they ended."""

    runs: int = 0
    steps: int = 0
    actions: int = 0
    effects: int = 0
    outcomes: Counter[str] = field(default_factory=Counter)
    ends: Counter[str] = field(default_factory=Counter)
    names: list[str] = field(default_factory=list)


class Rerun:
    """Lives recorded runs; one `Agent` for each agent name among them."""

    def __init__(self, home: Home, broker: str | None, pace: Pace, ledger: EffectLedger) -> None:
        self.summary = Summary()
        self._home = home
        self._broker = broker
        self._pace = pace
        self._ledger = ledger
        self._batch = secrets.token_hex(1)
        self._number = 0
        self._agents: dict[str, Agent] = {}

    async def live(self, runs: Iterable[RecordedRun]) -> Summary:
        """Live all runs, at most `parallel` at once. A failing run does not stop the others."""
        source = iter(runs)
        workers = [asyncio.create_task(self._work(source)) for _ in range(max(1, self._pace.parallel))]
        try:
            await asyncio.gather(*workers)
        finally:
            for worker in workers:
                worker.cancel()
            for agent in self._agents.values():
                await agent.__aexit__(None, None, None)
        return self.summary

    async def _work(self, source: Iterable[RecordedRun]) -> None:
        for recorded in source:
            self.summary.runs += 1
            try:
                await self._live_one(recorded)
            except RunKilled:
                self.summary.ends["killed"] += 1
            else:
                self.summary.ends["completed"] += 1

    async def _agent(self, name: str) -> Agent:
        agent = self._agents.get(name)
        if agent is None:
            agent = self._agents[name] = Agent(name, broker=self._broker, home=self._home, version="recorded")
            await agent.__aenter__()
        return agent

    async def _live_one(self, recorded: RecordedRun) -> None:
        agent = await self._agent(as_id(recorded.agent))
        self._number += 1
        name = as_id(f"{as_id(recorded.run_id, 50)}-{self._batch}{self._number:03d}")
        self.summary.names.append(f"{agent.name}/{name}")
        labels = {"source": recorded.source[:200], "recorded": recorded.run_id[:200]}
        async with agent.run(recorded.goal, run_id=name, model=recorded.model or "", labels=labels) as job:
            await _Life(job, agent.name, self._pace, self._ledger, self.summary).live(recorded.steps)


class _Life:
    """One recorded run being lived. `_calls` are calls made whose results have not come up yet."""

    def __init__(self, job: Run, agent: str, pace: Pace, ledger: EffectLedger, summary: Summary) -> None:
        self._job = job
        self._agent = agent
        self._pace = pace
        self._ledger = ledger
        self._summary = summary
        self._calls: deque[Decision] = deque()
        self._last = 0.0

    async def live(self, steps: list[RecordedStep]) -> None:
        for step in steps:
            await self._wait(step)
            await self._job.checkpoint()
            self._summary.steps += 1
            if step.kind == "tool_call":
                await self._call(step)
            elif step.kind == "tool_result":
                self._result(step)
            else:
                self._job.message(_role(step.actor), step.text or "", name=step.actor)
        while self._calls:
            self._end(self._calls.popleft(), "", failed=False)

    async def _wait(self, step: RecordedStep) -> None:
        pause = UNTIMED_STEP if step.t is None else step.t - self._last
        self._last = self._last if step.t is None else step.t
        if self._pace.speed > 0:
            await asyncio.sleep(min(max(pause, 0.0), LONGEST_PAUSE) / self._pace.speed)
        else:
            await asyncio.sleep(0)

    async def _call(self, step: RecordedStep) -> None:
        tool = (step.name or "unnamed")[:128]
        action = Action(tool, step.args or {}, reason=step.text or "", decide_within=self._pace.decide_within)
        async with self._job.step(tool) as report:
            decision = await self._job.gate(action)
            report.result(ok=None, text=decision.outcome)
        self._summary.actions += 1
        self._summary.outcomes[decision.outcome] += 1
        if decision.approved:
            self._ledger.write(self._agent, self._job.id, decision)
            self._summary.effects += 1
        self._calls.append(decision)

    def _result(self, step: RecordedStep) -> None:
        """Give the oldest open call of this tool its recorded result; a result of no call is a message."""
        for decision in self._calls:
            if step.name is None or decision.tool == step.name:
                self._calls.remove(decision)
                self._end(decision, step.text or "", failed=step.error is True)
                return
        self._job.tool_result(step.name or step.actor, step.text or "", error=step.error)

    @staticmethod
    def _end(decision: Decision, text: str, *, failed: bool) -> None:
        if not decision.approved:
            return
        if failed:
            decision.failed(text)
        else:
            decision.done(text)


def _role(actor: str) -> Literal["user", "assistant", "system", "tool"]:
    match actor:
        case "user":
            return "user"
        case "environment":
            return "tool"
        case _:
            return "assistant"
