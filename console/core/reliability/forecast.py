"""How a run will probably end, and how far a chain of steps carries: never without an interval and n.

The forecast shrinks: task, then agent version, then the site (Beta-Binomial, two pseudo-outcomes a level), and counts
runs that were still going at the same step, because what lasts longer than its like fails more often. Compounding is the
posterior of p to the power m, not a point estimate to the power m: with p from twenty trials the plain p^m is decoration.
"""

from __future__ import annotations

import math
from typing import Final

from msgspec import Struct

from console.core.reliability.intervals import LEVEL, Interval, beta_quantile, log_beta
from console.core.reliability.standing import FEWEST, LENGTHS, Reliability, task_key, version_key

WEIGHT: Final = 2.0
"""Pseudo-outcomes that each parent is worth; of 1, 2, 4, 8 the best on the recorded runs of tau-bench (Yao et al. 2024)."""


LENGTH_WEIGHT: Final = 10.0
"""Pseudo-outcomes of the whole version against the few runs that lasted as long: the odds of few are mostly noise."""


class Forecast(Struct, frozen=True, kw_only=True):
    """How probable success is. `n` is how many verified runs of the kind it rests on; below five all else is None."""

    n: int
    share: float | None = None
    interval: Interval | None = None
    like: str = ""

    @property
    def words(self) -> str:
        """The forecast in words, interval and n first."""
        if self.share is None or self.interval is None:
            return f"unknown ({self.n} verified)"
        low, high = round(100 * self.interval.low), round(100 * self.interval.high)
        return f"likely {low}–{high} % ({self.n} {self.like})"


def forecast(known: Reliability, agent: str, version: str, task: str, steps: int) -> Forecast:
    """Forecast whether a run that has made `steps` steps succeeds. `task` names its kind, empty for none."""
    own = known.versions.get(version_key(agent, version))
    same = known.tasks.get(task_key(agent, version, task), [0, 0]) if task else [0, 0]
    runs = own.runs if own else [0, 0]
    if sum(runs) < FEWEST:
        return Forecast(n=sum(runs))
    # Its own runs are not among those that they are shrunk to: they would count twice.
    others = [sum(one.runs[which] for one in known.versions.values()) - runs[which] for which in (0, 1)]
    base = _shrunk(others, 0.5)
    parent = _shrunk(runs, base)
    a, b = same[0] + WEIGHT * parent, same[1] + WEIGHT * (1.0 - parent)
    factor = _odds_factor(own.lengths, runs, steps, parent) if own else 1.0
    share = _times_odds(a / (a + b), factor)
    # The interval rests on what is known of the parent too, at most as much as its runs tell.
    weight = sum(same) + min(float(sum(runs)), 10.0)
    tail = (1.0 - LEVEL) / 2
    a, b = max(share * weight, 1e-3), max((1.0 - share) * weight, 1e-3)
    interval = Interval(beta_quantile(tail, a, b), beta_quantile(1.0 - tail, a, b))
    like = "runs like this" if sum(same) >= FEWEST else "runs of this version"
    n = sum(same) if sum(same) >= FEWEST else sum(runs)
    return Forecast(n=n, share=share, interval=interval, like=like)


def compounded(right: int, wrong: int, steps: int) -> Forecast:
    """How probable it is that `steps` further steps all go right, from verified ones of their kind.

    Mean and interval of p^steps under Jeffreys' posterior. A power is monotone, so the interval's ends are the powers of
    the ends. It supposes that steps fail independently and that each failure counts; recovery makes it too low.
    """
    n = right + wrong
    if n < FEWEST:
        return Forecast(n=n)
    a, b, tail = right + 0.5, wrong + 0.5, (1.0 - LEVEL) / 2
    share = math.exp(log_beta(a + steps, b) - log_beta(a, b))
    low, high = beta_quantile(tail, a, b) ** steps, beta_quantile(1.0 - tail, a, b) ** steps
    return Forecast(n=n, share=share, interval=Interval(low, high), like="steps like these")


def _shrunk(counts: list[int], prior: float, weight: float = WEIGHT) -> float:
    return (counts[0] + weight * prior) / (counts[0] + counts[1] + weight)


def _odds_factor(lengths: list[list[int]], runs: list[int], steps: int, parent: float) -> float:
    """By how much the odds of success differ among runs that were still going after so many steps, from those of all."""
    reached = [pair for least, pair in zip(LENGTHS, lengths, strict=True) if steps >= least]
    if not reached:
        return 1.0
    alive, every = (_shrunk(counts, parent, LENGTH_WEIGHT) for counts in (reached[-1], runs))
    return (alive / (1.0 - alive)) / (every / (1.0 - every))


def _times_odds(share: float, factor: float) -> float:
    odds = share / (1.0 - share) * factor
    return odds / (1.0 + odds)
