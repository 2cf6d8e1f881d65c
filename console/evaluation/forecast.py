"""How likely a run is to succeed while it runs, from the runs that ended before it began.

The share of those that were still running at its step, narrowed to runs of its kind (agent, model and domain), to runs whose
user asked for much the same, and to such runs of its kind; then tilted by what it shows of itself. How much a level counts,
and how much a sign, is learnt from the runs before it alone: each is forecast first, and learnt when it is over.
"""

from __future__ import annotations

import json
import math
from collections import defaultdict
from collections.abc import Sequence
from typing import Final

from msgspec import Struct, field

from console.core.provenance.normal import clean, words
from console.core.provenance.vocabulary import STOP
from console.demo.recorded import RecordedRun
from console.evaluation.agreement import Agreement, narrowed
from console.evaluation.trouble_signs import SIGNS, Signs, length, refusals

AT: Final = (1, 3, 5, 8, 12)
"""Steps at which a forecast is scored, among the runs that were still running."""

FEWEST: Final = 5
"""Finished runs below which nothing is forecast."""

ALIKE: Final = 0.5
"""Share of a user's telling words, weighed by how rare they are, from which a request counts as the same."""

START: Final = 2.0
"""Runs at even odds that are put to those seen."""

Shown = tuple[float | None, ...]
"""Values of `SIGNS`; None: not known."""


class Past(Struct, frozen=True):
    """What is known of a run once it is over.

    `kind`: agent, model and domain. `heard`: the user's words, each with its step, from 1. `shown`: what it had shown of
    itself by each step of `AT`. `groups`: what it belongs to, by the name of each grouping.
    """

    kind: str
    heard: dict[str, int]
    steps: int
    success: bool
    task: str = ""
    shown: dict[int, Shown] = field(default_factory=dict)
    groups: dict[str, str] = field(default_factory=dict)


class Forecast(Struct, frozen=True):
    """`share`: how likely it succeeds. `usual`: the share of successes of the runs before it. `runs`: what it rests on."""

    share: float
    usual: float
    runs: float


def heard(run: RecordedRun) -> dict[str, int]:
    """Return the telling words of the user, each with the step at which it was first said, from 1."""
    found: dict[str, int] = {}
    for at, step in enumerate(run.steps, 1):
        if step.kind == "message" and step.actor == "user":
            for word in words(clean(step.text or "")).words:
                if word not in STOP and len(word) > 2:
                    found.setdefault(word, at)
    return found


def shown(run: RecordedRun) -> dict[int, Shown]:
    """Return what a run had shown of itself by each step of `AT` that it reached.

    A request has a length where the run begins with it; where the agent speaks first, the user's first words are an opening.
    """
    found: dict[int, Shown] = {}
    request = None
    refused = failed = repeated = 0
    made: set[tuple[str, str]] = set()
    for at, step in enumerate(run.steps, 1):
        match step.kind:
            case "message" if step.actor == "user":
                request = length(step.text or "") if at == 1 else request
            case "message" if step.actor != "environment":
                refused += refusals(step.text or "")
            case "tool_result":
                failed += step.error is True
            case "tool_call":
                call = (step.name or "", json.dumps(step.args, sort_keys=True))
                repeated += call in made
                made.add(call)
        if at in AT:
            found[at] = (request, refused, failed, repeated)
    return found


class _Request(Struct):
    """One request: its words, and for each step and kind the runs that had it, as [good ones, all]."""

    heard: dict[str, int]
    runs: dict[int, dict[str, list[float]]] = field(default_factory=dict)


class _Level(Struct):
    """One level of a forecast: how far such levels agree, its good runs and all, and what was forecast without it."""

    agreements: tuple[Agreement, ...]
    hits: float
    of: float
    above: float


class _Made(Struct):
    """One forecast, with what is learnt from once the run is over. `base`: the share before its signs."""

    share: float
    base: float
    usual: float
    runs: float
    levels: list[_Level]


