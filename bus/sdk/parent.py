"""The agent's side inside a contained tree: no link and no spool of its own; everything goes through the wrapper.

It stands where `bus.sdk.shell.Shell` stands: the same verbs, answered by the wrapper's core over a local socket. So a
program needs no change, its gates are kept by another process than its own, and what it has reported outlives it.
"""

from __future__ import annotations

import contextlib
import itertools
import logging
import socket
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from typing import TypeVar, cast

import msgspec

from bus.codec import encode
from bus.events import ControlLevel, Data, RunOutcome
from bus.sdk.agent_core import AgentCore
from bus.sdk.decision import Action, Decision
from bus.sdk.forked import OneProcess
from bus.sdk.gate import EditsTaken
from bus.sdk.parent_wire import (
    ANSWER,
    ERRORS,
    Answer,
    Begin,
    Checkpoint,
    Emit,
    Finish,
    Leave,
    Misfit,
    Propose,
    Report,
    Request,
    Take,
    Withdraw,
    line,
)
from bus.sdk.shell import BusStoppedError, Shell
from bus.sdk.values import claim, previewed

log = logging.getLogger("watchfloor")
T = TypeVar("T")
READ_BYTES = 65_536


class ParentShell(Shell):
    """Speaks to the wrapper. Each question waits for its answer, well under a millisecond; reports do not wait."""

    def __init__(self, path: str, name: str) -> None:
        OneProcess.__init__(self)  # of the rest nothing fits: there is no link here
        self.name = name
        self.core = cast("AgentCore", _Core(self))
        self.started: Future[None] = Future()
        self._ended: Future[None] = Future()
        self._path = path
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._writing = threading.Lock()
        self._answers: dict[int, Future[Answer]] = {}
        self._waits: dict[str, Future[None]] = {}
        self._numbers = itertools.count(1)
        self._over = False

    def start_thread(self) -> Future[None]:
        """Connect, and read in a thread of its own. Return `started`, which fails if there is no wrapper."""
        try:
            self._socket.connect(self._path)
        except OSError as error:
            self.started.set_exception(
                BusStoppedError(f"the wrapper cannot be reached at {self._path}: {error.strerror}")
            )
            return self.started
        threading.Thread(target=self._listen, name="watchfloor", daemon=True).start()
        self.started.set_result(None)
        return self.started

    def begin(self, goal: str, model: str) -> tuple[str, int]:
        """Begin a run of the program. Return the id of the contained run and the number of the first step.

        Raises:
            RunKilled, RunRefusedError: the contained run is not to go on.
            BusStoppedError: there is no wrapper any more.
            ForkedError: see `Shell.call`.
        """
        self.check_process()
        answer = self.question(Begin(name=self.name, goal=goal, model=model))
        return answer.run, answer.steps

    def call(self, work: Callable[[AgentCore, float], T]) -> T:
        """See `Shell.call`."""
        self.check_process()
        return work(self.core, time.monotonic())

    def enter(
        self,
        run: str,  # noqa: ARG002
        work: Callable[[AgentCore, float], tuple[str, T | None]],
    ) -> tuple[str, T | Future[None] | None]:
        """See `Shell.enter`. Where there is no answer yet it is to be asked for, which says what to wait for."""
        return self.call(work)

    def ask(self, run: str, token: str, work: Callable[[AgentCore, float], T | None]) -> T | Future[None]:  # noqa: ARG002
        """See `Shell.ask`."""
        self.check_process()
        answer = work(self.core, time.monotonic())
        if answer is not None:
            return answer
        waited = self._waits.get(token)
        if self._over:
            raise BusStoppedError("the wrapper is gone")
        if waited is None:  # woken already, between the wrapper's answer and here
            waited = Future()
            waited.set_result(None)
        return waited

    def is_here(self) -> bool:
        """Nobody's code runs on the thread that reads."""
        return False

    def close(self, within: float) -> Future[None]:  # noqa: ARG002 - the wrapper waits, not we
        """Let go of the wrapper; it goes on to tell what it was told."""
        self._end()
        return self._ended

    def question(self, request: Request) -> Answer:
        """Ask and wait.

        Raises:
            BusStoppedError: there is no wrapper any more.
            what the wrapper's core raised: see `parent_wire.ERRORS`.
        """
        number = next(self._numbers)
        future = self._answers[number] = Future()
        self.tell(msgspec.structs.replace(request, n=number))
        if self._over and not future.done():
            self._answers.pop(number, None)
            raise BusStoppedError("the wrapper is gone")
        answer = future.result()
        if answer.error:
            raise ERRORS.get(answer.error, RuntimeError)(answer.text)
        return answer

    def tell(self, request: Request) -> None:
        """Say something without waiting. Where nobody listens any more, nothing happens."""
        payload = line(request)
        try:
            with self._writing:
                self._socket.sendall(payload)
        except OSError:
            self._end()

    def _listen(self) -> None:
        rest = b""
        with contextlib.suppress(OSError, msgspec.MsgspecError):
            while data := self._socket.recv(READ_BYTES):
                *lines, rest = (rest + data).split(b"\n")
                for text in lines:
                    self._heard(ANSWER.decode(text))
        if not self._over:
            log.error("the wrapper is gone; gates of this program stay shut")
        self._end()

    def _heard(self, answer: Answer) -> None:
        if answer.ready:
            _done(self._waits.pop(answer.ready, None))
            return
        if answer.wait:  # before whoever asked can see it: what wakes him may be on the way already
            self._waits.setdefault(answer.token, Future())
        future = self._answers.pop(answer.n, None)
        if future is not None:
            future.set_result(answer)

    def _end(self) -> None:
        self._over = True
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        with contextlib.suppress(OSError):
            self._socket.close()
        for number in list(self._answers):
            future = self._answers.pop(number, None)
            if future is not None and not future.done():
                future.set_exception(BusStoppedError("the wrapper is gone"))
        for token in list(self._waits):
            _done(self._waits.pop(token, None))
        if not self._ended.done():
            self._ended.set_result(None)


