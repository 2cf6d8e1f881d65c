"""`watchfloor run`, whole: starts the child, obeys the supervisor's word about it, keeps it to its bounds, tells its end."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal

from bus.contain.bounds import LOOK, Bounds, Watch
from bus.contain.cgroup import Group
from bus.contain.ending import Ended, ending
from bus.contain.grip import Grip
from bus.contain.launch import NOT_FOUND, NOT_RUN, Held, NotStartedError
from bus.contain.output import Stream
from bus.contain.tree import named
from bus.contain.voice import Rungs, Voice
from bus.sdk.brake import Stop
from bus.sdk.shell import BusStoppedError

GRACE: Final = 3.0
"""Seconds that each polite rung of a kill waits, unless told otherwise."""

WATCHED: Final = 0.5
"""Seconds between two looks at the tree when no bound asks for more."""

DEATH_LOOK: Final = 0.02
"""Seconds between two looks whether everything is dead."""

CLOSE_WITHIN: Final = 5.0
"""Seconds that the wrapper stays to get the rest recorded."""

Why = Literal["", "kill", "interrupt", "bound"]


@dataclass(frozen=True, slots=True)
class Plan:
    """What to run and how. `grace` is in seconds; `group`: use a control group if there is one to be had."""

    command: Sequence[str]
    goal: str = ""
    bounds: Bounds = field(default_factory=Bounds)
    grace: float = GRACE
    group: bool = True
    subreaper: bool = True
    close_within: float = CLOSE_WITHIN


class Wrapper:
    """One contained run. `attached` says whether a program in the tree listens to us; `said` is what it told of its end."""

    def __init__(self, plan: Plan, held: Held, voice: Voice, passed: Callable[[str, bytes], bool]) -> None:
        self.voice = voice
        self.attached: Callable[[], bool] = lambda: False
        self.said: Callable[[], Ended | None] = lambda: None
        self._plan = plan
        self._held = held
        self._passed = passed
        group = Group.make(voice.run) if plan.group else None
        if group is not None and not group.add(held.pid):
            group.remove()
            group = None
        self._grip = Grip(group)
        self._watch = Watch(plan.bounds, group)
        self._rungs = Rungs(voice)
        self._why: Why = ""
        self._reason = ""
        self._ending: asyncio.Task[None] | None = None
        self._hurry = asyncio.Event()
        self._over = False
        self._unstopped = ""

    @property
    def holds(self) -> list[str]:
        """What is held here, and how far, a line each."""
        return [*self._grip.holds(subreaper=self._plan.subreaper), *self._watch.said]

    def release(self) -> None:
        """End the held child, which has not begun, and let go of the group."""
        self._grip.end()
        self._grip.release()

    def inside(self, pid: int) -> bool:
        """Whether a process is one of the tree."""
        return any(proc.pid == pid for proc in self._grip.left())

    async def live(self) -> int:
        """Run the child to its end and return the exit code: its own, or 128 and the number of the signal that ended it."""
        self.voice.say("held by: " + "; ".join(self.holds))
        try:
            self._held.begin()
        except NotStartedError as error:
            os.waitpid(self._held.pid, 0)  # noqa: ASYNC222 - it has ended: it told us so last of all
            text = f"{self._plan.command[0]} cannot be run: {error.strerror}"
            self._over = True
            self.voice.finish("failed", text)
            self._passed("stderr", f"watchfloor: {text}\n".encode())
            self._grip.release()
            return NOT_FOUND if isinstance(error, FileNotFoundError) or error.errno == 2 else NOT_RUN
        streams = [self._stream(self._held.out, "stdout"), self._stream(self._held.err, "stderr")]
        tasks = [asyncio.create_task(self._obey()), asyncio.create_task(self._look())]
        await self._child_gone()
        await self._end_rest()
        self._over = True
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(1.0):
                await asyncio.gather(*(stream.ended.wait() for stream in streams))
        for stream in streams:
            stream.close()
        ended = self._ended()
        self.voice.finish(ended.outcome, ended.text)
        self._grip.release()
        return ended.code

    def _stream(self, descriptor: int, name: str) -> Stream:
        return Stream(
            descriptor,
            name,
            lambda data: self._passed(name, data),
            lambda text: self.voice.output(name, text),
        )

    # ---- ends ----------------------------------------------------------------------------------------------------------

    def _ended(self) -> Ended:
        status = self._grip.tree.statuses.get(self._held.pid)
        own = ending(status)
        more = [own.text, self._reason, self._watch.hits()]
        said = self.said()
        outcome = own.outcome
        if self._why == "kill":
            outcome = "killed"
        elif self._why == "interrupt":
            outcome = "canceled"
        elif self._why == "bound":
            outcome = "failed"
        elif said is not None and (own.outcome == "completed" or said.outcome != "completed"):
            outcome = said.outcome
            more.insert(0, said.text)
        return Ended(outcome, "; ".join(text for text in more if text), own.code)

    async def _end_rest(self) -> None:
        """The child is gone; nothing that it left behind may outlive the run."""
        if self._ending is None:
            left = self._grip.left()
            if not left:
                return
            self._reason = f"left behind and ended: {named(left)}"
            self._ending = asyncio.create_task(self._end_all(polite=True))
        await asyncio.shield(self._ending)

    def end(self, why: Why, reason: str, *, polite: bool) -> None:
        """Begin to end everything, unless that has begun."""
        if self._ending is None:
            self._why, self._reason = why, reason
            # Asked now: a program that was told of its kill may be gone by the time that the task begins.
            asked = why == "kill" and self.attached()
            self._ending = asyncio.create_task(self._end_all(polite=polite, asked=asked))
        elif not polite:
            self._hurry.set()

    async def _end_all(self, *, polite: bool, asked: bool = False) -> None:
        if polite and not self._grip.frozen:
            if asked:
                self._rungs.step("cooperative", text="the program's SDK raises RunKilled in it")
                await self._dead_within(self._plan.grace)
            if self._grip.left() and not self._hurry.is_set():
                told = self._grip.ask()
                self._rungs.step("terminate", len(told), named(told))
                await self._dead_within(self._plan.grace)
        survived = ""
        while left := self._grip.left():
            frozen = "; it was frozen, and nothing of it runs again" if self._grip.frozen else ""
            if not survived:
                self._rungs.step("kill", len(left), named(left) + frozen)
            left = self._grip.end()
            if left and named(left) != survived:
                survived = named(left)
                self._rungs.step("survivors", len(left), survived)
                self.voice.say(f"not dead after SIGKILL: {survived}", error=True)
            if left:
                await asyncio.sleep(WATCHED)
        self._rungs.step("dead", 0, "no process of it lives")
        if self._why == "kill":
            self.voice.confirm("kill")

    async def _dead_within(self, seconds: float) -> None:
        until = time.monotonic() + seconds
        while (  # noqa: ASYNC110 - nothing tells when the last descendant ends
            time.monotonic() < until and not self._hurry.is_set() and self._grip.left()
        ):
            await asyncio.sleep(DEATH_LOOK)

    # ---- what is asked of us -------------------------------------------------------------------------------------------

    async def _obey(self) -> None:
        with contextlib.suppress(BusStoppedError):
            while True:
                for kind, command, reason in await self.voice.stops():
                    self.take(kind, command, reason)

    def take(self, kind: Stop, command: str, reason: str) -> None:
        """Carry out a stop that the run has acknowledged."""
        match kind:
            case "kill":
                if self._why != "kill":
                    self._rungs.forget()
                self._rungs.begin(command)
                self.end("kill", f"killed: {reason}" if reason else "killed by an operator", polite=True)
            case "pause" if self._ending is None:
                self._rungs.forget()
                self._rungs.begin(command)
                self._freeze()
            case "resume" if self._ending is None:
                self._rungs.forget()
                self._rungs.begin(command)
                self._grip.thaw()
                self._rungs.step("thawed", len(self._grip.left()))
                self.voice.confirm("resume")
            case _:
                pass

    def _freeze(self) -> None:
        left = self._grip.freeze()
        if left:
            if named(left) != self._unstopped:
                self._rungs.step("survivors", len(left), f"not stopped yet: {named(left)}")
            self._unstopped = named(left)
            return
        self._unstopped = ""
        self._rungs.step("frozen", len(self._grip.left()))
        self.voice.confirm("pause")

    async def _look(self) -> None:
        """See to it that what is frozen stays so, that bounds hold, that the dead are reaped."""
        pause = LOOK if self._watch.looks else WATCHED
        while True:
            await asyncio.sleep(pause)
            if self._ending is not None:
                continue
            if self._grip.frozen:
                ran = self._grip.keep_frozen()
                if ran:
                    self.voice.say(
                        f"somebody continued what is paused; stopped again: {named(ran)}", error=True
                    )
            elif self.voice.in_force == "pause":
                self._freeze()
            found = self._grip.left()
            passed = self._watch.passed(found, time.monotonic(), frozen=self._grip.frozen)
            if passed:
                self.voice.say(f"bound passed: {passed}", error=True)
                self.end("bound", passed, polite=passed.startswith("--time"))

    # ---- signals -------------------------------------------------------------------------------------------------------

    def listen(self) -> None:
        """Take this process's signals from here on, to the end of its loop: they end the tree, and never just us."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            loop.add_signal_handler(number, self._interrupted, number)

    def _interrupted(self, number: signal.Signals) -> None:
        if (
            not self._over
        ):  # else all that is left to do is to get the end recorded, and that takes a few seconds at most
            self.end("interrupt", f"the wrapper got {number.name}", polite=self._ending is None)

    async def _child_gone(self) -> None:
        """Wait for the child's end: told by the kernel at once where it can, else seen soon."""
        tree, pid = self._grip.tree, self._held.pid
        if sys.platform == "linux":
            loop = asyncio.get_running_loop()
            handle, told = os.pidfd_open(pid), asyncio.Event()
            loop.add_reader(handle, told.set)
            try:
                await told.wait()
            finally:
                loop.remove_reader(handle)
                os.close(handle)
        while tree.reap(pid) is None:  # noqa: ASYNC110 - as above, where no kernel tells
            await asyncio.sleep(DEATH_LOOK)
