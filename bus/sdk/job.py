"""The run object that agent code holds: `Run` for asyncio, `SyncRun` for threads."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import Future
from types import TracebackType
from typing import Any, Self

from bus.events import Confidence, Hints, Preview, RunOutcome
from bus.sdk.agent_core import AgentCore
from bus.sdk.decision import Action, Decision, RunKilled
from bus.sdk.held import Held
from bus.sdk.reports import Reports, StepReport
from bus.sdk.tools import Wrapped, gated_async, gated_sync
from bus.sdk.values import describe
from bus.sdk.waiting import told


class Step(StepReport):
    """A step of an asyncio run: `async with job.step("look") as step`."""

    def __init__(self, run: Run, name: object, confidence: float | Confidence | None, of: int | None) -> None:
        super().__init__(run, name, confidence, of)
        self._checkpoint = run.checkpoint

    async def __aenter__(self) -> Self:
        await self._checkpoint()
        self._begin()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._finish(error)


class SyncStep(StepReport):
    """A step of a synchronous run: `with job.step("look") as step`."""

    def __init__(
        self, run: SyncRun, name: object, confidence: float | Confidence | None, of: int | None
    ) -> None:
        super().__init__(run, name, confidence, of)
        self._checkpoint = run.checkpoint

    def __enter__(self) -> Self:
        self._checkpoint()
        self._begin()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._finish(error)


class _Gating(Reports):
    """What both kinds of run have: tools that are gated, and the waits that block a thread, which synchronous tools need."""

    def gate_sync(self, action: Action) -> Decision:
        """Propose an action and block this thread until it is decided. See `Run.gate`.

        Raises:
            RuntimeError: the bus lives in this very thread, which would wait for itself.
        """
        self._not_here()
        token, answer = self._propose(action)
        if isinstance(answer, Decision):
            return answer
        try:
            seen = self._wait_for(token, self._taker(token, action), answer)
            ended = self._checked(token, action, seen)
            return self._wait_for(token, self._taker(token)) if ended is None else ended
        except BaseException:
            self._withdraw(token)
            raise

    def _wait_for(
        self,
        token: str,
        work: Callable[[AgentCore, float], Decision | None],
        first: Future[None] | None = None,
    ) -> Decision:
        if first is not None:
            first.result()
        while isinstance(answer := self._shell.ask(self.id, token, work), Future):
            answer.result()
        return answer

    def checkpoint_sync(self) -> None:
        """Block this thread while the run is paused. See `Run.checkpoint`."""
        self._not_here()
        token = self._token()
        try:
            while isinstance(answer := self._shell.ask(self.id, token, self._passer(token)), Future):
                answer.result()
        except BaseException:
            self._leave(token)
            raise

    def tool(
        self,
        function: Callable[..., Any] | None = None,
        *,
        name: str = "",
        hints: Hints | None = None,
        confidence: float | Confidence | Callable[..., float] | None = None,
        preview: Callable[..., Preview | None] | None = None,
        reason: str = "",
    ) -> Any:
        """Make a function one that is gated at every call: `@job.tool` or `@job.tool(hints=...)`.

        The arguments, by name, are the action's; an operator's edit replaces them; the result is reported. A synchronous
        function blocks its thread while it waits. `confidence` and `preview` may be functions of the same arguments, called
        before the action is proposed: if one raises, so does the call, and the tool does not run. `preview` says what the
        call would change; it must change nothing itself.

        When a tool has returned, its work must be over. Where a plain function returns an awaitable, as a decorator around a
        coroutine function does, the caller of a run for asyncio gets something to await, and the action ends with that.

        Raises:
            TypeError: it is a generator function, or a coroutine function in a run without asyncio.

        Raises (the call, not this):
            ActionRejected: it may not run. Its text is meant for the model.
            TypeError: what it returned would run later; the action is reported as failed.
        """

        def wrap(inner: Callable[..., Any]) -> Callable[..., Any]:
            return self._gated(
                Wrapped.of(
                    inner, name=name, hints=hints, confidence=confidence, preview=preview, reason=reason
                )
            )

        return wrap if function is None else wrap(function)

    def _gated(self, wrapped: Wrapped) -> Callable[..., Any]:
        return gated_sync(wrapped, self.gate_sync)

    def _not_here(self) -> None:
        if self._shell.is_here():
            raise RuntimeError(
                "this would block the loop that must bring the decision: use asyncio.to_thread"
            )


class Run(_Gating):
    """A run for asyncio code. Made by `Agent.run` or `bus.run`; entered there, ended there."""

    async def gate(self, action: Action) -> Decision:
        """Propose an action and wait until it is decided, expires, or this run is killed.

        A rejection is a value. Cancelling the wait withdraws the action. Any number of gates may be open at once. If the
        decision allows the action, it counts as begun: run the tool at once, inside `async with decision`.

        Raises:
            RunKilled: an operator ended the run. No `Exception`.
            RunRefusedError: the supervisor does not accept this run.
            BusStoppedError: the agent is closed.
            ValueError: the action itself is impossible (see `Action`).
        """
        token, answer = self._propose(action)
        if isinstance(answer, Decision):
            return answer
        try:
            seen = await self._until(token, self._taker(token, action), answer)
            ended = self._checked(token, action, seen)
            return await self._until(token, self._taker(token)) if ended is None else ended
        except BaseException:
            self._withdraw(token)
            raise

    async def _until(
        self,
        token: str,
        work: Callable[[AgentCore, float], Decision | None],
        first: Future[None] | None = None,
    ) -> Decision:
        if first is not None:
            await told(first)
        while isinstance(answer := self._shell.ask(self.id, token, work), Future):
            await told(answer)
        return answer

    def hold(self, action: Action) -> Held:
        """Propose an action whose call begins later than it is allowed, if at all: for whoever only passes decisions on.

        Raises:
            RunKilled: an operator ended the run.
            RunRefusedError: the supervisor does not accept this run.
            ValueError: the action itself is impossible (see `Action`).
        """
        return Held(self, self._proposed(action), action)

    async def checkpoint(self) -> None:
        """Wait while the run is paused.

        Raises:
            RunKilled: an operator ended the run. No `Exception`.
            RunRefusedError: the supervisor does not accept this run.
            BusStoppedError: the agent is closed while the run is paused.
        """
        token = self._token()
        try:
            while isinstance(answer := self._shell.ask(self.id, token, self._passer(token)), Future):
                await told(answer)
        except BaseException:
            self._leave(token)
            raise

    async def killed(self) -> RunKilled:
        """Wait until an operator kills the run, also while nothing of it waits, and return that: who hears it ends the run.

        Raises:
            RunRefusedError: the supervisor does not accept this run.
            BusStoppedError: the agent is closed.
        """
        token = self._token()
        try:
            while isinstance(answer := self._shell.ask(self.id, token, self._listener(token)), Future):
                await told(answer)
        except RunKilled as killed:
            return killed
        finally:
            self._leave(token)
        raise AssertionError("it answers by raising only")

    def step(
        self, name: object, *, confidence: float | Confidence | None = None, of: int | None = None
    ) -> Step:
        """Return a context: a checkpoint, then a step that is reported with its beginning, its end and its failure.

        Raises:
            ValueError: the confidence is not between 0 and 1.
        """
        return Step(self, name, confidence, of)

    def _gated(self, wrapped: Wrapped) -> Callable[..., Any]:
        return (
            gated_async(wrapped, self.gate)
            if wrapped.is_async
            else gated_sync(wrapped, self.gate_sync, awaits=True)
        )


class SyncRun(_Gating):
    """A run for code without asyncio. Made by `Agent.run_sync` or `bus.run_sync`; may be used by several threads."""

    def gate(self, action: Action) -> Decision:
        """Propose an action and block until it is decided. See `Run.gate`."""
        return self.gate_sync(action)

    def checkpoint(self) -> None:
        """Block while the run is paused. See `Run.checkpoint`."""
        self.checkpoint_sync()

    def step(
        self, name: object, *, confidence: float | Confidence | None = None, of: int | None = None
    ) -> SyncStep:
        """Return a context for `with`. See `Run.step`."""
        return SyncStep(self, name, confidence, of)


def outcome_of(error: BaseException | None) -> tuple[RunOutcome, str]:
    """Return how a run ended, given what ended it."""
    match error:
        case None:
            return "completed", ""
        case RunKilled():
            return "killed", str(error)
        case asyncio.CancelledError() | KeyboardInterrupt():
            return "canceled", describe(error)
        case SystemExit(code=None | 0):
            return "completed", ""
        case _:
            return "failed", describe(error)
