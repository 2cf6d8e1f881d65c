"""What row 2 counts: rows that want attention, the ask that is due first, the alarms that stand. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import TYPE_CHECKING, NamedTuple

from console.core.fleet.alarm_standing import began, hidden
from console.core.fleet.due import due_at
from console.tui.floor.attention import ORDER, Level, Plight, level_of_alarm, stands, wants_answer
from console.tui.floor.broken_files import FILES, named

if TYPE_CHECKING:
    from console.core.fleet.alarm_state import Alarm
    from console.core.fleet.state import Action


class Counts(NamedTuple):
    """Row 2 in numbers. `returned` are alarms whose cause went before anybody acknowledged them.

    `hidden` are those that an operator or a rule keeps from people, for a time or until somebody puts them back.
    `flood` is how many alarms came in ten minutes, while that is too many.
    """

    stop: int = 0
    act: int = 0
    watch: int = 0
    first_due: int | None = None
    first_agent: str = ""
    alarms: int = 0
    alarm_level: Level = "watch"
    alarm_since: int = 0
    alarm_text: str = ""
    hidden: int = 0
    returned: int = 0
    flood: int = 0


def count(
    waiting: Iterable[tuple[Action, Level]], ill: Iterable[Plight], alarms: Collection[Alarm], now: int
) -> Counts:
    """Count what there is at `now` (ms): asks with their levels, runs that are not well, alarms."""
    by_level: dict[Level, int] = {"stop": 0, "act": 0, "watch": 0}
    first: Action | None = None
    for action, level in waiting:
        by_level[level] += 1
        if first is None or due_at(action) < due_at(first):
            first = action
    shared: set[str] = set()  # an alarm of a whole agent counts once
    for found in ill:
        if found.shared not in shared:
            by_level[found.level] += 1
        if found.shared:
            shared.add(found.shared)
    standing = [alarm for alarm in alarms if stands(alarm, now)]
    open_ = [alarm for alarm in standing if wants_answer(alarm, now)]
    worst = min(open_, key=lambda alarm: (alarm.priority, began(alarm), alarm.id), default=None)
    return Counts(
        **by_level,
        first_due=due_at(first) if first else None,
        first_agent=first.agent if first else "",
        alarms=len(standing),
        alarm_level=min(map(level_of_alarm, standing), key=ORDER.__getitem__, default="watch"),
        alarm_since=min((began(alarm) for alarm in standing), default=0),
        alarm_text=_said_of(worst) if worst else "",
        hidden=sum(hidden(alarm, now) for alarm in alarms),
        returned=sum(wants_answer(alarm, now) and not stands(alarm, now) for alarm in alarms),
    )


def _said_of(alarm: Alarm) -> str:
    """What row 2 says of an alarm: why a file is not in force stands above the keys, and where it lies on Policy."""
    return named(alarm) if alarm.kind in FILES else alarm.text or alarm.kind
