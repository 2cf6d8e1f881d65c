"""What an alarm asks of people at a moment. Pure, and light: the console paints with it before any record is read."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from console.core.fleet.alarm_state import Alarm


def hidden(alarm: Alarm, now: int) -> bool:
    """Whether something keeps it from the active list at `now` (ms). A shelf ends by the clock, whoever watches it."""
    if alarm.shown == "shelved":
        return (alarm.shelved_until or 0) > now
    return alarm.shown != "shown"


def began(alarm: Alarm) -> int:
    """Since when an alarm wants an answer (ms); of one out of an older recording it is when it was first raised."""
    return alarm.since or alarm.raised_at


def stands(alarm: Alarm, now: int) -> bool:
    """Whether an alarm is so and wants an answer: not yet acknowledged, or latched, and not hidden.

    One that returned to normal by itself does not stand; it stays listed until somebody has seen it.
    """
    if hidden(alarm, now):
        return False
    return alarm.state == "unacknowledged" or (alarm.latched and alarm.state != "normal")
