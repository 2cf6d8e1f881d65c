"""How a run will probably end, and how far a chain of steps carries: never without an interval and n.

The forecast is that of `history`, at the last mark that enough runs of the version reached. Compounding is the posterior
of p to the power m, not a point estimate to the power m: with p from twenty trials the plain p^m is decoration.
"""

from __future__ import annotations

import math

from msgspec import Struct

from console.core.reliability.history import Estimate, estimate, of_kind
from console.core.reliability.intervals import LEVEL, Interval, beta_quantile, log_beta
from console.core.reliability.sofar import SoFar, reached
from console.core.reliability.standing import FEWEST, Reliability, asked, version_key


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


def forecast(known: Reliability, agent: str, version: str, task: str, so_far: SoFar) -> Forecast:
    """Forecast how a run ends that has shown so much. `task` names its goal, empty for none."""
    kind = version_key(agent, version)
    mark = reached(so_far.entries) - 1
    while mark and of_kind(known.history, kind, mark)[1] < FEWEST:
        mark -= 1  # too few got so far: the last place that enough of them reached
    of = of_kind(known.history, kind, mark)[1]
    if of < FEWEST:
        return Forecast(n=of)
    shown = so_far.shown[mark] if mark < len(so_far.shown) else so_far.now
    return of_estimate(estimate(known.history, kind, so_far.heard or asked(task), shown, mark))


def of_estimate(found: Estimate) -> Forecast:
    """The forecast with its interval: of a beta distribution that is worth as many runs as the estimate."""
    tail = (1.0 - LEVEL) / 2
    a, b = found.share * found.runs, (1.0 - found.share) * found.runs
    interval = Interval(beta_quantile(tail, a, b), beta_quantile(1.0 - tail, a, b))
    if found.alike >= FEWEST:
        return Forecast(n=int(found.alike), share=found.share, interval=interval, like="runs like this")
    return Forecast(n=found.own, share=found.share, interval=interval, like="runs of this version")


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
