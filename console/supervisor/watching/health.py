"""Runs that fail silently or confidently: feeds the detectors with what is accepted, and says in the log what they find.

The detectors are pure and lie in `console.core.health`. What they remember is this process's: after a restart they are given
the tail of the recording again (`console.supervisor.watching.past`), and the alarms that stand are cleared by the next
call that gives no reason for them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from bus.codec import Record
from bus.events import (
    ActionFinished,
    ActionStarted,
    Data,
    MessageSeen,
    RunFinished,
    RunStarted,
    StepFinished,
)
from console.core.fleet.lifecycle import ENDED
from console.core.fleet.state import Run
from console.core.health import ending
from console.core.health.budget import Budget, over
from console.core.health.finding import KINDS, Finding
from console.supervisor.agents import Agents
from console.supervisor.alarming.alarms import Alarms, is_so
from console.supervisor.judging.autonomy import Autonomy
from console.supervisor.judging.gates import Gates
from console.supervisor.ledger import Ledger
from console.supervisor.log import Log
from console.supervisor.watching.memory import Memory
from console.supervisor.watching.past import Past
from console.supervisor.watching.progress import Progress

LOOK: Final = 1.0
"""Seconds between looks at the time that runs have used."""

UNBOUNDED: Final = Budget()

PAUSED: Final = "; the run is paused"
"""Ends the text of an alarm that paused its run."""

BY: Final = "policy"
"""In whose name a run is paused."""


class Health:
    """Watches every living run. `budget` says what a run of an agent may use."""

    def __init__(
        self, log: Log, ledger: Ledger, alarms: Alarms, gates: Gates, autonomy: Autonomy, agents: Agents
    ) -> None:
        self._log = log
        self._fleet = log.fleet
        self._ledger = ledger
        self._alarms = alarms
        self._gates = gates
        self._autonomy = autonomy
        autonomy.doubt = self.doubt
        agents.on_lost = self.lost
        self.budget: Callable[[str], Budget] = lambda _agent: UNBOUNDED
        self.progress = Progress(log, alarms)
        self._runs: dict[str, Memory] = {}
        self._look_at = 0.0

    def doubt(self, run: Run) -> str:
        """What is wrong with a run now, in one sentence; empty if nothing is."""
        found = self._runs.get(run.key)
        return "" if found is None else next((finding.text for finding in found.said.values()), "")

    def heard(self, run: Run, record: Record, now: float) -> None:
        """An event of a run was accepted."""
        self._look(run, record, now)
        self.progress.follow(run, record.data, now)

    def _look(self, run: Run, record: Record, now: float) -> None:
        match record.data:
            case RunStarted():
                self._autonomy.begun(run)
            case RunFinished():
                self._ended(run)
            case ActionStarted() | StepFinished() as data:
                self._taken(run, data, now)
                self._spent(run, now)
            case ActionFinished(outcome="done" | "failed") as data:
                self._alarms.clear("effect-unknown", run.agent, run.run, about=data.action)
                self._taken(run, data, now)
                self._spent(run, now)
            case MessageSeen(role="tool") as data:
                self._taken(run, data, now)
            case _:
                pass

    def _ended(self, run: Run) -> None:
        """A run has just ended, its open asks not yet closed."""
        left = ending.open_asks(run)
        if left:
            self._alarms.raise_("ended-with-asks", f"{run.key}: {left}", run.agent, run.run)
        if run.state == "completed":
            why = ending.confident_failure(run)
            if why:
                self._alarms.raise_("confident-failure", f"{run.key}: {why}", run.agent, run.run)
        found = self._runs.pop(run.key, None)
        if found is not None:
            for kind, about in found.said:
                self._alarms.clear(kind, run.agent, run.run, about=about)

    def lost(self, agent: str) -> None:
        """An agent is gone: what its runs were changing may have happened or not, and only its return could tell."""
        self.progress.lost(agent)
        for run in self._fleet.runs.values():
            for action in ending.cut_short(run) if run.agent == agent and run.state == "lost" else ():
                text = f"{run.key}: lost in the middle of {action.tool}: whether it happened is unknown; go and look"
                self._alarms.raise_("effect-unknown", text, run.agent, run.run, about=action.id)

    def tick(self, now: float) -> None:
        """Let time pass: budgets of time run out by themselves."""
        if now < self._look_at:
            return
        self._look_at = now + LOOK
        for key in list(self._runs):
            run = self._fleet.runs.get(key)
            if run is None or run.state in ENDED:
                del self._runs[key]
            elif self.budget(run.agent).seconds is not None:
                self._spent(run, now)

    def _of(self, run: Run) -> Memory:
        key = run.key
        found = self._runs.get(key)
        if found is None:
            found = self._runs[key] = Memory()
        return found

    def _polls(self, tool: str, schema: str | None) -> bool:
        return self._gates.judge.polls(tool, schema)

    def remember(self, past: Past) -> None:
        """Take over what was known of the runs before this supervisor began."""
        self._runs = past.memories
        self.progress.remember(past.progress)

    def _taken(self, run: Run, data: Data, now: float) -> None:
        found, gone = self._of(run).take(run, data, self._polls)
        for finding in found:
            self._say(run, finding, now)
        for kind in gone:
            self._clear(run, (kind, ""))

    def _spent(self, run: Run, now: float) -> None:
        budget = self.budget(run.agent)
        if budget == UNBOUNDED:
            return
        standing = over(budget, self._of(run).usage.used(run, self._log.now()))
        for finding in standing:
            self._say(run, finding, now)

    def _say(self, run: Run, finding: Finding, now: float) -> None:
        """Raise an alarm once while it stands, and again when it becomes worse: then the run is paused."""
        mine, key = self._of(run), (finding.kind, finding.about)
        pausing = finding.pause and key not in mine.paused and self._pausable(run)
        if key not in mine.said or pausing:
            text = f"{run.key}: {finding.text}{PAUSED if pausing else ''}"
            self._alarms.raise_(finding.kind, text, run.agent, run.run, about=finding.about)
        mine.said[key] = finding
        if pausing:
            mine.paused.add(key)
            self._ledger.request("pause", run, BY, finding.text, "", now)

    def _clear(self, run: Run, key: tuple[str, str]) -> None:
        mine = self._of(run)
        mine.paused.discard(key)
        if mine.said.pop(key, None) is not None:
            self._alarms.clear(key[0], run.agent, run.run, about=key[1])

    def restore(self, _now: float) -> None:
        """After a restart: take up the alarms that stand, so that the next call of a run that is well clears them."""
        for alarm in self._fleet.alarms.values():
            run = self._fleet.runs.get(f"{alarm.agent}/{alarm.run}")
            if alarm.kind in KINDS and is_so(alarm) and run is not None and run.state not in ENDED:
                about = alarm.id.removeprefix(f"{alarm.kind}/{alarm.agent}/{alarm.run}").lstrip("/")
                finding = Finding(kind=alarm.kind, text=alarm.text, about=about)
                mine = self._of(run)
                mine.said[alarm.kind, about] = finding
                if alarm.text.endswith(PAUSED):
                    mine.paused.add((alarm.kind, about))
                if not about:
                    mine.watch.standing[alarm.kind] = finding

    @staticmethod
    def _pausable(run: Run) -> bool:
        return (
            run.control != "observed"
            and run.state in ("submitted", "working", "input-required")
            and not run.stop
        )
