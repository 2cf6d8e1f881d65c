"""What a program in a contained tree and its wrapper say to each other: JSON lines over a local socket.

A request has a number `n`, 0 if it wants no answer; the answer has the same. A line with `ready` says: ask again about that
token. `docs/containment.md` has the same for other languages.
"""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

import msgspec
from msgspec import Meta, Raw, Struct, field

from bus.events import Confidence, Hints, Preview, RunOutcome
from bus.sdk.decision import Decision, RunKilled, RunRefusedError
from bus.sdk.gate import EditsTaken, IllegalStepError

VARIABLE: Final = "WATCHFLOOR_PARENT"
"""Environment variable of a contained child: the path of its wrapper's socket."""

LINE_BYTES: Final = 16 * 1024 * 1024
"""Longest line: the largest arguments that a gate takes, several times over."""


class Request(Struct, frozen=True, kw_only=True, omit_defaults=True, tag_field="do"):
    n: int = 0


class Begin(Request, frozen=True, kw_only=True, omit_defaults=True, tag="begin"):
    """A program begins a run of its own: it becomes a part of the contained one."""

    name: str = ""
    goal: str = ""
    model: str = ""


class Emit(Request, frozen=True, kw_only=True, omit_defaults=True, tag="emit"):
    """Telemetry: an event type of the contract and its data. Never answered."""

    type: str
    data: Raw = Raw(b"{}")


class Propose(Request, frozen=True, kw_only=True, omit_defaults=True, tag="propose"):
    """See `bus.sdk.decision.Action`. Answered by the action's token."""

    tool: str
    args: dict[str, Any] = field(default_factory=dict)
    confidence: Confidence | None = None
    reason: str = ""
    hints: Hints | None = None
    call_id: str = ""
    step: int | None = None
    decide_within: float
    supersedes: str | None = None
    preview: Preview | None = None


class Take(Request, frozen=True, kw_only=True, omit_defaults=True, tag="take"):
    """Ask for the decision on an action: it comes, or `wait`. If it allows the tool, the action has begun.

    An edit that is to be `seen` first has not: take it again, or say `misfit`.
    """

    token: str
    edits: EditsTaken = "begun"


class Misfit(Request, frozen=True, kw_only=True, omit_defaults=True, tag="misfit"):
    """An operator's edit does not fit the tool, which never begins. Answered by what became of the action."""

    token: str
    text: str


class Report(Request, frozen=True, kw_only=True, omit_defaults=True, tag="report"):
    token: str
    done: bool
    text: str = ""


class Withdraw(Request, frozen=True, kw_only=True, omit_defaults=True, tag="withdraw"):
    token: str
    why: str = "whoever waited was cancelled"


class Checkpoint(Request, frozen=True, kw_only=True, omit_defaults=True, tag="checkpoint"):
    """Ask whether to go on: answered at once, or `wait`."""

    token: str


class Leave(Request, frozen=True, kw_only=True, omit_defaults=True, tag="leave"):
    token: str


class Finish(Request, frozen=True, kw_only=True, omit_defaults=True, tag="finish"):
    """The program's own run is over. The contained one ends with the process."""

    outcome: RunOutcome
    text: str = ""


class Direct(Request, frozen=True, kw_only=True, omit_defaults=True, tag="direct"):
    """Somebody on this machine wants the run paused or killed, past the supervisor. Answered when it is so."""

    kind: Literal["pause", "kill"]
    by: Annotated[str, Meta(max_length=64)] = ""
    reason: Annotated[str, Meta(max_length=4_000)] = ""


AnyRequest = Begin | Emit | Propose | Take | Misfit | Report | Withdraw | Checkpoint | Leave | Finish | Direct


class Decided(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A `bus.sdk.decision.Decision` on its way."""

    action: str
    tool: str
    outcome: str
    args: dict[str, Any]
    digest: str = ""
    text: str = ""
    by: str = ""
    command: str = ""
    passed: bool = False
    begun: bool = False

    @staticmethod
    def of(decision: Decision) -> Decided:
        """Write one down."""
        return Decided(**{name: getattr(decision, name) for name in Decided.__struct_fields__})

    def decision(self) -> Decision:
        """Make it one again."""
        return Decision(**{name: getattr(self, name) for name in Decided.__struct_fields__})


class Answer(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What comes back: one of these fields says what; `error` names an exception of the SDK and `text` is its text."""

    n: int = 0
    ready: str = ""
    token: str = ""
    wait: bool = False
    decided: Decided | None = None
    agent: str = ""
    run: str = ""
    steps: int = 0
    error: str = ""
    text: str = ""


ERRORS: Final[dict[str, type[BaseException]]] = {
    kind.__name__: kind
    for kind in (RunKilled, RunRefusedError, IllegalStepError, ValueError, KeyError, RuntimeError)
}
"""Exceptions that travel by their names; every other one becomes a RuntimeError."""

_ENCODER: Final = msgspec.json.Encoder()
REQUEST: Final[msgspec.json.Decoder[AnyRequest]] = msgspec.json.Decoder(AnyRequest)
ANSWER: Final = msgspec.json.Decoder(Answer)


def line(message: Request | Answer) -> bytes:
    """Encode one line."""
    return _ENCODER.encode(message) + b"\n"


def failure(n: int, error: BaseException) -> Answer:
    """The answer that raises this exception on the other side."""
    name = type(error).__name__
    return Answer(n=n, error=name if name in ERRORS else "RuntimeError", text=str(error))
