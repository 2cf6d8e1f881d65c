"""The fleet: everything a console shows and the supervisor decides by, built by `reduce` from the log and nothing else.

Times are the log's `at` in milliseconds since 1970 UTC. All tails are bounded. Nothing here depends on hash order, so two
fleets made from the same log encode to the same bytes (`encode`), also when one of them went through a keyframe.
"""

from __future__ import annotations

from typing import Any, Final, Literal

import msgspec
from msgspec import Struct, field

from bus.events import CommandKind, Confidence, ControlLevel, Gate, Hints, Outcome, RunState
from bus.grant_records import GrantOffer
from bus.records import Reason, ValueOrigin
from console.core.deeds import Audit
from console.core.fleet.agent_life import AgentLife
from console.core.fleet.alarm_state import Alarm, Load
from console.core.fleet.alike import Counts
from console.core.fleet.care import Care
from console.core.fleet.floor_hold import FloorHold
from console.core.fleet.lifecycle import ActionState, CommandState
from console.core.fleet.policy_state import InForce
from console.core.judging.grants import Grant
from console.core.judging.preview import Sides
from console.core.reliability.sofar import SoFar
from console.core.reliability.standing import Reliability

MOST: Final = 2**53
"""Where counters stop: beyond it neither JSON readers nor keyframes are safe."""
REDUCER: Final = 9
"""Which reducer this is: raise it with every change by which `reduce` makes another fleet of a log that may exist."""

Verdict = Literal["", "ok", "failed"]
"""How something really ended, by the word of somebody other than the agent; empty: nobody has said."""


class Step(Struct, kw_only=True, omit_defaults=True, gc=False):
    """One step of a run. `ok` None after the end means that nobody can tell."""

    step: int
    name: str = ""
    started_at: int = 0
    finished_at: int | None = None
    ok: bool | None = None
    text: str = ""
    confidence: Confidence | None = None


class Action(Struct, kw_only=True, omit_defaults=True):
    """One call an agent wants to make, and everything decided about it.

    `args` are exact, as the agent sent them, hostile text included; `edited` are an operator's instead. Both are emptied
    (`args_cut`) when a closed action leaves the recent ones, and were never kept where there was no room; the log keeps
    them. `args_bytes` is what they take here. `digest` is the supervisor's own, `claimed` the agent's. `tool_sent` is the
    tool's name as sent where that cannot be displayed. `note` is the decision's reason or answer for display, `answer` the
    same as given. `ungated`: nothing had allowed that it began. `preview` is what it would change by its agent's word, None
    without or when it is no longer kept. `reaches` and `no_undo` are the judge's: what it reaches as far as that is known,
    and why it cannot be taken back.
    """

    id: str
    agent: str
    run: str
    tool: str
    tool_sent: str = ""
    state: ActionState = "proposed"
    args: dict[str, Any] = field(default_factory=dict)
    args_cut: bool = False
    args_bytes: int = 0
    ungated: bool = False
    edited: dict[str, Any] | None = None
    digest: str = ""
    claimed: str = ""
    step: int | None = None
    call_id: str = ""
    reason: str = ""
    confidence: Confidence | None = None
    hints: Hints | None = None
    supersedes: str = ""
    passed: bool = False
    decide_within: float = 0.0
    proposed_at: int = 0
    severity: int | None = None
    failure_bp: int | None = None
    gate: Gate | None = None
    reasons: list[Reason] = field(default_factory=list)
    origins: list[ValueOrigin] = field(default_factory=list)
    preview: Sides | None = None
    reaches: list[str] = field(default_factory=list)
    no_undo: str = ""
    asked_at: int | None = None
    offer: GrantOffer | None = None
    escalated_at: int | None = None
    care: Care = Care()
    outcome: Outcome | None = None
    decided_by: str = ""
    decided_at: int | None = None
    decision: str = ""
    decided_digest: str = ""
    note: str = ""
    answer: str = ""
    started_at: int | None = None
    finished_at: int | None = None
    result: str = ""
    verified: Verdict = ""

    @property
    def exact_tool(self) -> str:
        """The tool's name as the agent sent it: what digests are made of."""
        return self.tool_sent or self.tool

    @property
    def key(self) -> str:
        """Site-wide name: `agent/run/action`."""
        return f"{self.agent}/{self.run}/{self.id}"


