"""An operator that answers every ask at once, the same way: for tests and measurements, never for real floors."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Literal

from bus.canonical import code
from console.core.deeds import NOBODY
from console.core.fleet.state import Action, Run
from console.core.reducing.reduce import Change
from console.link.floor import Floor, NoAnswerError


class Oracle:
    """Answers what waits on a floor, as long as the context it runs in lives. `answered` counts what was accepted.

    One that approves also lets a run go on that a detector paused; whoever else paused it had a reason of their own.
    """

    def __init__(self, floor: Floor, answer: Literal["approve", "reject"], agents_runs: list[str]) -> None:
        """`agents_runs` are the keys of the runs to answer for; it may grow while the oracle works."""
        self.answered = 0
        self._floor = floor
        self._answer: Literal["approve", "reject"] = answer
        self._mine = agents_runs
        self._begun: set[str] = set()
        self._resumed: set[str] = set()
        self._tasks: set[asyncio.Task[None]] = set()

    def look(self, changes: list[Change]) -> None:
        """See what waits, and answer it."""
        if self._answer == "approve":
            for change in changes:
                run = self._floor.fleet.runs.get(change.key) if change.kind == "run" else None
                if run is not None and not run.stop:
                    self._resumed.discard(run.key)
                elif (
                    run is not None
                    and run.stop == "pause"
                    and run.stopped_by in NOBODY
                    and run.key in self._mine
                ):
                    self._resume(run)
        for key in self._floor.fleet.waiting:
            action = self._floor.fleet.action(key)
            if key in self._begun or action is None or f"{action.agent}/{action.run}" not in self._mine:
                continue
            self._begun.add(key)
            self._start(self._say(action))

    def _start(self, answering: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(answering)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _resume(self, run: Run) -> None:
        async def say() -> None:
            try:
                await self._floor.say("resume", agent=run.agent, run=run.run)
            except NoAnswerError:
                self._resumed.discard(run.key)

        if run.key not in self._resumed:
            self._resumed.add(run.key)
            self._start(say())

    async def _say(self, action: Action) -> None:
        try:
            answer = await self._floor.say(
                self._answer,
                agent=action.agent,
                run=action.run,
                action=action.id,
                digest=action.digest,
                code=code(action.digest),
                reason="" if self._answer == "approve" else "rejected by --auto reject",
            )
        except NoAnswerError:
            self._begun.discard(action.key)
            return
        if answer.accepted:
            self.answered += 1
        elif answer.outcome in ("stale", "closed"):
            self._begun.discard(action.key)
