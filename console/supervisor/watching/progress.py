"""Progress: a clock of its own beside liveness. A run that should be working and reports nothing is stalled.

It is the only clock there is for an agent that never announced itself: whether that one lives, nobody can tell.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from typing import Final

from bus.events import ActionProposed, CommandAcknowledged, CommandEffective, CommandRefused, Data
from bus.records import AgentLost
from console.core.fleet.lifecycle import ENDED
from console.core.fleet.state import Run
from console.core.health.stall import LEAST, Durations, Limit, limit
from console.supervisor.alarming.alarms import Alarms, is_so
from console.supervisor.log import Log

KINDS_KEPT: Final = 5_000
"""Kinds of work, by agent, of which the durations are remembered."""

THINKING: Final = "a pause between its calls"
"""The kind of work that no call is."""

BREATH: Final = 0.1
"""Seconds: events closer together than this are one report, with no pause between them.

A call's end, its step's end and the next step's beginning come together. Counted as pauses they would make the spread of
the real ones so wide that no silence below an hour could ever be too long."""

FORSAKEN_AFTER: Final = 3_600.0
"""Seconds stalled after which the runs of an agent that never announced itself are lost."""

LOOK: Final = 1.0
"""Seconds between looks at the stalled runs."""

KIND: Final = "stalled"


@dataclass(slots=True)
class Silence:
    """Since when a run is silent, over which kind of work, and whether its length means anything.

    `limit` is how long it may be; nobody asks before it has lasted `LEAST`, and most never do.
    """

    since: float
    kind: str
    counts: bool = True
    limit: Limit | None = None


class Progress:
    """When each living run was last heard. One that waits for a person, is paused, held or lost is not expected to move.

    How long is too long is learnt from how long the same work took before: see `console.core.health.stall`.
    """

    def __init__(self, log: Log, alarms: Alarms) -> None:
        self._log = log
        self._fleet = log.fleet
        self._alarms = alarms
        self._heard: dict[str, Silence] = {}
        self._known: OrderedDict[tuple[str, str], Durations] = OrderedDict()
        self._stalled: dict[str, float] = {}
        self._look_at = 0.0
        self._deaf = False

    def follow(self, run: Run, data: Data, now: float) -> None:
        """An event of a run was accepted."""
        if isinstance(data, CommandAcknowledged | CommandEffective | CommandRefused):
            self.answered(run, now)
        else:
            # After a proposal somebody may be asked: how long it is until the next event says nothing about the work.
            self.heard(run, now, counts=not isinstance(data, ActionProposed))

    def heard(self, run: Run, now: float, *, counts: bool = True) -> None:
        """An event of a run was accepted. `counts`: the silence that follows is that of its work."""
        key = run.key
        silence = self._heard.pop(key, None)
        if silence is not None and silence.counts:
            self._learn(run.agent, silence.kind, now - silence.since)
        if key in self._stalled:
            self._moves(key)
        if run.state not in ENDED:
            silence = self._heard[key] = self._silence(run, now)
            silence.counts = silence.counts and counts

    def answered(self, run: Run, now: float) -> None:
        """A run's answer to a command was accepted. The library gives it, whatever the work does: a piece of work goes on.

        Only if something else is done from now on, or the run goes on after a pause, another silence begins.
        """
        key = run.key
        silence = self._heard.get(key)
        if key in self._stalled or run.state in ENDED:
            return
        if silence is not None and silence.counts and _expected(run) and silence.kind == _kind(run):
            return
        silence = self._heard[key] = self._silence(run, now)
        silence.counts = False

    def _silence(self, run: Run, now: float) -> Silence:
        return Silence(now, _kind(run), counts=_expected(run))

    def _limit(self, key: str, silence: Silence) -> Limit:
        """How long a silence of a run may be, by what was known when it had lasted `LEAST`."""
        if silence.limit is None:
            agent = key.partition("/")[0]
            known, parent = self._known.get((agent, silence.kind)), self._known.get((agent, ""))
            silence.limit = limit(silence.kind, known, parent)
        return silence.limit

    def _too_long(self, key: str, silence: Silence, now: float) -> bool:
        lasted = now - silence.since
        return lasted >= LEAST and lasted >= self._limit(key, silence).seconds

    def _learn(self, agent: str, kind: str, seconds: float) -> None:
        if kind == THINKING and seconds < BREATH:
            return
        for name in (kind, ""):
            known = self._known.get((agent, name))
            if known is None:
                known = self._known[agent, name] = Durations()
            else:
                self._known.move_to_end((agent, name))
            known.add(seconds)
        while len(self._known) > KINDS_KEPT:
            self._known.popitem(last=False)

    def lost(self, agent: str) -> None:
        """An agent is gone: how long its runs are silent says nothing about their work."""
        for key, silence in self._heard.items():
            if key.partition("/")[0] == agent:
                silence.counts = False

    def remember(self, past: Progress) -> None:
        """Take over how long work took before this supervisor began."""
        self._known = past._known  # another one of us

    def restore(self, now: float) -> None:
        """After a restart: give every living run the usual time anew."""
        self._heard = {
            run.key: self._silence(run, now) for run in self._fleet.runs.values() if run.state not in ENDED
        }
        for silence in self._heard.values():
            silence.counts = False
        for alarm in self._fleet.alarms.values():
            if alarm.kind == KIND and alarm.run and is_so(alarm):
                key = f"{alarm.agent}/{alarm.run}"
                self._stalled[key] = now
                self._heard.pop(key, None)

    def listen(self, now: float, *, deaf: bool) -> None:
        """Whether agents can be heard at all from now on."""
        self._deaf = deaf
        for silence in self._heard.values():
            silence.since, silence.counts = now, False

    def slept(self, seconds: float) -> None:
        """Nobody listened for so long."""
        for silence in self._heard.values():
            silence.since, silence.counts = silence.since + seconds, False

    def tick(self, now: float) -> None:
        """Find the runs that stall, and those that no longer do."""
        if self._deaf:
            return
        if now < self._look_at:
            return
        self._look_at = now + LOOK
        for key in [key for key, silence in self._heard.items() if self._too_long(key, silence, now)]:
            self._silent(key, now)
        if self._stalled:
            for key, since in list(self._stalled.items()):
                self._look(key, since, now)

    def _silent(self, key: str, now: float) -> None:
        silence = self._heard.pop(key)
        run = self._fleet.runs.get(key)
        if run is None or run.state in ENDED:
            return
        if not _expected(run):
            self._heard[key] = self._silence(run, now)
            self._heard[key].counts = False
            return
        self._stalled[key] = now
        life = self._fleet.agents.get(run.agent)
        known = (
            "its agent never announced itself, so nobody can tell whether it lives"
            if life is None
            else f"its agent is {life.status}"
        )
        bound = self._limit(key, silence)
        usual = f"; {bound.why}" if bound.why else ""
        text = f"{key}: nothing heard for {bound.seconds:.0f} s{usual}; {known}"
        self._alarms.raise_(KIND, text, run.agent, run.run)

    def _look(self, key: str, since: float, now: float) -> None:
        run = self._fleet.runs.get(key)
        unannounced = run is not None and run.agent not in self._fleet.agents
        if run is not None and run.state == "lost" and unannounced:
            return  # nothing else says so
        if run is None or not _expected(run):
            self._moves(key)
            if run is not None and run.state not in ENDED:
                self._heard[key] = self._silence(run, now)
                self._heard[key].counts = False
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


def _kind(run: Run) -> str:
    """What a run is doing: the tool that runs, or thinking."""
    for action in run.actions.values():
        if action.state == "started":
            return action.tool
    return THINKING


def _expected(run: Run) -> bool:
    """Whether something should be heard of a run: it waits for nobody and was not stopped."""
    return run.state in ("submitted", "working") and not run.held
