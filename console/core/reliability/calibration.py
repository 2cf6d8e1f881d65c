"""Claimed against earned: what an agent said of its calls, beside what others found, with the band of an honest claim."""

from __future__ import annotations

from msgspec import Struct

from console.core.reliability.intervals import Interval, jeffreys, null_band
from console.core.reliability.standing import FEWEST, Standing, Version


class Bin(Struct, frozen=True, kw_only=True):
    """One bar of the reliability diagram: verified calls whose claims lay together.

    `claimed` is the mean claim, `earned` the share that was right with Jeffreys' interval. `band` is where the share of an
    exactly honest claimer would lie at this n.
    """

    n: int
    claimed: float
    earned: float
    interval: Interval
    band: Interval

    @property
    def overclaims(self) -> bool:
        """Whether so few were right that an honest claim does not explain it. Below five outcomes nothing is said."""
        return self.n >= FEWEST and self.earned < self.band.low


def diagram(version: Version) -> list[Bin]:
    """The bars of a version's reliability diagram, the lowest claims first; empty ones are left out."""
    return [bar for counts in version.claims if (bar := _bar(counts)) is not None]


def claimed_of(standing: Standing) -> Bin | None:
    """All claims of a stratum as one bar, or None if none of its verified calls had a claim."""
    return _bar(standing.claims)


def _bar(counts: list[float]) -> Bin | None:
    n, hits = int(counts[0]), int(counts[1])
    if not n:
        return None
    mean = min(1.0, max(0.0, counts[2] / n))
    return Bin(n=n, claimed=mean, earned=hits / n, interval=jeffreys(hits, n), band=null_band(mean, n))


def claims(version: Version) -> tuple[float, float, int] | None:
    """The mean claim, the share that was right, and n, over all verified calls with a claim; None if there are none."""
    n = sum(int(bar[0]) for bar in version.claims)
    if not n:
        return None
    return sum(bar[2] for bar in version.claims) / n, sum(bar[1] for bar in version.claims) / n, n
