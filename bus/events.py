"""The envelope and the record types that agents send; the supervisor's own are in `bus.records`.

Every record is a CloudEvents 1.0 event in JSON structured mode. `Envelope` is the outer form, one `Struct` per type is
the `data`. Names follow OpenTelemetry GenAI, A2A task states, LangChain decisions and MCP hints where those have one.
Fields that are None are unknown; unknown is never taken for zero, for one, or for "no".

This module is the bottom of the house: it imports nothing of ours but the bounds.
"""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Final, Literal

from msgspec import Meta, Raw, Struct, field

from bus.limits import DECIDE_WITHIN, DECIDE_WITHIN_MAX, ID_CHARS

SPEC_VERSION: Final = "1.0"

_END: Final = r"(?![\s\S])"
"""The end of a text. `$` would also match before a last newline, and `\\Z` is unknown to JSON Schema."""

Id = Annotated[str, Meta(pattern=rf"^[A-Za-z0-9_.-]{{1,{ID_CHARS}}}{_END}")]
MaybeId = Annotated[str, Meta(pattern=rf"^[A-Za-z0-9_.-]{{0,{ID_CHARS}}}{_END}")]
"""An id, or empty for none."""
Digest = Annotated[str, Meta(pattern=rf"^[0-9a-f]{{64}}{_END}")]
Seq = Annotated[int, Meta(ge=1, le=2**53)]
Count = Annotated[int, Meta(ge=0, le=2**53)]
Unit = Annotated[float, Meta(ge=0.0, le=1.0)]

ControlLevel = Literal["observed", "gated", "contained"]
RunOutcome = Literal["completed", "failed", "canceled", "rejected", "killed"]
Outcome = Literal[
    "approved",
    "edited",
    "rejected",
    "responded",
    "expired",
    "stale",
    "superseded",
    "canceled",
    "conflict",
    "unknown",
]
Gate = Literal["auto", "notify", "ask", "hold", "deny"]
CommandKind = Literal["decision", "pause", "resume", "hold", "kill"]
RunState = Literal[
    "submitted",
    "working",
    "input-required",
    "pausing",
    "paused",
    "completed",
    "failed",
    "canceled",
    "rejected",
    "killed",
    "lost",
]