class Rung(Struct, kw_only=True, omit_defaults=True, gc=False):
    """How far an enforced command had come `after` so many seconds, by the wrapper's clock."""

    rung: str
    after: float
    at: int
    processes: int | None = None
    text: str = ""


class Command(Struct, kw_only=True, omit_defaults=True):
    """One command and its four facts, each with its time or None, besides `refused_at` and `failed_at`.

    `pos` is where it was requested in the log; `order` is what agents tell the later of two by. `rungs` are the steps of
    an enforced one. `direct`: it was told to the wrapper itself, past the supervisor. `floor`: it was said of all runs.
    """

    id: str
    kind: CommandKind
    agent: str
    run: str
    by: str
    pos: int = 0
    order: int = 0
    state: CommandState = "requested"
    action: str = ""
    reason: str = ""
    requested_at: int = 0
    sent_at: int | None = None
    acknowledged_at: int | None = None
    effective_at: int | None = None
    refused_at: int | None = None
    failed_at: int | None = None
    problem: str = ""
    rungs: list[Rung] = field(default_factory=list)
    direct: bool = False
    floor: bool = False


class Message(Struct, kw_only=True, omit_defaults=True, gc=False):
    """A piece of the conversation, cut for display."""

    at: int
    role: str
    name: str = ""
    text: str = ""
    error: bool | None = None


class Run(Struct, kw_only=True, omit_defaults=True):
    """One execution of an agent. `seq` is the last event recorded; `misdeeds` counts events that were not legal.

    `lives` are the processes that have lived it, each with its last seq, the present one last. `lost_from` is the state
    before `lost`.
    `stop` is the last word of the operators about it, by `stopped_by`: a pause, a hold, or neither. `by_floor`: nothing but
    the hold of all runs stops it. `holding`: a hold is wanted and has yet to take effect.
    `floor` is the position of the last hold of all that it was reckoned with in.
    `tools_defined` has the digest of the definition under which a tool was used, as far as it was told. `so_far` is what it
    has shown that its forecast is made of.
    """

    agent: str
    run: str
    state: RunState = "submitted"
    lives: dict[str, int] = field(default_factory=dict)
    seq: int = 0
    goal: str = ""
    control: ControlLevel = "gated"
    version: str = ""
    model: str = ""
    started_at: int = 0
    last_at: int = 0
    ended_at: int | None = None
    ended_text: str = ""
    lost_from: RunState | None = None
    held: bool = False
    holding: bool = False
    stop: Literal["", "pause", "hold"] = ""
    stopped_by: str = ""
    by_floor: bool = False
    floor: int = 0
    killing: bool = False
    steps: list[Step] = field(default_factory=list)
    steps_seen: int = 0
    steps_of: int | None = None
    errors: int = 0
    claims: list[float] = field(default_factory=list)
    progress_done: float | None = None
    progress_of: float | None = None
    progress_text: str = ""
    actions: dict[str, Action] = field(default_factory=dict)
    actions_seen: int = 0
    messages: list[Message] = field(default_factory=list)
    tools_used: dict[str, int] = field(default_factory=dict)
    tools_defined: dict[str, str] = field(default_factory=dict)
    blobs: dict[str, list[int]] = field(default_factory=dict)
    dropped: int = 0
    gaps: int = 0
    misdeeds: int = 0
    misdeed: str = ""
    tokens: int = 0
    cost_usd: float = 0.0
    unknown_types: int = 0
    verified: Verdict = ""
    so_far: SoFar = field(default_factory=SoFar)

    @property
    def key(self) -> str:
        """Site-wide name: `agent/run`."""
        return f"{self.agent}/{self.run}"


