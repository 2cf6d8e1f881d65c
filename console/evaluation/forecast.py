"""How likely a run is to succeed while it runs, from the other runs of its kind that were still running at that step.

The history of what users asked for in much the same words, shrunk to the agent's in the domain, shrunk to all: each
level counts as two runs for the one below it (Beta prior; the weight that served best of 1, 2, 4 and 8). A run's own
outcome is never among its history, and of its own words only those count that were said by then.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Sequence
from typing import Final

from msgspec import Struct

from console.core.provenance.normal import clean, words
from console.core.provenance.vocabulary import STOP
from console.demo.recorded import RecordedRun

AT: Final = (1, 3, 5, 8, 12)
"""Steps at which a forecast is scored, among the runs that were still running."""

WEIGHT: Final = 2.0
"""Runs that the level above counts for."""

FEWEST: Final = 5
"""Runs with an outcome below which nothing is forecast."""

ALIKE: Final = 0.5
"""Share of a user's telling words, weighed by how rare they are, from which a request counts as the same."""


class Past(Struct, frozen=True):
    """What is known of a run once it is over: its kind, the user's words with the step of each, its steps, its success."""

    kind: str
    heard: dict[str, int]
    steps: int
    success: bool


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

    def forecast(self, number: int, step: int) -> float | None:
        """Return the probability that a run succeeds which is running at `step`; None with too little history."""
        run = self._runs[number]
        alive = [other for at, other in enumerate(self._runs) if at != number and other.steps >= step]
        if len(alive) < FEWEST:
            return None
        rate = sum(other.success for other in alive) / len(alive)
        kind = [other for other in alive if other.kind == run.kind]
        rate = (sum(other.success for other in kind) + WEIGHT * rate) / (len(kind) + WEIGHT)
        alike = {
            at: share
            for at, share in self._alike(run, step).items()
            if at != number and self._runs[at].steps >= step
        }
        won = sum(share for at, share in alike.items() if self._runs[at].success)
        return (won + WEIGHT * rate) / (sum(alike.values()) + WEIGHT)

    def _alike(self, run: Past, step: int) -> dict[int, float]:
        """Return the runs whose user asked for much the same, with how much of it."""
        telling = [word for word, at in run.heard.items() if at <= step and word in self._rare]
        whole = sum(self._rare[word] for word in telling)
        shared: dict[int, float] = defaultdict(float)
        for word in telling:
            for number in self._having[word]:
                shared[number] += self._rare[word]
        return (
            {number: weight / whole for number, weight in shared.items() if weight >= ALIKE * whole}
            if whole
            else {}
        )


def brier_skill(runs: Sequence[Past], step: int) -> tuple[float | None, int]:
    """Return 1 minus the Brier score over that of the base rate of the same runs, and how many runs; above 0 is skill."""
    history = History(runs)
    made = [
        (history.forecast(number, step), run.success) for number, run in enumerate(runs) if run.steps >= step
    ]
    pairs = [(value, success) for value, success in made if value is not None]
    if not pairs or len({success for _value, success in pairs}) < 2:
        return None, len(pairs)
    base = sum(success for _value, success in pairs) / len(pairs)
    score = sum((value - success) ** 2 for value, success in pairs)
    return 1 - score / sum((base - success) ** 2 for _value, success in pairs), len(pairs)
