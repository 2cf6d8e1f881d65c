"""The lists of line mode: in the order of the console's screens, narrowed by the same filter."""

from __future__ import annotations

from typing import Final

from console.cli.plain import rows
from console.cli.plain.things import Numbers
from console.core.fleet.alarm_standing import began
from console.core.fleet.state import Fleet
from console.tui.floor.attention import stands, wants_answer
from console.tui.floor.index import FleetIndex
from console.tui.rows.filter import Filter

RESTING: Final = 20
"""Newest ended runs that are listed."""


class Lists:
    """What waits, the runs, the alarms: a line each, with a number to name it by."""

    def __init__(self, index: FleetIndex, numbers: Numbers) -> None:
        self._index = index
        self._numbers = numbers

    def of(self, name: str, fleet: Fleet, through: Filter, now: int) -> list[str]:
        """A list by name, and a last line that says how much of it is shown."""
        if name == "alarms":
            lines = self._alarms(fleet, now)
            total = len(lines)
        else:
            lines, total = (self._queue if name == "queue" else self._fleet)(fleet, through, now)
        hidden = (
            f", {total - len(lines)} not shown by the filter {through.text}" if len(lines) < total else ""
        )
        return [*lines, f"{name}: {len(lines)} of {total}{hidden}" if total else f"{name}: nothing"]

    def _queue(self, fleet: Fleet, through: Filter, now: int) -> tuple[list[str], int]:
        waiting = self._index.waiting()
        lines = []
        for action in waiting:
            run = fleet.run(action.agent, action.run)
            if run is None or through.admits(run, self._index.plight(run.key), action):
                number = self._numbers.of("action", action.key)
                lines.append(rows.waiting_line(number, action, self._index.waits.level(action), now))
        return lines, len(waiting)

    def _fleet(self, fleet: Fleet, through: Filter, now: int) -> tuple[list[str], int]:
        index = self._index
        waiting = dict.fromkeys(f"{action.agent}/{action.run}" for action in index.waiting())
        keys = [*waiting, *index.ill(), *index.well(), *index.resting(RESTING)]
        runs = [run for key in keys if (run := fleet.runs.get(key)) is not None]
        lines = [
            rows.run_line(self._numbers.of("run", run.key), run, found, now)
            for run in runs
            if through.admits(run, found := index.plight(run.key))
        ]
        return lines, len(runs)

    def _alarms(self, fleet: Fleet, now: int) -> list[str]:
        alarms = [one for one in fleet.alarms.values() if one.state != "normal" or one.shown != "shown"]
        alarms.sort(key=lambda a: (not stands(a, now), not wants_answer(a, now), a.priority, began(a), a.id))
        return [rows.alarm_line(self._numbers.of("alarm", alarm.id), alarm, now) for alarm in alarms]
