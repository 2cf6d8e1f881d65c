"""How far outcomes agree within a level of history, learnt as they come: what a level counts against the one above it.

A level is a set of finished runs that are thought alike: of one agent, of one request. Whether they are, is measured: of
each run that ends, did the earlier runs of its level miss the forecast above on the same side as it did? That is the
intraclass correlation of a beta-binomial model. Half a standard error of it is not believed. So a level whose outcomes
agree no more than by chance counts for nothing, and the forecast stays what the level above says.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Final

from msgspec import Struct

DOUBT: Final = 5.0
"""Runs without any agreement that are put to those seen, before agreement is believed."""

BELIEVED: Final = 0.5
"""Standard errors by which the agreement is taken to be lower than it was measured."""

CLOSE: Final = 0.8
"""Most agreement: a level above counts for at least a quarter of a run."""

FLAT: Final = 0.001
"""Agreement up to which a level is left out."""


class Agreement(Struct):
    """How far runs of a level agreed.

    The sum of products of misses, what that would be at full agreement, and its variance by chance.
    """

    agreed: float = 0.0
    seen: float = 0.0
    noise: float = 0.0

    def note(self, above: float, hits: float, of: float, *, hit: bool, part: float = 1.0) -> None:
        """Count a run that ended; `hits` good ones of the `of` earlier runs of its level, forecast `above` without them.

        `part` is the weight of it: one run is noted at several steps, and is one run.
        """
        if of <= 0:
            return
        spread = above * (1 - above)
        self.agreed += part * (hit - above) * (hits / of - above)
        self.seen += part * spread
        self.noise += part * spread * spread / of

    def after(self, wider: Agreement) -> Agreement:
        """Put the agreement of a wider set of levels before this one, for at most `DOUBT` runs."""
        part = DOUBT / 4 / max(DOUBT / 4, wider.seen)
        return Agreement(
            self.agreed + part * wider.agreed,
            self.seen + part * wider.seen,
            self.noise + part * part * wider.noise,
        )

    @property
    def prior_runs(self) -> float | None:
        """How many runs the level above counts for, (1 - a) / a at agreement a; None: the level counts for nothing."""
        lower = self.agreed - BELIEVED * math.sqrt(self.noise)
        agreement = min(lower / (self.seen + DOUBT / 4), CLOSE)
        return (1 - agreement) / agreement if agreement > FLAT else None


class Narrowed(Struct, frozen=True):
    """`share`: the forecast after all levels. `runs`: how many runs of history it is worth."""

    share: float
    runs: float


def narrowed(share: float, runs: float, levels: Iterable[tuple[Agreement | None, float, float]]) -> Narrowed:
    """Go from the widest level to the narrowest: of each, its agreement, its good runs, and how many it has.

    What a level adds cannot be surer than what it is shrunk to: their variances add.
    """
    for agreement, hits, of in levels:
        weight = agreement.prior_runs if agreement is not None and of > 0 else None
        if weight is not None:
            share = (hits + weight * share) / (of + weight)
            runs = 1 / (1 / (of + weight) + 1 / runs * (weight / (of + weight)) ** 2)
    return Narrowed(share, runs)
