"""Commands for all runs of a floor, a slice at a time, so that no floor is so large that one intent stops everything else.

Between two slices other messages are taken. What they find is as if all had been asked for at once: before anything else
is done about a run that a sweep has yet to reach, the sweep reaches it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import islice
from typing import Final

from bus.messages import Intent
from console.core.lifecycle import ENDED
from console.core.state import Fleet, Run
from console.supervisor.alarms import Alarms
from console.supervisor.guard import guarded
from console.supervisor.ledger import Ledger
from console.supervisor.log import Log

SLICE: Final = 100
"""Runs of one slice: about a hundredth of a second on a slow machine."""

SWEEPS: Final = 16
"""Sweeps under way at once. Each of them stops everything, so that nobody who wants that is kept from it by a bound."""


@dataclass(slots=True)
class Sweep:
    """What is wanted of many runs, by whom, who is told in the end, which of them are `left`, in order, what was `sent`."""

    intent: Intent
    by: str
    done: Callable[[list[str], float], object]
    left: dict[str, None]
    sent: list[str] = field(default_factory=list)


class Sweeps:
    """Asks the ledger for the same command for many runs. The oldest sweep goes first."""

    def __init__(self, log: Log, ledger: Ledger, alarms: Alarms) -> None:
        self.ledger = ledger
        self._log = log
        self._alarms = alarms
        self._under_way: deque[Sweep] = deque()
        self.slice = SLICE
        """Runs that `step` reaches."""

    @property
    def under_way(self) -> bool:
        """Whether `step` has anything to do."""
        return bool(self._under_way)

    @property
    def full(self) -> bool:
        """Whether no further sweep can begin now."""
        return len(self._under_way) >= SWEEPS

    def begin(self, intent: Intent, by: str, done: Callable[[list[str], float], object], now: float) -> None:
        """Ask for what an intent wants of every run that a command can reach. `done` gets the ids of the commands.

        The first slice is done now, unless another sweep goes first.
        """
        keys = {run.key: None for run in self._log.fleet.runs.values() if _stoppable(run)}
        self._under_way.append(Sweep(intent, by, done, keys))
        if len(self._under_way) == 1:
            self.step(now)

    def step(self, now: float) -> bool:
        """Do one slice of the oldest sweep. Returns whether anything is left to do."""
        if self._under_way:
            sweep = self._under_way[0]
            keys = list(islice(sweep.left, self.slice))
            guarded(self._alarms, f"{sweep.intent.verb} of all runs", self._reach, sweep, keys, now)
            if not sweep.left:
                self._under_way.popleft()
                sweep.done(sweep.sent, now)
        return bool(self._under_way)

    def finish(self, now: float) -> None:
        """Do all that is left: the end of this process is near, and what stops things must go out before."""
        while self.step(now):
            pass

    def tick(self, now: float) -> None:
        """Go on where nobody else sees to it."""
        self.step(now)

    def first(self, key: str, now: float) -> None:
        """Reach a run at once that is still to be reached, because something else is about to be done about it."""
        for sweep in self._under_way:
            if key in sweep.left:
                self._reach(sweep, [key], now)

    def _reach(self, sweep: Sweep, keys: list[str], now: float) -> None:
        for key in keys:
            del sweep.left[key]
        fleet: Fleet = self._log.fleet
        found = (fleet.runs.get(key) for key in keys)
        wanted = sweep.intent
        for run in found:
            if run is not None and _stoppable(run):
                sent = self.ledger.request_in_turn(wanted.verb, run, sweep.by, wanted.reason, wanted.id, now)
                sweep.sent.append(sent)


def _stoppable(run: Run) -> bool:
    return run.state not in ENDED and run.control != "observed"
