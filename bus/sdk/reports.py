"""What a run tells about itself: steps, progress, messages, tool results. The part that async and sync runs share."""

from __future__ import annotations

import itertools
import logging
import secrets
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from contextvars import ContextVar
from typing import Final, Literal, TypeVar

from bus.canonical import NotCanonicalError, digest
from bus.events import (
    ActionFinished,
    ActionProposed,
    ActionStarted,
    Confidence,
    Data,
    MessageSeen,
    Progress,
    RunOutcome,
    RunStateChanged,
    StepFinished,
    StepStarted,
    Usage,
)
from bus.limits import LABEL_CHARS
from bus.sdk.agent_core import AgentCore
from bus.sdk.decision import Action, Decision, tool_here
from bus.sdk.forked import ForkedError
from bus.sdk.run_core import RunCore
from bus.sdk.shell import BusStoppedError, Shell
from bus.sdk.values import arguments, claim, clip, describe, result_text
from bus.sdk.voices import HANDED, voices_of

log = logging.getLogger("watchfloor")

T = TypeVar("T")
MISFIT: Final = "the operator's edit does not fit it"
"""Begins the text of a call that never began because of that."""

_CURRENT: Final[ContextVar[tuple[Reports, int] | None]] = ContextVar("watchfloor_step", default=None)


