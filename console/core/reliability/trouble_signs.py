"""What a run shows of itself while it lives, and what that says about its end.

Four signs, each a number at a step: how long the request is that it began with, how often its agent said that it cannot do
something, calls that failed, calls made again with the same arguments. A sign is measured in standard deviations from what
earlier runs of the same kind showed at that step, so that what is usual for an agent tells nothing.

Each sign begins with the same belief, set by hand: a standard deviation more of it makes success a little less likely.
What runs then show replaces the belief; less than one standard error of a slope is taken for chance.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from typing import Final

from msgspec import Struct, field

SIGNS: Final = ("request", "refused", "failed", "repeated")
"""The signs, in the order in which their values are given."""

BELIEF: Final = -0.15
"""Log odds of success for a standard deviation of any sign, before anything was learnt."""

HELD: Final = 80.0
"""How much evidence the belief is worth: a standard error of 0.11, as of some 350 runs that succeed as often as not."""

MOST: Final = 2.0
"""Standard deviations from the usual at which a sign tells no more."""

FEW: Final = 2.0
"""Runs at the mean that are put to those seen, before a standard deviation is believed."""

_REFUSAL: Final = re.compile(
    r"\b(?:unfortunately|sorry|unable|cannot|can['\u2019]t|not (?:able|possible|allowed|permitted))\b",
    re.IGNORECASE,
)
_REFUSING: Final = ("unfortunately", "sorry", "unable", "cannot", "can't", "can\u2019t", "not ")
"""Of which one stands in every text that refuses something."""


def refusals(text: str) -> int:
    """Count the ordinary English words by which somebody says that something will not be done."""
    folded = text.casefold()
    if not any(sign in folded for sign in _REFUSING):
        return 0  # most texts, and told faster
    return len(_REFUSAL.findall(text))


def length(text: str) -> float:
    """The length of a request as a sign: its logarithm, since lengths differ by factors."""
    return math.log1p(len(text))


class Spread(Struct):
    """Of a sign, among finished runs of one kind at one step: how many, their sum, the sum of their squares."""

    n: int = 0
    total: float = 0.0
    squares: float = 0.0

    def note(self, value: float) -> None:
        """Count a value."""
        self.n += 1
        self.total += value
        self.squares += value * value

    def standing(self, value: float) -> float:
        """Standard deviations above the mean, at most `MOST` either way; 0 where all were alike or none was seen."""
        if not self.n:
            return 0.0
        mean = self.total / self.n
        variance = self.squares / self.n - mean * mean
        if variance < 1e-6:  # all alike, but for rounding
            return 0.0
        away = (value - mean) / math.sqrt(variance) * self.n / (self.n + FEW)
        return min(max(away, -MOST), MOST)


class Slope(Struct):
    """What was learnt of a sign: the sum of misses times it, and its information (the sum of its square times p(1 - p))."""

    pull: float = 0.0
    told: float = 0.0

    def note(self, standing: float, share: float, *, hit: bool, part: float = 1.0) -> None:
        """Count a run that ended, forecast `share` without the sign, with the sign where it stood."""
        self.pull += part * standing * (hit - share)
        self.told += part * standing * standing * share * (1 - share)

    @property
    def value(self) -> float:
        """Log odds of success for a standard deviation: the belief, and what misses showed beyond one standard error."""
        beyond = math.copysign(max(0.0, abs(self.pull) - math.sqrt(self.told)), self.pull)
        return (beyond + BELIEF * HELD) / (self.told + HELD)


class Signs(Struct):
    """What is known of the signs of one kind of runs: where they usually are at each step, and what they told."""

    spreads: dict[int, list[Spread]] = field(default_factory=dict)
    slopes: list[Slope] = field(default_factory=lambda: [Slope() for _ in SIGNS])

    def standings(self, step: int, values: Sequence[float | None]) -> list[float]:
        """Where each sign stands at a step; 0 for one that is not known."""
        spreads = self.spreads.get(step)
        if spreads is None:
            return [0.0] * len(SIGNS)
        return [
            0.0 if value is None else spread.standing(value)
            for spread, value in zip(spreads, values, strict=True)
        ]

    def tilted(self, share: float, standings: Sequence[float]) -> float:
        """The share after what the signs say, each by its slope in log odds."""
        if not any(standings) or not 0.0 < share < 1.0:
            return share
        tilt = sum(slope.value * standing for slope, standing in zip(self.slopes, standings, strict=True))
        odds = share / (1 - share) * math.exp(tilt)
        return odds / (1 + odds)

    def note(
        self, step: int, values: Sequence[float | None], share: float, *, hit: bool, part: float = 1.0
    ) -> None:
        """Count a run that ended: the values of its signs at a step, and what was forecast there without them."""
        for slope, standing in zip(self.slopes, self.standings(step, values), strict=True):
            slope.note(standing, share, hit=hit, part=part)
        spreads = self.spreads.setdefault(step, [Spread() for _ in SIGNS])
        for spread, value in zip(spreads, values, strict=True):
            if value is not None:
                spread.note(value)
