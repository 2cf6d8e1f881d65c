"""What a run has used up, counted call by call."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

from console.core.fleet.state import Action, Run
from console.core.health.budget import Measure

_HOST: Final = re.compile(r"(?:https?://(?:[^/@\s]*@)?|[\w.+-]+@)([A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+)")
_DESTINATIONS: Final = 1_000
_TEXT: Final = 4_096


class Usage:
    """What one run has used beyond what the fleet counts: calls that change something, hosts that they name."""

    def __init__(self) -> None:
        self.writes = 0
        self.destinations: set[str] = set()

    def count(self, action: Action) -> None:
        """An action began that changes something."""
        self.writes += 1
        for text in texts(action.edited if action.edited is not None else action.args):
            for host in _HOST.findall(text[:_TEXT]):
                if len(self.destinations) < _DESTINATIONS:
                    self.destinations.add(host.lower())

    def used(self, run: Run, at: int) -> dict[Measure, float]:
        """What the run has used up to `at` (ms)."""
        return {
            "steps": max(run.steps_seen, run.actions_seen),
            "tokens": run.tokens,
            "cost_usd": run.cost_usd,
            "seconds": max(0, at - run.started_at) / 1000,
            "writes": self.writes,
            "destinations": len(self.destinations),
        }


def texts(value: Any) -> Iterator[str]:
    """Every text in a JSON value, keys left out."""
    todo = [value]
    while todo:
        one = todo.pop()
        if isinstance(one, str):
            yield one
        elif isinstance(one, dict):
            todo.extend(one.values())
        elif isinstance(one, list):
            todo.extend(one)
