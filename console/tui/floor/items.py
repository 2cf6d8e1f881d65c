"""The lines of the fleet screen by name, and those of the runs that are well: by agent, folded into one or not. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import lru_cache
from itertools import islice
from typing import Final, Literal, NamedTuple

Kind = Literal["wait", "ill", "agent", "run", "rest", "unanswered", "head", "blank", "none"]


class Item(NamedTuple):
    """One line of the fleet screen. `key` is an action's, a run's, an agent's, or a heading's."""

    kind: Kind
    key: str = ""

    @property
    def chosen_as(self) -> str:
        """What the cursor remembers."""
        return _chosen_as(self.kind, self.key)


@lru_cache(maxsize=32_768)  # ten thousand of them are asked for at once, and again when one changes
def _chosen_as(kind: Kind, key: str) -> str:
    return "" if kind in ("head", "blank", "none") else f"{kind}:{key}"


BLANK: Final = Item("blank")


def grouped(groups: Iterable[tuple[str, list[Item]]]) -> list[Item]:
    """Groups below their headings, a blank line between them; an empty one vanishes with its heading."""
    lines: list[Item] = []
    for title, group in groups:
        if group:
            lines += [*([BLANK] if lines else []), Item("head", title), *group]
    return lines


class WellRuns:
    """Runs that are well, each agent's in the order in which they started. `started` tells that of a run."""

    def __init__(self, started: Callable[[str], tuple[int, str]]) -> None:
        self._started = started
        self._runs: dict[str, dict[str, None]] = {}
        self._unsorted: set[str] = set()
        self._lines: dict[str, Item] = {}  # of each agent, folded
        self._listed: tuple[frozenset[str], list[Item]] | None = None

    def clear(self) -> None:
        """Forget all runs."""
        self._runs.clear()
        self._lines.clear()
        self._unsorted.clear()
        self._listed = None

    def has(self, agent: str, key: str) -> bool:
        return key in self._runs.get(agent, ())

    def join(self, agent: str, key: str) -> None:
        """Add a run."""
        runs = self._runs.setdefault(agent, {})
        if key not in runs:
            if runs and self._started(key) < self._started(next(reversed(runs))):
                self._unsorted.add(agent)
            runs[key] = None
            self._changed(agent)

    def leave(self, agent: str, key: str) -> None:
        """Take a run out, if it is there."""
        if self.has(agent, key):
            del self._runs[agent][key]
            self._changed(agent)

    def sort(self) -> None:
        """Bring runs that joined late into order; call after any that joined."""
        for agent in self._unsorted:
            self._runs[agent] = dict.fromkeys(sorted(self._runs[agent], key=self._started))
            self._changed(agent)
        self._unsorted.clear()

    def _changed(self, agent: str) -> None:
        self._lines.pop(agent, None)
        self._listed = None

    def of(self, agent: str, most: int | None = None) -> list[str]:
        """An agent's runs, the first `most` of them."""
        return list(islice(self._runs.get(agent, ()), most))

    def count_of(self, agent: str) -> int:
        return len(self._runs.get(agent, ()))

    def count(self) -> int:
        return sum(map(len, self._runs.values()))

    def all(self) -> list[str]:
        """Every run, by agent."""
        return [key for name in sorted(self._runs) for key in self._runs[name]]

    def items(self, unfolded: frozenset[str]) -> list[Item]:
        """A line for each agent, or for its only run; those unfolded are followed by theirs."""
        if self._listed is None or self._listed[0] != unfolded:
            self._listed = unfolded, self._list(unfolded)
        return self._listed[1]

    def _list(self, unfolded: frozenset[str]) -> list[Item]:
        listed: list[Item] = []
        for name in sorted(agent for agent, runs in self._runs.items() if runs):
            line = self._lines.get(name)
            if line is None:
                runs = self._runs[name]
                line = Item("run", next(iter(runs))) if len(runs) == 1 else Item("agent", name)
                self._lines[name] = line
            listed.append(line)
            if name in unfolded and line.kind == "agent":
                listed.extend(Item("run", key) for key in self._runs[name])
        return listed
