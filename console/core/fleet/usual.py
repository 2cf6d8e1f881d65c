"""How long runs like one have taken: its own history, of the runs that the floor still remembers. Pure; times in ms."""

from __future__ import annotations

from typing import Final

from msgspec import Struct

from console.core.fleet.state import Fleet, Run
from console.core.reliability.standing import FEWEST, task_of

MIDDLE: Final = 0.8
"""Share of the runs that lies between `low` and `high`."""


class Usual(Struct, frozen=True, kw_only=True):
    """What the middle of `n` completed runs took; below five all else is None. `like` says which runs they are."""

    n: int
    low: int | None = None
    high: int | None = None
    longest: int | None = None
    like: str = ""


def usual(fleet: Fleet, run: Run) -> Usual:
    """How long runs of the same agent and task took, or, where these are fewer than five, all of the agent's.

    Those that completed count: what failed or was killed tells nothing of how long the work takes. Time in which a run
    waited for people is part of it, as it is of the run's own.
    """
    task = task_of(run.goal)
    same: list[int] = []
    others: list[int] = []
    for key in fleet.finished:
        one = fleet.runs.get(key)
        if one is None or one.agent != run.agent or one.state != "completed" or one.ended_at is None:
            continue
        lasted = max(0, one.ended_at - one.started_at)
        others.append(lasted)
        if task and task_of(one.goal) == task:
            same.append(lasted)
    if len(same) >= FEWEST:
        return _middle(same, "runs like this")
    return _middle(others, f"runs of {run.agent}")


def _middle(lasted: list[int], like: str) -> Usual:
    n = len(lasted)
    if n < FEWEST:
        return Usual(n=n)
    lasted = sorted(lasted)
    aside = int(n * (1 - MIDDLE) / 2)
    return Usual(n=n, low=lasted[aside], high=lasted[n - 1 - aside], longest=lasted[-1], like=like)
