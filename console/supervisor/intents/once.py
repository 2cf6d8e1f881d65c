"""Signed intents, each used once for as long as a supervisor lives, in bounded memory."""

from __future__ import annotations

from collections import OrderedDict
from hashlib import sha256
from typing import Final

USED_KEPT: Final = 100_000
"""Used intents that are remembered by name. Older ones are known by the position that they were made at."""


def digest_of(payload: bytes) -> bytes:
    """A short name of what was said, to know it again by."""
    return sha256(payload).digest()[:16]


class Once:
    """Which intents were used. Those it no longer names are older than `floor`, and nothing older is taken any more."""

    def __init__(self) -> None:
        self._used: OrderedDict[str, tuple[int, bytes]] = OrderedDict()
        self.floor = 0

    def __contains__(self, intent: str) -> bool:
        return intent in self._used

    def said(self, intent: str) -> bytes | None:
        """The digest of what was used under an id, None if nothing is remembered."""
        found = self._used.get(intent)
        return None if found is None else found[1]

    def use(self, intent: str, pos: int, said: bytes) -> None:
        """Note that an intent made at a position of the log was used, and the digest of its bytes."""
        self._used[intent] = pos, said
        while len(self._used) > USED_KEPT:
            _, (oldest, _) = self._used.popitem(last=False)
            self.floor = max(self.floor, oldest + 1)
