"""What can be known of a run's end on recorded runs: `python -m tests.judgement.forecast_limits`.

Two questions, of ten things that a run shows of itself. Left out: which of them to use, and in which direction, is chosen
on the other sets alone; what is that worth on the set left out? Oracle: the best of the ten, in its better direction and at
the better of two weights, chosen with the labels of the set itself in hand; where even that gains little, there is little to
know. All beside the base rate of the runs before each, steps 3 to 12 together, with fixed weights: nothing else is learnt.
"""

from __future__ import annotations

import math
import random
from itertools import product
from pathlib import Path
from typing import Final

from console.core.reliability.standing import FEWEST
from console.core.reliability.trouble_signs import BELIEF, SIGNS, Spread
from console.demo.recorded import RecordedRun
from console.evaluation.forecast import AT, so_far
from console.evaluation.labels import labelled_runs
from tests import DATA

ORDERS: Final = 10
CANDIDATES: Final = (
    *SIGNS,
    "said by the agent",
    "asked by the agent",
    "calls",
    "tools",
    "read",
    "said to it",
)
WEIGHTS: Final = (BELIEF, -BELIEF, 2 * BELIEF, -2 * BELIEF)

Row = tuple[float, bool, tuple[float, ...]]
"""The base rate of the runs before, the outcome, and where each candidate stood."""


def candidates(run: RecordedRun, at: int) -> tuple[float | None, ...]:
    """The ten at a step; None: not known."""
    lived = run.steps[:at]
    mine = [s.text or "" for s in lived if s.kind == "message" and s.actor not in ("user", "environment")]
    calls = [s for s in lived if s.kind == "tool_call"]
    read = sum(len(s.text or "") for s in lived if s.kind == "tool_result")
    heard = sum(len(s.text or "") for s in lived if s.kind == "message" and s.actor == "user")
    more = (
        math.log1p(sum(map(len, mine))),
        sum(text.count("?") for text in mine),
        len(calls),
        len({s.name for s in calls}),
        math.log1p(read),
        math.log1p(heard),
    )
    return (*so_far(run).shown[AT.index(at)], *more)


def rows_of(path: Path) -> list[Row]:
    """All forecasts of a set, in some orders."""
    runs = [
        ({at: candidates(run, at) for at in AT[1:] if at <= len(run.steps)}, labels.outcome.success)
        for run, labels in labelled_runs(path)
        if labels.outcome.success is not None
    ]
    found: list[Row] = []
    for seed in range(ORDERS if len(runs) < 500 else 2):
        order = runs[:]
        random.Random(seed).shuffle(order)
        spreads = {at: [Spread() for _ in CANDIDATES] for at in AT}
        counts = {at: [1.0, 2.0] for at in AT}
        for values, won in order:
            for at, some in values.items():
                known, (good, of) = spreads[at], counts[at]
                stood = [0.0 if v is None else k.standing(v) for k, v in zip(known, some, strict=True)]
                if of >= FEWEST + 2:
                    found.append((good / of, won, tuple(stood)))
                for spread, value in zip(known, some, strict=True):
                    if value is not None:
                        spread.note(value)
                counts[at] = [good + won, of + 1]
    return found


def skill(rows: list[Row], weights: dict[int, float]) -> float:
    """Brier skill of the base rate tilted by some candidates, against the base rate."""
    error = usual = 0.0
    for base, won, stood in rows:
        odds = base / (1 - base) * math.exp(sum(weight * stood[which] for which, weight in weights.items()))
        error += (odds / (1 + odds) - won) ** 2
        usual += (base - won) ** 2
    return 1 - error / usual


def main() -> None:
    """Print a line a set."""
    sets: dict[str, list[Row]] = {}
    for path in sorted(DATA.glob("*.jsonl.gz")):
        rows = rows_of(path)
        if len({won for _base, won, _stood in rows}) > 1:
            sets[path.name.removesuffix(".jsonl.gz")] = rows
    alone = {
        (name, which, weight): skill(rows, {which: weight})
        for (name, rows), which, weight in product(sets.items(), range(len(CANDIDATES)), WEIGHTS)
    }
    for name, rows in sets.items():
        others = [other for other in sets if other != name]
        chosen: dict[int, float] = {}
        for which in range(len(CANDIDATES)):
            gain, weight = max(
                (sum(alone[other, which, weight] for other in others), weight) for weight in WEIGHTS[:2]
            )
            if gain > 0:
                chosen[which] = weight
        best = max(
            (alone[name, which, weight], which) for which, weight in product(range(len(CANDIDATES)), WEIGHTS)
        )
        signs = skill(rows, dict.fromkeys(range(len(SIGNS)), BELIEF))
        said = ", ".join(
            f"{'-' if weight < 0 else '+'}{CANDIDATES[which]}" for which, weight in chosen.items()
        )
        print(
            f"{name:27} the four signs {signs:+.3f}; left out {skill(rows, chosen):+.3f} ({said}); "
            f"oracle {best[0]:+.3f} ({CANDIDATES[best[1]]})"
        )


if __name__ == "__main__":
    main()
