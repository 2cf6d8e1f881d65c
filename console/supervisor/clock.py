"""The log's time: that of the wall clock, carried on by a monotonic clock where the wall clock is set or jumps.

A time that stands still is as bad as one that goes back: grants would not end, shelves would hide for ever, nothing would
escalate, and a console that joins would show more time than is left. So the log's time always goes on.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

JUMP: Final = 5_000
"""Milliseconds between the wall clock and the log's time from which on they differ: below, the log follows at once."""

FOLLOW: Final = 60.0
"""Seconds for which the wall clock must have been ahead to be believed: until then somebody may set it right again, and
the log's time would stay ahead of it, because it never goes back."""

BEHIND: Final = 0.99
"""How fast the log's time goes while the wall clock is behind it, so that they meet again: an hour takes four days. Slower
would meet sooner, and make every minute that somebody was promised longer."""


class Clock:
    """Milliseconds since 1970 UTC that never stand still for long. One for each run of a supervisor.

    `wall` gives milliseconds since 1970 UTC and may say anything; `steady` gives the seconds of a monotonic clock.
    """

    def __init__(self, wall: Callable[[], int], steady: Callable[[], float]) -> None:
        self._wall = wall
        self._steady = steady
        self._at: float | None = None
        self._looked = 0.0
        self._ahead: float | None = None
        self.off = 0
        """How far (ms) the wall clock was ahead of the log's time when that was asked for last; negative: behind."""

    def now(self, least: int) -> int:
        """The log's time, which is not before `least`."""
        wall, steady = self._wall(), self._steady()
        if self._at is None:
            at = float(max(wall, least))
        else:
            passed = 1_000 * max(0.0, steady - self._looked)
            at = self._at + passed
            if wall >= at:
                at = self._forward(at, wall, steady)
            else:
                self._ahead = None
                at = max(float(wall), self._at + BEHIND * passed)
        self._at = max(at, float(least))
        self._looked = steady
        self.off = wall - int(self._at)
        return int(self._at)

    def _forward(self, at: float, wall: int, steady: float) -> float:
        """The time while the wall clock is not behind: its own, unless it has only just jumped."""
        if wall - at <= JUMP:
            self._ahead = None
            return wall
        if self._ahead is None:
            self._ahead = steady
        if steady - self._ahead < FOLLOW:
            return at
        self._ahead = None
        return wall
