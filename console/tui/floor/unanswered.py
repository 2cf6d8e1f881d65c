"""Asks whose time ran out, until somebody saw that. What is listed follows from the fleet; what was seen is a console's."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from console.tui.floor.verdicts import over_since

if TYPE_CHECKING:
    from collections.abc import Iterable

    from console.core.fleet.state import Action, Fleet

KEPT_FOR: Final = 60 * 60 * 1000
"""How long (ms) after its end such an ask is listed at most; whoever comes later reads the report of the shift."""


class Unanswered:
    """What a console's operator has yet to see of what expired, and how much expired while it was open."""

    def __init__(self) -> None:
        self._since: int | None = None
        self._counted: set[str] = set()
        self._seen: set[str] = set()

    def unseen(self, fleet: Fleet, decided: Iterable[str], now: int) -> list[Action]:
        """Of the keys of what was decided last: the asks that expired, and that nobody here has looked at since."""
        found = [action for key in decided if key not in self._seen and (action := fleet.action(key))]
        return [one for one in found if one.outcome == "expired" and now - over_since(one) < KEPT_FOR]

    def saw(self, *keys: str) -> None:
        """Somebody looked at what became of asks."""
        self._seen.update(keys)

    def count(self, fleet: Fleet, decided: Iterable[str]) -> None:
        """Count what expired since the floor was first known here; call once a frame."""
        if self._since is None:
            self._since = fleet.at
        for key in decided:
            action = fleet.action(key)
            if action and action.outcome == "expired" and over_since(action) > self._since:
                self._counted.add(key)

    def told(self, *, kept: bool = True) -> str:
        """What is said of them when the console is left; nothing if none expired. `kept`: the recording stays."""
        if not self._counted:
            return ""
        unseen = len(self._counted - self._seen)
        asks = "1 ask" if len(self._counted) == 1 else f"{len(self._counted)} asks"
        more = f", {unseen} of them not looked at since" if unseen else ""
        where = "; list them with: watchfloor oncall" if kept else ""
        return f"{asks} expired unanswered while this console was open{more}{where}"
