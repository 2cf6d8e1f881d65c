"""How likely a run is to succeed while it runs, from the other runs of its file that were still running at that step.

Four levels: runs of the same kind (agent, model and domain) whose user asked for much the same, such runs of other kinds,
all runs of the kind, all runs. How much a level counts against the one above it is measured on the other runs: if outcomes
within it do not agree more than by chance, it counts for nothing. A run's own outcome is never among its history, and of its
own words only those count that were said by then. What runs show of trouble is left out: it helped on too few sets.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from typing import Final

from msgspec import Struct

from console.core.provenance.normal import clean, words
from console.core.provenance.vocabulary import STOP
from console.demo.recorded import RecordedRun

AT: Final = (1, 3, 5, 8, 12)
"""Steps at which a forecast is scored, among the runs that were still running."""

FEWEST: Final = 5
"""Runs with an outcome below which nothing is forecast."""

ALIKE: Final = 0.5
"""Share of a user's telling words, weighed by how rare they are, from which a request counts as the same."""

DOUBT: Final = 10.0
"""Pairs of runs without any agreement that are put to those seen, before agreement is believed."""

FLAT: Final = 0.001
CLOSE: Final = 0.8
"""Least and most agreement: a level counts as at most 999 and at least a quarter of a run against the one below it."""


class Past(Struct, frozen=True):
    """What is known of a run once it is over.

    `kind`: agent, model and domain. `heard`: the user's words, each with its step, from 1.
    """

    kind: str
    heard: dict[str, int]
    steps: int
    success: bool
    task: str = ""


class Forecast(Struct, frozen=True):
    """`share`: how likely it succeeds. `usual`: the share of successes among the other runs. `runs`: what it rests on.

    `order`: the share as it were if the run's own outcome stood in the rates of its kind and of all. It is no forecast and
    only orders forecasts into groups: without it a failed run, missing from the rate, would always stand above a good one.
    """

    share: float
    usual: float
    runs: float
    order: float


class Pairs:
    """Pairs of runs that should have much the same outcome, and how far they do."""

    def __init__(self) -> None:
        self._of: dict[int, list[float]] = defaultdict(lambda: [0.0, 0.0, 0.0])
        self._all = [0.0, 0.0, 0.0]

    def add(self, run: int, other: int, weight: float, *, hits: tuple[bool, bool]) -> None:
        """Count one pair; `hits` are the outcomes of the two."""
        terms = (weight * (hits[0] and hits[1]), weight * sum(hits), weight)
        for term, value in enumerate(terms):
            self._of[run][term] += value
            self._of[other][term] += value
            self._all[term] += value

    def prior_runs(self, run: int, rate: float) -> float:
        """Return how many runs the level above counts for, in the forecast of a run that this is measured without.

        With agreement a (the intraclass correlation of the outcomes) that is (1 - a) / a, as in a beta-binomial model.
        """
        mine = self._of.get(run, (0.0, 0.0, 0.0))
        both, either, weight = (whole - part for whole, part in zip(self._all, mine, strict=True))
        spread = rate * (1 - rate)
        agreed = (both - rate * either + rate * rate * weight) / spread if spread else 0.0
        agreement = min(max(agreed / (weight + DOUBT), FLAT), CLOSE)
        return (1 - agreement) / agreement


def heard(run: RecordedRun) -> dict[str, int]:
    """Return the telling words of the user, each with the step at which it was first said, from 1."""
    found: dict[str, int] = {}
    for at, step in enumerate(run.steps, 1):
        if step.kind == "message" and step.actor == "user":
            for word in words(clean(step.text or "")).words:
                if word not in STOP and len(word) > 2:
                    found.setdefault(word, at)
    return found


class History:
    """The runs that are over. Ask it for a run among them, and it leaves that run out."""

    def __init__(self, runs: Sequence[Past]) -> None:
        self._runs = runs
        counts = Counter(word for run in runs for word in run.heard)
        self._rare = {
            word: math.log(len(runs) / count) for word, count in counts.items() if count < len(runs)
        }
        self._having: dict[str, list[int]] = defaultdict(list)
        for number, run in enumerate(runs):
            for word in run.heard:
                if word in self._rare:
                    self._having[word].append(number)

    def forecasts(self, step: int) -> dict[int, Forecast]:
        """Return the forecast of each run that is running at `step`, by its number; none with too little history."""
        alive = [number for number, run in enumerate(self._runs) if run.steps >= step]
        if len(alive) <= FEWEST:
            return {}
        kinds: dict[str, list[int]] = defaultdict(list)
        for number in alive:
            kinds[self._runs[number].kind].append(number)
        alike = {number: self._alike(number, step) for number in alive}
        same, near, far = self._kin(kinds), Pairs(), Pairs()
        for number, others in alike.items():
            for other, share in others.items():
                pairs = near if self._related(number, other) else far
                pairs.add(number, other, share / 2, hits=(self._won(number), self._won(other)))
        won = sum(map(self._won, alive))
        found: dict[int, Forecast] = {}
        for number in alive:
            kin, own = kinds[self._runs[number].kind], self._won(number)
            usual = (won - own) / (len(alive) - 1)
            weight = [pairs.prior_runs(number, usual) for pairs in (same, far, near)]
            part = sum(map(self._won, kin))
            close = [self._counts(number, alike[number], related=related) for related in (False, True)]

            without = _shrunk(
                part - own, len(kin) - 1, _shrunk(won - own, len(alive) - 1, 0.5, 2.0), weight[0]
            )
            whole = _shrunk(part, len(kin), _shrunk(won, len(alive), 0.5, 2.0), weight[0])
            for (hits, of), above in zip(close, weight[1:], strict=True):
                without, whole = _shrunk(hits, of, without, above), _shrunk(hits, of, whole, above)
            told = sum(of for _hits, of in close) + min(weight[1:])
            found[number] = Forecast(without, usual, 1 / (1 / told + 1 / (len(alive) + 1)), whole)
        return found

    def _counts(self, number: int, alike: Mapping[int, float], *, related: bool) -> tuple[float, float]:
        """Successes and runs among those alike, by how much they are, of the same kind or of others."""
        some = {other: share for other, share in alike.items() if self._related(number, other) is related}
        return sum(share for other, share in some.items() if self._won(other)), sum(some.values())

    def _related(self, number: int, other: int) -> bool:
        return self._runs[number].kind == self._runs[other].kind

    def _won(self, number: int) -> bool:
        return self._runs[number].success

    def _kin(self, kinds: Mapping[str, Sequence[int]]) -> Pairs:
        """The pairs within each kind, weighed so that a run counts once however many kin it has."""
        pairs = Pairs()
        for some in kinds.values():
            for at, number in enumerate(some):
                for other in some[at + 1 :]:
                    pairs.add(number, other, 1 / (len(some) - 1), hits=(self._won(number), self._won(other)))
        return pairs

    def _alike(self, number: int, step: int) -> dict[int, float]:
        """Return the other runs still running whose user asked for much the same, with how much of it."""
        run = self._runs[number]
        telling = [word for word, at in run.heard.items() if at <= step and word in self._rare]
        whole = sum(self._rare[word] for word in telling)
        shared: dict[int, float] = defaultdict(float)
        for word in telling:
            for other in self._having[word]:
                shared[other] += self._rare[word]
        return {
            other: weight / whole
            for other, weight in shared.items()
            if weight >= ALIKE * whole and other != number and self._runs[other].steps >= step
        }


def _shrunk(hits: float, of: float, above: float, weight: float) -> float:
    """The share of hits, with the level above counting for `weight` runs."""
    return (hits + weight * above) / (of + weight)
