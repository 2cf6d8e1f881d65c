"""What an operator types to say where a replay should go: a time, a distance in time, or a share. Pure."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Final

from console.core.replay.timeline import Timeline

FORMS: Final = "HH:MM:SS, +30, -2m or 50%"
"""What is understood, in a few words."""

_SHARE: Final = re.compile(r"(\d{1,3}(?:\.\d+)?)\s*%")
_DISTANCE: Final = re.compile(r"([+-])\s*(\d{1,9}(?:\.\d+)?)\s*([smhd]?)")
_CLOCK: Final = re.compile(r"(\d{1,2}):(\d{2})(?::(\d{2})(?:\.(\d{1,3}))?)?")
_SECONDS: Final = {"": 1.0, "s": 1.0, "m": 60.0, "h": 3_600.0, "d": 86_400.0}


class BadPlaceError(ValueError):
    """What was typed names no place in the recording. The text is one line for whoever typed it."""


def moment_of(text: str, timeline: Timeline, zone: tzinfo | None) -> float:
    """The recorded time that `text` names; wall times are of `zone`, on the day of the moment or the nearest one recorded.

    Raises:
        BadPlaceError: not understood, or outside the recording.
    """
    text = text.strip()
    if match := _SHARE.fullmatch(text):
        share = float(match[1]) / 100
        if share > 1:
            raise BadPlaceError(f"{text} is more than all of it")
        return timeline.first_at + share * (timeline.last_at - timeline.first_at)
    if match := _DISTANCE.fullmatch(text):
        seconds = float(match[2]) * _SECONDS[match[3]]
        return timeline.moment + (seconds if match[1] == "+" else -seconds) * 1000
    if match := _CLOCK.fullmatch(text):
        hour, minute, second = (int(part or 0) for part in match.group(1, 2, 3))
        if hour > 23 or minute > 59 or second > 59:
            raise BadPlaceError(f"{text} is no time of day")
        fine = (match[3] is not None, match[4] is not None)
        within = 1 if all(fine) else 1_000 if any(fine) else 60_000
        milliseconds = int((match[4] or "0").ljust(3, "0"))
        clock = timedelta(hours=hour, minutes=minute, seconds=second, milliseconds=milliseconds)
        return _on_a_day(text, clock, within, timeline, zone)
    try:
        when = datetime.fromisoformat(text)
    except ValueError:
        raise BadPlaceError(f"{text!r} is no place in time: {FORMS}") from None
    when = when if when.tzinfo else _local(when, zone)
    return _inside(text, when.timestamp() * 1000, 1_000, timeline)


def _on_a_day(text: str, clock: timedelta, within: int, timeline: Timeline, zone: tzinfo | None) -> float:
    """The time of day `clock` on the day of the moment, the days around it, or the first and the last one recorded."""
    seen = [timeline.moment, timeline.first_at, timeline.last_at]
    days = [datetime.fromtimestamp(ms / 1000, UTC).astimezone(zone).replace(tzinfo=None) for ms in seen]
    midnights = [day.replace(hour=0, minute=0, second=0, microsecond=0) for day in days]
    tried = [midnight + timedelta(days=by) for by in (0, 1, -1) for midnight in midnights]
    for midnight in tried:
        moment = _local(midnight + clock, zone).timestamp() * 1000
        if timeline.first_at - within < moment <= timeline.last_at:
            return moment
    return _inside(text, _local(midnights[0] + clock, zone).timestamp() * 1000, within, timeline)


def _local(when: datetime, zone: tzinfo | None) -> datetime:
    return when.replace(tzinfo=zone) if zone else when.astimezone()


def _inside(text: str, moment: float, within: int, timeline: Timeline) -> float:
    if not timeline.first_at - within < moment <= timeline.last_at + within:
        side = "before it begins" if moment < timeline.first_at else "after it ends"
        raise BadPlaceError(f"{text} is {side}")
    return moment
