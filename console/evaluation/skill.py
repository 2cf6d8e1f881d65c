"""What forecasts of success were worth: skill against two base rates, and whether intervals cover what they say."""

from __future__ import annotations

import math
import random
from collections import defaultdict
from collections.abc import Sequence
from typing import Final

from msgspec import Struct

from console.core.reliability.intervals import beta_quantile
from console.evaluation.forecast import AT, Past, Walk, walk

DRAWS: Final = 300
"""Times that the tasks are drawn again for an interval of the skill."""

ORDERS: Final = 20
"""Random orders in which the runs of a file are forecast and learnt: it does not say which came first."""

LEVEL: Final = 0.9
"""What the interval of a group's share is to cover."""

GROUP: Final = 10
"""Runs of a group at least; there are at most as many groups."""

_SEED: Final = 20_24


class Skill(Struct, frozen=True, kw_only=True):
    """The forecasts at one step. Skill is 1 minus the Brier score over that of a base rate; above 0 is better than it.

    `runs`: forecasts of one order, in the mean. `others`: against the base rate of the runs before each, which a forecaster
    could know. `hindsight`: that of the scored runs themselves, which none could. `low` and `high`: 95 % interval of
    `others`, by drawing tasks again. `worst` and `best`: `others` of the orders that came out worst and best. `covered` of
    `groups` runs of neighbouring forecasts had their share of successes within the interval said of it.
    """

    runs: int
    others: float | None = None
    low: float | None = None
    high: float | None = None
    worst: float | None = None
    best: float | None = None
    hindsight: float | None = None
    covered: int = 0
    groups: int = 0


class _Sums(Struct):
    """Squared misses of the forecast and of the base rate, successes, and how many."""

    error: float = 0.0
    usual: float = 0.0
    won: float = 0.0
    of: float = 0.0

    def add(self, error: float, usual: float, won: float, of: float = 1.0) -> None:
        self.error += error
        self.usual += usual
        self.won += won
        self.of += of


def forecast_skill(runs: Sequence[Past], *, draws: int = DRAWS, orders: int = ORDERS) -> dict[int, Skill]:
    """Forecast every run from those before it, in some orders, and score that at each step of `AT`."""
    by_task: dict[int, dict[str, _Sums]] = {step: defaultdict(_Sums) for step in AT}
    by_order: dict[int, list[_Sums]] = {step: [] for step in AT}
    covered: dict[int, list[int]] = {step: [0, 0] for step in AT}
    for seed in range(orders):
        numbers = list(range(len(runs)))
        random.Random(seed).shuffle(numbers)  # noqa: S311  (an order, hides nothing)
        order = [runs[number] for number in numbers]
        rows: dict[int, list[tuple[float, float, bool]]] = {step: [] for step in AT}
        for step in AT:
            by_order[step].append(_Sums())
        for number, run, made in zip(numbers, order, walk(order), strict=True):
            for step, one in made.items():
                values = (one.share - run.success) ** 2, (one.usual - run.success) ** 2, run.success
                by_task[step][run.task or str(number)].add(*values)
                by_order[step][-1].add(*values)
                rows[step].append((one.share, one.runs, run.success))
        for step in AT:
            for term, value in enumerate(coverage(rows[step])):
                covered[step][term] += value
    return {
        step: _scored(
            [by_task[step][name] for name in sorted(by_task[step])],
            by_order[step],
            covered[step],
            draws=draws,
        )
        for step in AT
    }


def left_out(runs: Sequence[Past], grouping: str, *, draws: int = DRAWS) -> dict[int, Skill]:
    """Forecast the runs of each group from those of all others, none of its own: what is learnt carries over, or does not.

    Empty where there are not at least two groups, or where most have one run only.
    """
    names = sorted({run.groups.get(grouping, "") for run in runs})
    if len(names) < 2 or 2 * len(names) > len(runs):
        return {}
    by_task: dict[int, dict[str, _Sums]] = {step: defaultdict(_Sums) for step in AT}
    order = list(enumerate(runs))
    random.Random(_SEED).shuffle(order)  # noqa: S311  (an order, hides nothing)
    for name in names:
        history = Walk()
        for _number, run in order:
            if run.groups.get(grouping, "") != name:
                history.learn(run)
        for number, run in order:
            if run.groups.get(grouping, "") == name:
                for step, one in history.forecasts(run, known=False).items():
                    values = (one.share - run.success) ** 2, (one.usual - run.success) ** 2, run.success
                    by_task[step][run.task or str(number)].add(*values)
    return {
        step: _scored([tasks[name] for name in sorted(tasks)], [], (0, 0), draws=draws)
        for step, tasks in by_task.items()
        if tasks
    }


def _scored(tasks: Sequence[_Sums], orders: Sequence[_Sums], covered: Sequence[int], *, draws: int) -> Skill:
    error, won, of = (sum(getattr(task, name) for task in tasks) for name in ("error", "won", "of"))
    count = round(of / max(1, len(orders)))
    if won in (0, of):
        return Skill(runs=count)
    chance = random.Random(_SEED)  # noqa: S311  (draws again, hides nothing)
    drawn = sorted(
        again for _ in range(draws) if (again := _others(chance.choices(tasks, k=len(tasks)))) is not None
    )
    each = sorted(one for order in orders if (one := _others([order])) is not None)
    return Skill(
        runs=count,
        others=_others(tasks),
        low=drawn[int(0.025 * (len(drawn) - 1))] if drawn else None,
        high=drawn[int(0.975 * (len(drawn) - 1))] if drawn else None,
        worst=each[0] if each else None,
        best=each[-1] if each else None,
        hindsight=1 - error / (won * (1 - won / of)),
        covered=covered[0],
        groups=covered[1],
    )


def coverage(rows: Sequence[tuple[float, float, bool]]) -> tuple[int, int]:
    """Return how many groups had their share of successes within the interval of their forecasts, and how many there are.

    `rows`: the forecast, the runs that it counts for, the outcome. The interval of a group is of a beta distribution with
    the mean of its forecasts. Its variance has two terms: what the group would scatter by if its forecasts were exact, and
    what they may be wrong by, all in the same direction.
    """
    ordered = sorted(rows)
    groups = min(GROUP, len(ordered) // GROUP)
    covered = 0
    for at in range(groups):
        some = ordered[at * len(ordered) // groups : (at + 1) * len(ordered) // groups]
        mean = sum(row[0] for row in some) / len(some)
        scatter = sum(row[0] * (1 - row[0]) for row in some) / len(some) ** 2
        unsure = sum(math.sqrt(row[0] * (1 - row[0]) / (row[1] + 1)) for row in some) / len(some)
        weight = mean * (1 - mean) / (scatter + unsure**2) - 1
        tail = (1 - LEVEL) / 2
        low, high = (beta_quantile(share, mean * weight, (1 - mean) * weight) for share in (tail, 1 - tail))
        half = 0.5 / len(some)  # the share of a group goes in steps
        covered += low - half <= sum(row[2] for row in some) / len(some) <= high + half
    return covered, groups


def _others(some: Sequence[_Sums]) -> float | None:
    error, usual = sum(one.error for one in some), sum(one.usual for one in some)
    return 1 - error / usual if usual else None
