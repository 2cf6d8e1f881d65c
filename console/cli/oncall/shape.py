"""The shift report as JSON: every field always there. Pure."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any, Final

from console.cli.oncall.shift import Shift, median, most_within

TEN_MINUTES: Final = 600_000
HOUR: Final = 3_600_000


def report_shape(shift: Shift, since: int, upto: int) -> dict[str, Any]:
    """A shift with what is summed up of it; `since` and `upto` in ms are the span that was asked for."""
    held = shift.held
    return {
        "site": shift.site,
        "since": since,
        "upto": upto,
        "records": shift.records,
        "lost": shift.lost,
        "summary": summary(shift, since, upto),
        "asks": [{**asdict(ask), "waited": ask.waited} for ask in shift.asks.values()],
        "commands": [asdict(stop) for stop in shift.stops.values()],
        "held": None if held is None else {"since": held.at, "by": held.by, "reason": held.reason},
        "floor": [asdict(deed) for deed in shift.floor],
        "alarms": [asdict(alarm) for alarm in shift.alarms],
        "people": [
            {**asdict(person), "decisions": dict(person.decisions), "commands": dict(person.commands)}
            for person in shift.people.values()
        ],
        "events": [asdict(event) for event in shift.events],
    }


def summary(shift: Shift, since: int, upto: int) -> dict[str, Any]:
    """The numbers that a shift is handed over with. Rates are per hour of what is `recorded` of the span, in ms."""
    asks = list(shift.asks.values())
    waited = [ask.waited for ask in asks if ask.waited is not None]
    outcomes: dict[str, int] = {}
    for ask in asks:
        outcomes[ask.outcome or "open"] = outcomes.get(ask.outcome or "open", 0) + 1
    raised = [alarm.raised_at for alarm in shift.alarms if alarm.times and alarm.raised_at is not None]
    began = [ask.asked_at for ask in asks if ask.asked_at is not None and ask.asked_at >= since]
    recorded = shift.recorded(since, upto)
    hours = max(recorded, 1) / HOUR
    return {
        "recorded": recorded,
        "asks": len(asks),
        "outcomes": outcomes,
        "waited_median": median(waited),
        "waited_longest": max(waited, default=None),
        "decided_alone": dict(shift.alone),
        "asks_per_hour": round(len(began) / hours, 2),
        "asks_most_in_10_minutes": most_within(began, TEN_MINUTES),
        "alarms": len(shift.alarms),
        "alarms_by_priority": {
            str(level): sum(alarm.priority == level for alarm in shift.alarms) for level in (1, 2, 3)
        },
        "alarms_unacknowledged": sum(
            not alarm.acknowledged_by and alarm.cleared_at is None for alarm in shift.alarms
        ),
        "alarms_per_hour": round(len(raised) / hours, 2),
        "alarms_most_in_10_minutes": most_within(raised, TEN_MINUTES),
        "commands": len(shift.stops),
        "commands_not_effective": sum(stop.effective_at is None for stop in shift.stops.values()),
        "gaps": sum(event.kind in ("gap", "dropped") for event in shift.events),
        "agents_lost": sum(event.kind == "lost" for event in shift.events),
        "refused": sum(event.kind == "refused" for event in shift.events),
        "supervisor_starts": sum(event.kind == "supervisor" for event in shift.events),
    }
