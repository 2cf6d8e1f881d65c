"""The order of the fleet screen, kept up to date from changes: who waits, who is not well, who is well, who rests. Pure.

Only runs that a change named are looked at again, so that ten thousand quiet runs cost nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from console.core.alarms.alarm_load import new_within
from console.core.fleet.lifecycle import ENDED
from console.core.fleet.state import Action, Command, Fleet, Run
from console.core.reducing.reduce import Change
from console.tui.floor.attention import FAILED_FOR, ORDER, Plight, alarms_of, plight
from console.tui.floor.counting import Counts, count
from console.tui.floor.items import Item, WellRuns, grouped
from console.tui.floor.late import Late
from console.tui.floor.verdicts import Verdicts
from console.tui.floor.waits import WaitingRuns, Waits

ENDED_SHOWN: Final = 20
"""Newest ended runs that are listed at rest."""

COMMANDS_KNOWN: Final = 8
"""Newest commands to a run that say how it is."""

LISTS_KEPT: Final = 4


class FleetIndex:
    """Follows one fleet. `hear` notes changes at any rate; `update` takes them in once a frame.

    `shape` grows whenever another row stands on the fleet screen, or the same ones in another order.
    """

    def __init__(self, fleet: Fleet) -> None:
        self.fleet = fleet
        self._dirty: dict[
            str, None
        ] = {}  # in the order of the log, so that rows come out the same everywhere
        self._all = True
        self._ill: dict[str, Plight] = {}
        self.waits = WaitingRuns()
        self._well = WellRuns(self._started)
        self._rest: dict[str, int] = {}  # when it ended (ms), or -1
        self._done: dict[str, int] = {}
        self._group: dict[str, str] = {}
        self._commands: dict[str, list[str]] = {}
        self._turns: dict[str, list[int]] = {}  # when a run looks different though nothing is heard
        self._verdicts = Verdicts()
        self.silences = Late()
        self._now = 0
        self._waited: list[str] = []
        self._listed: dict[frozenset[str], list[Item]] = {}
        self.shape = 0

    def hear(self, changes: Iterable[Change]) -> None:
        """Note what changed; cheap."""
        for kind, key in changes:
            match kind:
                case "run":
                    self._dirty[key] = None
                case "action":
                    self._dirty[key.rpartition("/")[0]] = None
                case "command":
                    self._command(key)
                case "alarm":
                    self._alarm(key)
                case "site":
                    self._all = True
                case _:
                    pass

    def hear_all(self) -> None:
        """Note that everything may have changed."""
        self._all = True

    def follow(self, fleet: Fleet) -> None:
        """Look at another fleet, or at this one anew."""
        self.fleet = fleet
        self._all = True

    def update(self, now: int) -> bool:
        """Take in what was heard and what time did. Returns whether anything may look different."""
        if self._all or len(self._group) > len(self.fleet.runs):
            self._rebuild()
        since, until = sorted((self._now, now))  # a replay goes back, too
        turned = [key for key, times in self._turns.items() if any(since < at <= until for at in times)]
        dirty = self._dirty | dict.fromkeys(turned)
        self._dirty, self._now = {}, now
        for key in dirty:
            self._place(key, now)
        self._well.sort()
        if self._waited != self.fleet.waiting:
            self._waited = list(self.fleet.waiting)
            self._reshape()
        return bool(dirty)

    def _reshape(self) -> None:
        self.shape += 1
        self._listed.clear()

    @property
    def last_decision(self) -> int:
        """When anything was last decided (ms), 0 if nothing was."""
        return self.fleet.last_decision

    def plight(self, key: str) -> Plight | None:
        """Why a run is not well, or None. Of one that waits for a person only what is worse than that."""
        return self._ill.get(key) or (self.waits[key].worse if key in self.waits else None)

    def agent(self, name: str, most: int | None = None) -> list[Run]:
        """The runs of an agent that are well, oldest first; the first `most` of them."""
        return [run for key in self._well.of(name, most) if (run := self.fleet.runs.get(key))]

    def well_runs_of(self, name: str) -> int:
        """How many runs of an agent are well."""
        return self._well.count_of(name)

    def done(self, agent: str) -> int:
        """Finished runs of an agent that are still known."""
        return self._done.get(agent, 0)

    def items(self, unfolded: Iterable[str]) -> list[Item]:
        """The lines of the fleet screen. An agent with one run stands for it; others unfold into theirs.

        The same list until another line stands there.
        """
        opened = frozenset(unfolded)
        lines = self._listed.get(opened)
        if lines is None:
            if len(self._listed) > LISTS_KEPT:
                self._listed.clear()
            lines = self._listed[opened] = grouped(
                (
                    ("waits", [Item("wait", action.key) for action in self.waiting()]),
                    ("ill", [Item("ill", key) for key in self.ill()]),
                    ("well", self._well.items(opened)),
                    ("rest", [Item("rest", key) for key in self.resting(ENDED_SHOWN)]),
                )
            )
        return lines

    def well(self) -> list[str]:
        """Every run that is well, by agent, oldest first."""
        return self._well.all()

    def ill(self) -> list[str]:
        """Every run that is not well, the worst first, then the one that is so for longest."""
        return sorted(self._ill, key=lambda key: (ORDER[self._ill[key].level], self._ill[key].since, key))

    def ill_runs(self) -> int:
        return len(self._ill)

    def resting_runs(self) -> int:
        return len(self._rest)

    def well_runs(self) -> int:
        return self._well.count()

    def counts(self, now: int) -> Counts:
        """What row 2 says."""
        waiting = filter(None, map(self.fleet.action, self.fleet.waiting))
        asks = [(action, self.waits.level(action)) for action in waiting]
        counts = count(asks, self._ill.values(), self.fleet.alarms.values(), now)
        load = self.fleet.load
        return counts._replace(flood=new_within(load, now)) if load.flood else counts

    def decided(self) -> list[str]:
        """The keys of what was decided last, the newest first."""
        return self._verdicts.newest(self.fleet)

    def waiting(self) -> list[Action]:
        """What waits for a person: what wants it most first, then by deadline; last what lost agents asked."""
        found = [action for key in self.fleet.waiting if (action := self.fleet.action(key))]
        return sorted(found, key=self.waits.urgency)

    def resting(self, most: int | None = None) -> list[str]:
        """Runs at rest: those that may go on, then the `most` newest of those that ended."""
        living = sorted(key for key, ended in self._rest.items() if ended < 0)
        over = sorted((key for key, ended in self._rest.items() if ended >= 0), key=self._ended)
        return living + over[:most]

    def _ended(self, key: str) -> tuple[int, str]:
        return (-self._rest[key], key)

    def _rebuild(self) -> None:
        self._all = False
        for table in (self._ill, self.waits, self._rest, self._done):
            table.clear()
        for listed in (self._group, self._commands, self._turns):
            listed.clear()
        self._well.clear()
        self._verdicts.clear()
        self._reshape()
        self._dirty = dict.fromkeys(self.fleet.runs)
        for key in self.fleet.commands:
            self._command(key)

    def _command(self, key: str) -> None:
        command = self.fleet.commands.get(key)
        if command is None:
            return
        run = f"{command.agent}/{command.run}"
        known = {name: None for name in (*self._commands.get(run, ()), key) if name in self.fleet.commands}
        self._commands[run] = sorted(known, key=self._requested)
        self._dirty[run] = None

    def _alarm(self, key: str) -> None:
        alarm = self.fleet.alarms.get(key)
        if alarm is None:  # it is gone, and with it whose it was
            self._dirty |= dict.fromkeys(self._ill)
        elif alarm.run:
            self._dirty[f"{alarm.agent}/{alarm.run}"] = None
        elif alarm.agent:
            self._dirty |= dict.fromkeys(
                run.key for run in self.fleet.runs.values() if run.agent == alarm.agent
            )

    def _place(self, key: str, now: int) -> None:
        agent = key.partition("/")[0]
        stood = self._stands(agent, key)
        self._sort_in(key, agent, now)
        if stood != self._stands(agent, key):
            self._reshape()

    def _stands(self, agent: str, key: str) -> tuple[object, ...]:
        groups = (self._ill, self.waits, self._rest)
        return (self._well.has(agent, key), *(group.get(key) for group in groups))

    def _sort_in(self, key: str, agent: str, now: int) -> None:
        self._ill.pop(key, None)
        self.waits.pop(key, None)
        before = self._group.pop(key, "")
        self._rest.pop(key, None)
        self._turns.pop(key, None)
        if before == "done":
            self._done[agent] -= 1
        run = self.fleet.runs.get(key)
        self._verdicts.take(key, run)
        waits = run is not None and any(action.state == "asked" for action in run.actions.values())
        alarms = alarms_of(self.fleet, run) if run else []
        found = plight(run, self.commands(run), alarms, now) if run else None
        if run is None or waits or found or run.state in ENDED or run.state == "paused" or run.held:
            self._well.leave(agent, key)
        else:
            self._well.join(agent, key)
        if run is None:
            return
        turns = [alarm.shelved_until for alarm in alarms if alarm.shelved_until]
        if run.state == "failed" and run.ended_at is not None:
            turns.append(run.ended_at + FAILED_FOR)
        if turns:
            self._turns[key] = turns
        self._group[key] = "done" if run.state in ENDED else "living"
        if run.state in ENDED:
            self._done[agent] = self._done.get(agent, 0) + 1
        if waits:
            worse = found if found is not None and found.level == "stop" else None
            self.waits[key] = Waits(run.state == "lost", worse)
        elif found is not None:
            self._ill[key] = found
        elif run.state in ENDED or run.state == "paused" or run.held:
            self._rest[key] = (run.ended_at or 0) if run.state in ENDED else -1

    def commands(self, run: Run) -> list[Command]:
        """The newest commands to a run that are still known, oldest first."""
        keys = self._commands.get(run.key, ())
        return [command for key in keys if (command := self.fleet.commands.get(key))][-COMMANDS_KNOWN:]

    def _requested(self, command: str) -> int:
        return self.fleet.commands[command].pos

    def _started(self, key: str) -> tuple[int, str]:
        run = self.fleet.runs.get(key)
        return (run.started_at if run else 0, key)
