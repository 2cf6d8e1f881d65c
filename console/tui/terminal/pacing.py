"""How many frames a second a line bears. Pure: the clock is handed in."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

SLOW: Final = 0.1
"""Seconds that a terminal may take for a frame; one that takes longer is on a slow line."""

SLOW_FOR: Final = 10.0
"""Seconds after which a line that was slow is tried at full pace again."""


class Pacing:
    """How many frames a second a line bears: what was chosen for it, or fewer once it proved slow. Pure."""

    def __init__(self, frames: int, fewer: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._frames, self._fewer, self._clock = frames, min(frames, fewer), clock
        self._slow_until = float("-inf")

    def took(self, seconds: float) -> None:
        """A frame was taken by the terminal in so many seconds."""
        if seconds >= SLOW:
            self._slow_until = self._clock() + SLOW_FOR

    @property
    def frames(self) -> int:
        """Frames a second now."""
        return self._fewer if self._clock() < self._slow_until else self._frames
