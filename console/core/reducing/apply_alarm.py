"""What the supervisor's records about alarms do. One function a type, in one table, part of `APPLY_SUPERVISOR`.

An alarm has two lives side by side: whether it is so and was seen (`ALARM`), and what hides it (`SHOWN`). What an operator
should never lose sight of cannot be hidden: where a hidden alarm becomes priority 1 or latched, it is shown again.
"""

from __future__ import annotations

from typing import Final

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
from bus.codec import Record
from bus.limits import SHELVE_MOST
from console.core.alarms.alarm_groups import first_of
from console.core.alarms.alarm_kinds import NEVER_HIDDEN, REST
from console.core.alarms.alarm_load import count_answer, count_new, cycle
from console.core.fleet.alarm_state import Alarm
from console.core.fleet.kept import ALARM_TEXT
from console.core.fleet.lifecycle import ALARM, SHOWN, advance
from console.core.fleet.state import Fleet
from console.core.fleet.turns import ApplySupervisor, Touched
from console.core.reducing.subjects import to_alarm
from console.core.text import plain

REASON_TEXT: Final = 200
"""Letters kept of why an alarm is hidden."""


def unhideable(alarm: Alarm) -> str:
    """Why an alarm may not be hidden from people, or nothing if it may."""
    if alarm.priority == 1:
        return "an alarm of priority 1 stays in sight until its cause is gone"
    if alarm.latched:
        return "a latched alarm stays in sight until it is reset"
    if alarm.kind in NEVER_HIDDEN:
        return f"{alarm.kind} is about what everybody sees, and stays in sight until its cause is gone"
    return "it stands for all further ones of its kind" if alarm.id == f"{alarm.kind}/{REST}" else ""


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
    anew = alarm.state in ("normal", "returned") or alarm.gone
    if alarm.state == "normal":
        alarm.raised_at = record.at
    alarm.state = advance(ALARM, alarm.state, "raise")
    alarm.text = plain(data.text, ALARM_TEXT)
    alarm.priority = min(alarm.priority, data.priority)
    alarm.latched = alarm.latched or data.latched
    alarm.agent, alarm.run = record.agent, record.run
    alarm.count = max(alarm.count + 1, data.count)
    alarm.changed_at, alarm.pos, alarm.gone = record.at, record.pos, False
    if alarm.shown != "shown" and unhideable(alarm):
        _show(alarm)
    if anew:
        _begin(fleet, alarm, record.at)
    return (("alarm", alarm.id),)


def _begin(fleet: Fleet, alarm: Alarm, at: int) -> None:
    """It began anew: it wants an answer from now on, and may follow from another."""
    chatters = cycle(fleet.load, alarm.id, at)
    if alarm.chattering:  # shown as one until it is quiet
        return
    alarm.chattering = chatters
    alarm.since, alarm.escalated_at = at, None
    alarm.first = first_of(fleet, alarm, at)
    if alarm.shown == "shown":
        count_new(fleet.load, at)


def _alarm_acknowledged(fleet: Fleet, alarm: Alarm, record: Record, data: AlarmAcknowledged) -> None:
    before = alarm.state
    alarm.state = advance(ALARM, alarm.state, "acknowledge")
    if before != alarm.state:
        count_answer(fleet.load, alarm, record.at)
    alarm.by = plain(data.by, 64)
    alarm.changed_at = record.at
    _drop_normal(fleet, alarm)


def _shelved(fleet: Fleet, alarm: Alarm, record: Record, data: AlarmShelved) -> None:
    alarm.shown = advance(SHOWN, alarm.shown, "shelve")
    alarm.shelved_until = record.at + int(min(data.seconds, SHELVE_MOST) * 1000)
    _hide(alarm, record, data.by, data.reason)


def _suppressed(fleet: Fleet, alarm: Alarm, record: Record, data: AlarmSuppressed) -> None:
    before, alarm.shown = alarm.shown, advance(SHOWN, alarm.shown, "suppress")
    alarm.shelved_until = None
    _hide(alarm, record, "policy", data.why)
    if before != "suppressed":
        fleet.load.suppressed += 1
    if before == "shown" and alarm.since in fleet.load.raised:  # nobody was asked to look
        fleet.load.raised.remove(alarm.since)


def _removed(fleet: Fleet, alarm: Alarm, record: Record, data: AlarmRemoved) -> None:
    alarm.shown = advance(SHOWN, alarm.shown, "remove")
    alarm.shelved_until = None
    _hide(alarm, record, data.by, data.reason)


def _restored(fleet: Fleet, alarm: Alarm, record: Record, data: AlarmRestored) -> None:
    advance(SHOWN, alarm.shown, "restore")
    _show(alarm)
    alarm.changed_at = record.at
    if alarm.state == "unacknowledged":  # it is before people now: its window begins here
        alarm.since, alarm.escalated_at = record.at, None
        count_new(fleet.load, record.at)
    _drop_normal(fleet, alarm)


def _hide(alarm: Alarm, record: Record, by: str, why: str) -> None:
    alarm.hidden_by, alarm.hidden_why = plain(by, 64), plain(why, REASON_TEXT)
    alarm.hidden_at = record.at


def _show(alarm: Alarm) -> None:
    alarm.shown, alarm.shelved_until = "shown", None
    alarm.hidden_by, alarm.hidden_why, alarm.hidden_at = "", "", 0


def _cleared(fleet: Fleet, alarm: Alarm, record: Record, data: AlarmCleared) -> None:
    if data.by:
        alarm.state = advance(ALARM, alarm.state, "reset")
        alarm.chattering = alarm.gone = False
    elif alarm.chattering:
        alarm.gone = True
    elif not alarm.latched:
        _went(alarm)
    alarm.changed_at = record.at
    _drop_normal(fleet, alarm)


def _went(alarm: Alarm) -> None:
    """Its cause is gone. What a rule or an operator took from people altogether need not be seen by anybody."""
    unseen = alarm.shown in ("suppressed", "out-of-service")
    if alarm.state != "normal":
        alarm.state = advance(ALARM, alarm.state, "reset" if unseen else "clear")


def _quieted(fleet: Fleet, alarm: Alarm, record: Record, data: AlarmQuieted) -> None:
    gone, alarm.chattering, alarm.gone = alarm.gone, False, False
    fleet.load.cycles.pop(alarm.id, None)
    if gone and not alarm.latched:
        alarm.changed_at = record.at
        _went(alarm)
        _drop_normal(fleet, alarm)


def _escalated(fleet: Fleet, alarm: Alarm, record: Record, data: AlarmEscalated) -> None:
    alarm.escalated_at = record.at


def _flood(fleet: Fleet, record: Record, data: AlarmFlood) -> Touched:
    fleet.load.flood = data.raised
    return (("site", ""),)


def _drop_normal(fleet: Fleet, alarm: Alarm) -> None:
    """Forget an alarm that is over, unless an operator hid it: then it must come up hidden the next time, too."""
    if alarm.state == "normal" and alarm.shown in ("shown", "suppressed"):
        del fleet.alarms[alarm.id]


APPLY_ALARM: Final[dict[type, ApplySupervisor]] = {
    AlarmRaised: _raised,
    AlarmAcknowledged: to_alarm(_alarm_acknowledged),
    AlarmShelved: to_alarm(_shelved),
    AlarmSuppressed: to_alarm(_suppressed),
    AlarmRemoved: to_alarm(_removed),
    AlarmRestored: to_alarm(_restored),
    AlarmQuieted: to_alarm(_quieted),
    AlarmEscalated: to_alarm(_escalated),
    AlarmFlood: _flood,
    AlarmCleared: to_alarm(_cleared),
}
