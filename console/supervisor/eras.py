"""The era that a supervisor speaks under: a number that grows from one to the next, so that nothing old counts anew.

Agents and consoles take nothing of a lower era than the highest they have seen. Where two supervisors with one key meet,
they follow the one that began later. When that one is gone, the other must be heard again, so it begins a new era. It
learns of the later one from its states, or from agents, who say in which era they were led last.
"""

from __future__ import annotations

from bus.limits import ERA_AHEAD
from bus.messages import SupervisorState
from bus.signing import PublicKey


class Era:
    """Our era, and what is known of a later one. `key` is ours: what it did not sign is no supervisor of this site."""

    def __init__(self, key: PublicKey) -> None:
        self.value = 0
        self._key = key
        self._later = 0
        self._most = 0
        self._later_until = 0.0

    def begin(self, at: int, pos: int, above: int) -> None:
        """Begin one above every other of this site: by the log's time (ms) and position, neither of which goes back.

        `above` is the highest that was seen on the bus: the recording may be another one, and the clock wrong.
        """
        self.value = max(at + pos, above + 1)
        self._most = self.value + ERA_AHEAD

    def met(self, payload: bytes, state: SupervisorState, now: float) -> None:
        """Take the state of another supervisor."""
        if state.era < max(self.value, self._later) or not self._key.verifies(payload):
            return
        self._later = state.era
        self._later_until = now + state.ttl if state.status == "up" else now

    def claimed(self, era: int) -> bool:
        """An agent has followed that era, and hears nobody of a lower one. Returns whether we can get there.

        We follow no further than `ERA_AHEAD`: anybody may say it, and eras would run out.
        """
        if max(self.value, self._later) < era <= self._most:
            self._later = era
        return era <= max(self._most, self.value)

    def tick(self, now: float) -> bool:
        """Begin anew if a later supervisor has fallen silent. Returns whether that is so."""
        if self._later <= self.value or now < self._later_until:
            return False
        self.value = self._later + 1
        return True
