"""What travels on the bus besides events: supervisor state, agent status, commands, intents, answers, journal, parts.

None of these is recorded as such; what they bring about is. Commands, answers and supervisor state are signed by the
supervisor's key, intents by the operator's (`bus.signing`). `sig` and `key` are filled in by signing.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from msgspec import Meta, Raw, Struct, field

from bus.events import ControlLevel, Count, Digest, Id, MaybeId, Seq
from bus.limits import LEASE_TTL, SHELVE_MOST, TEXT_CHARS, WINDOW_DEFAULT


class Signed(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Base of what carries an Ed25519 signature: `key` is the fingerprint `SHA256:...`, `sig` is base64."""

    key: str = ""
    sig: str = ""


class SupervisorState(Signed, frozen=True, kw_only=True, omit_defaults=True):
    """Retained on `supervisor/state`, renewed every `limits.LEASE_RENEW` seconds, and the supervisor's will.

    `lease` counts renewals within `epoch`. A receiver holds the lease for `ttl` seconds of its own monotonic clock after
    a renewal that was not retained. `window` is how many unstored events an agent may have in flight. `public_key` is the
    supervisor's in OpenSSH form. `pos` is the last committed position: a console that stays behind it has missed
    something. `recording` other than `ok` means that approvals are closed. `era` grows from supervisor to supervisor: who
    has taken a state of one era takes none of a lower one, so that what was said long ago cannot be said again.
    """

    status: Literal["up", "stopped", "lost"]
    epoch: Id
    instance: Id
    lease: Count = 0
    ttl: float = LEASE_TTL
    window: Seq = WINDOW_DEFAULT
    public_key: str = ""
    recording: Literal["ok", "failing"] = "ok"
    pos: Count = 0
    conflict: bool = False
    era: Count = 0


