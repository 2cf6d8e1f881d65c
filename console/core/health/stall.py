"""How long a silence is too long: a phi-accrual detector with a log-normal model for each kind of work.

phi = -log10 P(silence lasts so long). The accrual detector of Hayashibara et al. (2004) takes durations for normal; those
of tools and models have heavy tails: where their logarithms spread by 0.9, that raises false alarms at phi 8 in 6 of 1,000
silences, not in one of 10^8. Logarithms of durations are taken for normal here. The price is patience: at phi 8 work of five
seconds may be silent for half an hour. So phi 3 is enough where the silence is also three times as long as any before.
Before there are enough durations, the parent's 95th percentile times three stands in.
"""

from __future__ import annotations

import math
from typing import Final

from msgspec import Struct

PHI_WITH_RECORD: Final = 3.0
"""A silence as surprising as once in 1000 is a stall where it is also `RECORD` times as long as the longest ever seen."""

RECORD: Final = 3.0

_Z: Final = 5.6120
"""Standard deviations above the mean that a normal variable exceeds once in 10^8: phi 8, by itself a stall."""

_Z_RECORD: Final = 3.0902
"""The same for once in 1000."""

_P95: Final = 1.6449
ENOUGH: Final = 10
"""Durations of a kind from which it has a model of its own."""

COLD: Final = 3.0
"""Times the parent's 95th percentile that a kind without a model may take."""

LEAST: Final = 30.0
"""Seconds: no silence below is a stall."""

MOST: Final = 3_600.0
"""Seconds: every longer silence is a stall."""

UNKNOWN: Final = 120.0
"""Seconds of silence that are a stall while nothing at all is known."""

_SHORTEST: Final = 0.001
_SIGMA_LEAST: Final = 0.1


class Durations(Struct, kw_only=True):
    """Durations of one kind of work, in seconds: count, mean and spread of their logarithms (Welford), the longest."""

    n: int = 0
    mean: float = 0.0
    squares: float = 0.0
    longest: float = 0.0

    def add(self, seconds: float) -> None:
        """Take one more."""
        value = math.log(max(_SHORTEST, seconds))
        self.n += 1
        step = value - self.mean
        self.mean += step / self.n
        self.squares += step * (value - self.mean)
        self.longest = max(self.longest, seconds)

    @property
    def sigma(self) -> float:
        """Standard deviation of the logarithms, wider while few are known: an estimate from ten is often too small."""
        if self.n < 2:
            return 1.0
        found = math.sqrt(self.squares / (self.n - 1))
        return max(_SIGMA_LEAST, found) * (1.0 + 2.0 / math.sqrt(self.n))

    @property
    def median(self) -> float:
        """The duration in the middle, in seconds."""
        return math.exp(self.mean)

    def quantile(self, deviations: float) -> float:
        """The duration so many standard deviations above the middle, in seconds."""
        return math.exp(min(50.0, self.mean + deviations * self.sigma))


class Limit(Struct, frozen=True):
    """How long a silence may last, in seconds, and why."""

    seconds: float
    why: str = ""


def phi(known: Durations, seconds: float) -> float:
    """How surprising it is that work of a kind has taken `seconds` and goes on; 0 is not at all."""
    if seconds <= 0.0:
        return 0.0
    deviations = (math.log(seconds) - known.mean) / known.sigma
    tail = math.erfc(deviations / math.sqrt(2.0)) / 2.0
    return -math.log10(tail) if tail > 0.0 else math.inf


def limit(kind: str, known: Durations | None, parent: Durations | None) -> Limit:
    """How long work of a `kind` may be silent. `parent` is all work of the agent, for a kind of which little is known."""
    if known is not None and known.n >= ENOUGH:
        why = f"{known.n} earlier times {kind} took {_s(known.median)} in the middle, {_s(known.longest)} at most"
        record = max(known.quantile(_Z_RECORD), RECORD * known.longest)
        return Limit(_within(min(known.quantile(_Z), record)), why)
    if parent is not None and parent.n >= ENOUGH:
        usual = parent.quantile(_P95)
        why = f"of {parent.n} earlier pieces of its work 95 % took less than {_s(usual)}"
        return Limit(_within(COLD * usual), why)
    return Limit(UNKNOWN)


def _within(seconds: float) -> float:
    return min(MOST, max(LEAST, seconds))


def _s(seconds: float) -> str:
    return f"{seconds:.1f} s" if seconds < 10 else f"{seconds:.0f} s"
