"""What every demo agent stands on: its sandbox, its script, the ledger, and the way from a proposal to an effect."""

from __future__ import annotations

import asyncio
import json
import sqlite3
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Protocol, TypeVar

from bus.sdk.agent import Agent
from bus.sdk.decision import Action, Decision, RunKilled
from bus.sdk.job import Run, SyncRun
from console.demo.ledger import EffectLedger
from console.demo.sandbox import Sandbox
from console.demo.script import TURNS, Script

VERSION: Final = "demo-1"
MODEL: Final = "scripted"

DECIDE_WITHIN: Final = 150.0
"""Seconds that a demo agent waits for an answer; then it goes on without."""

SPOT_CHECK_WITHIN: Final = 20.0
"""Seconds that work which seldom asks waits when it is looked at all the same: nobody may be there."""

EXPECTED: Final = (OSError, ValueError, LookupError, TypeError, sqlite3.Error)
"""What a tool may fail by: edited arguments may say anything."""


class Case(Protocol):
    """What a script makes of one run."""

    @property
    def goal(self) -> str:
        """What the user wants."""
        ...


C = TypeVar("C", bound=Case)

Effect = Callable[[Decision], object]
"""Does what was allowed, with `decision.args`; returns the result."""


@dataclass(frozen=True, slots=True)
class Called:
    """What became of a call: how it was decided, its result if it ran, its error if it failed."""

    decision: Decision
    value: Any = None
    error: str = ""

    @property
    def ran(self) -> bool:
        """Whether it was allowed and did not fail."""
        return self.decision.approved and not self.error

    @property
    def refusal(self) -> str:
        """Why it did not come to a result, for people."""
        return self.error or self.decision.text or self.decision.outcome


@dataclass(frozen=True, slots=True)
class Stage:
    """One agent process of the demo. `life` counts the processes of this agent, `pages` is the address of its web.

    Pauses are divided by `speed`.
    """

    name: str
    sandbox: Sandbox
    ledger: EffectLedger
    pages: str = ""
    seed: int = 1
    life: int = 0
    speed: float = 1.0
    labels: Mapping[str, str] = field(default_factory=lambda: {"model": "scripted: no model is asked"})

    def script(self, turn: int) -> Script:
        """The script of one run."""
        return Script(self.seed, self.name, self.life * TURNS + turn)

    async def pause(self, seconds: float) -> None:
        """Let time pass, as thinking does."""
        await asyncio.sleep(seconds / self.speed)

    def pause_sync(self, seconds: float) -> None:
        """As `pause`, in code without asyncio."""
        time.sleep(seconds / self.speed)

    async def call(self, job: Run, action: Action, effect: Effect) -> Called:
        """Propose; if it is allowed, do it, and note in the ledger that it was done."""
        decision = await job.gate(action)
        if not decision.approved:
            return Called(decision)
        try:
            async with decision:
                value = await asyncio.to_thread(self._do, job.id, decision, effect)
        except EXPECTED as error:
            return Called(decision, error=f"{type(error).__name__}: {error}")
        return Called(decision, value)

    def call_sync(self, job: SyncRun, action: Action, effect: Effect) -> Called:
        """As `call`, in code without asyncio."""
        decision = job.gate(action)
        if not decision.approved:
            return Called(decision)
        try:
            with decision:
                value = self._do(job.id, decision, effect)
        except EXPECTED as error:
            return Called(decision, error=f"{type(error).__name__}: {error}")
        return Called(decision, value)

    def _do(self, run: str, decision: Decision, effect: Effect) -> object:
        value = effect(decision)
        self.ledger.write(self.name, run, decision)
        decision.result(value if isinstance(value, str) else json.dumps(value))
        return value

    async def keep(
        self,
        plan: Callable[[Script], C],
        live: Callable[[Stage, Run, Script, C], Awaitable[None]],
        *,
        lanes: int = 1,
        rest: float = 8.0,
    ) -> None:
        """Be the agent: run after run, `lanes` at once, `rest` seconds between them. A killed run is followed by another."""
        async with Agent(self.name, version=VERSION) as agent:

            async def lane(first: int) -> None:
                await self.pause(first * 0.7)
                for turn in range(first, TURNS, lanes):
                    script = self.script(turn)
                    case = plan(script)
                    try:
                        async with agent.run(
                            case.goal, run_id=script.run_id, model=MODEL, labels=self.labels
                        ) as job:
                            job.message("user", case.goal)
                            await live(self, job, script, case)
                    except RunKilled:
                        pass  # that run is over; what comes is another
                    await self.pause(script.about(rest))

            async with asyncio.TaskGroup() as group:
                for first in range(1, lanes + 1):
                    group.create_task(lane(first))
