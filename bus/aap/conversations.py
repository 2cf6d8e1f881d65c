"""The runs behind the bridge: one for each conversation that asks, begun by its first request, ended when nothing comes."""

from __future__ import annotations

import asyncio
import hashlib
import logging
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final

from bus.aap.wire import UNNAMED, BadRequest, Wanted
from bus.sdk.agent import Agent
from bus.sdk.decision import RunKilled, RunRefusedError
from bus.sdk.job import Run
from bus.sdk.shell import BusStoppedError

log = logging.getLogger("watchfloor")

CONVERSATIONS: Final = 200
"""Runs that go on at one time; with more, who asks is told to come later."""

KILLED_KEPT: Final = 10_000
"""Killed conversations that are remembered, so that none of them goes on under its name."""

IDLE: Final = 900.0
"""Seconds without a word after which a conversation is taken to be over: the protocol has no word for its end."""


class Unknown(asyncio.CancelledError):
    """A conversation is over and nobody knows how: its run is not said to be completed."""


@dataclass(slots=True)
class Conversation:
    """One run. `open` counts its requests that are not over, `last` is when anything came (monotonic seconds)."""

    name: str
    last: float
    job: asyncio.Future[Run] = field(default_factory=lambda: asyncio.get_running_loop().create_future())
    over: asyncio.Future[RunKilled | Unknown] = field(
        default_factory=lambda: asyncio.get_running_loop().create_future()
    )
    open: int = 0

    def end(self, why: RunKilled | Unknown) -> None:
        """Let the run end: an operator wants it, or nobody knows how it went on."""
        if not self.over.done():
            self.over.set_result(why)


class Conversations:
    """All conversations of one bridge. `clock` is monotonic, in seconds."""

    def __init__(self, agent: Agent, clock: Callable[[], float]) -> None:
        self._agent = agent
        self._clock = clock
        self._going: dict[str, Conversation] = {}
        self._killed: dict[str, tuple[str, float]] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    async def of(self, wanted: Wanted) -> tuple[Conversation, Run]:
        """The conversation that a submission belongs to, and its run, begun if it is its first.

        Raises:
            RunKilled: an operator ended it; it does not begin anew.
            BadRequest: there are too many, or its run could not begin.
        """
        name = f"{wanted.framework}/{wanted.conversation}"
        killed = self._killed.get(name)
        if killed is not None:
            why, last = killed
            if wanted.conversation != UNNAMED or self._clock() - last <= IDLE:
                self._killed[name] = (why, self._clock())
                raise RunKilled(why)
            del self._killed[
                name
            ]  # nobody can tell whether it is another one; after such a silence it may be
        found = self._going.get(name)
        if found is None:
            if len(self._going) >= CONVERSATIONS:
                raise BadRequest(429, "too_many_requests", f"{CONVERSATIONS} conversations go on already")
            found = self._going[name] = Conversation(name, self._clock())
            task = asyncio.create_task(self._live(found, wanted), name=f"conversation {name[:40]}")
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        found.last = self._clock()
        found.open += 1  # so that it does not end while its run begins
        try:
            return found, await asyncio.shield(found.job)
        except BaseException:
            found.open -= 1
            raise

    def end_idle(self) -> None:
        """End what has said nothing for long and waits for nothing."""
        for one in list(self._going.values()):
            if not one.open and self._clock() - one.last > IDLE:
                one.end(Unknown(f"nothing came for {IDLE / 60:.0f} minutes; how it went is not known here"))

    async def close(self) -> None:
        """End all, and wait for that."""
        for one in list(self._going.values()):
            one.end(Unknown("the bridge was closed; how it went is not known here"))
        if self._tasks:
            await asyncio.wait(self._tasks)

    async def _live(self, one: Conversation, wanted: Wanted) -> None:
        labels = {"protocol": "aap", "conversation": _short(wanted.conversation)}
        if wanted.framework:
            labels["framework"] = wanted.framework
        try:
            async with self._agent.run(labels=labels) as job:
                one.job.set_result(job)
                listening = asyncio.create_task(_listen(one, job), name=f"kill of {one.name[:40]}")
                try:
                    why = await one.over
                finally:
                    listening.cancel()
                    await asyncio.wait({listening})
                if not isinstance(why, RunKilled):
                    why = await _killed_already(job) or why
                if isinstance(why, RunKilled):
                    self._remember(one.name, str(why))
                raise why
        except (RunKilled, Unknown):
            pass
        except Exception as error:
            log.exception("the run of a conversation could not begin")
            if not one.job.done():
                one.job.set_exception(BadRequest(503, "unavailable", f"its run cannot begin: {error}"))
        finally:
            self._going.pop(one.name, None)

    def _remember(self, name: str, why: str) -> None:
        self._killed[name] = (why, self._clock())
        if len(self._killed) > KILLED_KEPT:
            del self._killed[next(iter(self._killed))]


async def _listen(one: Conversation, job: Run) -> None:
    """End a conversation when it is killed, also while none of its requests is open to hear of it."""
    with suppress(RunRefusedError, BusStoppedError):
        one.end(await job.killed())


async def _killed_already(job: Run) -> RunKilled | None:
    """The kill that came in the moment in which the conversation ended for another reason: it must be remembered."""
    with suppress(TimeoutError, RunRefusedError, BusStoppedError):
        async with asyncio.timeout(0):
            return await job.killed()
    return None


def _short(name: str) -> str:
    """A name that a label can hold: long ones by their digest."""
    return name if len(name) <= 100 else hashlib.sha256(name.encode("utf-8", "replace")).hexdigest()
