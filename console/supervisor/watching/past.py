"""What the detectors knew before a restart: the tail of the recording, lived again by the same code, in silence.

Without it every restart would forget how long work usually takes, and begin to count repeats anew.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from bus.codec import Record
from bus.events import RunFinished
from bus.records import AgentLost, SupervisorStarted
from console.core.fleet.state import Fleet
from console.core.reducing.reduce import reduce
from console.supervisor.alarming.alarms import Alarms
from console.supervisor.clock import Clock
from console.supervisor.log import Log
from console.supervisor.watching.memory import Memory, Polls
from console.supervisor.watching.progress import Progress

ENOUGH: Final = 10_000
"""Records from the end of the log that tell what detectors should remember."""

MOST: Final = 50_000
"""Records that are read for that at most, which takes some five seconds, where the last keyframe is nearer."""


def beginning(keyframes: Sequence[int], end: int) -> int:
    """The keyframe to begin from in a log up to `end`: the nearest with `ENOUGH` records after it, else the first there is.

    Never one with more than `MOST` records after it, unless it is the last one. `keyframes` are in order and not empty.
    """
    near = [pos for pos in keyframes if pos >= end - MOST] or [keyframes[-1]]
    return max((pos for pos in near if pos <= end - ENOUGH), default=near[0])


class Past:
    """Follows recorded events. `fleet` is where they lead to, `memories` what is remembered of each living run."""

    def __init__(self, fleet: Fleet, polls: Polls) -> None:
        """`fleet` is how things stood before the first record."""
        self.fleet = fleet
        self.memories: dict[str, Memory] = {}
        self._polls = polls
        log = Log(fleet, "", Clock(lambda: 0, lambda: 0.0))
        self.progress = Progress(log, Alarms(log))
        """Never ticked, so it raises nothing."""

    def take(self, record: Record) -> None:
        """Take the next record of the log."""
        reduce(self.fleet, record)
        now = record.at / 1000
        if isinstance(record.data, SupervisorStarted):
            self.progress.listen(now, deaf=False)  # before, nobody had listened for a while
        elif isinstance(record.data, AgentLost):
            self.progress.lost(record.agent)
        run = self.fleet.run(record.agent, record.run) if record.from_agent else None
        if run is None:
            return
        self.progress.follow(run, record.data, now)
        if isinstance(record.data, RunFinished):
            self.memories.pop(run.key, None)
        else:
            self.memories.setdefault(run.key, Memory()).take(run, record.data, self._polls)
