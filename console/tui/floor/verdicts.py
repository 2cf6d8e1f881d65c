"""What was asked and is decided, newest first, kept up to date run by run. Pure."""

from __future__ import annotations

from heapq import nlargest
from itertools import chain
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from console.core.fleet.state import Action, Fleet, Run

KEPT: Final = 16
"""Newest decisions that can be listed."""


def over_since(action: Action) -> int:
    """When an ask was decided, or its time ran out by its agent's own clock (ms); 0 if it was neither."""
    return action.decided_at or (action.finished_at if action.outcome == "expired" else None) or 0


class Verdicts:
    """The newest decisions of a fleet. Take each run in after it changed."""

    def __init__(self) -> None:
        self._of_run: dict[str, list[tuple[int, str]]] = {}
        self._newest: list[str] | None = None

    def clear(self) -> None:
        """Forget all runs."""
        self._of_run.clear()
        self._newest = None

    def take(self, key: str, run: Run | None) -> None:
        """Note what is decided in a run, or that the run is gone."""
        actions = run.actions.values() if run else ()
        found = [(at, action.key) for action in actions if action.asked_at and (at := over_since(action))]
        if found != self._of_run.get(key, []):
            self._newest = None
            if found:
                self._of_run[key] = found
            else:
                del self._of_run[key]

    def newest(self, fleet: Fleet) -> list[str]:
        """The keys of the actions that were decided last, or whose time ran out."""
        if self._newest is None:
            found = nlargest(KEPT, chain.from_iterable(self._of_run.values()))
            self._newest = [key for _, key in found]
        return [key for key in self._newest if fleet.action(key)]
