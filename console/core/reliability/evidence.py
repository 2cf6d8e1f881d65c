"""Evidence that survives being looked at after every outcome: what promotes, and what says that things got worse.

Promotion. For "at most p0 of these calls are right" the mixture of likelihood ratios over all better rates, uniform on
[p0, 1], is an e-process: its expectation never exceeds 1 while the claim is true, so by Ville's inequality it ever
reaches 1/alpha with probability alpha at most (Ramdas, Grünwald, Vovk, Shafer 2023, "Game-theoretic statistics and safe
anytime-valid inference", Statistical Science 38):

    E(s, f) = B(s+1, f+1) (1 - I_p0(s+1, f+1)) / ((1 - p0) p0^s (1 - p0)^f)

Drift. A CUSUM of likelihood ratios, which is an e-detector: while failures stay at the reference rate, the mean number of
outcomes until it crosses c is at least c (Shin, Ramdas, Rinaldo 2023, "E-detectors", NEJSDS 2).
"""

from __future__ import annotations

import math
from typing import Final, Literal

from console.core.reliability.intervals import log_beta, log_beta_cdf

Rung = Literal["unproven", "proven-90", "proven-99"]

RUNGS: Final[dict[Rung, float]] = {"proven-90": 0.90, "proven-99": 0.99}
"""The rungs that can be earned, each with the rate that must be beaten."""

FALSE_PROMOTION: Final = 0.05
"""Most often that a stratum no better than its rung's rate ever reaches that rung, however often one looks."""

DRIFT_AFTER: Final = 20
"""Verified outcomes from which the reference rate of failure is taken; before that there is no drift to speak of."""

DRIFT_LENGTH: Final = 1_000
"""Verified outcomes that pass on average, at least, before a drift alarm that is false."""

_DRIFT_LEAST: Final = 0.02
"""Lowest reference rate of failure: nobody is believed to fail less often than that on twenty outcomes."""

_DRIFT_FACTOR: Final = 4.0
"""What is watched for: failures so many times as frequent, by odds."""


def log_evidence(right: int, wrong: int, rate: float) -> float:
    """Logarithm of E: the evidence that calls are right more often than `rate`, after so many right and wrong ones."""
    tail = log_beta_cdf(1.0 - rate, wrong + 1.0, right + 1.0)
    mixture = log_beta(right + 1.0, wrong + 1.0) + tail - math.log1p(-rate)
    return mixture - right * math.log(rate) - wrong * math.log1p(-rate)


def earned_rung(right: int, wrong: int, lost: int = 0) -> Rung:
    """The highest rung that these outcomes earn. `lost` is how often the stratum was demoted before.

    Each demotion begins a new e-process, that is another chance to be lucky, so each must bring twice the evidence of the
    one before: all chances together stay below twice `FALSE_PROMOTION`.
    """
    needed = math.log(1.0 / FALSE_PROMOTION) + lost * math.log(2.0)
    found: Rung = "unproven"
    for rung, rate in RUNGS.items():
        if log_evidence(right, wrong, rate) >= needed:
            found = rung
    return found


def more_needed(right: int, wrong: int, rung: Rung, lost: int = 0, *, most: int = 20_000) -> int | None:
    """How many further right outcomes in a row earn `rung`; None if more than `most`."""
    needed, rate = math.log(1.0 / FALSE_PROMOTION) + lost * math.log(2.0), RUNGS[rung]
    low, high = 0, 1
    while log_evidence(right + high, wrong, rate) < needed:
        low, high = high, high * 2
        if high > most:
            return None
    if log_evidence(right, wrong, rate) >= needed:
        return 0
    while high - low > 1:
        middle = (low + high) // 2
        if log_evidence(right + middle, wrong, rate) < needed:
            low = middle
        else:
            high = middle
    return high


def drift_reference(right: int, wrong: int) -> float:
    """The rate of failure that a drift is measured against, from the first outcomes: Laplace's, and no lower than 0.02."""
    return max(_DRIFT_LEAST, (wrong + 1.0) / (right + wrong + 2.0))


def drift_step(level: float, reference: float, *, wrong: bool) -> float:
    """The logarithm of the CUSUM after one more outcome; `level` is that before it, 0 at the start."""
    odds = reference / (1.0 - reference) * _DRIFT_FACTOR
    worse = odds / (1.0 + odds)
    gain = math.log(worse / reference) if wrong else math.log((1.0 - worse) / (1.0 - reference))
    return max(0.0, level) + gain


def drifts(level: float) -> bool:
    """Whether the CUSUM has crossed the line of a drift alarm."""
    return level >= math.log(DRIFT_LENGTH)
