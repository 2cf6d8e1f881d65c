"""What happened on a floor in a span of time, counted from its records alone. Pure; times are the log's, in ms."""

from __future__ import annotations

from collections import Counter
from typing import Any, Final

from bus.alarm_records import AlarmAcknowledged, AlarmCleared, AlarmRaised, AlarmShelved
from bus.codec import Record
from bus.events import ActionProposed, CommandAcknowledged, CommandEffective, CommandRefused
from bus.floor_records import FloorHeld, FloorReleased
from bus.operator_records import OperatorJoined, OperatorLeft
from bus.records import (
    ActionAsked,
    ActionAssessed,
    ActionDecided,
    CommandFailed,
    CommandRequested,
    CommandSent,
)
from console.cli.oncall.closed import how_closed
from console.cli.oncall.happened import happened
from console.cli.oncall.parts import Alarmed, Ask, Event, FloorDeed, Person, Stop
from console.core.deeds import NOBODY
from console.core.fleet.alarm_state import Alarm
from console.core.fleet.floor_hold import FloorHold
from console.core.fleet.state import Command, Fleet
from console.core.reducing.reduce import reduce

BEGUN_AT_ONCE: Final = 4_096
"""Tools of proposals that are remembered until they are asked or decided."""


class Shift:
    """Takes the records of a span in order. `fleet` is the floor as it stood right before them, and follows them."""

    def __init__(self, fleet: Fleet) -> None:
        self.site = fleet.site
        self._fleet = fleet
        self.asks: dict[str, Ask] = {}
        self.stops: dict[str, Stop] = {}
        self.floor: list[FloorDeed] = []
        self.alarms: list[Alarmed] = []
        self.events: list[Event] = []
        self.people: dict[str, Person] = {}
        self.alone: Counter[str] = Counter()
        """Decisions that no person was asked for, by outcome."""
        self.records = 0
        self.lost: list[str] = []
        """What is known to be gone of the recording that this is made of, in words."""
        self._from_the_start = fleet.pos == 0
        self.first_at: int | None = None
        self.last_at: int | None = None
        self._open: dict[str, Alarmed] = {}
        self._waits: set[str] = set()
        self._ended_alone: set[str] = set()
        """Asks that ended without a decision: what the supervisor says of them afterwards is none."""
        self._tools: dict[str, str] = {}
        self._severity: dict[str, int] = {}
        self._seed(fleet)

    @property
    def held(self) -> FloorHold | None:
        """The hold of the whole floor at the end of the span, whenever it began."""
        return self._fleet.held

    def _seed(self, fleet: Fleet) -> None:
        for key in fleet.waiting:
            action = fleet.action(key)
            if action is not None:
                self._waits.add(key)
                self.asks[key] = Ask(
                    action.agent, action.run, action.id, action.tool, action.gate or "", action.severity,
                    action.asked_at,
                )  # fmt: skip
        for alarm in fleet.alarms.values():
            if alarm.state != "normal":
                self._stood(alarm)
        for command in fleet.commands.values():
            if command.kind != "decision" and command.state in ("requested", "sent", "acknowledged"):
                self._under_way(command)
        for operator in fleet.operators.values():
            self._person(operator).before = True

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

    def _met(self, name: str, at: int) -> Person:
        """Somebody who is there now: whoever acts was there, joined or not."""
        person = self._person(name)
        if person.joined_at is None and not person.before:
            person.joined_at = at
        if person.left_at is not None:  # no console of theirs is there; the command line is
            person.left_at = max(person.left_at, at)
        return person

    def recorded(self, since: int, upto: int) -> int:
        """How much of a span (ms) there is a record of: the floor may have begun within it."""
        began = max(since, self.first_at or upto) if self._from_the_start else since
        return max(0, upto - began)

    def take(self, record: Record) -> None:
        """Count one record.

        Raises:
            HoleInLogError: it is not the next one.
            IllegalTransitionError: a record of the supervisor contradicts the tables.
        """
        reduce(self._fleet, record)
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
                        self._met(data.by, record.at).commands[data.kind] += 1
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
            case OperatorJoined() | OperatorLeft() | FloorHeld() | FloorReleased():
                self._of_site(record.at, data)
            case _:
                if (event := happened(record)) is not None:
                    self.events.append(event)
        self._close(record)

    def _close(self, record: Record) -> None:
        """End the asks of a run at which nobody waits any more, by what the reducer made of its record."""
        if not record.from_agent:
            return
        for key in [key for key in self._waits if key.startswith(f"{record.agent}/{record.run}/")]:
            how = how_closed(self._fleet, key)
            if how is not None:
                ask = self.asks[key]
                ask.outcome, ask.by, ask.reason, ask.decided_at = *how, record.at
                self._waits.discard(key)
                self._ended_alone.add(key)

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
                self._waits.add(key)
                self.asks[key] = Ask(
                    record.agent, record.run, data.action, tool, data.gate, severity, record.at
                )
            case ActionDecided():
                self._decided(key, record, data)

    def _decided(self, key: str, record: Record, data: ActionDecided) -> None:
        person = data.by not in NOBODY
        self._waits.discard(key)
        if not person and key in self._ended_alone:
            self._ended_alone.discard(key)
            return
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
            self._met(data.by, record.at).decisions[data.outcome] += 1

    def _of_site(self, at: int, data: OperatorJoined | OperatorLeft | FloorHeld | FloorReleased) -> None:
        match data:
            case OperatorJoined():
                self._met(data.operator, at).left_at = None
            case OperatorLeft():
                self._person(data.operator).left_at = at
            case FloorHeld():
                self._whole_floor(FloorDeed("hold all", at, data.by, data.reason))
            case FloorReleased():
                self._whole_floor(FloorDeed("resume all", at, data.by))

    def _whole_floor(self, deed: FloorDeed) -> None:
        self.floor.append(deed)
        if deed.by not in NOBODY:
            self._met(deed.by, deed.at).commands[deed.kind] += 1

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
                self._met(data.by, record.at).alarms += 1
            case AlarmShelved():
                found.shelved_by = data.by
            case AlarmCleared():
                found.cleared_at, found.cleared_by, found.reason = record.at, data.by, data.reason
                if data.by or found.acknowledged_by:
                    del self._open[data.alarm]


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