def _done(future: Future[None] | None) -> None:
    if future is not None and future.set_running_or_notify_cancel():
        future.set_result(None)


class _Core:
    """What `AgentCore` is to a run's code, as far as that uses it."""

    def __init__(self, shell: ParentShell) -> None:
        self._shell = shell
        self.identity = self
        self.agent = shell.name
        self.control: ControlLevel = "contained"

    def run(self, _name: str) -> _Core:
        return self

    def close(self) -> None:
        """Nothing is held here."""

    def emit(self, data: Data, _now: float) -> int:
        self._shell.tell(Emit(type=data.TYPE, data=msgspec.Raw(encode(data))))
        return 0

    def propose(self, action: Action, _now: float, *, step: int | None = None, inside: str = "") -> str:  # noqa: ARG002
        wanted = Propose(
            tool=action.tool,
            args=dict(action.args),
            confidence=claim(action.confidence),
            reason=str(action.reason),
            hints=action.hints,
            call_id=action.call_id,
            step=action.step if action.step is not None else step,
            decide_within=action.decide_within,
            supersedes=action.supersedes,
            preview=previewed(action.preview, action.tool),
        )
        return self._shell.question(wanted).token

    def take(self, token: str, _now: float, *, edits: EditsTaken = "begun") -> Decision | None:
        answer = self._shell.question(Take(token=token, edits=edits))
        return answer.decided.decision() if answer.decided else None

    def misfit(self, token: str, text: str, _now: float) -> Decision | None:
        answer = self._shell.question(Misfit(token=token, text=text))
        return answer.decided.decision() if answer.decided else None

    def report(self, token: str, *, done: bool, text: str, now: float) -> None:  # noqa: ARG002
        self._shell.tell(Report(token=token, done=done, text=text))

    def withdraw(self, token: str, _now: float, why: str) -> None:
        self._shell.tell(Withdraw(token=token, why=why))

    def checkpoint(self, token: str, _now: float, _inside: str = "") -> bool:
        return not self._shell.question(Checkpoint(token=token)).wait

    def leave(self, token: str) -> None:
        self._shell.tell(Leave(token=token))

    def finish_run(self, _name: str, outcome: RunOutcome, text: str, _now: float) -> None:
        self._shell.tell(Finish(outcome=outcome, text=text))
