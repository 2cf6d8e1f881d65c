"""Fleet: who waits for a person, who is not well, who is well, who rests."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from console.tui import fleet_rows
from console.tui.acts import ActingScreen
from console.tui.floor_screen import Subject
from console.tui.frame_rows import View
from console.tui.index import Item
from console.tui.paint import Line


class FleetScreen(ActingScreen):
    """The home screen. Several runs of one agent that are well share a row until they are unfolded."""

    place = "fleet"

    def __init__(self) -> None:
        super().__init__()
        self._items: list[Item] = []
        self._shown: list[Item] = []
        self._unfolded: set[str] = set()

    def trail(self) -> Sequence[str]:
        return ["Fleet"]

    def names(self) -> Sequence[str]:
        self._items = self.floor.index.items(self._unfolded)
        if not self._items:
            self._items = [Item("none", text) for text in _empty(self.view)]
        return [item.chosen_as for item in self._items]

    def line(self, row: int) -> Line:
        return fleet_rows.row(self.floor.index, self._shown[row], self.view) if row < len(self._shown) else ()

    def _load(self, names: Sequence[str]) -> None:
        super()._load(names)
        if list(self.body.names) == list(names):
            self._shown = self._items

    def subject(self) -> Subject:
        kind, _, key = self.body.cursor.partition(":")
        fleet = self.floor.fleet
        if kind == "wait":
            action = fleet.action(key)
            return Subject(fleet.run(action.agent, action.run) if action else None, action)
        if kind == "agent":
            return Subject(missing="these are several runs; enter shows each")
        run = fleet.runs.get(key)
        if run is None:
            return Subject()
        return Subject(
            run, next((action for action in run.actions.values() if action.state == "asked"), None)
        )

    def act_open(self) -> None:
        from console.tui.decide_screen import DecideScreen
        from console.tui.run_screen import RunScreen

        kind, _, key = self.body.cursor.partition(":")
        if kind == "wait":
            self.app.push_screen(DecideScreen(key))
        elif kind == "agent":
            self._unfolded ^= {key}
            self.floor.pace.settle()
        elif key in self.floor.fleet.runs:
            self.app.push_screen(RunScreen(key))


_START: Final = "If no floor runs here, start one with: watchfloor up"


def _empty(view: View) -> list[str]:
    if view.standing.bus != "up":
        known = "Nothing known yet." if view.standing.bus == "down" else "Connecting to the bus."
        return [known, view.standing.reason, _START]
    if not view.standing.joined:
        return ["Asking the supervisor for the state of the floor.", view.standing.reason, _START]
    return ["No agent has reported yet.", "The first event of a run puts it here."]