class RunStanding(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Where a run of an agent stands: last seq it made, first seq its spool can still send, its open gates."""

    run: Id
    seq: Count
    first: Seq = 1
    open: list[Id] = field(default_factory=list)


class AgentStatus(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """On `agents/{agent}/status`: `online` (birth) and `stopped` retained, `lost` as will, `alive` unretained.

    `connection` is one id per CONNECT; `lost` counts only for the connection of the latest birth. `era` is the highest that
    the agent has followed a supervisor in; one of a lower era learns from it that it must begin another to be heard.
    """

    status: Literal["online", "alive", "stopped", "lost"]
    incarnation: Id
    connection: Id
    sdk: str = ""
    control: ControlLevel = "gated"
    runs: Annotated[list[RunStanding], Meta(max_length=1_000)] = field(default_factory=list)
    era: Count = 0


class Containment(Signed, frozen=True, kw_only=True, omit_defaults=True):
    """A wrapper's word that it holds the process of a run: in `proof` of `run.started`, signed by the wrapper's key."""

    agent: Id
    run: Id
    incarnation: Id


# ---- supervisor to agent ---------------------------------------------------------------------------------------------


class Command(Signed, frozen=True, kw_only=True, omit_defaults=True, tag_field="type"):
    """Base of everything on `agents/{agent}/commands`. `run` is empty where a command is for the agent as a whole.

    `order` grows from command to command of a site. A pause, hold or resume whose order is below that of another of
    these three that the run has taken is late and must be refused.
    """

    epoch: Id
    agent: Id
    run: str = ""
    id: str = ""
    order: Count = 0


class DecisionCommand(Command, frozen=True, kw_only=True, omit_defaults=True, tag="decision"):
    """The decision on one proposed action.

    `approved` and `edited` allow exactly the arguments whose digest is `digest`; `args` is there for `edited`. `text` is
    the reason of a rejection or the answer of `responded`.
    """

    action: Id
    outcome: Literal["approved", "edited", "rejected", "responded", "expired", "superseded", "canceled"]
    digest: Digest | None = None
    args: dict[str, Any] | None = None
    text: str = ""
    by: str = ""


class PauseCommand(Command, frozen=True, kw_only=True, omit_defaults=True, tag="pause"):
    """Stop at the next checkpoint or gate and wait for `resume`."""

    reason: str = ""


class ResumeCommand(Command, frozen=True, kw_only=True, omit_defaults=True, tag="resume"):
    """Go on after a pause or a hold."""


class HoldCommand(Command, frozen=True, kw_only=True, omit_defaults=True, tag="hold"):
    """Stop at the next gate, the pass list included; go on thinking and reading until then."""

    reason: str = ""


class KillCommand(Command, frozen=True, kw_only=True, omit_defaults=True, tag="kill"):
    """End the run."""

    reason: str = ""


class StoredCommand(Command, frozen=True, kw_only=True, omit_defaults=True, tag="stored"):
    """Watermarks: everything up to and including these seqs is recorded; the spool may forget it."""

    runs: dict[str, int]


class ResendCommand(Command, frozen=True, kw_only=True, omit_defaults=True, tag="resend"):
    """Send again from the event after `after`; what came after the hole was dropped."""

    after: Count


class RefusedCommand(Command, frozen=True, kw_only=True, omit_defaults=True, tag="refused"):
    """An event was not accepted and never will be; the run id belongs to another incarnation, or the like.

    `incarnation` sent that event. Another process of the same name, whose run it may be, takes no notice.
    """

    seq: Count
    reason: str
    incarnation: str = ""


class PassListCommand(Command, frozen=True, kw_only=True, omit_defaults=True, tag="pass-list"):
    """Tools whose calls need not wait while the lease holds. Replaces the list before it.

    It is for the process `incarnation` and no other: what an earlier process of the agent was allowed comes to nothing.
    Those of `schemas` need not wait as long as the tool's definition has that digest (`Hints.schema_digest`).
    """

    tools: list[str]
    schemas: dict[str, Digest] = field(default_factory=dict)
    incarnation: MaybeId = ""


AnyCommand = (
    DecisionCommand
    | PauseCommand
    | ResumeCommand
    | HoldCommand
    | KillCommand
    | StoredCommand
    | ResendCommand
    | RefusedCommand
    | PassListCommand
)


# ---- console to supervisor and back ----------------------------------------------------------------------------------

Verb = Literal[
    "approve",
    "edit",
    "reject",
    "respond",
    "pause",
    "resume",
    "hold",
    "kill",
    "verify",
    "revoke",
    "escalate",
    "claim",
    "acknowledge",
    "reset",
    "shelve",
    "remove",
    "restore",
    "keyframe",
    "health",
    "history",
    "watch",
    "leave",
]


class Intent(Signed, frozen=True, kw_only=True, omit_defaults=True):
    """What an operator wants, on `intents/{operator}`, repeated until answered.

    `epoch` and `pos` are what the console saw. `action` and `digest` bind a decision to what was displayed. `run` is
    empty for `hold` and `resume` of all runs. `ok` is the verdict of `verify`, on the action or, without one, on the
    run. `code` is the four-digit code that an approved hold needs. `scope` says what an approval covers: this call
    `once`, or also those like it for the rest of its `run`, where that is offered; `grant` names such a permission for
    `revoke`. `alarm` names the alarm for `acknowledge`, `reset`, `shelve` (for so many `seconds`), `remove` (out of
    service) and `restore`; `group` acknowledges those folded under it, too. `keyframe` asks for the floor (`watching`:
    the console stays and is listed), `watch` says that it is still there, `leave` that it goes. `health` asks how the
    supervisor does, `history` for a page of a run's records `before` a position.
    """

    verb: Verb
    id: Id
    operator: Id
    console: Id
    epoch: MaybeId = ""
    pos: Count = 0
    agent: MaybeId = ""
    run: MaybeId = ""
    action: MaybeId = ""
    digest: Annotated[str, Meta(max_length=64)] = ""
    args: dict[str, Any] | None = None
    reason: Annotated[str, Meta(max_length=TEXT_CHARS)] = ""
    ok: bool | None = None
    code: Annotated[str, Meta(max_length=16)] = ""
    alarm: Annotated[str, Meta(max_length=200)] = ""
    seconds: Annotated[int, Meta(ge=0, le=SHELVE_MOST)] = 0
    group: bool = False
    watching: bool = False
    before: Count = 0
    scope: Literal["once", "run"] = "once"
    grant: MaybeId = ""


class Answer(Signed, frozen=True, kw_only=True, omit_defaults=True, tag_field="type", tag="answer"):
    """What became of an intent. `accepted` means recorded, not effective: the journal tells the rest.

    `unrecorded`: the recording fails, and what stops things goes out without it. `epoch` is that of the supervisor which
    answers: where two of them meet, each answers, and one of them counts.
    """

    intent: Id
    epoch: MaybeId = ""
    outcome: str
    accepted: bool
    unrecorded: bool = False
    text: str = ""
    command: str = ""
    pos: Count = 0


class KeyframeSeal(Signed, frozen=True, kw_only=True, omit_defaults=True):
    """The supervisor's word for a keyframe. `sha256` is that of its body: the decoded parts behind one another."""

    keyframe: Id
    epoch: Id
    pos: Count
    n: Seq
    sha256: Digest


class KeyframePart(Struct, frozen=True, kw_only=True, omit_defaults=True, tag_field="type", tag="keyframe"):
    """Part `i` of `n` (from 0) of an encoded fleet as it stood at `pos`, compressed by zstd, in base64.

    `seal` is the same in each part; its `keyframe` is the intent.
    """

    intent: Id
    epoch: Id
    pos: Count
    i: Count
    n: Seq
    data: str
    seal: KeyframeSeal | None = None


class JournalRecord(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One record of the log: its position, when it was accepted (milliseconds since 1970, UTC), the event as sent."""

    pos: Annotated[int, Meta(ge=1)]
    at: Count
    event: Raw


class JournalSeal(Signed, frozen=True, kw_only=True, omit_defaults=True):
    """The supervisor's word for a batch from `first` to `last`. `sha256` is that of the bytes of `records` as sent."""

    epoch: Id
    first: Seq
    last: Seq
    sha256: Digest


class Journal(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A batch of consecutive records."""

    epoch: Id
    records: list[JournalRecord]
    seal: JournalSeal | None = None
