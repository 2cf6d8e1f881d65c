"""An operator who answers whatever waits, soon, and asks again when nobody heard."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from typing import Final, Literal

from console.core.fleet.state import Action
from console.core.reducing.reduce import Change
from console.link.floor import Floor, NoAnswerError
from tests.fixtures.answering import about

PATIENCE: Final = 2.0
"""Seconds before a person tries again what was refused."""


class Answering:
    """Approves nine of ten asks and edits or rejects the rest."""

    def __init__(self, floor: Floor, chance: random.Random) -> None:
        self.outcomes: Counter[str] = Counter()
        self._paused = False
        self._floor = floor
        self._chance = chance
        self._begun: set[str] = set()
        self._tasks: set[asyncio.Task[None]] = set()

    def look(self, _: list[Change]) -> None:
        """See what waits, and answer it."""
        if self._paused or not self._floor.status.joined:
            return
        for key in self._floor.fleet.waiting:
            action = self._floor.fleet.action(key)
            if key not in self._begun and action is not None:
                self._begun.add(key)
                task = asyncio.create_task(self._say(action))
                self._tasks.add(task)
                task.add_done_callback(self._tasks.discard)

    async def pause(self) -> None:
        """Look on and say nothing, once all that was said is answered."""
        self._paused = True
        while self._tasks:
            await asyncio.wait(self._tasks)

    def resume(self) -> None:
        """Answer again, what waits already first."""
        self._paused = False
        self.look([])

    def _again(self, key: str) -> None:
        self._begun.discard(key)
        self.look([])

    async def close(self) -> None:
        """Drop what was not answered yet."""
        self._paused = True
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _say(self, action: Action) -> None:
        verbs: tuple[Literal["approve", "edit", "reject"], ...] = ("approve",) * 8 + ("edit", "reject")
        verb = self._chance.choice(verbs)
        try:
            answer = await self._floor.say(
                verb,
                **about(action),
                reason="not today" if verb == "reject" else "",
                args=action.args | {"text": "edited"} if verb == "edit" else None,
            )
        except NoAnswerError:
            self.outcomes["nobody answered"] += 1
            self._again(action.key)
            return
        self.outcomes[answer.outcome] += 1
        if not answer.accepted and answer.outcome != "conflict":
            await asyncio.sleep(PATIENCE)
            self._again(action.key)
