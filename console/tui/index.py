"""The order of the fleet screen, kept up to date from changes: who waits, who is not well, who is well, who rests. Pure.

Only runs that a change named are looked at again, so that ten thousand quiet runs cost nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, Literal, NamedTuple

from console.core.lifecycle import ENDED
from console.core.reduce import Change
from console.core.state import Action, Command, Fleet, Run
from console.tui.attention import (
    FAILED_FOR,
    ORDER,
    Level,
    Plight,
    alarms_of,
    level_of_alarm,
    plight,
    stands,
    wants_answer,
)

ENDED_SHOWN: Final = 20
"""Newest ended runs that are listed at rest."""

COMMANDS_KNOWN: Final = 8
"""Newest commands to a run that say how it is."""

Kind = Literal["wait", "ill", "agent", "run", "rest", "head", "blank", "none"]


class Item(NamedTuple):
    """One line of the fleet screen. `key` is an action's, a run's, an agent's, or a heading's."""

    kind: Kind
    key: str = ""

    @property
    def chosen_as(self) -> str:
        """What the cursor remembers."""
        return "" if self.kind in ("head", "blank", "none") else f"{self.kind}:{self.key}"


BLANK: Final = Item("blank")


class Counts(NamedTuple):
    """Row 2: how many rows want attention, which ask is due first, which alarms stand."""

    stop: int = 0
    act: int = 0
    watch: int = 0
    first_due: int | None = None
    first_agent: str = ""
    alarms: int = 0
    alarm_level: Level = "watch"
    alarm_since: int = 0
    alarm_text: str = ""
    shelved: int = 0


def due_at(action: Action) -> int:
    """When a waiting action expires (ms)."""
    return (action.asked_at or action.proposed_at) + int(action.decide_within * 1000)


class FleetIndex:
    """Follows one fleet. `hear` notes changes at any rate; `update` takes them in once a frame."""

    def __init__(self, fleet: Fleet) -> None:
        self.fleet = fleet
        self._dirty: dict[
            str, None
        ] = {}  # in the order of the log, so that rows come out the same everywhere
        self._all = True
        self._ill: dict[str, Plight] = {}
        self._well: dict[str, dict[str, None]] = {}
        self._rest: dict[str, None] = {}
        self._done: dict[str, int] = {}
        self._group: dict[str, str] = {}
        self._commands: dict[str, list[str]] = {}
        self._turns: dict[str, list[int]] = {}  # when a run looks different though nothing is heard
        self._now = 0
        self._unsorted: set[str] = set()

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
        for agent in self._unsorted:
            self._well[agent] = dict.fromkeys(sorted(self._well[agent], key=self._started))
        self._unsorted.clear()
        return bool(dirty)

    @property
    def last_decision(self) -> int:
        """When anything was last decided (ms), 0 if nothing was."""
        return self.fleet.last_decision

    def plight(self, key: str) -> Plight | None:
        """Why a run is not well, or None."""
        return self._ill.get(key)

    def agent(self, name: str) -> list[Run]:
        """The runs of an agent that are well, oldest first."""
        return [run for key in self._well.get(name, ()) if (run := self.fleet.runs.get(key))]

    def done(self, agent: str) -> int:
        """Finished runs of an agent that are still known."""
        return self._done.get(agent, 0)

    def items(self, unfolded: Iterable[str]) -> list[Item]:
        """The lines of the fleet screen. An agent with one run stands for it; others unfold into theirs."""
        waiting = [Item("wait", action.key) for action in self._waiting()]
        ill = sorted(self._ill.items(), key=lambda entry: (ORDER[entry[1].level], entry[1].since, entry[0]))
        well: list[Item] = []
        for name in sorted(agent for agent, runs in self._well.items() if runs):
            runs = list(self._well[name])
            single = len(runs) == 1
            well.append(Item("run", runs[0]) if single else Item("agent", name))
            if name in unfolded and not single:
                well.extend(Item("run", key) for key in runs)
        rest = [Item("rest", key) for key in self._resting()]
        groups = (
            ("waits", waiting),
            ("ill", [Item("ill", key) for key, _ in ill]),
            ("well", well),
            ("rest", rest),
        )
        lines: list[Item] = []
        for title, group in groups:
            if group:
                lines += [*([BLANK] if lines else []), Item("head", title), *group]
        return lines

    def well_runs(self) -> int:
        return sum(map(len, self._well.values()))

    def counts(self, now: int) -> Counts:
        """What row 2 says."""
        by_level: dict[Level, int] = {"stop": 0, "act": 0, "watch": 0}
        waiting = self._waiting()
        for action in waiting:
            by_level["stop" if action.gate == "hold" else "act"] += 1
        shared: set[str] = set()  # an alarm of a whole agent counts once
        for found in self._ill.values():
            if found.shared not in shared:
                by_level[found.level] += 1
            if found.shared:
                shared.add(found.shared)
        first = min(waiting, key=due_at, default=None)
        alarms = [alarm for alarm in self.fleet.alarms.values() if stands(alarm, now)]
        open_ = [alarm for alarm in alarms if wants_answer(alarm, now)]
        worst = min(open_, key=lambda alarm: (alarm.priority, alarm.raised_at, alarm.id), default=None)
        shelved = [alarm for alarm in self.fleet.alarms.values() if (alarm.shelved_until or 0) > now]
        return Counts(
            **by_level,
            first_due=due_at(first) if first else None,
            first_agent=first.agent if first else "",
            alarms=len(alarms),
            alarm_level=min(map(level_of_alarm, alarms), key=ORDER.__getitem__, default="watch"),
            alarm_since=min((alarm.raised_at for alarm in alarms), default=0),
            alarm_text=(worst.text or worst.kind) if worst else "",
            shelved=len(shelved),
        )

    def _waiting(self) -> list[Action]:
        found = [action for key in self.fleet.waiting if (action := self.fleet.action(key))]
        return sorted(found, key=lambda action: (action.gate != "hold", due_at(action), action.key))

    def _resting(self) -> list[str]:
        runs = [run for key in self._rest if (run := self.fleet.runs.get(key))]
        living = sorted(run.key for run in runs if run.state not in ENDED)
        ended = sorted(
            (run for run in runs if run.state in ENDED), key=lambda run: (-(run.ended_at or 0), run.key)
        )
        return living + [run.key for run in ended[:ENDED_SHOWN]]

    def _rebuild(self) -> None:
        self._all = False
        for table in (self._ill, self._well, self._rest, self._done, self._group, self._commands):
            table.clear()
        self._turns.clear()
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
        self._ill.pop(key, None)
        before = self._group.pop(key, "")
        self._rest.pop(key, None)
        self._turns.pop(key, None)
        if before == "done":
            self._done[agent] -= 1
        run = self.fleet.runs.get(key)
        waits = run is not None and any(action.state == "asked" for action in run.actions.values())
        alarms = alarms_of(self.fleet, run) if run else []
        found = plight(run, self.commands(run), alarms, now) if run else None
        if run is None or waits or found or run.state in ENDED or run.state == "paused" or run.held:
            self._well.get(agent, {}).pop(key, None)
        else:
            self._join_well(agent, key)
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
        if found is not None and not waits:
            self._ill[key] = found
        elif not waits and (run.state in ENDED or run.state == "paused" or run.held):
            self._rest[key] = None

    def commands(self, run: Run) -> list[Command]:
        """The newest commands to a run that are still known, oldest first."""
        keys = self._commands.get(run.key, ())
        return [command for key in keys if (command := self.fleet.commands.get(key))][-COMMANDS_KNOWN:]

    def _join_well(self, agent: str, key: str) -> None:
        """Add to an agent's runs that are well; these stand in the order they started in, whatever they went through."""
        well = self._well.setdefault(agent, {})
        if key not in well:
            if well and self._started(key) < self._started(next(reversed(well))):
                self._unsorted.add(agent)
            well[key] = None

    def _requested(self, command: str) -> int:
        return self.fleet.commands[command].pos

    def _started(self, key: str) -> tuple[int, str]:
        run = self.fleet.runs.get(key)
        return (run.started_at if run else 0, key)
