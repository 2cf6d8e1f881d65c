"""What an agent author proposes and gets back: `Action`, `Decision`, and what ends a run from outside."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from contextvars import ContextVar
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Final, Literal, Self

from bus.events import Confidence, Hints, Preview
from bus.limits import DECIDE_WITHIN
from bus.sdk.forked import ForkedError
from bus.sdk.values import describe, result_text

DecisionOutcome = Literal[
    "approved", "edited", "rejected", "responded", "expired", "superseded", "canceled", "refused"
]
_ALLOWING: Final = frozenset({"approved", "edited"})


_TOOL: Final[ContextVar[str]] = ContextVar("watchfloor_tool", default="")


def tool_here() -> str:
    """The action whose tool this code is a part of; empty outside any. Threads that a tool starts do not count as parts."""
    return _TOOL.get()


class RunKilled(BaseException):
    """An operator ended the run. No `Exception`, so that `except Exception` in agent code cannot swallow it."""


class RunRefusedError(Exception):
    """The supervisor does not accept this run (its id belongs to another process, say), or cannot be sent its events.

    No gate of it will ever open. The text says why.
    """


class ActionRejected(Exception):
    """A tool was called that may not run. `decision` says why; its text is meant for the model."""

    def __init__(self, decision: Decision) -> None:
        super().__init__(decision.text or f"{decision.tool} was not run: {decision.outcome}")
        self.decision = decision


@dataclass(frozen=True, slots=True)
class Action:
    """A call that must not happen undecided: a tool, its arguments, and what helps to judge them.

    `decide_within` is in seconds. `call_id` is the model's own id of the call, `supersedes` the action that this one
    replaces. `step` belongs to the run's current step if it is left out. `preview` is what the call would change, shown as
    a difference and cut at `limits.PREVIEW_BYTES` a side; nothing is bound to it. `check` holds an operator's edit against
    the tool, before the tool counts as begun: it raises ValueError with what does not fit, and then the call never begins.
    """

    tool: str
    args: Mapping[str, Any] = field(default_factory=dict)
    confidence: float | Confidence | None = field(default=None, kw_only=True)
    reason: str = field(default="", kw_only=True)
    hints: Hints | None = field(default=None, kw_only=True)
    call_id: str = field(default="", kw_only=True)
    step: int | None = field(default=None, kw_only=True)
    decide_within: float = field(default=DECIDE_WITHIN, kw_only=True)
    supersedes: str | None = field(default=None, kw_only=True)
    preview: Preview | None = field(default=None, kw_only=True)
    check: Callable[[dict[str, Any]], object] | None = field(default=None, kw_only=True, compare=False)


class Decision:
    """What was decided about an action. A value: a rejection is one, too.

    `args` are the arguments that may be used, as they were when they were proposed, or as the operator edited them.
    `text` is the reason of a rejection, or the answer of `responded`. `passed`: the tool was on the pass list. `begun`: the
    tool counts as begun. `command` is the id of the supervisor's decision. Entered as a context (`with` or `async with`), it
    reports what became of the call: `done`, or `failed` with the exception.
    """

    __slots__ = (
        "_outer",
        "_report",
        "_result",
        "action",
        "args",
        "begun",
        "by",
        "command",
        "digest",
        "outcome",
        "passed",
        "text",
        "tool",
    )

    def __init__(  # noqa: PLR0913 - a record of facts
        self,
        *,
        action: str,
        tool: str,
        outcome: DecisionOutcome,
        args: dict[str, Any],
        digest: str = "",
        text: str = "",
        by: str = "",
        command: str = "",
        passed: bool = False,
        begun: bool = False,
    ) -> None:
        self.action = action
        self.tool = tool
        self.outcome = outcome
        self.args = args
        self.digest = digest
        self.text = text
        self.by = by
        self.command = command
        self.passed = passed
        self.begun = begun
        self._report: Callable[[bool, str], None] | None = None
        self._result = ""
        self._outer = ""

    @property
    def approved(self) -> bool:
        """Whether the tool may run, once, with `args`."""
        return self.outcome in _ALLOWING

    def __bool__(self) -> bool:
        raise TypeError("a decision is neither true nor false: ask decision.approved")

    def __repr__(self) -> str:
        return (
            f"Decision({self.outcome} {self.tool}, action={self.action}, by={self.by!r}, text={self.text!r})"
        )

    def reports_to(self, report: Callable[[bool, str], None]) -> None:
        """Say who wants to know what became of the call."""
        self._report = report

    def result(self, value: object) -> None:
        """Note the tool's result; it is reported when the context ends."""
        self._result = result_text(value)

    def done(self, value: object = "") -> None:
        """Report that the tool ran. Only the first report counts."""
        self._tell(True, result_text(value))

    def failed(self, error: object) -> None:
        """Report that the tool ran and failed. Only the first report counts."""
        self._tell(False, describe(error) if isinstance(error, BaseException) else str(error))

    def enter_tool(self) -> None:
        """Count what follows in this context (of `contextvars`) as part of the tool, until `leave_tool`."""
        self._outer = _TOOL.get()
        _TOOL.set(self.action)

    def leave_tool(self) -> None:
        """Undo `enter_tool`, in the same context."""
        _TOOL.set(self._outer)

    def __enter__(self) -> Self:
        if not self.approved:
            raise ActionRejected(self)
        self.enter_tool()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.leave_tool()
        with suppress(ForkedError):  # in a fork of the process that began it, which ends it itself
            if error is None:
                self.done(self._result)
            else:
                self.failed(error)

    async def __aenter__(self) -> Self:
        return self.__enter__()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.__exit__(kind, error, trace)

    def _tell(self, done: bool, text: str) -> None:  # noqa: FBT001
        report, self._report = self._report, None
        if report is not None:
            report(done, text)