class Fleet(Struct, kw_only=True, omit_defaults=True):
    """The state of a site at `pos`. `waiting` are the keys of actions that wait for a person, oldest first. `ended`
    remembers the lives of each retired run. `away` are lost runs that left the floor, the longest gone first, with all that
    they need to go on where they stood if they come back. `last_decision` is when anything was last decided, by whomever,
    but not by the clock running out. `order` is the highest of any command. `args_bytes` is what the arguments of all
    actions take. `held` says that all of it is held. `policy` is what is judged by, `audit` who did what, `alike` what
    became of asks by agent and tool. `reducer` is the one that encoded it.
    """

    site: str = ""
    pos: int = 0
    at: int = 0
    epoch: str = ""
    session: str = ""
    runs: dict[str, Run] = field(default_factory=dict)
    agents: dict[str, AgentLife] = field(default_factory=dict)
    waiting: list[str] = field(default_factory=list)
    commands: dict[str, Command] = field(default_factory=dict)
    alarms: dict[str, Alarm] = field(default_factory=dict)
    operators: dict[str, str] = field(default_factory=dict)
    finished: list[str] = field(default_factory=list)
    ended: dict[str, dict[str, int]] = field(default_factory=dict)
    away: dict[str, Run] = field(default_factory=dict)
    events: int = 0
    last_decision: int = 0
    order: int = 0
    args_bytes: int = 0
    reliability: Reliability = field(default_factory=Reliability)
    load: Load = field(default_factory=Load)
    policy: InForce = field(default_factory=InForce)
    audit: Audit = field(default_factory=Audit)
    grants: dict[str, Grant] = field(default_factory=dict)
    alike: Counts = field(default_factory=dict)
    held: FloorHold | None = None
    reducer: int = field(default_factory=lambda: REDUCER)  # made by a call, so that it is always written

    def run(self, agent: str, run: str) -> Run | None:
        """The run, or None if it is unknown or retired."""
        return self.runs.get(f"{agent}/{run}")

    def action(self, key: str) -> Action | None:
        """The action named `agent/run/action`, or None."""
        run_key, _, action = key.rpartition("/")
        run = self.runs.get(run_key)
        return run.actions.get(action) if run else None


_ENCODER: Final = msgspec.msgpack.Encoder()
_DECODER: Final = msgspec.msgpack.Decoder(Fleet)


class _Stamp(Struct):
    reducer: int = 0


_STAMPS: Final = msgspec.msgpack.Decoder(_Stamp)


class KeyframeError(ValueError):
    """Bytes that are not an encoded fleet of this version."""


def encode(fleet: Fleet) -> bytes:
    """The fleet as bytes: equal for equal states, whichever way they were reached."""
    return _ENCODER.encode(fleet)


def decode(body: bytes) -> Fleet:
    """The fleet that `encode` wrote.

    Raises:
        KeyframeError: not a fleet.
    """
    try:
        fleet = _DECODER.decode(body)
    except (msgspec.MsgspecError, RecursionError, ValueError) as error:
        msg = f"not a keyframe of this version: {error}"
        raise KeyframeError(msg) from None
    fleet.reducer = REDUCER  # whoever made it: what is made of it from here on is ours
    return fleet


def of_another_reducer(body: bytes) -> bool:
    """Whether a keyframe is another reducer's, so that it need not equal what `reduce` makes of the records before it."""
    return reducer_of(body) not in (None, REDUCER)


def reducer_of(body: bytes) -> int | None:
    """Which reducer made a keyframe: 0 from before they said so, None where nothing can be read."""
    try:
        return _STAMPS.decode(body).reducer
    except (msgspec.MsgspecError, RecursionError, ValueError):
        return None
