"""What forecasts of success were worth: skill against two base rates, and whether intervals cover what they say."""

from __future__ import annotations

import math
import random
from collections import defaultdict
from collections.abc import Sequence
from typing import Final

from msgspec import Struct

from console.core.reliability.intervals import beta_quantile
from console.evaluation.forecast import History, Past

DRAWS: Final = 300
"""Times that the tasks are drawn again for an interval of the skill."""

LEVEL: Final = 0.9
"""What the interval of a group's share is to cover."""

GROUP: Final = 10
"""Runs of a group at least; there are at most as many groups."""

_SEED: Final = 20_24


class Skill(Struct, frozen=True, kw_only=True):
    """The forecasts at one step. Skill is 1 minus the Brier score over that of a base rate; above 0 is better than it.

    `others`: the base rate of the other runs, which a forecaster could know. `hindsight`: the base rate of the scored runs
    themselves, which none could. `low` and `high`: 95 % interval of `others`, by drawing tasks again. `covered` of `groups`
    runs of neighbouring forecasts had their share of successes within the interval said of it.
    """

    runs: int
    others: float | None = None
    low: float | None = None
    high: float | None = None
    hindsight: float | None = None
    covered: int = 0
    groups: int = 0


def forecast_skill(runs: Sequence[Past], step: int, *, draws: int = DRAWS) -> Skill:
    """Forecast every run that was still running at `step`, and score that."""
    made = History(runs).forecasts(step)
    if len({runs[number].success for number in made}) < 2:
        return Skill(runs=len(made))
    by_task: dict[str, list[float]] = defaultdict(lambda: [0.0, 0.0, 0.0, 0.0])
    for number, one in made.items():
        run = runs[number]
        values = (
            (one.share - run.success) ** 2,
            (one.usual - run.success) ** 2,
            float(run.success),
            1.0,
        )
        for term, value in enumerate(values):
            by_task[run.task or str(number)][term] += value
    tasks = [by_task[name] for name in sorted(by_task)]
    chance = random.Random(_SEED)  # noqa: S311  (draws again, hides nothing)
    drawn = sorted(
        again for _ in range(draws) if (again := _others(chance.choices(tasks, k=len(tasks)))) is not None
    )
    covered, groups = coverage(
        [
            (
                one.order,
                one.share,
                one.runs,
                runs[number].success,
            )
            for number, one in made.items()
        ]
    )
    error, won, of = (sum(task[term] for task in tasks) for term in (0, 2, 3))
    return Skill(
        runs=len(made),
        others=_others(tasks),
        low=drawn[int(0.025 * (len(drawn) - 1))] if drawn else None,
        high=drawn[int(0.975 * (len(drawn) - 1))] if drawn else None,
        hindsight=1 - error / (won * (1 - won / of)),
        covered=covered,
        groups=groups,
    )


def coverage(rows: Sequence[tuple[float, float, float, bool]]) -> tuple[int, int]:
    """Return how many groups had their share of successes within the interval of their forecasts, and how many there are.

    `rows`: what orders a forecast, the forecast, the runs that it counts for, the outcome. The interval of a group is of
    a beta distribution with the mean of its forecasts. Its variance has two terms: what the group would scatter by if its
    forecasts were exact, and what they may be wrong by, all in the same direction.
    """
    ordered = sorted(rows, key=lambda row: row[0])
    groups = min(GROUP, len(ordered) // GROUP)
    covered = 0
    for at in range(groups):
        some = ordered[at * len(ordered) // groups : (at + 1) * len(ordered) // groups]
        mean = sum(row[1] for row in some) / len(some)
        scatter = sum(row[1] * (1 - row[1]) for row in some) / len(some) ** 2
        unsure = sum(math.sqrt(row[1] * (1 - row[1]) / (row[2] + 1)) for row in some) / len(some)
        weight = mean * (1 - mean) / (scatter + unsure**2) - 1
        tail = (1 - LEVEL) / 2
        low, high = (beta_quantile(share, mean * weight, (1 - mean) * weight) for share in (tail, 1 - tail))
        half = 0.5 / len(some)  # the share of a group goes in steps
        covered += low - half <= sum(row[3] for row in some) / len(some) <= high + half
    return covered, groups


def _others(tasks: Sequence[Sequence[float]]) -> float | None:
    error, usual = sum(task[0] for task in tasks), sum(task[1] for task in tasks)
    return 1 - error / usual if usual else None
