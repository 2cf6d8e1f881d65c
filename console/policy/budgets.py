"""Budgets (`budgets.toml`): what a run may use up before it is paused. The tightest of all that fit an agent counts."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Final

import msgspec
from msgspec import Meta

from console.core.health.budget import Budget
from console.policy.agent_tables import AgentTable, agent_tables
from console.policy.glob import Glob

BUDGETS: Final = 200
"""Most budgets of one file."""

_Whole = Annotated[int, Meta(ge=1)]
_Amount = Annotated[float, Meta(gt=0.0)]


class _Written(AgentTable, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A `[[budget]]` as it stands in the file."""

    steps: _Whole | None = None
    tokens: _Whole | None = None
    cost_usd: _Amount | None = None
    minutes: _Amount | None = None
    writes: _Whole | None = None
    destinations: _Whole | None = None


class Budgets:
    """The budgets in force. Made by `load_budgets`; does not change."""

    def __init__(self, written: tuple[tuple[str, Budget], ...] = ()) -> None:
        """Of patterns of agents, each of which must be a `Glob`, with what they may use up."""
        self.written: Final = written
        self._fitting = [(Glob(agent), budget) for agent, budget in written]
        self._known: dict[str, Budget] = {}

    def of(self, agent: str) -> Budget:
        """The budget of each run of an agent."""
        found = self._known.get(agent)
        if found is None:
            fits = [budget for glob, budget in self._fitting if glob.matches(agent)]
            least = {name: _least([getattr(one, name) for one in fits]) for name in Budget.__struct_fields__}
            found = self._known[agent] = msgspec.convert(least, Budget)
        return found


def load_budgets(path: Path | None) -> Budgets:
    """Read the budgets; None, or a file that is not there, is none at all.

    Raises:
        PolicyFileError: the file cannot be put in force.
    """
    if path is None:
        return Budgets()
    written = []
    for _, one in agent_tables(path, "budget", _Written, BUDGETS):
        budget = Budget(
            steps=one.steps,
            tokens=one.tokens,
            cost_usd=one.cost_usd,
            seconds=None if one.minutes is None else 60.0 * one.minutes,
            writes=one.writes,
            destinations=one.destinations,
        )
        written.append((one.agent, budget))
    return Budgets(tuple(written))


def _least(bounds: list[float | None]) -> float | None:
    return min((bound for bound in bounds if bound is not None), default=None)
