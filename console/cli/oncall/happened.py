"""What else happened on a floor, in words: lines of the shift report that are of no decision, stop or alarm."""

from __future__ import annotations

from typing import Any

from bus.alarm_records import AlarmEscalated
from bus.codec import Record
from bus.events import EventsDropped
from bus.records import (
    ActionEscalated,
    AgentLost,
    GapFound,
    IntentRefused,
    OutcomeVerified,
    SupervisorStarted,
)
from console.cli.oncall.parts import Event


def happened(record: Record) -> Event | None:
    """Say what a record tells, or None if it is not worth a line."""

    def event(kind: Any, text: str, reason: str = "") -> Event:
        return Event(record.at, kind, record.agent, record.run, f"{text}. {reason}".rstrip(". "))

    data: Any = record.data
    match data:
        case GapFound():
            return event("gap", f"events {data.first} to {data.last} are missing for ever", data.reason)
        case EventsDropped():
            return event("dropped", f"{data.count} pieces of telemetry dropped", data.reason)
        case AgentLost():
            return event("lost", f"lost by {data.why}")
        case IntentRefused():
            return event("refused", f"{data.verb} of {data.operator}: {data.outcome}, {data.reason}")
        case ActionEscalated():
            why = f"{data.by} wants others to look" if data.by else "half of its time is over"
            return event("escalated", f"the ask {data.action}: {why}", data.reason)
        case AlarmEscalated():
            return event("escalated", f"the alarm {data.alarm}: half of its time is over")
        case SupervisorStarted():
            return event("supervisor", "a supervisor took over")
        case OutcomeVerified():
            what = f"action {data.action}" if data.action else "the run"
            return event(
                "verified", f"{what} {'went well' if data.ok else 'failed'}, by {data.by}", data.reason
            )
        case _:
            return None