class Walk:
    """Runs as they end, one after another. Ask for a run's forecast before it is learnt."""

    def __init__(self) -> None:
        self._all: dict[int, list[float]] = defaultdict(lambda: [0.0, 0.0])
        self._kinds: dict[tuple[int, str], list[float]] = defaultdict(lambda: [0.0, 0.0])
        self._agreements: dict[tuple[str, str], Agreement] = defaultdict(Agreement)
        self._signs: dict[str, Signs] = defaultdict(Signs)
        self._requests: list[_Request] = []
        self._named: dict[frozenset[tuple[str, int]], _Request] = {}
        self._having: dict[str, list[int]] = defaultdict(list)
        self._uses: dict[str, int] = defaultdict(int)
        self._count = 0

    def forecasts(self, run: Past) -> dict[int, Forecast]:
        """Return the forecast of a run at each step of `AT` that it reaches; none at one with too little history."""
        return {
            step: Forecast(made.share, made.usual, made.runs)
            for step in AT
            if run.steps >= step and self._all[step][1] >= FEWEST
            for made in (self._forecast(run, step),)
        }

    def learn(self, run: Past) -> None:
        """Count a run that is over."""
        reached = [step for step in AT if run.steps >= step]
        part = 1 / max(1, len(reached))
        made = {step: self._forecast(run, step) for step in reached}
        for step, one in made.items():
            for level in one.levels:
                for agreement in level.agreements:
                    agreement.note(level.above, level.hits, level.of, hit=run.success, part=part)
            values = run.shown.get(step, (None,) * len(SIGNS))
            self._signs[run.kind].note(step, values, one.base, hit=run.success, part=part)
        name = frozenset(run.heard.items())
        request = self._named.get(name)
        if request is None:
            request = self._named[name] = _Request(run.heard)
            for word in run.heard:
                self._having[word].append(len(self._requests))
            self._requests.append(request)
        for word in run.heard:
            self._uses[word] += 1
        self._count += 1
        for step in reached:
            kinds = request.runs.setdefault(step, {})
            for counts in (
                self._all[step],
                self._kinds[step, run.kind],
                kinds.setdefault(run.kind, [0.0, 0.0]),
            ):
                counts[0] += run.success
                counts[1] += 1

    def _forecast(self, run: Past, step: int) -> _Made:
        won, of = self._all[step]
        kin = self._kinds[step, run.kind]
        usual = (won + START / 2) / (of + START)
        others, own = self._alike(run, step)
        found = [("others ask alike", others), ("kind asks alike", own)]
        if kin[1] < of:  # else it would say the same twice
            found.insert(0, ("kind", kin))
        share, runs, levels = usual, of + START, []
        for name, (hits, some) in found:
            if some:
                everybody, own_kind = self._agreements[name, ""], self._agreements[name, run.kind]
                levels.append(_Level((everybody, own_kind), hits, some, share))
                agreement = everybody if name == "kind" else own_kind.after(everybody)
                now = narrowed(share, runs, [(agreement, hits, some)])
                share, runs = now.share, now.runs
        signs = self._signs[run.kind]
        standings = signs.standings(step, run.shown.get(step, (None,) * len(SIGNS)))
        return _Made(signs.tilted(share, standings), share, usual, runs, levels)

    def _alike(self, run: Past, step: int) -> tuple[list[float], list[float]]:
        """Good runs and all, of those that asked for much the same, by how much: of other kinds, and of the same."""
        whole, shared = 0.0, defaultdict[int, float](float)
        for word, at in run.heard.items():
            if at <= step:
                rare = math.log((self._count + 1) / max(1, self._uses.get(word, 0)))
                whole += rare
                for number in self._having.get(word, ()):
                    shared[number] += rare
        found = ([0.0, 0.0], [0.0, 0.0])
        for number, weight in shared.items():
            if weight < ALIKE * whole or not weight:
                continue
            for kind, (won, of) in self._requests[number].runs.get(step, {}).items():
                counts = found[kind == run.kind]
                counts[0] += weight / whole * won
                counts[1] += weight / whole * of
        return found


def walk(runs: Sequence[Past]) -> list[dict[int, Forecast]]:
    """Forecast runs in this order, each from those before it."""
    history, found = Walk(), []
    for run in runs:
        found.append(history.forecasts(run))
        history.learn(run)
    return found
