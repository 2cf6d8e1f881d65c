"""How much alarms and approvals ask of people, and when that is too much. Pure; times are the log's, in milliseconds.

Alarm rates: EEMUA 191 and ISA-18.2 take about one alarm in ten minutes for what an operator can answer with care, and ten
in ten minutes for the beginning of a flood, which ends below five; three or more rounds in a minute is chattering. The
numbers are cited from secondary sources; the standards themselves are not free.
"""

from __future__ import annotations

from collections.abc import Iterable
from statistics import median
from typing import Final, NamedTuple

from console.core.alarms.alarm_kinds import RESPONSE
from console.core.deeds import UNSIGNED
from console.core.fleet.alarm_standing import began
from console.core.fleet.alarm_state import Alarm, Load
from console.core.fleet.state import Fleet

MINUTE: Final = 60_000
HOUR: Final = 60 * MINUTE

CHATTER_WITHIN: Final = MINUTE
CHATTER_CYCLES: Final = 3
"""An alarm that began anew so often within `CHATTER_WITHIN` chatters, until it has kept still for as long."""

FLOOD_WITHIN: Final = 10 * MINUTE
FLOOD_FROM: Final = 10
FLOOD_UNTIL: Final = 5
"""New alarms an operator in `FLOOD_WITHIN`: a flood begins at the first number and ends below the second."""

BUDGET_WITHIN: Final = 10 * MINUTE
BUDGET_MOST: Final = 20
"""Approvals of one operator in `BUDGET_WITHIN` that are more than anybody can weigh."""

READ_LEAST: Final = 2_000
READ_OF: Final = 10
"""Median time to read, of the last so many approvals, below which nothing was read."""

ACCEPT_MOST: Final = 0.95
ACCEPT_OF: Final = 50
"""Share approved, of the last so many decisions from S2 up, above which asking finds nothing out."""

RAISED_KEPT: Final = 1_000
ANSWERED_KEPT: Final = 1_000
CYCLES_KEPT: Final = 500
DECISIONS_KEPT: Final = 120
OPERATORS_KEPT: Final = 100


def count_new(load: Load, at: int) -> None:
    """Note that an alarm was put before people."""
    load.raised = [*(one for one in load.raised if at - one < HOUR), at][-RAISED_KEPT:]


def count_answer(load: Load, alarm: Alarm, at: int) -> None:
    """Note that an alarm was acknowledged, and whether in time."""
    in_time = int(at - began(alarm) <= RESPONSE.get(alarm.priority, HOUR))
    load.answered = [*(one for one in load.answered if at - one[0] < HOUR), (at, in_time)][-ANSWERED_KEPT:]


def cycle(load: Load, alarm: str, at: int) -> bool:
    """Note that an alarm began anew. Returns whether it chatters."""
    times = [one for one in load.cycles.pop(alarm, ()) if at - one < CHATTER_WITHIN]
    load.cycles[alarm] = times = [*times, at][-CHATTER_CYCLES:]
    while len(load.cycles) > CYCLES_KEPT:
        del load.cycles[next(iter(load.cycles))]
    return len(times) >= CHATTER_CYCLES


def count_decision(load: Load, by: str, at: int, asked_at: int, severity: int, *, approved: bool) -> None:
    """Note an operator's decision.

    Nobody sees eyes. What is certain is that it was read for no longer than since it was asked, and since the same operator
    decided something else; that bound is what is kept.
    """
    mine = load.decisions.pop(by, [])
    last = mine[-1][0] if mine else 0
    read = max(0, at - max(asked_at, last))
    mine = [one for one in mine if at - one[0] < HOUR]
    load.decisions[by] = [*mine, (at, read, severity, int(approved))][-DECISIONS_KEPT:]
    while len(load.decisions) > OPERATORS_KEPT:
        del load.decisions[next(iter(load.decisions))]


def operators_of(fleet: Fleet) -> int:
    """Enrolled people on the floor; at least one, for nobody answers faster than somebody.

    Who only wrote a name may be nobody, and would answer for alarms that come to few.
    """
    return max(1, len({name for name in fleet.operators.values() if not name.endswith(UNSIGNED)}))


def new_within(load: Load, now: int, within: int = FLOOD_WITHIN) -> int:
    """Alarms put before people in the last so many ms."""
    return sum(now - within < at <= now for at in load.raised)


def flooded(load: Load, now: int, operators: int) -> bool:
    """Whether there is a flood now, given whether there was one."""
    rate = new_within(load, now) / operators
    return rate >= (FLOOD_UNTIL if load.flood else FLOOD_FROM)


class Rates(NamedTuple):
    """Of the last hour: new alarms an operator, and how many of those whose window is over were acknowledged in it."""

    an_hour: float
    in_time: int
    due: int


def rates(fleet: Fleet, now: int) -> Rates:
    """How alarms are answered. One that still waits beyond its window counts as not in time."""
    load = fleet.load
    answered = [in_time for at, in_time in load.answered if now - at < HOUR]
    late = sum(
        alarm.state == "unacknowledged"
        and alarm.shown == "shown"
        and now - began(alarm) > RESPONSE.get(alarm.priority, HOUR)
        for alarm in fleet.alarms.values()
    )
    an_hour = new_within(load, now, HOUR) / operators_of(fleet)
    return Rates(an_hour, sum(answered), len(answered) + late)


class Approving(NamedTuple):
    """How an operator decides. `recent` in ten minutes, `an_hour` in an hour; `read` is a median (ms), None of none."""

    recent: int
    an_hour: int
    read: int | None
    accepted: float | None
    of: int

    @property
    def warnings(self) -> list[str]:
        """What says that things are approved unread; nothing if all is well."""
        said = []
        if self.recent > BUDGET_MOST:
            said.append(f"{self.recent} approvals in 10 minutes, at most {BUDGET_MOST} can be weighed")
        if self.read is not None and self.read < READ_LEAST:
            said.append(f"half of the last {READ_OF} approvals came within {self.read / 1000:.1f} s")
        if self.accepted is not None and self.of >= ACCEPT_OF and self.accepted > ACCEPT_MOST:
            said.append(f"{self.accepted:.0%} of the last {self.of} decisions from S2 up were approvals")
        return said


def approving(load: Load, operator: str, now: int) -> Approving:
    """How an operator has decided of late."""
    mine = [one for one in load.decisions.get(operator, ()) if now - one[0] < HOUR]
    approvals = [one for one in mine if one[3]]
    weighty = [one for one in mine if one[2] >= 2][-ACCEPT_OF:]
    last = [one[1] for one in approvals[-READ_OF:]]
    return Approving(
        recent=sum(now - one[0] < BUDGET_WITHIN for one in approvals),
        an_hour=len(approvals),
        read=int(median(last)) if len(last) >= READ_OF else None,
        accepted=sum(one[3] for one in weighty) / len(weighty) if weighty else None,
        of=len(weighty),
    )


def noisiest(alarms: Iterable[Alarm], most: int = 3) -> list[tuple[Alarm, int]]:
    """The alarms that were raised most often, of those that were raised more than once."""
    again = sorted((one for one in alarms if one.count > 1), key=lambda one: (-one.count, one.id))
    return [(one, one.count) for one in again[:most]]