class Reports:
    """A run as its own code sees it: the verbs that never wait and, whatever happens to the bus, never raise.

    In a child made by fork they raise ForkedError, as everything does there: the run is the parent's. Contexts that were
    entered before the fork are left in the child without a word.

    `id` is the run's id, `agent` the agent's name, `control` its control level, `outcome` how the run ended, None while it
    goes on. `parent` is the `agent/run` that it was begun in, empty if in none.
    """

    def __init__(self, run: str, shell: Shell, *, steps_from: int = 1, parent: str = "") -> None:
        self.id = run
        self.parent = parent
        self.agent = shell.core.identity.agent
        self.control = shell.core.identity.control
        self.outcome: RunOutcome | None = None
        self._shell = shell
        self._steps = itertools.count(steps_from)
        self._tokens = itertools.count(1)
        self._closed = False
        self._told = False  # that something came too late

    def progress(self, done: float | None = None, of: float | None = None, text: object = "") -> None:
        """Say how far something is, in any unit; negative or zero totals are left out."""
        self._emit(
            Progress(
                step=self._step_now(),
                done=float(done) if done is not None and done >= 0 else None,
                of=float(of) if of is not None and of > 0 else None,
                text=clip(text)[0],
            )
        )

    def message(
        self,
        role: Literal["user", "assistant", "system", "tool"],
        text: object,
        *,
        name: str = "",
        call_id: str = "",
    ) -> None:
        """Report a message of the conversation. The supervisor needs them to know where an argument came from.

        `user` and `system` are words from outside. Said in a tool, in a step of another run, or by a run that was begun in
        another, they are what one agent gave another, and are reported as `assistant`.
        """
        if role in ("user", "system") and self._handed_on():
            role, name = "assistant", name or HANDED
        self._message(role, text, name, call_id, error=None)

    def tool_result(self, name: str, text: object, *, error: bool | None = None, call_id: str = "") -> None:
        """Report the result of a tool that was not gated. Results of gated ones are reported through their decision."""
        self._message("tool", result_text(text), name, call_id, error=error)

    def ran(self, action: Action, text: object, *, failed: bool) -> None:
        """Report a call that was made and waited at no gate of this run: an `ungated-action`, unless the pass list has it.

        For adapters that hear of a call only when it is over. Nothing raises here: the call was made.
        """
        name = secrets.token_hex(8)
        short, cut = clip(text)
        try:
            fit = arguments(action.args).wire
            mark = digest(action.tool, fit)
        except NotCanonicalError:
            fit, mark = {}, None
        proposed = ActionProposed(
            action=name,
            tool=clip(action.tool, 128)[0] or "?",
            args=fit,
            digest=mark,
            call_id=clip(action.call_id, LABEL_CHARS)[0],
            reason=clip(action.reason)[0],
            passed=True,
        )
        self._emit(proposed)
        self._emit(ActionStarted(action=name, digest=mark))
        self._emit(
            ActionFinished(action=name, outcome="failed" if failed else "done", text=short, truncated=cut)
        )

    def state(self, state: Literal["submitted", "working", "input-required"], text: object = "") -> None:
        """Say which state the run is in. It is shown and decides nothing."""
        self._emit(RunStateChanged(state=state, text=clip(text)[0]))

    def _message(
        self,
        role: Literal["user", "assistant", "system", "tool"],
        text: object,
        name: str,
        call_id: str,
        *,
        error: bool | None,
    ) -> None:
        short, cut = clip(text)
        voices = voices_of(self)
        (voices.said if role in ("user", "system") else voices.wrote)(short)
        self._emit(
            MessageSeen(
                role=role,
                text=short,
                name=clip(name, LABEL_CHARS)[0],
                call_id=clip(call_id, LABEL_CHARS)[0],
                step=self._step_now(),
                error=error,
                truncated=cut,
            )
        )

    def _emit(self, data: Data) -> None:
        if self._while_open(lambda run, now: run.emit(data, now)) or self._told:
            return
        self._told = True
        log.warning(
            "agent %s: run %s is over (%s): what it still tells is dropped, `%s` first",
            self.agent,
            self.id,
            self.outcome,
            data.TYPE,
        )

    def _while_open(self, work: Callable[[RunCore, float], object]) -> bool:
        """Do something with the run, unless it is over. Return whether it was not."""

        def do(core: AgentCore, now: float) -> bool:
            if self.outcome is None:
                work(core.run(self.id), now)
            return self.outcome is None

        return self._shell.call(do)

    def _of(self, core: AgentCore) -> RunCore:
        """The run in its core, for whoever waits for something there.

        Raises:
            BusStoppedError: its agent was closed.
        """
        if self._closed:
            raise BusStoppedError("the agent is closed")
        return core.run(self.id)

    def _handed_on(self) -> bool:
        """Whether what is said here was made inside a run, and came from outside none."""
        step = _CURRENT.get()
        other = step is not None and step[0] is not self and step[0].outcome is None
        return bool(self.parent or tool_here() or other)

    def _step_now(self) -> int | None:
        current = _CURRENT.get()
        return current[1] if current is not None and current[0] is self else None

    def _propose(self, action: Action) -> tuple[str, Decision | Future[None] | None]:
        """Propose an action. Return its id and, in the same entry into the core, its decision or what to wait for."""
        step = self._step_now()
        voices_of(self).wrote(action.args)

        def work(core: AgentCore, now: float) -> tuple[str, Decision | None]:
            token = self._of(core).propose(action, now, step=step, inside=tool_here())
            return token, self._take(core, token, now, action)

        return self._shell.enter(self.id, work)

    def _proposed(self, action: Action) -> str:
        """Propose an action and return its id, without asking what became of it."""
        step = self._step_now()
        voices_of(self).wrote(action.args)
        return self._shell.call(
            lambda core, now: self._of(core).propose(action, now, step=step, inside=tool_here())
        )

    def _looker(self, action: str) -> Callable[[AgentCore, float], Decision | None]:
        return lambda core, now: self._of(core).look(action, now)

    def _begin(self, token: str, action: Action) -> Decision | None:
        seen = self._shell.call(self._taker(token, action))
        if seen is None:
            return None
        ended = self._checked(token, action, seen)
        return self._shell.call(self._taker(token)) if ended is None else ended

    def _taker(
        self, token: str, action: Action | None = None
    ) -> Callable[[AgentCore, float], Decision | None]:
        return lambda core, now: self._take(core, token, now, action)

    def _take(self, core: AgentCore, token: str, now: float, action: Action | None = None) -> Decision | None:
        """Take what was decided. Of an action that holds edits against its tool, an edit is only seen: see `_checked`."""
        check = None if action is None else action.check
        decision = self._of(core).take(token, now, edits="seen" if check else "begun")
        if decision is not None and decision.begun:
            decision.reports_to(lambda done, text: self._report(token, done=done, text=text))
        return decision

    def _checked(self, token: str, action: Action, decision: Decision) -> Decision | None:
        """Hold an edit that was seen against its tool. Return what became of the action, or None: the edit fits it.

        Raises:
            Exception: what the check raised that is no ValueError. The action is withdrawn.
        """
        if action.check is None or decision.begun or decision.outcome != "edited":
            return decision
        try:
            action.check(decision.args)
        except ValueError as error:
            text = f"{MISFIT}: {error}"
            return self._shell.call(lambda core, now: self._of(core).misfit(token, text, now))
        except BaseException as error:
            self._withdraw(
                token, f"the operator's edit could not be held against the tool: {describe(error)}"
            )
            raise
        return None

    def _passer(self, token: str) -> Callable[[AgentCore, float], bool | None]:
        return lambda core, now: self._of(core).checkpoint(token, now, tool_here()) or None

    def _listener(self, token: str) -> Callable[[AgentCore, float], None]:
        return lambda core, now: self._of(core).listen(token, now)

    def _token(self) -> str:
        return f"checkpoint-{next(self._tokens)}"

    def _report(self, action: str, *, done: bool, text: str) -> None:
        voices_of(self).wrote(clip(text)[0])
        self._while_open(lambda run, now: run.report(action, done=done, text=text, now=now))

    def _withdraw(self, action: str, why: str = "whoever waited was cancelled") -> None:
        if not self._shell.forked:
            self._while_open(lambda run, now: run.withdraw(action, now, why))

    def _leave(self, token: str) -> None:
        if not self._shell.forked:
            self._while_open(lambda run, _: run.leave(token))

    def _finish(self, outcome: RunOutcome, text: str, *, closed: bool = False) -> None:
        """End the run, unless it is over. `closed`: its agent is, so whoever waits in it hears that."""

        def finish(core: AgentCore, now: float) -> None:
            if self.outcome is None:
                self._closed = closed
                core.finish_run(self.id, outcome, text, now)
                self.outcome = outcome

        if not self._shell.forked:
            self._shell.call(finish)


