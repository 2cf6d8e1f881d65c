"""Signed intents, each used once for as long as a supervisor lives, in bounded memory."""

from __future__ import annotations

from collections import OrderedDict
from typing import Final

USED_KEPT: Final = 100_000
"""Used intents that are remembered by name. Older ones are known by the position that they were made at."""


class Once:
    """Which intents were used. Those it no longer names are older than `floor`, and nothing older is taken any more."""

    def __init__(self) -> None:
        self._used: OrderedDict[str, int] = OrderedDict()
        self.floor = 0

    def __contains__(self, intent: str) -> bool:
        return intent in self._used

    def use(self, intent: str, pos: int) -> None:
        """Note that an intent made at a position of the log was used."""
        self._used[intent] = pos
        while len(self._used) > USED_KEPT:
            _, oldest = self._used.popitem(last=False)
            self.floor = max(self.floor, oldest + 1)
