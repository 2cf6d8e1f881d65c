"""Which runs that are well are silent for longer than usual: a word in grey beside them, looked up once per silence."""

from __future__ import annotations

from typing import Final

from console.core.health.lateness import LEAST_LATE, late_after
from console.core.state import Fleet, Run

KEPT: Final = 1_000
"""Silences whose limit is remembered."""


class Late:
    """How long the silence of each run may last. It is view state: nothing is recorded, and nobody is alarmed."""

    def __init__(self) -> None:
        self._after: dict[tuple[str, int], float | None] = {}

    def late(self, fleet: Fleet, run: Run, now: int) -> bool:
        """Whether a run is silent for longer than usual at `now` (ms)."""
        silent = (now - run.last_at) / 1000
        if silent < LEAST_LATE:
            return False
        key = (run.key, run.last_at)
        if key not in self._after:
            while len(self._after) >= KEPT:
                del self._after[next(iter(self._after))]
            self._after[key] = late_after(run, fleet.runs.values())
        after = self._after[key]
        return after is not None and silent >= after
