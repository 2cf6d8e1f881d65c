"""Which runs that are well are silent for longer than usual: a word in grey beside them, and nothing else."""

from __future__ import annotations

from typing import Final

from console.core.fleet.state import Fleet, Run
from console.core.health.lateness import LEAST_LATE, late_after, work_of

ANEW: Final = 30_000
"""Milliseconds for which what is usual for an agent's work is not worked out again: that looks at every run known."""

KEPT: Final = 1_000
"""Kinds of work, by agent, of which that is remembered."""


class Late:
    """How long the silence of a run may last. It is view state: nothing is recorded, and nobody is alarmed."""

    def __init__(self) -> None:
        self._usual: dict[tuple[str, str], tuple[int, float | None]] = {}

    def late(self, fleet: Fleet, run: Run, now: int) -> bool:
        """Whether a run is silent for longer than usual at `now` (ms)."""
        silent = (now - run.last_at) / 1000
        if silent < LEAST_LATE:
            return False
        work = work_of(run)
        if work is None:
            return False
        known = self._usual.get((run.agent, work))
        if known is None or abs(now - known[0]) > ANEW:  # a replay goes back, too
            while len(self._usual) >= KEPT:
                del self._usual[next(iter(self._usual))]
            known = self._usual[run.agent, work] = (now, late_after(run.agent, work, fleet.runs.values()))
        return known[1] is not None and silent >= known[1]
