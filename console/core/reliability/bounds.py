"""From what was verified to the failure bound that a call is judged by, and to the words about it."""

from __future__ import annotations

from math import ceil, floor, log10
from typing import Final

from msgspec import Struct

from console.core.reliability.evidence import Rung
from console.core.reliability.intervals import beta_quantile, jeffreys
from console.core.reliability.standing import FEWEST, Reliability, Standing, Version, version_key

UNPROVEN_BP: Final = 2_000
"""Failure bound, in basis points, of what has proven nothing: a convention, since nothing is known."""

DOUBTFUL_BP: Final = 5_000
"""Least failure bound of a run about which something is wrong."""

FLOOR_BP: Final[dict[Rung, int]] = {"unproven": UNPROVEN_BP, "proven-90": 1_000, "proven-99": 100}
"""No failure bound is lower than what its rung has proven: repeated looking cannot cheat a rung, but an interval."""

PARENT_WEIGHT: Final = 2.0
"""Pseudo-outcomes that the parent (the agent's version over all its tools) is worth."""

_EXACT: Final = 1e-9
"""What a bound of two digits may be off by in floating point without being rounded up to the next."""

CONFIDENT: Final = 0.95
"""One-sided level of failure bounds."""


def at_most(bound: float) -> str:
    """An upper bound in two significant digits, rounded up: more digits would promise what nobody knows."""
    if bound <= 0:
        return "0"
    scale = 10.0 ** (1 - floor(log10(bound)))
    return f"{ceil(bound * scale - _EXACT) / scale:g}"


class Earned(Struct, frozen=True, kw_only=True):
    """What the judge is told about a call's stratum. `doubt` says what is wrong with the run now, empty if nothing is.

    `check` asks for a spot check: what is never looked at is never found to have decayed.
    """

    failure_bp: int = UNPROVEN_BP
    right: int = 0
    wrong: int = 0
    rung: Rung = "unproven"
    doubt: str = ""
    check: bool = False

    @property
    def words(self) -> str:
        """What is known, with counts and without a verb: for behind a semicolon."""
        n, share = self.right + self.wrong, at_most(self.failure_bp / 100)
        if self.doubt:
            return f"{self.doubt}; up to {share} % may fail"
        if not n:
            return f"unproven, up to {share} % may fail"
        counts = f"{self.right} of {n} verified calls were right"
        if self.rung == "unproven":
            return f"{counts}, which proves too little; up to {share} % may fail"
        return f"{counts}; failure of at most {share} % is proven"


def failure_bp(standing: Standing | None, version: Version | None) -> int:
    """Upper bound of the failure probability of a call, in basis points, never below its rung's floor.

    Failures raise it at once: the one-sided 95 % bound of Jeffreys' posterior, shrunk by two pseudo-outcomes to the
    agent's version as a whole. Right outcomes lower it by the rungs alone.
    """
    if standing is None:
        return UNPROVEN_BP
    floor = FLOOR_BP[standing.rung]
    if not standing.wrong:
        return floor
    wrong = version.wrong if version else standing.wrong
    right = version.right if version else standing.right
    parent = (wrong + PARENT_WEIGHT * UNPROVEN_BP / 10_000) / (right + wrong + PARENT_WEIGHT)
    a = standing.wrong + 0.5 + PARENT_WEIGHT * parent
    b = standing.right + 0.5 + PARENT_WEIGHT * (1.0 - parent)
    return max(floor, min(10_000, round(10_000 * beta_quantile(CONFIDENT, a, b))))


def earned(known: Reliability, standing: Standing | None, *, doubt: str = "", check: bool = False) -> Earned:
    """What the judge is told about a stratum, None for one of which nothing was verified."""
    if standing is None:
        bound = DOUBTFUL_BP if doubt else UNPROVEN_BP
        return Earned(failure_bp=bound, doubt=doubt, check=check)
    bound = failure_bp(standing, known.versions.get(version_key(standing.agent, standing.version)))
    return Earned(
        failure_bp=max(bound, DOUBTFUL_BP) if doubt else bound,
        right=standing.right,
        wrong=standing.wrong,
        rung=standing.rung,
        doubt=doubt,
        check=check,
    )


def at_least(right: int, wrong: int) -> float | None:
    """The share that is right at least, by the one-sided 95 % bound of Jeffreys; None below `FEWEST` outcomes."""
    n = right + wrong
    return None if n < FEWEST else jeffreys(right, n).low
