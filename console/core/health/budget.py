"""Budgets of a run: what it may use up. At 80 % it is said, at 100 % the run is paused."""

from __future__ import annotations

from typing import Final, Literal

from msgspec import Struct

from console.core.health.finding import Finding

Measure = Literal["steps", "tokens", "cost_usd", "seconds", "writes", "destinations"]

WARNS: Final = 0.8
"""Share of a budget at which it is said."""

WORDS: Final[dict[Measure, str]] = {
    "steps": "steps",
    "tokens": "tokens",
    "cost_usd": "dollars",
    "seconds": "seconds",
    "writes": "writes",
    "destinations": "destinations outside",
}


class Budget(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What one run may use; None is no bound. `writes` are calls that change something, `destinations` distinct hosts."""

    steps: int | None = None
    tokens: int | None = None
    cost_usd: float | None = None
    seconds: float | None = None
    writes: int | None = None
    destinations: int | None = None


def over(budget: Budget, used: dict[Measure, float]) -> list[Finding]:
    """What of a budget is nearly or wholly used up."""
    found = []
    for measure, words in WORDS.items():
        most = getattr(budget, measure)
        spent = used.get(measure, 0)
        if most is None or spent < WARNS * most:
            continue
        share = f"{spent / most:.0%}" if most else "all"
        text = f"{spent:g} of {most:g} {words} used ({share})"
        found.append(Finding(kind="budget", text=text, pause=spent >= most, about=measure))
    return found
