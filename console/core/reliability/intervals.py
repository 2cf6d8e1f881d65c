"""Intervals for shares, without a statistics library: the incomplete beta function, its inverse, Jeffreys' interval.

Jeffreys is for display: short and well centred at small n (Brown, Cai, DasGupta 2001, "Interval estimation for a binomial
proportion", Statistical Science 16). Looked at after every step it promises nothing; what is decided by repeated
looking stands in `evidence`.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Final, NamedTuple

LEVEL: Final = 0.90
"""Of displayed intervals, two-sided: each end is a one-sided 95 % bound."""

_TINY: Final = 1e-300
_PRECISION: Final = 1e-15
_TERMS: Final = 100_000


class Interval(NamedTuple):
    """Two bounds of a share, 0 to 1, the lower first."""

    low: float
    high: float


def log_beta(a: float, b: float) -> float:
    """Logarithm of the beta function of two positive numbers."""
    return math.lgamma(a) + math.lgamma(b) - math.lgamma(a + b)


def log_beta_cdf(x: float, a: float, b: float) -> float:
    """Logarithm of the regularised incomplete beta function I_x(a, b), exact also where I_x underflows.

    Continued fraction by Lentz's method (DLMF 8.17.22; Press et al., Numerical Recipes, 3rd ed., 6.4). `x` is 0 to 1, `a`
    and `b` are positive.
    """
    if x <= 0.0:
        return -math.inf
    if x >= 1.0:
        return 0.0
    if x > (a + 1.0) / (a + b + 2.0):
        other = math.exp(log_beta_cdf(1.0 - x, b, a))
        return math.log1p(-other) if other < 1.0 else -math.inf
    front = a * math.log(x) + b * math.log1p(-x) - log_beta(a, b) - math.log(a)
    return min(0.0, front + math.log(_fraction(x, a, b)))


def beta_cdf(x: float, a: float, b: float) -> float:
    """The share of Beta(a, b) at or below `x`."""
    return math.exp(log_beta_cdf(x, a, b))


@lru_cache(maxsize=8_192)
def beta_quantile(share: float, a: float, b: float) -> float:
    """Where Beta(a, b) has `share` (0 to 1) of its mass at or below: the inverse of `beta_cdf`, by bisection.

    Remembered, since the same counts are asked for at each call and each frame until the next verdict.
    """
    if share <= 0.0:
        return 0.0
    if share >= 1.0:
        return 1.0
    low, high = 0.0, 1.0
    while True:
        middle = (low + high) / 2
        if middle in (low, high) or high - low < 1e-13:
            return middle
        if beta_cdf(middle, a, b) < share:
            low = middle
        else:
            high = middle


def jeffreys(hits: int, of: int, level: float = LEVEL) -> Interval:
    """Jeffreys' interval for a share of which `hits` of `of` were seen. Of nothing it is everything, 0 to 1.

    The lower end is 0 without a hit and the upper 1 without a miss, as Brown, Cai and DasGupta have it.
    """
    if of <= 0:
        return Interval(0.0, 1.0)
    tail, a, b = (1.0 - level) / 2, hits + 0.5, of - hits + 0.5
    return Interval(
        0.0 if hits <= 0 else beta_quantile(tail, a, b),
        1.0 if hits >= of else beta_quantile(1.0 - tail, a, b),
    )


def null_band(share: float, of: int, level: float = LEVEL) -> Interval:
    """Between which shares `of` outcomes of true probability `share` fall with at least `level`, by the binomial itself.

    What a forecaster that is exactly right would show at this n: a diagram without it reads noise as a fault.
    """
    if of <= 0:
        return Interval(0.0, 1.0)
    if share <= 0.0 or share >= 1.0:
        return Interval(share, share)
    tail, low, high = (1.0 - level) / 2, 0, of
    total = 0.0
    for hits in range(of + 1):
        choose = math.lgamma(of + 1) - math.lgamma(hits + 1) - math.lgamma(of - hits + 1)
        mass = math.exp(choose + hits * math.log(share) + (of - hits) * math.log1p(-share))
        if total + mass <= tail:
            low = hits + 1
        total += mass
        if total >= 1.0 - tail:
            high = hits
            break
    return Interval(low / of, high / of)


def _fraction(x: float, a: float, b: float) -> float:
    """The continued fraction of the incomplete beta function, 1/(1+ d1/(1+ d2/(1+ ...)))."""
    c = 1.0
    d = _away(1.0 - (a + b) * x / (a + 1.0))
    d = 1.0 / d
    value = d
    for m in range(1, _TERMS):
        even = m * (b - m) * x / ((a + 2 * m - 1.0) * (a + 2 * m))
        d = 1.0 / _away(1.0 + even * d)
        c = _away(1.0 + even / c)
        value *= d * c
        odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1.0))
        d = 1.0 / _away(1.0 + odd * d)
        c = _away(1.0 + odd / c)
        step = d * c
        value *= step
        if abs(step - 1.0) < _PRECISION:
            break
    return value


def _away(value: float) -> float:
    """A denominator kept away from zero."""
    return value if abs(value) > _TINY else _TINY
