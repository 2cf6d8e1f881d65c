"""How often the step that decided a failure stands first in the ranking, beside rankings that read nothing."""

from __future__ import annotations

import math
import random
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Final

from msgspec import Struct

from console.demo.recorded import RecordedRun
from console.evaluation.blame import Evidence, evidence, ranked
from console.evaluation.measures import DRAWS, Figure

TOP: Final = (1, 3)
"""Ranks up to which a hit counts."""

_SEED: Final = 20_24


class Place(Struct, frozen=True):
    """A run of which the decisive step is known: its place among the steps, and the steps weighed."""

    at: int
    told: list[Evidence]


class Hits(Struct, frozen=True, kw_only=True):
    """Share of runs whose decisive step is among the first `top`, with its 95 % interval by drawing runs again.

    `constant`: the share with the best `steps` for all runs, chosen with the labels in hand. `uniform`: by chance.
    """

    top: int
    share: Figure
    constant: float
    steps: tuple[int, ...]
    uniform: float


class Decisive(Struct, frozen=True, kw_only=True):
    """One kind of team. `as_it_came`: share of runs whose decisive step outweighed, as it came, every step before it.

    `usual`: the share of all steps that do so, to put beside it.
    """

    runs: int
    hits: list[Hits]
    as_it_came: Figure
    usual: float


def place(run: RecordedRun, decisive: int | None) -> Place | None:
    """Return where the decisive step stands, for a run that has one and calls no tools."""
    if decisive is None or any(step.kind == "tool_call" for step in run.steps):
        return None
    at = next((at for at, step in enumerate(run.steps) if step.i == decisive), None)
    return None if at is None else Place(at, evidence(run))


def measure_decisive(places: Sequence[Place], *, draws: int = DRAWS) -> Decisive:
    """Measure the ranking of some runs, at least one."""
    chance = random.Random(_SEED)  # noqa: S311  (draws again, hides nothing)
    samples = [chance.choices(places, k=len(places)) for _ in range(draws)]

    def figure(hit: Callable[[Place], bool]) -> Figure:
        def share(some: Sequence[Place]) -> float:
            return sum(map(hit, some)) / len(some)

        drawn = sorted(map(share, samples))
        ends = (drawn[int(0.025 * (draws - 1))], drawn[int(0.975 * (draws - 1))]) if drawn else (None, None)
        return Figure(share(places), *ends)

    rose = [_rises(one.told) for one in places]
    return Decisive(
        runs=len(places),
        hits=[_hits(places, top, figure(lambda one, top=top: _hit(one, top))) for top in TOP],  # type: ignore[misc]
        as_it_came=figure(lambda one: one.at in _rises(one.told)),
        usual=sum(map(len, rose)) / sum(len(one.told) for one in places),
    )


def _hit(one: Place, top: int) -> bool:
    return one.at in ranked(one.told)[:top]


def _hits(places: Sequence[Place], top: int, share: Figure) -> Hits:
    best = Counter(one.at for one in places).most_common(top)
    return Hits(
        top=top,
        share=share,
        constant=sum(count for _at, count in best) / len(places),
        steps=tuple(at for at, _count in best),
        uniform=sum(min(1.0, top / len(one.told)) for one in places) / len(places),
    )


def _rises(told: Sequence[Evidence]) -> set[int]:
    """The places of the steps that outweigh all before them."""
    found: set[int] = set()
    most = -math.inf
    for at, one in enumerate(told):
        if one.score is not None and one.score > most:
            most = one.score
            found.add(at)
    return found
