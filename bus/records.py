"""The record types that only the supervisor writes: judgements, decisions, command facts, alarms, lives.

They stand in the same log as the agents' events and in the same envelope, with source `/supervisor`.
"""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Final, Literal

from msgspec import Meta, Struct, field

from bus.alarm_records import (
    AlarmAcknowledged,
    AlarmCleared,
    AlarmEscalated,
    AlarmFlood,
    AlarmQuieted,
    AlarmRaised,
    AlarmRemoved,
    AlarmRestored,
    AlarmShelved,
    AlarmSuppressed,
)
from bus.events import CommandKind, ControlLevel, Count, Data, Digest, Gate, Id, MaybeId, Outcome, Seq, Unit
from bus.floor_records import FloorHeld, FloorReleased
from bus.grant_records import GrantEnded, GrantMade, GrantOffer
from bus.operator_records import OperatorJoined, OperatorLeft, OperatorSigned
from bus.policy_records import PolicyAdopted


class Reason(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One fact that moved a judgement. `code` is for machines, `text` a sentence for people."""

    code: str
    text: str


class ValueOrigin(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Where one value of the arguments came from.

    `path` names the value (`to.0`). `kind`: `said` by the user or an operator; a clean `field` of a tool's result; running
    `text` of a result, or `inherited` from a call that carried such a value; `made` by the model; `plain`, too short to
    tell. `result` is the number of the result in the run, from 1, `tool` what brought it, `quote` its words there.
    `forbidden`: the user said not to, wherever the value comes from, and `quote` are the user's words.
    """

    path: str
    kind: Literal["said", "field", "text", "inherited", "made", "plain"]
    result: Count = 0
    tool: str = ""
    quote: str = ""
    forbidden: bool = False


class ActionAssessed(Data, frozen=True, kw_only=True, omit_defaults=True):
    """The judgement of a proposed action: severity 0 to 4, the gate, and the facts that decided it.

    `digest` is the supervisor's own. `failure_bp` is the upper bound of the failure probability in basis points. `origins`
    are those of the first values of the arguments, in order; none where nothing is known of what the run was told.
    `reaches` is what the call reaches, counted from its arguments and the catalogue: only what is known, nothing where
    that is nothing or nobody is asked. `no_undo` says why it cannot be taken back, empty where nothing says so.
    """

    TYPE: ClassVar[str] = "action.assessed"
    action: Id
    digest: Digest
    severity: Annotated[int, Meta(ge=0, le=4)]
    failure_bp: Annotated[int, Meta(ge=0, le=10_000)]
    gate: Gate
    reasons: list[Reason] = field(default_factory=list)
    origins: list[ValueOrigin] = field(default_factory=list)
    reaches: list[str] = field(default_factory=list)
    no_undo: str = ""


class ActionAsked(Data, frozen=True, kw_only=True, omit_defaults=True):
    """A person must decide. Unanswered, it expires `decide_within` seconds after this record.

    `offer`: one approval may cover calls like it for the rest of the run, and this is what it would cover.
    """

    TYPE: ClassVar[str] = "action.asked"
    action: Id
    gate: Gate
    decide_within: float
    offer: GrantOffer | None = None


class ActionEscalated(Data, frozen=True, kw_only=True, omit_defaults=True):
    """It wants others: `by` an operator, for a `reason`, or by the clock: half of the time is over without an answer."""

    TYPE: ClassVar[str] = "action.escalated"
    action: Id
    by: str = ""
    reason: str = ""
    intent: str = ""


class ActionClaimed(Data, frozen=True, kw_only=True, omit_defaults=True):
    """An operator looks into an action that waits. It warns others and binds nobody; who claims it later has it then."""

    TYPE: ClassVar[str] = "action.claimed"
    action: Id
    by: str
    intent: str = ""


class ActionDecided(Data, frozen=True, kw_only=True, omit_defaults=True):
    """The one decision of an action. `command` is the id of the decision sent to the agent, empty for a passed action.

    `by` is an operator, `policy`, `clock`, `agent` (it withdrew), `supervisor`, or `grant`: then `grant` names it. `digest`
    and `args` are those of the edited action for `edited`; `args` is absent otherwise.
    """

    TYPE: ClassVar[str] = "action.decided"
    action: Id
    outcome: Outcome
    command: str = ""
    by: str
    digest: Digest | None = None
    args: dict[str, Any] | None = None
    reason: str = ""
    intent: str = ""
    grant: MaybeId = ""


class CommandRequested(Data, frozen=True, kw_only=True, omit_defaults=True):
    """First fact of a command: somebody wants it. `order` is the command's, 0 for that of its position in the log.

    `floor`: it was said of all runs, not of this one.
    """

    TYPE: ClassVar[str] = "command.requested"
    command: Id
    kind: CommandKind
    by: str
    order: Count = 0
    action: str = ""
    reason: str = ""
    intent: str = ""
    floor: bool = False


class CommandSent(Data, frozen=True, kw_only=True, omit_defaults=True):
    """Second fact: the broker has it."""

    TYPE: ClassVar[str] = "command.sent"
    command: Id


class CommandFailed(Data, frozen=True, kw_only=True, omit_defaults=True):
    """The command was not acknowledged or did not take effect in time."""

    TYPE: ClassVar[str] = "command.failed"
    command: Id
    reason: str


class IntentRefused(Data, frozen=True, kw_only=True, omit_defaults=True):
    """An intent that changed nothing, and why.

    `standing` is what its signature was worth, `key` the fingerprint that made it where that was an enrolled key of
    `operator`. Without `standing`, as in older logs, anybody may have written the name.
    """

    TYPE: ClassVar[str] = "intent.refused"
    intent: str
    operator: str
    verb: str
    outcome: Literal["stale", "conflict", "unsigned", "unknown-key", "replayed", "illegal", "closed"]
    reason: str
    action: str = ""
    standing: Literal["", "signed", "unsigned", "unknown-key"] = ""
    key: str = ""


class OutcomeVerified(Data, frozen=True, kw_only=True, omit_defaults=True):
    """Somebody other than the agent found out how an action (or with an empty `action` the run) really ended.

    It carries what reliability is counted by, so that the counts can be rebuilt from these records alone: `version` of
    agent and model, `tool`, `effect` and `claimed` confidence of the action; of the run `task` (a digest of the goal),
    `steps` (messages, calls and results), `heard` (checksums of its user's telling words, each with the step at which it was
    said) and `shown` (length of the request, refusals, failures and repeated calls by steps 1, 3, 5, 8, 12, 20, 35, 60, 100
    and 200, as far as it got). `how` is who looked. `corrects` takes back an earlier verdict that it went well.
    """

    TYPE: ClassVar[str] = "outcome.verified"
    action: MaybeId = ""
    ok: bool
    by: str
    how: Literal["operator", "checker", "wrapper"] = "operator"
    version: str = ""
    tool: str = ""
    effect: str = ""
    claimed: Unit | None = None
    task: str = ""
    steps: Count = 0
    heard: dict[str, Count] = field(default_factory=dict)
    shown: list[tuple[float | None, ...]] = field(default_factory=list)
    corrects: bool = False
    reason: str = ""
    intent: str = ""


class AutonomyPromoted(Data, frozen=True, kw_only=True, omit_defaults=True):
    """A stratum has earned a rung. `stratum` is agent version, tool and effect."""

    TYPE: ClassVar[str] = "autonomy.promoted"
    stratum: str
    rung: str
    reason: str = ""


class AutonomyDemoted(Data, frozen=True, kw_only=True, omit_defaults=True):
    """A stratum has lost what it had earned."""

    TYPE: ClassVar[str] = "autonomy.demoted"
    stratum: str
    rung: str
    reason: str = ""


class AgentBorn(Data, frozen=True, kw_only=True, omit_defaults=True):
    """An agent process announced itself under a new incarnation or connection."""

    TYPE: ClassVar[str] = "agent.born"
    incarnation: Id
    connection: Id
    sdk: str = ""
    control: ControlLevel = "gated"


class AgentStopped(Data, frozen=True, kw_only=True, omit_defaults=True):
    """An agent process said goodbye."""

    TYPE: ClassVar[str] = "agent.stopped"
    incarnation: Id


class AgentLost(Data, frozen=True, kw_only=True, omit_defaults=True):
    """An agent is gone without a goodbye: `will` (the broker says so) or `silence`. Its runs are lost, not finished."""

    TYPE: ClassVar[str] = "agent.lost"
    incarnation: Id
    why: Literal["will", "silence"]


class AgentPasses(Data, frozen=True, kw_only=True, omit_defaults=True):
    """What an agent need not wait for from now on: the pass list that it is sent, recorded before.

    `schemas`: tools that pass as long as their definition has that digest.
    """

    TYPE: ClassVar[str] = "agent.passes"
    tools: list[str]
    schemas: dict[str, Digest] = field(default_factory=dict)


class RunContained(Data, frozen=True, kw_only=True, omit_defaults=True):
    """An enrolled wrapper has proved that it holds the process of a run: its stops are enforced from here on.

    `wrapper` is the name its key is enrolled under, `incarnation` the process that it vouched for.
    """

    TYPE: ClassVar[str] = "run.contained"
    wrapper: str
    incarnation: Id


class GapFound(Data, frozen=True, kw_only=True, omit_defaults=True):
    """Events `first` to `last` of a run are lost for ever."""

    TYPE: ClassVar[str] = "gap.found"
    first: Seq
    last: Seq
    reason: str = ""


class RecordingStarted(Data, frozen=True, kw_only=True, omit_defaults=True):
    """A session file begins. `previous` is the session before it."""

    TYPE: ClassVar[str] = "recording.started"
    session: str
    previous: str = ""


class SupervisorStarted(Data, frozen=True, kw_only=True, omit_defaults=True):
    """A supervisor took over under a new epoch. Everything sent under an older epoch is stale."""

    TYPE: ClassVar[str] = "supervisor.started"
    epoch: Id
    version: str = ""


SUPERVISOR_TYPES: Final[dict[str, type[Data]]] = {
    kind.TYPE: kind
    for kind in (
        ActionAssessed,
        ActionAsked,
        ActionEscalated,
        ActionClaimed,
        ActionDecided,
        CommandRequested,
        CommandSent,
        CommandFailed,
        IntentRefused,
        AlarmRaised,
        AlarmAcknowledged,
        AlarmShelved,
        AlarmSuppressed,
        AlarmRemoved,
        AlarmRestored,
        AlarmQuieted,
        AlarmEscalated,
        AlarmFlood,
        AlarmCleared,
        OutcomeVerified,
        AutonomyPromoted,
        AutonomyDemoted,
        AgentBorn,
        AgentStopped,
        AgentLost,
        AgentPasses,
        RunContained,
        OperatorJoined,
        OperatorLeft,
        OperatorSigned,
        PolicyAdopted,
        GrantMade,
        GrantEnded,
        FloorHeld,
        FloorReleased,
        GapFound,
        RecordingStarted,
        SupervisorStarted,
    )
}
"""Record types that only the supervisor writes, by name."""
