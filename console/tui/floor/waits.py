"""Runs that wait for a person, and what is worse about them than that. Pure."""

from __future__ import annotations

from typing import Final, NamedTuple

from console.core.fleet.due import due_at
from console.core.fleet.state import Action
from console.tui.floor.attention import Level, Plight


class Waits(NamedTuple):
    """Why a run that waits wants more, or less, than its gate says: `worse` is of level `stop` or None."""

    lost: bool = False
    worse: Plight | None = None


_ONLY_WAITS: Final = Waits()


class WaitingRuns(dict[str, Waits]):
    """By the runs' keys."""

    def of(self, action: Action) -> Waits:
        """How the run of an action waits."""
        return self.get(f"{action.agent}/{action.run}", _ONLY_WAITS)

    def level(self, action: Action) -> Level:
        """How much a waiting action wants a person: by its gate, or by what is worse about its run."""
        return "stop" if action.gate == "hold" or self.of(action).worse else "act"

    def urgency(self, action: Action) -> tuple[bool, bool, bool, int, str]:
        """Their order: what a person escalated, what wants one most, then by deadline; last what lost agents asked."""
        escalated = bool(action.care.escalated_by)
        return (self.of(action).lost, not escalated, self.level(action) != "stop", due_at(action), action.key)
