"""Finished runs as forecasts need them, and the forecast itself: one for the console and for recorded files.

The share of the runs that reached the same place, narrowed to those of the same kind (a version of an agent), to those of
other kinds whose user asked for much the same, and to such runs of its own kind; then tilted by what the run shows of
itself. How much a level counts, and how much a sign, is learnt: each run that ends is forecast first, and then counted.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from msgspec import Struct, field

from console.core.reliability.agreement import Agreement, narrowed
from console.core.reliability.sofar import MARKS, Shown, reached
from console.core.reliability.trouble_signs import SIGNS, Signs

ALIKE: Final = 0.5
"""Share of a user's telling words, weighed by how rare they are, from which a request counts as the same."""

START: Final = 2.0
"""Runs at even odds that are put to those seen."""

KINDS_KEPT: Final = 2_000
REQUESTS_KEPT: Final = 4_000
"""Different requests that are remembered; the oldest tenth is let go when there are more."""

_UNSHOWN: Final[Shown] = (None,) * len(SIGNS)

Pairs = list[list[int]]
"""For each of `MARKS`, as far as any run got: [good runs, all runs] of those that reached it."""


class Kind(Struct, omit_defaults=True):
    """What is known of one version of an agent. `agreements` by the name of the level."""

    runs: Pairs = field(default_factory=list)
    agreements: dict[str, Agreement] = field(default_factory=dict)
    signs: Signs = field(default_factory=Signs)


class Request(Struct, omit_defaults=True):
    """One request, by its words: the runs that had it, by kind."""

    name: str
    runs: dict[str, Pairs] = field(default_factory=dict)


class History(Struct, omit_defaults=True):
    """All that forecasts are made of. `words`: for each word how many runs had it, and then the numbers of its requests."""

    runs: Pairs = field(default_factory=list)
    agreements: dict[str, Agreement] = field(default_factory=dict)
    kinds: dict[str, Kind] = field(default_factory=dict)
    requests: dict[int, Request] = field(default_factory=dict)
    numbers: dict[str, int] = field(default_factory=dict)
    words: dict[str, list[int]] = field(default_factory=dict)
    ended: int = 0
    asked: int = 0


class Ended(Struct, frozen=True, kw_only=True):
    """A run that is over and verified. `corrects`: it was counted as good before."""

    kind: str
    ok: bool
    steps: int = 0
    heard: Mapping[str, int] = {}
    shown: Sequence[Shown] = ()
    corrects: bool = False


class Level(Struct, frozen=True):
    """One level: its name, its good runs and all, and what was forecast without it."""

    name: str
    hits: float
    of: float
    above: float


class Estimate(Struct, frozen=True, kw_only=True):
    """A forecast at one mark. `base`: the share before the signs. `runs`: how many runs of history it is worth.

    `own`: runs of its kind that reached the mark. `alike`: those of them that asked alike, 0 if that tells nothing.
    """

    share: float
    base: float
    runs: float
    own: int
    alike: float
    levels: tuple[Level, ...]


def estimate(known: History, kind: str, heard: Mapping[str, int], shown: Shown, mark: int) -> Estimate:
    """Forecast a run of a kind at the mark of that number, from what it had shown there."""
    *_, alike = _alike(known, kind, heard, mark + 1)
    return _estimate(known, kind, alike, shown, mark)


def learn(known: History, run: Ended) -> None:
    """Count a run that is over, in place."""
    marks = reached(run.steps)
    kind = known.kinds.pop(run.kind, None) or Kind()
    known.kinds[run.kind] = kind
    while len(known.kinds) > KINDS_KEPT:
        del known.kinds[next(iter(known.kinds))]
    if run.corrects:
        # What was learnt of levels and signs stays: one run of many, and it cannot be told any more from the others.
        number = known.numbers.get(_name(run.heard))
        request = known.requests.get(number) if number is not None else None
        for pairs in (known.runs, kind.runs, request.runs.get(run.kind, []) if request else []):
            for pair in pairs[:marks]:
                pair[0] = max(0, pair[0] - 1)
        return
    made = [
        _estimate(known, run.kind, alike, _at(run.shown, mark), mark)
        for mark, alike in enumerate(_alike(known, run.kind, run.heard, marks))
    ]
    for mark, one in enumerate(made):
        _note(known, kind, one, mark, run, 1 / marks)
    request = _request(known, run.heard)
    for pairs in (known.runs, kind.runs, request.runs.setdefault(run.kind, [])):
        pairs.extend([0, 0] for _ in range(marks - len(pairs)))
        for pair in pairs[:marks]:
            pair[0] += run.ok
            pair[1] += 1
    known.ended += 1


