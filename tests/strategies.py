"""Hypothesis strategies shared by the tests: ids, hostile text, JSON values, records of one or several runs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
from hypothesis import strategies as st
from msgspec import Raw

from bus import alarm_records, codec, events, operator_records, records
from bus.codec import Record
from bus.events import Data, Envelope
from bus.floor_records import FloorHeld, FloorReleased
from bus.policy_records import PolicyAdopted, PolicyRule

ids = st.from_regex(r"[A-Za-z0-9_.-]{1,12}", fullmatch=True)
hostile = st.one_of(
    st.text(max_size=40),
    st.sampled_from(
        [
            "[/x]",
            "[@click=app.quit]go[/]",
            "\x1b]52;c;cGF5bG9hZA==\x07",
            "\x9b31mred",
            "a\u202eb",
            "zero\u200bwidth",
            "join\u034fer\ufe0f\u3164\u2800\u0301",
            "line\nbreak\r\x00",
            "\U000e0041tag",
        ]
    ),
)
json_values: st.SearchStrategy[Any] = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53) + 1, 2**53 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | hostile,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
confidences = st.none() | st.builds(
    events.Confidence, value=st.floats(0, 1), kind=st.sampled_from(["stated", "logprob", "sampled"])
)

_STEP = st.integers(1, 6)
_ACTION = st.sampled_from(["a1", "a2", "a3"])
_COMMAND = st.sampled_from(["c1", "c2", "c3"])
_ALARM = st.sampled_from(["gap/x", "bad-input/y"])

agent_data: st.SearchStrategy[Data] = st.one_of(
    st.builds(events.RunStarted, goal=hostile, control=st.sampled_from(["observed", "gated", "contained"])),
    st.builds(
        events.RunStateChanged,
        state=st.sampled_from(["submitted", "working", "input-required"]),
        text=hostile,
    ),
    st.builds(events.StepStarted, step=_STEP, name=hostile, confidence=confidences),
    st.builds(events.StepFinished, step=_STEP, ok=st.none() | st.booleans(), text=hostile),
    st.builds(
        events.ActionProposed,
        action=_ACTION,
        tool=st.sampled_from(["delete_file", "read_file", "[/x]"]),
        args=st.dictionaries(st.text(max_size=8), json_values, max_size=3),
        confidence=confidences,
    ),
    st.builds(events.ActionStarted, action=_ACTION, decision=_COMMAND),
    st.builds(
        events.ActionFinished,
        action=_ACTION,
        outcome=st.sampled_from(["done", "failed", "rejected", "expired", "withdrawn", "killed", "refused"]),
        text=hostile,
    ),
    st.builds(events.Progress, done=st.none() | st.floats(0, 100), text=hostile),
    st.builds(
        events.MessageSeen, role=st.sampled_from(["user", "assistant", "tool"]), text=hostile, name=hostile
    ),
    st.builds(events.EventsDropped, count=st.integers(1, 9)),
    st.builds(events.CommandAcknowledged, command=_COMMAND),
    st.builds(events.CommandEffective, command=_COMMAND),
    st.builds(events.CommandRefused, command=_COMMAND, reason=hostile),
    st.builds(events.CommandDirect, command=_COMMAND, kind=st.sampled_from(["pause", "kill"]), by=hostile),
    st.builds(
        events.CommandRung,
        command=_COMMAND,
        rung=st.sampled_from(["terminate", "kill", "dead", "frozen"]),
        after=st.floats(0, 100),
        text=hostile,
    ),
    st.builds(events.RunFinished, outcome=st.sampled_from(["completed", "failed", "killed"]), text=hostile),
)
"""Data of any agent event, legal or not where it stands."""

supervisor_data: st.SearchStrategy[Data] = st.one_of(
    st.builds(
        records.ActionAssessed,
        action=_ACTION,
        digest=st.just("0" * 64),
        severity=st.integers(0, 4),
        failure_bp=st.just(2000),
        gate=st.sampled_from(["auto", "notify", "ask", "hold", "deny"]),
    ),
    st.builds(records.ActionAsked, action=_ACTION, gate=st.just("ask"), decide_within=st.just(60.0)),
    st.builds(
        records.ActionDecided,
        action=_ACTION,
        outcome=st.sampled_from(["approved", "rejected", "expired", "edited"]),
        command=_COMMAND,
        by=hostile,
        digest=st.just("0" * 64),
    ),
    st.builds(
        records.CommandRequested,
        command=_COMMAND,
        kind=st.sampled_from(["pause", "resume", "hold", "kill"]),
        by=hostile,
    ),
    st.builds(records.CommandSent, command=_COMMAND),
    st.builds(records.CommandFailed, command=_COMMAND, reason=hostile),
    st.builds(
        alarm_records.AlarmRaised,
        alarm=_ALARM,
        kind=st.just("gap"),
        priority=st.integers(1, 3),
        text=hostile,
        latched=st.booleans(),
    ),
    st.builds(alarm_records.AlarmAcknowledged, alarm=_ALARM, by=hostile),
    st.builds(alarm_records.AlarmCleared, alarm=_ALARM, by=st.sampled_from(["", "op-1"])),
    st.builds(
        alarm_records.AlarmShelved, alarm=_ALARM, by=hostile, seconds=st.floats(1.0, 28_800.0), reason=hostile
    ),
    st.builds(alarm_records.AlarmSuppressed, alarm=_ALARM, why=hostile),
    st.builds(alarm_records.AlarmRemoved, alarm=_ALARM, by=hostile, reason=hostile),
    st.builds(alarm_records.AlarmRestored, alarm=_ALARM, by=hostile),
    st.builds(alarm_records.AlarmQuieted, alarm=_ALARM),
    st.builds(alarm_records.AlarmEscalated, alarm=_ALARM),
    st.builds(alarm_records.AlarmFlood, raised=st.integers(0, 99)),
    st.builds(records.ActionEscalated, action=_ACTION),
    st.builds(records.AgentBorn, incarnation=ids, connection=ids),
    st.builds(records.AgentLost, incarnation=ids, why=st.sampled_from(["will", "silence"])),
    st.builds(records.AgentStopped, incarnation=ids),
    st.builds(records.AgentPasses, tools=st.lists(hostile, max_size=3)),
    st.builds(records.RunContained, wrapper=hostile, incarnation=st.just("inc")),
    st.builds(records.GapFound, first=st.just(1), last=st.integers(1, 5)),
    st.builds(operator_records.OperatorJoined, operator=hostile, console=ids),
    st.builds(operator_records.OperatorSigned, operator=hostile, key=hostile),
    st.builds(
        PolicyAdopted,
        digest=st.sampled_from(["a" * 64, "b" * 64]),
        content=st.sampled_from(["c" * 64, "d" * 64]),
        part=st.integers(1, 3),
        of=st.integers(1, 3),
        rules=st.lists(st.builds(PolicyRule, id=ids, raises=st.just("ask"), why=hostile), max_size=2),
    ),
    st.builds(FloorHeld, by=hostile, reason=hostile),
    st.builds(FloorReleased, by=hostile),
    st.builds(records.SupervisorStarted, epoch=ids),
)
"""Data of any supervisor record, legal or not where it stands."""


def envelope(data: Data, seq: int, agent: str, run: str, incarnation: str = "inc") -> Envelope:
    """An agent's event, or the supervisor's record about a run if the type is one of the supervisor's."""
    own = data.TYPE in records.SUPERVISOR_TYPES
    return Envelope(
        id=f"{incarnation}.{seq}",
        source=codec.SUPERVISOR_SOURCE if own else codec.source(agent, run),
        subject=f"{agent}/{run}" if own else "",
        type=data.TYPE,
        incarnation=incarnation,
        seq=seq,
        data=Raw(msgspec.json.encode(data)),
    )


def numbered(parts: list[tuple[Data, str]]) -> list[Record]:
    """Records 1, 2, 3, ... of a log, about run `r1` or `r2` of agent `a`."""
    return [
        codec.record(pos, pos * 10, envelope(data, pos, "a", run)) for pos, (data, run) in enumerate(parts, 1)
    ]


logs: st.SearchStrategy[list[Record]] = st.lists(
    st.tuples(st.one_of(agent_data, supervisor_data), st.sampled_from(["r1", "r2"])), max_size=40
).map(numbered)
"""Logs as an untrusted agent and a confused supervisor might make them."""

Judged = Callable[[Data], bool]
