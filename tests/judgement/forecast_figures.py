"""How good the forecast of a run's success is on recorded runs: `python -m tests.judgement.forecast_figures`.

Prequential: runs come in a random order, each is forecast from those before it and only then learnt. Skill stands beside two
base rates: that of the runs before it, which a forecaster knows, and, after the slash, that of the very runs that were
scored, which none could have known. Intervals, of the first, resample tasks.
"""

from __future__ import annotations

import gzip
import json
import random
from typing import Any

from console.core.reliability.forecast import forecast
from console.core.reliability.standing import FEWEST, Reliability, Verified, fold, task_of
from tests import DATA

AT = (1, 3, 5, 8, 12)
ORDERS = 20


def steps_of(run: dict[str, Any]) -> int:
    """Calls and messages of the agent: what the supervisor counts as its steps."""
    return sum(
        step["kind"] == "tool_call" or step["actor"] not in ("user", "environment") for step in run["steps"]
    )


def goal(run: dict[str, Any]) -> str:
    """What the user said first, and for nobody else's eyes before that."""
    return next(
        (s["text"] for s in run["steps"] if s["kind"] == "message" and s["actor"] == "user" and s["text"]), ""
    )


Scored = tuple[str, float, float, float, bool, float]
"""Task, forecast, both ends of its interval, outcome, share of successes among the runs before that were still running."""


def scored(runs: list[dict[str, Any]], seed: int) -> dict[int, list[Scored]]:
    """Forecasts of one order, by the step at which they were made."""
    order = runs[:]
    random.Random(seed).shuffle(order)
    known = Reliability()
    found: dict[int, list[Scored]] = {at: [] for at in AT}
    before: dict[int, list[bool]] = {at: [] for at in AT}
    for run in order:
        task, steps = task_of(goal(run)), steps_of(run)
        for at in AT:
            if steps >= at:
                one = forecast(known, run["agent"], str(run["model"]), task, at)
                if one.share is not None and one.interval is not None:
                    ok = bool(run["outcome"]["success"])
                    usual = sum(before[at]) / len(before[at]) if before[at] else 0.5
                    found[at].append(
                        (run["task_id"], one.share, one.interval.low, one.interval.high, ok, usual)
                    )
                before[at].append(bool(run["outcome"]["success"]))
        fold(
            known,
            Verified(
                agent=run["agent"],
                version=str(run["model"]),
                ok=bool(run["outcome"]["success"]),
                task=task,
                steps=steps,
            ),
        )
    return found


def skill(rows: list[Scored]) -> float:
    """Brier skill against the base rate of the runs before each."""
    usual = sum((row[5] - row[4]) ** 2 for row in rows)
    return 1 - sum((row[1] - row[4]) ** 2 for row in rows) / usual if usual else float("nan")


def hindsight(rows: list[Scored]) -> float:
    """Brier skill against the base rate of these rows."""
    base = sum(row[4] for row in rows) / len(rows)
    error = sum((row[1] - row[4]) ** 2 for row in rows)
    usual = sum((base - row[4]) ** 2 for row in rows)
    return 1 - error / usual if usual else float("nan")


def spread(rows: list[Scored], rng: random.Random) -> tuple[float, float]:
    """90 % interval of the skill, by resampling tasks."""
    by_task: dict[str, list[Scored]] = {}
    for row in rows:
        by_task.setdefault(row[0], []).append(row)
    tasks, values = list(by_task), []
    for _ in range(300):
        drawn = [row for task in rng.choices(tasks, k=len(tasks)) for row in by_task[task]]
        value = skill(drawn)
        if value == value:  # noqa: PLR0124  (not a number is not itself)
            values.append(value)
    values.sort()
    return values[len(values) // 20], values[-len(values) // 20]


def main() -> None:
    """Print the table."""
    for path in sorted(DATA.glob("*.jsonl.gz")):
        with gzip.open(path, "rt", encoding="utf-8") as file:
            runs = [run for line in file if (run := json.loads(line))["outcome"]["success"] is not None]
        if len({run["outcome"]["success"] for run in runs}) < 2 or len(runs) <= FEWEST:
            continue
        orders = [scored(runs, seed) for seed in range(ORDERS if len(runs) < 500 else 3)]
        cells = []
        for at in AT:
            rows = [row for order in orders for row in order[at]]
            if not rows:
                continue
            low, high = spread(rows, random.Random(0))
            # Deciles of the forecast, and how many of their true shares lie inside the mean interval.
            rows.sort(key=lambda row: row[1])
            parts = [
                part for k in range(10) if (part := rows[k * len(rows) // 10 : (k + 1) * len(rows) // 10])
            ]
            inside = sum(
                sum(r[2] for r in part) <= sum(r[4] for r in part) <= sum(r[3] for r in part)
                for part in parts
            )
            cells.append(
                f"@{at} {skill(rows):+.3f}/{hindsight(rows):+.3f} [{low:+.2f},{high:+.2f}] {inside}/{len(parts)}"
            )
        print(f"{path.name.removesuffix('.jsonl.gz'):27}", "  ".join(cells))


if __name__ == "__main__":
    main()