def of_kind(known: History, kind: str, mark: int) -> tuple[int, int]:
    """Good runs of a kind and all, among those that reached a mark."""
    one = known.kinds.get(kind)
    return _pair(one.runs if one else [], mark)


def _note(known: History, kind: Kind, one: Estimate, mark: int, run: Ended, part: float) -> None:
    for level in one.levels:
        for agreements in (known.agreements, kind.agreements):
            agreement = agreements.setdefault(level.name, Agreement())
            agreement.note(level.above, level.hits, level.of, hit=run.ok, part=part)
    kind.signs.note(mark, _at(run.shown, mark), one.base, hit=run.ok, part=part)


def _estimate(
    known: History, kind: str, alike: tuple[tuple[float, float], tuple[float, float]], shown: Shown, mark: int
) -> Estimate:
    own_kind = known.kinds.get(kind) or Kind()
    won, of = _pair(known.runs, mark)
    kin = _pair(own_kind.runs, mark)
    others, own = alike
    found = [("others ask alike", *others), ("kind asks alike", *own)]
    if kin[1] < of:  # else it would say the same twice
        found.insert(0, ("kind", *kin))
    share, runs, levels, telling = (won + START / 2) / (of + START), of + START, [], False
    for name, hits, some in found:
        if some:
            levels.append(Level(name, hits, some, share))
            agreement = known.agreements.get(name, Agreement())
            if name != "kind":
                agreement = own_kind.agreements.get(name, Agreement()).after(agreement)
            telling = agreement.prior_runs is not None
            now = narrowed(share, runs, [(agreement, hits, some)])
            share, runs = now.share, now.runs
    tilted = own_kind.signs.tilted(share, own_kind.signs.standings(mark, shown))
    return Estimate(
        share=tilted,
        base=share,
        runs=runs,
        own=kin[1],
        alike=own[1] if telling else 0.0,
        levels=tuple(levels),
    )


def _alike(
    known: History, kind: str, heard: Mapping[str, int], marks: int
) -> Iterator[tuple[tuple[float, float], tuple[float, float]]]:
    """At each mark: good runs and all that asked for much the same, by how much; of other kinds, and of the same."""
    spoken = sorted(heard.items(), key=lambda item: item[1])
    whole, at = 0.0, 0
    shared: dict[int, float] = {}
    for mark in range(marks):
        while at < len(spoken) and spoken[at][1] <= MARKS[mark]:
            uses, *numbers = known.words.get(spoken[at][0], (0,))
            rare = math.log((known.ended + 1) / max(1, uses))
            whole += rare
            for number in numbers:
                shared[number] = shared.get(number, 0.0) + rare
            at += 1
        found = ([0.0, 0.0], [0.0, 0.0])
        for number, weight in shared.items():
            if weight < ALIKE * whole or not weight:
                continue
            for name, pairs in known.requests[number].runs.items():
                won, of = _pair(pairs, mark)
                counts = found[name == kind]
                counts[0] += weight / whole * won
                counts[1] += weight / whole * of
        yield (found[0][0], found[0][1]), (found[1][0], found[1][1])


def _request(known: History, heard: Mapping[str, int]) -> Request:
    """The request of these words, made if it is new, its words counted."""
    name = _name(heard)
    number = known.numbers.get(name)
    for word in heard:
        known.words.setdefault(word, [0])[0] += 1
    if number is not None:
        return known.requests[number]
    number = known.asked
    known.asked += 1
    known.numbers[name] = number
    known.requests[number] = Request(name)
    for word in heard:
        known.words[word].append(number)
    if len(known.requests) > REQUESTS_KEPT:
        _forget(known)
    return known.requests[number]


def _forget(known: History) -> None:
    for number in list(known.requests)[: REQUESTS_KEPT // 10]:
        del known.numbers[known.requests.pop(number).name]
    for word, (uses, *numbers) in list(known.words.items()):
        left = [number for number in numbers if number in known.requests]
        if left:
            known.words[word] = [uses, *left]
        else:
            del known.words[word]


def _name(heard: Mapping[str, int]) -> str:
    text = ",".join(f"{word}.{at}" for word, at in sorted(heard.items()))
    return hashlib.blake2b(text.encode(), digest_size=8).hexdigest()


def _at(shown: Sequence[Shown], mark: int) -> Shown:
    return shown[mark] if mark < len(shown) else _UNSHOWN


def _pair(pairs: Pairs, mark: int) -> tuple[int, int]:
    return (pairs[mark][0], pairs[mark][1]) if mark < len(pairs) else (0, 0)
