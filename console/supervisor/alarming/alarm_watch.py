"""What time does to alarms and asks: escalation, the end of chattering, floods, and approving faster than reading.

Everything found is a record, measured by the log's clock, so that every console and every replay shows the same.
"""

from __future__ import annotations

from typing import Final

from bus.alarm_records import AlarmEscalated, AlarmFlood, AlarmQuieted
from bus.records import ActionEscalated
from console.core.alarms import alarm_load
from console.core.alarms.alarm_kinds import RESPONSE
from console.core.fleet import alarm_standing
from console.supervisor.alarming.alarms import Alarms, alarm_id, is_so
from console.supervisor.alarming.clock_watch import ClockWatch
from console.supervisor.log import Log

STAMPING: Final = "rubber-stamping"

LOOK: Final = 1.0
"""Seconds between looks."""


class AlarmWatch:
    """Looks at the clock, alarms, asks and operators once a second."""

    def __init__(self, log: Log, alarms: Alarms) -> None:
        self._log = log
        self._fleet = log.fleet
        self._alarms = alarms
        self._clock = ClockWatch(log, alarms)
        self._next = 0.0

    def tick(self, now: float) -> None:
        """Let time pass."""
        if now < self._next:
            return
        self._next = now + LOOK
        at = self._log.now()
        self._clock.look()
        self._alarms_at(at)
        self._asks_at(at)
        self._flood_at(at)
        self._operators_at(at)

    def _alarms_at(self, at: int) -> None:
        for alarm in list(self._fleet.alarms.values()):
            if alarm.chattering and at - alarm.changed_at >= alarm_load.CHATTER_WITHIN:
                self._log.write(AlarmQuieted(alarm=alarm.id), alarm.agent, alarm.run)
            elif (
                alarm.priority == 1
                and alarm.state == "unacknowledged"
                and alarm.escalated_at is None
                and at - alarm_standing.began(alarm) >= RESPONSE[1] // 2
            ):
                self._log.write(AlarmEscalated(alarm=alarm.id), alarm.agent, alarm.run)

    def _asks_at(self, at: int) -> None:
        for key in list(self._fleet.waiting):
            action = self._fleet.action(key)
            if action is None or action.escalated_at is not None or action.asked_at is None:
                continue
            if at - action.asked_at >= action.decide_within * 500:  # half of it, in ms
                self._log.write(ActionEscalated(action=action.id), action.agent, action.run)

    def _flood_at(self, at: int) -> None:
        load = self._fleet.load
        if not load.raised and not load.flood:
            return
        operators = alarm_load.operators_of(self._fleet)
        flooded = alarm_load.flooded(load, at, operators)
        if flooded != bool(load.flood):
            raised = alarm_load.new_within(load, at) if flooded else 0
            self._log.write(AlarmFlood(raised=raised, operators=operators))

    def _operators_at(self, at: int) -> None:
        """Say of each operator who approves unread that it is so, and that it is over."""
        kept = self._fleet.load.decisions
        named = [
            alarm.id.removeprefix(f"{STAMPING}/")
            for alarm in self._fleet.alarms.values()
            if alarm.kind == STAMPING and is_so(alarm)
        ]
        for name in dict.fromkeys([*kept, *named]):  # of whom nothing is kept any more, nothing is so
            alarm = self._fleet.alarms.get(alarm_id(STAMPING, about=name))
            said = alarm_load.approving(self._fleet.load, name, at).warnings
            if said and (alarm is None or not is_so(alarm)):
                self._alarms.raise_(STAMPING, f"{name}: {'; '.join(said)}", about=name)
            elif not said and alarm is not None and is_so(alarm):
                self._alarms.clear(STAMPING, about=name)
