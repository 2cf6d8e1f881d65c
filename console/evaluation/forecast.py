"""The console's forecast over the runs of a file: each from those before it, and counted when it is over."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Final

from msgspec import Struct, field

from console.core.reliability.history import START, Ended, History, estimate, learn, of_kind
from console.core.reliability.sofar import MARKS, Shown, SoFar
from console.core.reliability.standing import FEWEST
from console.demo.recorded import RecordedRun

AT: Final = MARKS[:5]
"""Steps at which a forecast is scored, among the runs that were still running."""


class Past(Struct, frozen=True):
    """What is known of a run once it is over.

    `kind`: agent, model and domain. `heard` and `shown` as in its `SoFar`. `groups`: what it belongs to, by the name of each
    grouping.
    """

    kind: str
    heard: dict[str, int]
    steps: int
    success: bool
    task: str = ""
    shown: Sequence[Shown] = ()
    groups: dict[str, str] = field(default_factory=dict)


class Forecast(Struct, frozen=True):
    """`share`: how likely it succeeds. `usual`: the share of successes of the runs before it. `runs`: what it rests on."""

    share: float
    usual: float
    runs: float


def so_far(run: RecordedRun) -> SoFar:
    """Return what a run had shown when it ended, by the same steps that a living one is followed by."""
    found = SoFar()
    for step in run.steps:
        match step.kind:
            case "message" if step.actor == "user":
                found.said(step.text or "")
            case "message" if step.actor != "environment":
                found.answered(step.text or "")
            case "tool_call":
                found.called(step.name or "", step.args or {})
            case _:
                found.came(failed=step.error is True)
    return found


class Walk:
    """Runs as they end, one after another. Ask for a run's forecast before it is learnt."""

    def __init__(self) -> None:
        self._history = History()
        self._before: dict[int, list[int]] = defaultdict(lambda: [0, 0])

    def forecasts(self, run: Past, *, known: bool = True) -> dict[int, Forecast]:
        """Return the forecast of a run at each step of `AT` that it reaches; none at one with too little history.

        `known`: too little of its own kind, as the console has it; else too little of all.
        """
        found: dict[int, Forecast] = {}
        for mark, step in enumerate(AT):
            won, of = self._before[step]
            enough = of_kind(self._history, run.kind, mark)[1] if known else of
            if run.steps >= step and enough >= FEWEST:
                shown = run.shown[mark] if mark < len(run.shown) else SoFar().now
                one = estimate(self._history, run.kind, run.heard, shown, mark)
                found[step] = Forecast(one.share, (won + START / 2) / (of + START), one.runs)
        return found

    def learn(self, run: Past) -> None:
        """Count a run that is over."""
        ended = Ended(kind=run.kind, ok=run.success, steps=run.steps, heard=run.heard, shown=run.shown)
        learn(self._history, ended)
        for step in AT:
            if run.steps >= step:
                self._before[step][0] += run.success
                self._before[step][1] += 1


def walk(runs: Sequence[Past]) -> list[dict[int, Forecast]]:
    """Forecast runs in this order, each from those before it."""
    history, found = Walk(), []
    for run in runs:
        found.append(history.forecasts(run))
        history.learn(run)
    return found
