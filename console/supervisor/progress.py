"""Progress: a clock of its own beside liveness. A run that should be working and reports nothing is stalled.

It is the only clock there is for an agent that never announced itself: whether that one lives, nobody can tell.
"""

from __future__ import annotations

from typing import Final

from bus.records import AgentLost
from console.core.lifecycle import ENDED
from console.core.state import Fleet, Run
from console.supervisor.alarms import Alarms
from console.supervisor.log import Log

STALL_AFTER: Final = 120.0
"""Seconds without any event after which a run that waits for nobody is stalled."""

FORSAKEN_AFTER: Final = 3_600.0
"""Seconds stalled after which the runs of an agent that never announced itself are lost."""

LOOK: Final = 1.0
"""Seconds between looks at the stalled runs."""

KIND: Final = "stalled"


class Progress:
    """When each living run was last heard. One that waits for a person, is paused, held or lost is not expected to move."""

    def __init__(self, log: Log, alarms: Alarms) -> None:
        self._log = log
        self._alarms = alarms
        self._heard: dict[str, float] = {}  # the longest silent first
        self._stalled: dict[str, float] = {}
        self._look_at = 0.0
        self._deaf = False

    @property
    def _fleet(self) -> Fleet:
        return self._log.fleet

    def heard(self, run: Run, now: float) -> None:
        """An event of a run was accepted."""
        self._heard.pop(run.key, None)
        if run.key in self._stalled:
            self._moves(run.key)
        if run.state not in ENDED:
            self._heard[run.key] = now

    def restore(self, now: float) -> None:
        """After a restart: give every living run the usual time anew."""
        self._heard = {run.key: now for run in self._fleet.runs.values() if run.state not in ENDED}
        for alarm in self._fleet.alarms.values():
            if alarm.kind == KIND and alarm.run and alarm.state != "returned":
                key = f"{alarm.agent}/{alarm.run}"
                self._stalled[key] = now
                self._heard.pop(key, None)

    def listen(self, now: float, *, deaf: bool) -> None:
        """Whether agents can be heard at all from now on."""
        self._deaf = deaf
        self._heard = dict.fromkeys(self._heard, now)

    def slept(self, seconds: float) -> None:
        """Nobody listened for so long."""
        self._heard = {key: at + seconds for key, at in self._heard.items()}

    def tick(self, now: float) -> None:
        """Find the runs that stall, and those that no longer do."""
        if self._deaf:
            return
        while self._heard:
            key = next(iter(self._heard))
            if now - self._heard[key] < STALL_AFTER:
                break
            self._silent(key, now)
        if self._stalled and now >= self._look_at:
            self._look_at = now + LOOK
            for key, since in list(self._stalled.items()):
                self._look(key, since, now)

    def _silent(self, key: str, now: float) -> None:
        del self._heard[key]
        run = self._fleet.runs.get(key)
        if run is None or run.state in ENDED:
            return
        if not _expected(run):
            self._heard[key] = now
            return
        self._stalled[key] = now
        life = self._fleet.agents.get(run.agent)
        known = (
            "its agent never announced itself, so nobody can tell whether it lives"
            if life is None
            else f"its agent is {life.status}"
        )
        text = f"{key}: nothing heard for {STALL_AFTER:.0f} s; {known}"
        self._alarms.raise_(KIND, text, run.agent, run.run)

    def _look(self, key: str, since: float, now: float) -> None:
        run = self._fleet.runs.get(key)
        unannounced = run is not None and run.agent not in self._fleet.agents
        if run is not None and run.state == "lost" and unannounced:
            return  # nothing else says so
        if run is None or not _expected(run):
            self._moves(key)
            if run is not None and run.state not in ENDED:
                self._heard[key] = now
        elif unannounced and now - since >= FORSAKEN_AFTER:
            self._forsake(run)

    def _forsake(self, run: Run) -> None:
        """Call the runs of an agent lost that was never announced, if none of them moves."""
        living = [one for one in self._fleet.runs.values() if one.agent == run.agent and _expected(one)]
        if all(one.key in self._stalled for one in living):
            incarnation = next(reversed(run.lives), "unknown")
            self._log.write(AgentLost(incarnation=incarnation, why="silence"), run.agent)

    def _moves(self, key: str) -> None:
        del self._stalled[key]
        agent, _, run = key.partition("/")
        self._alarms.clear(KIND, agent, run)


def _expected(run: Run) -> bool:
    """Whether something should be heard of a run: it waits for nobody and was not stopped."""
    return run.state in ("submitted", "working") and not run.held
