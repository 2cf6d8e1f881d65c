"""What time it is on the floor: the log's own clock, carried on by ours. Wall clocks of two hosts are never compared."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol


class FloorTime(Protocol):
    """The time that a floor is looked at."""

    def follow(self, at: int, *, live: bool) -> None:
        """Take note of the newest record's time (ms) and of whether more would come."""

    @property
    def now(self) -> int:
        """Milliseconds since 1970 UTC, by the log."""


class Moment:
    """Time since the newest record, by the monotonic `clock`. It stands still while the floor is not followed."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._at = 0
        self._since = clock()
        self._stopped: int | None = None

    def follow(self, at: int, *, live: bool) -> None:
        """Take note of the newest record's time (ms) and of whether more would come."""
        if not live:
            if self._stopped is None or at > self._at:
                self._stopped = max(at, self.now)
            self._at = max(at, self._at)
            return
        if at != self._at or self._stopped is not None:
            self._at, self._since = max(at, self._stopped or 0), self._clock()
        self._stopped = None

    @property
    def now(self) -> int:
        """Milliseconds since 1970 UTC, by the log."""
        if self._stopped is not None:
            return self._stopped
        return self._at + int((self._clock() - self._since) * 1000)


class Pace:
    """When a key was last pressed, and when a row last went from under the cursor."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._key_at = self._row_went_at = float("-inf")
        self._refused = False

    def key_pressed(self) -> None:
        """Note that a key was pressed."""
        self._key_at = self._clock()

    def key_refused(self) -> None:
        """Note that the key pressed just now was to open an input, and did not."""
        self._refused = True

    def typed_on(self, within: float) -> bool:
        """Whether the key that comes now follows a refused one, each within so many seconds of the one before."""
        refused, self._refused = self._refused, False
        return refused and self.since_key < within

    def settle(self) -> None:
        """Let rows move at once: the operator asked for it."""
        self._key_at = float("-inf")

    def row_went_away(self) -> None:
        """Note that the row under the cursor went by itself."""
        self._row_went_at = self._clock()

    @property
    def since_key(self) -> float:
        """Seconds since the last key."""
        return self._clock() - self._key_at

    @property
    def since_row_went(self) -> float:
        """Seconds since the row under the cursor went by itself."""
        return self._clock() - self._row_went_at
