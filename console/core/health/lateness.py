"""When the silence of a run is longer than usual, before it is too long: the early warning that no alarm gives. Pure.

The same detector as for a stall (`console.core.health.stall`), at phi 3 instead of 8: once in 1000 pieces of work if the
model holds, so it marks a row and is never an alarm. It is worked out from what the fleet still remembers of the agent's
calls and of the pauses between them, so every console and every replay finds the same without being told.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from console.core.fleet.state import Action, Run
from console.core.health.stall import ENOUGH, PHI_WITH_RECORD, Durations, phi

LEAST_LATE: Final = 10.0
"""Seconds: no silence below is late. A stall takes thirty."""

BREATH: Final = 0.1
"""Seconds: what comes closer together is one report, with no pause between."""


def work_of(run: Run) -> str | None:
    """What a run is doing: the tool that runs, or empty between calls. None: nobody expects it to move."""
    if run.state not in ("submitted", "working") or run.held:
        return None
    running = (one for one in run.actions.values() if one.started_at is not None and one.finished_at is None)
    return next((one.tool for one in running), "")


def late_after(agent: str, work: str, runs: Iterable[Run]) -> float | None:
    """How many seconds a run of an agent may be silent over such work before it is late; None where too little is known.

    `runs`: those that are known; only the ones of the agent count.
    """
    known = Durations()
    for one in runs:
        if one.agent == agent:
            for seconds in _calls(one, work) if work else _pauses(one):
                known.add(seconds)
    if known.n < ENOUGH:
        return None
    return max(LEAST_LATE, _silence_of(known, PHI_WITH_RECORD))


def _silence_of(known: Durations, surprise: float) -> float:
    """The shortest silence, in seconds, that surprises so much; by bisection of its logarithm."""
    low, high = known.median, known.median * 2.0
    while phi(known, high) < surprise:
        low, high = high, high * 2.0
    for _ in range(20):
        middle = (low * high) ** 0.5
        low, high = (middle, high) if phi(known, middle) < surprise else (low, middle)
    return high


def _calls(run: Run, tool: str) -> Iterable[float]:
    for one in run.actions.values():
        if one.tool == tool and one.started_at is not None and one.finished_at is not None:
            yield max(0, one.finished_at - one.started_at) / 1000


def _pauses(run: Run) -> Iterable[float]:
    """From the end of a call to the next proposal; what nobody was asked in between."""
    before: Action | None = None
    for one in run.actions.values():
        if before is not None and before.finished_at is not None:
            seconds = (one.proposed_at - before.finished_at) / 1000
            if seconds >= BREATH:
                yield seconds
        before = one
