"""Alarms suppressed by design (`alarms.toml`): kinds that a site keeps from people for some agents, each with its why.

Nothing of priority 1 and nothing latched can be named, nor what shows whether others are
seen: those are refused when the file is loaded.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Final

from msgspec import Meta

from console.core.alarms.alarm_kinds import KINDS, NEVER_HIDDEN
from console.policy.agent_tables import AgentTable, agent_tables
from console.policy.files import refuse
from console.policy.glob import Glob

SUPPRESSIONS: Final = 200
"""Most rules of one file."""


class _Written(AgentTable, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A `[[suppress]]` as it stands in the file."""

    kind: str
    why: Annotated[str, Meta(min_length=1, max_length=200)]


class Suppressions:
    """The rules in force. Made by `load_suppressions`; does not change."""

    def __init__(self, rules: tuple[tuple[str, str, str], ...] = ()) -> None:
        """Of kinds of alarms, patterns of agents, each of which must be a `Glob`, and why."""
        self.written: Final = rules
        self._rules = [(kind, Glob(agent), why) for kind, agent, why in rules]

    def why(self, kind: str, agent: str) -> str:
        """Why an alarm of a kind about an agent is kept from people, or nothing. The first rule that fits counts."""
        return next((why for name, glob, why in self._rules if name == kind and glob.matches(agent)), "")


def load_suppressions(path: Path | None) -> Suppressions:
    """Read the rules; None, or a file that is not there, is none at all.

    Raises:
        PolicyFileError: the file cannot be put in force.
    """
    if path is None:
        return Suppressions()
    rules = []
    for where, one in agent_tables(path, "suppress", _Written, SUPPRESSIONS):
        kind = KINDS.get(one.kind)
        if kind is None:
            raise refuse(path, where, f"kind: there is no alarm {one.kind!r}; docs/alarms.md lists them")
        if kind.priority == 1 or kind.latched or one.kind in NEVER_HIDDEN:
            why = "of priority 1" if kind.priority == 1 else "latched" if kind.latched else "about all others"
            raise refuse(path, where, f"kind: {one.kind} is {why} and cannot be suppressed")
        rules.append((one.kind, one.agent, one.why))
    return Suppressions(tuple(rules))
