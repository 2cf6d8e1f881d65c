"""What happened on a floor in a span of time, counted from its records alone. Pure; times are the log's, in ms."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from bus.alarm_records import AlarmAcknowledged, AlarmCleared, AlarmEscalated, AlarmRaised, AlarmShelved
from bus.codec import Record
from bus.events import ActionProposed, CommandAcknowledged, CommandEffective, CommandRefused, EventsDropped
from bus.records import (
    ActionAsked,
    ActionAssessed,
    ActionDecided,
    ActionEscalated,
    AgentLost,
    CommandFailed,
    CommandRequested,
    CommandSent,
    GapFound,
    IntentRefused,
    OperatorJoined,
    OperatorLeft,
    OutcomeVerified,
    SupervisorStarted,
)
from console.core.alarm_state import Alarm
from console.core.deeds import NOBODY
from console.core.state import Command, Fleet

BEGUN_AT_ONCE: Final = 4_096
"""Tools of proposals that are remembered until they are asked or decided."""


@dataclass(slots=True)
class Ask:
    """One action that a person was asked for, or decided. `asked_at` None: nobody was asked as far as is known."""

    agent: str
    run: str
    action: str
    tool: str = ""
    gate: str = ""
    severity: int | None = None
    asked_at: int | None = None
    outcome: str = ""
    by: str = ""
    decided_at: int | None = None
    reason: str = ""

    @property
    def waited(self) -> int | None:
        """How long it waited, or None while it does or where that is not known."""
        return None if self.asked_at is None or self.decided_at is None else self.decided_at - self.asked_at


@dataclass(slots=True)
class Stop:
    """A pause, resume, hold or kill, and its facts with their times."""

    kind: str
    agent: str
    run: str
    by: str
    reason: str = ""
    requested_at: int | None = None
    sent_at: int | None = None
    acknowledged_at: int | None = None
    effective_at: int | None = None
    refused_at: int | None = None
    failed_at: int | None = None
    problem: str = ""


@dataclass(slots=True)
class Alarmed:
    """An alarm that was raised in the span, or stood when that began."""

    alarm: str
    kind: str
    priority: int
    text: str
    agent: str = ""
    run: str = ""
    raised_at: int | None = None
    times: int = 0
    acknowledged_at: int | None = None
    acknowledged_by: str = ""
    shelved_by: str = ""
    cleared_at: int | None = None
    cleared_by: str = ""
    reason: str = ""


@dataclass(slots=True)
class Event:
    """Something else that happened: what, when, to whom, in words."""

    at: int
    kind: Literal["gap", "dropped", "lost", "refused", "escalated", "supervisor", "verified"]
    agent: str = ""
    run: str = ""
    text: str = ""


@dataclass(slots=True)
class Person:
    """What an operator did, and when consoles of theirs were there."""

    name: str
    joined_at: int | None = None
    left_at: int | None = None
    decisions: Counter[str] = field(default_factory=Counter)
    commands: Counter[str] = field(default_factory=Counter)
    alarms: int = 0


class Shift:
    """Takes the records of a span in order. `fleet` is the floor as it stood right before them."""

    def __init__(self, fleet: Fleet) -> None:
        self.site = fleet.site
        self.asks: dict[str, Ask] = {}
        self.stops: dict[str, Stop] = {}
        self.alarms: list[Alarmed] = []
        self.events: list[Event] = []
        self.people: dict[str, Person] = {}
        self.alone: Counter[str] = Counter()
        """Decisions that no person was asked for, by outcome."""
        self.records = 0
        self.first_at: int | None = None
        self.last_at: int | None = None
        self._open: dict[str, Alarmed] = {}
        self._tools: dict[str, str] = {}
        self._severity: dict[str, int] = {}
        self._seed(fleet)

    def _seed(self, fleet: Fleet) -> None:
        for key in fleet.waiting:
            action = fleet.action(key)
            if action is not None:
                self.asks[key] = Ask(
                    action.agent,
                    action.run,
                    action.id,
                    action.tool,
                    action.gate or "",
                    action.severity,
                    action.asked_at,
                )
        for alarm in fleet.alarms.values():
            if alarm.state != "normal":
                self._stood(alarm)
        for command in fleet.commands.values():
            if command.kind != "decision" and command.state in ("requested", "sent", "acknowledged"):
                self._under_way(command)
        for operator in fleet.operators.values():
            self._person(operator)

    def _stood(self, alarm: Alarm) -> None:
        found = Alarmed(
            alarm.id, alarm.kind, alarm.priority, alarm.text, alarm.agent, alarm.run, alarm.raised_at,
            acknowledged_by=alarm.by if alarm.state == "acknowledged" else "",
        )  # fmt: skip
        self.alarms.append(found)
        self._open[alarm.id] = found

    def _under_way(self, command: Command) -> None:
        self.stops[command.id] = Stop(
            command.kind, command.agent, command.run, command.by, command.reason, command.requested_at,
            command.sent_at, command.acknowledged_at,
        )  # fmt: skip

    def _person(self, name: str) -> Person:
        return self.people.setdefault(name, Person(name))

    def take(self, record: Record) -> None:
        """Count one record."""
        self.records += 1
        self.first_at = record.at if self.first_at is None else self.first_at
        self.last_at = record.at
        data: Any = record.data
        match data:
            case ActionProposed():
                self._proposed(record, data)
            case ActionAssessed() | ActionAsked() | ActionDecided():
                self._action(record, data)
            case CommandRequested():
                if data.kind != "decision":
                    self.stops[data.command] = Stop(
                        data.kind, record.agent, record.run, data.by, data.reason, record.at
                    )
                    if data.by not in NOBODY:
                        self._person(data.by).commands[data.kind] += 1
            case (
                CommandSent()
                | CommandFailed()
                | CommandAcknowledged()
                | CommandEffective()
                | CommandRefused()
            ):
                self._fact(record, data)
            case AlarmRaised() | AlarmAcknowledged() | AlarmShelved() | AlarmCleared():
                self._alarm(record, data)
            case OperatorJoined():
                person = self._person(data.operator)
                person.joined_at = record.at if person.joined_at is None else person.joined_at
                person.left_at = None
            case OperatorLeft():
                self._person(data.operator).left_at = record.at
            case _:
                self._other(record, data)

    def _proposed(self, record: Record, data: ActionProposed) -> None:
        if len(self._tools) >= BEGUN_AT_ONCE:
            del self._tools[next(iter(self._tools))]
        self._tools[f"{record.agent}/{record.run}/{data.action}"] = data.tool

    def _action(self, record: Record, data: ActionAssessed | ActionAsked | ActionDecided) -> None:
        key = f"{record.agent}/{record.run}/{data.action}"
        match data:
            case ActionAssessed():
                if len(self._severity) >= BEGUN_AT_ONCE:
                    del self._severity[next(iter(self._severity))]
                self._severity[key] = data.severity
            case ActionAsked():
                tool, severity = self._tools.pop(key, ""), self._severity.pop(key, None)
                self.asks[key] = Ask(
                    record.agent, record.run, data.action, tool, data.gate, severity, record.at
                )
            case ActionDecided():
                self._decided(key, record, data)

    def _decided(self, key: str, record: Record, data: ActionDecided) -> None:
        person = data.by not in NOBODY
        ask = self.asks.get(key)
        if ask is None or ask.outcome:
            self._tools.pop(key, None)
            self._severity.pop(key, None)
            if not person:
                self.alone[data.outcome] += 1
                return
            ask = self.asks[key] = Ask(record.agent, record.run, data.action)
        ask.outcome, ask.by, ask.decided_at, ask.reason = data.outcome, data.by, record.at, data.reason
        if person:
            self._person(data.by).decisions[data.outcome] += 1

    def _fact(self, record: Record, data: Any) -> None:
        stop = self.stops.get(data.command)
        if stop is None:
            return
        match data:
            case CommandSent():
                stop.sent_at = stop.sent_at or record.at
            case CommandAcknowledged():
                stop.acknowledged_at = stop.acknowledged_at or record.at
            case CommandEffective():
                stop.effective_at = stop.effective_at or record.at
            case CommandRefused():
                stop.refused_at, stop.problem = record.at, data.reason
            case CommandFailed():
                stop.failed_at, stop.problem = record.at, data.reason

    def _alarm(self, record: Record, data: Any) -> None:
        found = self._open.get(data.alarm)
        if isinstance(data, AlarmRaised):
            if found is None:
                found = Alarmed(
                    data.alarm, data.kind, data.priority, data.text, record.agent, record.run, record.at
                )
                self._open[data.alarm] = found
                self.alarms.append(found)
            found.times += 1
            found.cleared_at, found.cleared_by = None, ""
            return
        if found is None:
            return
        match data:
            case AlarmAcknowledged():
                found.acknowledged_at, found.acknowledged_by = record.at, data.by
                self._person(data.by).alarms += 1
            case AlarmShelved():
                found.shelved_by = data.by
            case AlarmCleared():
                found.cleared_at, found.cleared_by, found.reason = record.at, data.by, data.reason
                if data.by or found.acknowledged_by:
                    del self._open[data.alarm]

    def _other(self, record: Record, data: Any) -> None:
        def note(kind: Any, text: str) -> None:
            self.events.append(Event(record.at, kind, record.agent, record.run, text))

        match data:
            case GapFound():
                note(
                    "gap",
                    f"events {data.first} to {data.last} are missing for ever. {data.reason}".rstrip(". "),
                )
            case EventsDropped():
                note("dropped", f"{data.count} pieces of telemetry dropped. {data.reason}".rstrip(". "))
            case AgentLost():
                note("lost", f"lost by {data.why}")
            case IntentRefused():
                note("refused", f"{data.verb} of {data.operator}: {data.outcome}, {data.reason}")
            case ActionEscalated():
                note("escalated", f"the ask {data.action}: half of its time is over")
            case AlarmEscalated():
                note("escalated", f"the alarm {data.alarm}: half of its time is over")
            case SupervisorStarted():
                note("supervisor", "a supervisor took over")
            case OutcomeVerified():
                what = f"action {data.action}" if data.action else "the run"
                note(
                    "verified",
                    f"{what} {'went well' if data.ok else 'failed'}, by {data.by}. {data.reason}".rstrip(
                        ". "
                    ),
                )


def median(values: list[int]) -> int | None:
    """The middle of some numbers, the lower one of two; None of nothing."""
    return sorted(values)[(len(values) - 1) // 2] if values else None


def most_within(times: list[int], span: int) -> int:
    """The most of some moments that lie within one span of time; moments and span in the same unit."""
    times = sorted(times)
    most = start = 0
    for end, time in enumerate(times):
        while time - times[start] >= span:
            start += 1
        most = max(most, end - start + 1)
    return most
