"""Asks whose time ran out while a console was open, until somebody saw that. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from console.tui.verdicts import over_since

if TYPE_CHECKING:
    from collections.abc import Iterable

    from console.core.state import Action, Fleet


class Unanswered:
    """What expired since the floor was first known here. `take` the newest decisions in once a frame."""

    def __init__(self) -> None:
        self._since: int | None = None
        self._expired: dict[str, None] = {}
        self._seen: set[str] = set()
        self._ever = 0

    def take(self, fleet: Fleet, decided: Iterable[str]) -> None:
        """Note which of `decided`, by key, expired, and forget what left the fleet."""
        if self._since is None:
            self._since = fleet.at
        for key in decided:
            action = fleet.action(key)
            new = key not in self._expired and key not in self._seen
            if new and action and action.outcome == "expired" and over_since(action) > self._since:
                self._expired[key] = None
                self._ever += 1
        for key in [key for key in (*self._expired, *self._seen) if fleet.action(key) is None]:
            self._expired.pop(key, None)
            self._seen.discard(key)

    def saw(self, key: str) -> None:
        """Somebody looked at what became of an ask."""
        if key in self._expired:
            del self._expired[key]
            self._seen.add(key)

    def told(self) -> str:
        """What is said of them when the console is left; nothing if none expired."""
        if not self._ever:
            return ""
        asks = "1 ask" if self._ever == 1 else f"{self._ever} asks"
        unseen = f", {len(self._expired)} of them not looked at since" if self._expired else ""
        return f"{asks} expired unanswered while this console was open{unseen}; list them with: watchfloor oncall"

    def unseen(self, fleet: Fleet) -> list[Action]:
        """The asks that nobody has looked at since, the newest first."""
        found = [action for key in self._expired if (action := fleet.action(key))]
        return sorted(found, key=lambda action: (-over_since(action), action.key))