class StepReport:
    """One step while it lasts. `result` says more about its end than that no exception was raised."""

    def __init__(
        self, run: Reports, name: object, confidence: float | Confidence | None, of: int | None
    ) -> None:
        self._run = run
        self._name = clip(name, LABEL_CHARS)[0]
        self._confidence = claim(confidence)
        self._of = of
        self._end = StepFinished(step=1)
        self.number = 0

    def result(
        self,
        *,
        ok: bool | None = True,
        text: object = "",
        confidence: float | Confidence | None = None,
        usage: Usage | None = None,
    ) -> None:
        """Say how the step went: `ok` None means that nobody can tell."""
        self._end = StepFinished(
            step=self.number, ok=ok, text=clip(text)[0], confidence=claim(confidence), usage=usage
        )

    def _begin(self) -> None:
        self.number = next(self._run._steps)  # noqa: SLF001 - a part of the run
        self.result()
        self._run._emit(  # noqa: SLF001
            StepStarted(step=self.number, name=self._name, of=self._of or None, confidence=self._confidence)
        )
        self._outer = _CURRENT.get()
        _CURRENT.set((self._run, self.number))

    def _finish(self, error: BaseException | None) -> None:
        _CURRENT.set(self._outer)
        if error is not None:
            # Only an Exception says that the step failed; a kill or a cancellation says nothing about it.
            failed = isinstance(error, Exception)
            self.result(ok=False if failed else None, text=describe(error))
        with suppress(ForkedError):
            self._run._emit(self._end)  # noqa: SLF001
