"""What is told without being asked for: what begins to wait and what ends that, alarms, the link. Pure.

It compares how things stand with what was told last, so that a floor joined anew brings what happened meanwhile, once.
"""

from __future__ import annotations

from typing import NamedTuple

from console.cli.plain import rows
from console.cli.plain.things import Numbers
from console.core.fleet.alarm_state import Alarm
from console.core.fleet.floor_hold import FloorHold
from console.core.fleet.holding import floor_told
from console.core.fleet.state import Fleet
from console.tui.drawing import figures
from console.tui.floor.attention import Level, level_of_alarm
from console.tui.floor.index import FleetIndex


class Item(NamedTuple):
    """One line of news. `calls`: it wants a person."""

    text: str
    level: Level | None = None
    calls: bool = False


class News:
    """Remembers what was told."""

    def __init__(self, numbers: Numbers) -> None:
        self._numbers = numbers
        self._waited: dict[str, None] = {}
        self._alarms: dict[str, tuple[str, int, str]] = {}
        self._trouble: str | None = None
        self._held: FloorHold | None = None

    def since(self, index: FleetIndex, now: int, trouble: str, *, followed: bool) -> list[Item]:
        """The news since the last call. `trouble` is what is wrong with the link, empty if nothing is.

        While the floor is not followed nothing is known of it; what changed is told once it is again.
        """
        items = self._link(trouble)
        if not followed:
            return items
        return [
            *items,
            *self._hold(index.fleet),
            *self._ended(index.fleet),
            *self._begun(index, now),
            *self._alarm_news(index.fleet, now),
        ]

    def _link(self, trouble: str) -> list[Item]:
        before, self._trouble = self._trouble, trouble
        if trouble == before or (before is None and not trouble):
            return []
        return [
            Item(f"link: {trouble}", "stop", calls=True)
            if trouble
            else Item("link: back, the floor is followed again")
        ]

    def _hold(self, fleet: Fleet) -> list[Item]:
        before, self._held = self._held, fleet.held
        if fleet.held is None:
            return [Item("the floor is held no longer")] if before else []
        if before is not None and before.by == fleet.held.by:
            return []
        return [
            Item(f"{floor_told(fleet, figures.clock(fleet.held.at, None))}; resume all lets all go on", "act")
        ]

    def _begun(self, index: FleetIndex, now: int) -> list[Item]:
        waiting = index.waiting()
        new = [action for action in waiting if action.key not in self._waited]
        self._waited = dict.fromkeys(action.key for action in waiting)
        items = []
        for action in new:
            level = index.waits.level(action)
            line = rows.waiting_line(self._numbers.of("action", action.key), action, level, now)
            items.append(Item(f"waits {line}", level, calls=True))
        return items

    def _ended(self, fleet: Fleet) -> list[Item]:
        items = []
        for key in self._waited.keys() - set(fleet.waiting):
            action, number = fleet.action(key), self._numbers.of("action", key)
            if action is None:
                items.append(Item(f"waits no more {number}: its run has left the floor"))
                continue
            by = f" by {action.decided_by}" if action.decided_by else ""
            note = f": {action.note}" if action.note else ""
            items.append(
                Item(f"waits no more {number}: {action.outcome or action.state}{by}, {action.tool}{note}")
            )
        return sorted(items, key=lambda item: item.text)

    def _alarm_news(self, fleet: Fleet, now: int) -> list[Item]:
        items = []
        for alarm in fleet.alarms.values():
            mark = (alarm.state, alarm.count, alarm.shown)
            before = self._alarms.get(alarm.id)
            if mark == before or (before is None and alarm.state == "normal"):
                continue
            self._alarms[alarm.id] = mark
            items.append(self._alarm(alarm, before, now))
        for name in self._alarms.keys() - fleet.alarms.keys():
            del self._alarms[name]
            items.append(Item(f"alarm {self._numbers.of('alarm', name)}: gone, {name}"))
        return items

    def _alarm(self, alarm: Alarm, before: tuple[str, int, str] | None, now: int) -> Item:
        number = self._numbers.of("alarm", alarm.id)
        raised = (
            alarm.shown == "shown"
            and alarm.state == "unacknowledged"
            and (before is None or before[:2] != (alarm.state, alarm.count))
        )
        if raised:
            again = "" if before is None else "again, "
            return Item(
                f"alarm raised {again}{rows.alarm_line(number, alarm, now)}",
                level_of_alarm(alarm),
                calls=True,
            )
        by = f" by {alarm.by}" if alarm.by and alarm.state != "returned" else ""
        words = {"returned": "its cause went, nobody has seen it yet", "normal": "cleared"}.get(
            alarm.state, alarm.state
        )
        if alarm.shown != "shown":
            words, by = alarm.shown, f" by {alarm.hidden_by}" if alarm.hidden_by else ""
        return Item(f"alarm {number}: {words}{by}, {alarm.kind}")