class Envelope(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The outer form of every record: CloudEvents 1.0 with two extension attributes.

    `source` is `/agents/{agent}/runs/{run}` for an agent's record and `/supervisor` for the supervisor's; `subject` then
    names what it is about, `{agent}/{run}` or `{agent}`. `id` is `{incarnation}.{seq}`. `incarnation` is a random id of
    the sending process, `seq` counts from 1 for the whole life of a run without holes. `time` is the sender's clock, for
    people only.
    """

    # A factory, so that encoding never leaves it out as a default.
    specversion: Literal["1.0"] = field(default_factory=lambda: SPEC_VERSION)
    id: Annotated[str, Meta(min_length=1, max_length=160)]
    source: Annotated[str, Meta(min_length=1, max_length=160)]
    type: Annotated[str, Meta(min_length=1, max_length=64)]
    subject: Annotated[str, Meta(max_length=160)] = ""
    time: Annotated[str, Meta(max_length=64)] = ""
    incarnation: Id
    seq: Count
    data: Raw = field(default=Raw(b"{}"))


class Data(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Base of every `data`. `TYPE` is the CloudEvents type."""

    TYPE: ClassVar[str] = ""


class Confidence(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A claim of being right, 0 to 1, and where it comes from. Absent means unknown."""

    value: Unit
    kind: Literal["stated", "logprob", "sampled"] = "stated"


class Hints(Struct, frozen=True, kw_only=True, omit_defaults=True, rename="camel"):
    """MCP tool annotations as the tool's server gave them: claims of the supervised party. None is not said.

    `schema_digest` says which definition of the tool that is: SHA-256 over the RFC 8785 form of the tool as listed,
    without `_meta`, `icons` and what is null; with `description` (empty if it has none) and `inputSchema` in any case. A
    catalogue entry can be pinned to it.
    """

    read_only_hint: bool | None = None
    destructive_hint: bool | None = None
    idempotent_hint: bool | None = None
    open_world_hint: bool | None = None
    schema_digest: Digest | None = None


class Usage(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a step consumed, as far as the framework tells. Cost in US dollars."""

    input_tokens: Count | None = None
    output_tokens: Count | None = None
    cost_usd: Annotated[float, Meta(ge=0.0)] | None = None


class RunStarted(Data, frozen=True, kw_only=True, omit_defaults=True):
    """A run begins, or goes on in a new process: then `continues` is the last seq of its spool.

    `goal` is what the user asked for, in the user's words; `truncated` says that the rest of it is missing.
    `proof` is a `Containment` (`bus.messages`) signed by a wrapper, as JSON text: without it nobody is `contained`.
    """

    TYPE: ClassVar[str] = "run.started"
    goal: str = ""
    control: ControlLevel = "gated"
    agent_version: str = ""
    model: str = ""
    parent: str = ""
    labels: dict[str, str] = field(default_factory=dict)
    continues: Seq | None = None
    proof: Annotated[str, Meta(max_length=2_000)] = ""
    truncated: bool = False


class RunStateChanged(Data, frozen=True, kw_only=True, omit_defaults=True):
    """The agent says which A2A state it is in. Shown; it decides nothing."""

    TYPE: ClassVar[str] = "run.state"
    state: Literal["submitted", "working", "input-required"]
    text: str = ""


class RunFinished(Data, frozen=True, kw_only=True, omit_defaults=True):
    """A run ended, by the agent's own account: `completed` is unverified until someone else says so."""

    TYPE: ClassVar[str] = "run.finished"
    outcome: RunOutcome
    text: str = ""


class StepStarted(Data, frozen=True, kw_only=True, omit_defaults=True):
    """A step begins. `step` counts from 1 in a run; `of` is the number of steps where it is known."""

    TYPE: ClassVar[str] = "step.started"
    step: Seq
    name: str = ""
    of: Seq | None = None
    confidence: Confidence | None = None


class StepFinished(Data, frozen=True, kw_only=True, omit_defaults=True):
    """A step ended. `ok` None means that nobody can tell."""

    TYPE: ClassVar[str] = "step.finished"
    step: Seq
    ok: bool | None = None
    text: str = ""
    confidence: Confidence | None = None
    usage: Usage | None = None


class Preview(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a call would change, as far as its tool can tell beforehand: the agent's own word, and no part of the digest.

    `of` names the thing. `present` is it as it is, `proposed` as it would be; None: there is none. `cut`: not all is here.
    """

    of: str = ""
    present: str | None = None
    proposed: str | None = None
    cut: bool = False


class ActionProposed(Data, frozen=True, kw_only=True, omit_defaults=True):
    """An agent wants to call a tool and waits.

    `digest` is what the agent computed; the supervisor computes its own and compares. `decide_within` (seconds) runs by
    each side's own clock from this event. `passed` says that the agent did not wait, because the tool is on its pass list.
    `reason` is the agent's own words. `gen_ai.tool.call.id` is `call_id`.
    """

    TYPE: ClassVar[str] = "action.proposed"
    action: Id
    tool: Annotated[str, Meta(min_length=1, max_length=128)]
    args: dict[str, Any] = field(default_factory=dict)
    digest: Digest | None = None
    step: Seq | None = None
    call_id: str = ""
    reason: str = ""
    confidence: Confidence | None = None
    hints: Hints | None = None
    decide_within: Annotated[float, Meta(gt=0.0, le=DECIDE_WITHIN_MAX)] = DECIDE_WITHIN
    supersedes: Id | None = None
    passed: bool = False
    preview: Preview | None = None


class ActionStarted(Data, frozen=True, kw_only=True, omit_defaults=True):
    """The tool is about to run. `decision` is the decision that allowed it, empty for a passed or an observed action."""

    TYPE: ClassVar[str] = "action.started"
    action: Id
    digest: Digest | None = None
    decision: str = ""


class ActionFinished(Data, frozen=True, kw_only=True, omit_defaults=True):
    """What became of an action, by the agent's account.

    `done` and `failed` mean that the tool ran; every other outcome means that it did not. `withdrawn`: the waiter was
    cancelled. `text` is the tool's result or error.
    """

    TYPE: ClassVar[str] = "action.finished"
    action: Id
    outcome: Literal["done", "failed", "rejected", "responded", "expired", "withdrawn", "killed", "refused"]
    text: str = ""
    truncated: bool = False


class Progress(Data, frozen=True, kw_only=True, omit_defaults=True):
    """How far something is: `done` of `of` in any unit, or only a text."""

    TYPE: ClassVar[str] = "progress"
    step: Seq | None = None
    done: Annotated[float, Meta(ge=0.0)] | None = None
    of: Annotated[float, Meta(gt=0.0)] | None = None
    text: str = ""


class MessageSeen(Data, frozen=True, kw_only=True, omit_defaults=True):
    """A message of the conversation, or the result of a tool that was not gated.

    The supervisor needs both to know where an argument came from. `name` is the tool or the speaker.
    """

    TYPE: ClassVar[str] = "message"
    role: Literal["user", "assistant", "system", "tool"]
    text: str = ""
    name: str = ""
    call_id: str = ""
    step: Seq | None = None
    error: bool | None = None
    truncated: bool = False


class BlobPart(Data, frozen=True, kw_only=True, omit_defaults=True):
    """Part `i` of `n` (from 0) of a value too large for one event, in base64. Refer to it as `{"$blob": sha256}`."""

    TYPE: ClassVar[str] = "blob.part"
    sha256: Digest
    i: Count
    n: Seq
    data: str


class EventsDropped(Data, frozen=True, kw_only=True, omit_defaults=True):
    """`count` events of the agent never got a seq: its spool was full, or one was larger than an event may be."""

    TYPE: ClassVar[str] = "events.dropped"
    count: Seq
    reason: str = ""


class CommandAcknowledged(Data, frozen=True, kw_only=True, omit_defaults=True):
    """The agent has the command."""

    TYPE: ClassVar[str] = "command.acknowledged"
    command: Id


class CommandEffective(Data, frozen=True, kw_only=True, omit_defaults=True):
    """The command has taken effect: the run is paused, goes on, or is ending; the approved tool starts."""

    TYPE: ClassVar[str] = "command.effective"
    command: Id


class CommandRefused(Data, frozen=True, kw_only=True, omit_defaults=True):
    """The agent will not carry the command out: expired, wrong digest, unknown action, bad signature."""

    TYPE: ClassVar[str] = "command.refused"
    command: Id
    reason: str


class CommandDirect(Data, frozen=True, kw_only=True, omit_defaults=True):
    """Somebody on the agent's machine told the wrapper directly, past the supervisor: the first fact of that command.

    `by` is who he says he is, and the user account that he had. Only a contained run may say so.
    """

    TYPE: ClassVar[str] = "command.direct"
    command: Id
    kind: Literal["pause", "kill"]
    by: str
    reason: str = ""


class CommandRung(Data, frozen=True, kw_only=True, omit_defaults=True):
    """How far an enforced command has come, `after` so many seconds from its arrival by the wrapper's clock.

    `cooperative`: the program was asked; `terminate`: SIGTERM was sent; `kill`: SIGKILL; `survivors`: processes that live
    all the same; `dead`: none does; `frozen` and `thawed`: nothing runs, everything may. `processes` counts those concerned.
    """

    TYPE: ClassVar[str] = "command.rung"
    command: Id
    rung: Literal["cooperative", "terminate", "kill", "survivors", "dead", "frozen", "thawed"]
    after: Annotated[float, Meta(ge=0.0)]
    processes: Count | None = None
    text: str = ""


AGENT_TYPES: Final[dict[str, type[Data]]] = {
    kind.TYPE: kind
    for kind in (
        RunStarted,
        RunStateChanged,
        RunFinished,
        StepStarted,
        StepFinished,
        ActionProposed,
        ActionStarted,
        ActionFinished,
        Progress,
        MessageSeen,
        BlobPart,
        EventsDropped,
        CommandAcknowledged,
        CommandEffective,
        CommandRefused,
        CommandDirect,
        CommandRung,
    )
}
"""Record types that an agent may send, by name."""
