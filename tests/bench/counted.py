"""A terminal that notes when it got how many bytes."""

from __future__ import annotations

import time
from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.fixtures.terminal import Terminal


class CountedTerminal(Terminal):
    """A program in a pty of 80x24 whose bytes are counted. Times are monotonic, in seconds."""

    def __init__(self, command: Sequence[str | Path], environment: Mapping[str, str]) -> None:
        self._times: list[float] = []
        self._totals: list[int] = []
        super().__init__(command, environment)

    def _read(self, within: float) -> bool:
        if came := super()._read(within):
            self._times.append(time.monotonic())
            self._totals.append(len(self.received))
        return came

    def watch(self, seconds: float) -> tuple[float, float]:
        """Read for so long. Returns from when to when."""
        began = time.monotonic()
        while (left := began + seconds - time.monotonic()) > 0:
            self.look(min(left, 0.05))
        return began, time.monotonic()

    def between(self, began: float, ended: float) -> int:
        """The bytes that came in a time."""
        return self._before(ended) - self._before(began)

    def rate(self, began: float, ended: float) -> float:
        """Bytes a second in the mean."""
        return self.between(began, ended) / (ended - began)

    def worst_second(self, began: float, ended: float) -> int:
        """The most bytes that came in any second, wherever it begins."""
        first, last = bisect_left(self._times, began), bisect_right(self._times, ended)
        return max(
            (self.between(at - 1e-9, min(at + 1.0, ended)) for at in self._times[first:last]), default=0
        )

    def _before(self, at: float) -> int:
        count = bisect_right(self._times, at)
        return self._totals[count - 1] if count else 0
