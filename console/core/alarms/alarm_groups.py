"""First-out: of the alarms that one cause brings about the first stands, the others are folded under it. Pure.

Causes are looked for from near to far: the run, its agent that was lost, then what takes many agents at once: the link that
events come in by, or the start of a supervisor, which finds everything that went wrong meanwhile. An alarm of priority 1
follows from nothing: it always stands by itself.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from console.core.fleet.alarm_state import Alarm
from console.core.fleet.state import Fleet

GROUP_WITHIN: Final = 60_000
"""Time (ms) after the first in which others are taken for its consequences."""

START_WITHIN: Final = 30_000
"""Time (ms) in which a new supervisor finds what went wrong before: longer than an agent may be silent."""

CONSEQUENCES: Final = frozenset(
    {"agent-lost", "stalled", "gap", "events-dropped", "command-failed", "effect-unknown", "run-refused"}
)
"""Kinds that the loss of a link or the start of a supervisor brings about."""


def first_of(fleet: Fleet, alarm: Alarm, at: int) -> str:
    """The id of the alarm that this new one follows from, or nothing."""
    if alarm.priority == 1:
        return ""
    for covers in (_run, _agent, _link, _start):
        found = [
            other
            for other in fleet.alarms.values()
            if other.id != alarm.id
            and not other.first
            and other.state != "normal"
            and other.shown == "shown"
            and other.priority <= alarm.priority
            and 0
            <= at - max(other.since, other.changed_at if other.kind == "bulk-link" else 0)
            <= GROUP_WITHIN
            and covers(fleet, other, alarm)
        ]
        if found:
            return min(found, key=lambda other: (other.since, other.pos)).id
    return ""


def _run(fleet: Fleet, other: Alarm, alarm: Alarm) -> bool:  # noqa: ARG001  (one form for all causes)
    return bool(alarm.run) and (other.agent, other.run) == (alarm.agent, alarm.run)


def _agent(fleet: Fleet, other: Alarm, alarm: Alarm) -> bool:  # noqa: ARG001  (one form for all causes)
    return other.kind == "agent-lost" and bool(alarm.agent) and other.agent == alarm.agent


def _link(fleet: Fleet, other: Alarm, alarm: Alarm) -> bool:  # noqa: ARG001  (one form for all causes)
    return other.kind == "bulk-link" and alarm.kind in CONSEQUENCES


def _start(fleet: Fleet, other: Alarm, alarm: Alarm) -> bool:
    started = fleet.load.started_at
    return (
        {other.kind, alarm.kind} <= CONSEQUENCES
        and started <= other.since <= started + START_WITHIN
        and alarm.since <= started + START_WITHIN
    )


def folded(alarms: Iterable[Alarm]) -> dict[str, list[Alarm]]:
    """The given alarms in groups, by the id of the one that stands for each, which is the first of its list.

    Where the first of all is gone, or hidden, the eldest of those that followed it stands for them.
    """
    listed = list(alarms)
    there = {alarm.id for alarm in listed if not alarm.first}
    groups: dict[str, list[Alarm]] = {}
    for alarm in sorted(listed, key=lambda one: (bool(one.first), one.since, one.pos, one.id)):
        groups.setdefault(alarm.first or alarm.id, []).append(alarm)
    return {group[0].id if name not in there else name: group for name, group in groups.items()}
