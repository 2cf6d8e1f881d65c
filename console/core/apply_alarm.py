"""What the supervisor's records about alarms do. One function a type, in one table, part of `APPLY_SUPERVISOR`."""

from __future__ import annotations

from typing import Final

from bus.codec import Record
from bus.records import AlarmAcknowledged, AlarmCleared, AlarmRaised, AlarmShelved
from console.core.lifecycle import ALARM, advance
from console.core.state import ALARM_TEXT, Alarm, Fleet
from console.core.text import plain
from console.core.turns import ApplySupervisor, Touched


def _raised(fleet: Fleet, record: Record, data: AlarmRaised) -> Touched:
    alarm = fleet.alarms.get(data.alarm)
    if alarm is None:
        alarm = Alarm(
            id=data.alarm,
            kind=data.kind,
            priority=data.priority,
            text="",
            state="normal",
            raised_at=record.at,
            count=0,
        )
        fleet.alarms[alarm.id] = alarm
    alarm.state = advance(ALARM, alarm.state, "raise")
    alarm.text = plain(data.text, ALARM_TEXT)
    alarm.priority = min(alarm.priority, data.priority)
    alarm.latched = alarm.latched or data.latched
    alarm.agent, alarm.run = record.agent, record.run
    alarm.count = max(alarm.count + 1, data.count)
    alarm.changed_at = record.at
    return (("alarm", alarm.id),)


def _alarm_acknowledged(fleet: Fleet, record: Record, data: AlarmAcknowledged) -> Touched:
    alarm = fleet.alarms.get(data.alarm)
    if alarm is None:
        return ()
    alarm.state = advance(ALARM, alarm.state, "acknowledge")
    alarm.by = plain(data.by, 64)
    alarm.changed_at = record.at
    _drop_normal(fleet, alarm)
    return (("alarm", alarm.id),)


def _shelved(fleet: Fleet, record: Record, data: AlarmShelved) -> Touched:
    alarm = fleet.alarms.get(data.alarm)
    if alarm is None:
        return ()
    alarm.shelved_until = record.at + int(data.seconds * 1000)
    alarm.by = plain(data.by, 64)
    return (("alarm", alarm.id),)


def _cleared(fleet: Fleet, record: Record, data: AlarmCleared) -> Touched:
    alarm = fleet.alarms.get(data.alarm)
    if alarm is None:
        return ()
    if data.by:
        alarm.state = advance(ALARM, alarm.state, "reset")
    elif not alarm.latched:
        alarm.state = advance(ALARM, alarm.state, "clear")
    alarm.changed_at = record.at
    _drop_normal(fleet, alarm)
    return (("alarm", alarm.id),)


def _drop_normal(fleet: Fleet, alarm: Alarm) -> None:
    if alarm.state == "normal":
        del fleet.alarms[alarm.id]


APPLY_ALARM: Final[dict[type, ApplySupervisor]] = {
    AlarmRaised: _raised,
    AlarmAcknowledged: _alarm_acknowledged,
    AlarmShelved: _shelved,
    AlarmCleared: _cleared,
}
