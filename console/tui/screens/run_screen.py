"""Run: what one run is doing, step by step, with its claims, its actions and its commands."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from console.core.fleet.state import Action, Run
from console.tui.drawing import figures
from console.tui.drawing.paint import Line, Row
from console.tui.keys.actions import KeyAction
from console.tui.rows import grant_rows, panes, progress_rows, run_rows
from console.tui.rows.fleet_rows import verified_calls
from console.tui.rows.run_rows import Entry
from console.tui.screens.acts import ActingScreen
from console.tui.screens.floor_screen import Subject


class RunScreen(ActingScreen):
    """One run. Until a key moves the cursor it follows what waits, or else the newest entry."""

    place = "run"
    paned: ClassVar[bool] = True

    def __init__(self, key: str) -> None:
        super().__init__()
        self._key = key
        self._entries: list[Entry] = []
        self._shown: list[Entry] = []
        self._follows = True

    @property
    def run(self) -> Run | None:
        """The run, or None once it has left the fleet."""
        return self.floor.fleet.runs.get(self._key)

    def trail(self) -> Sequence[str]:
        agent, _, run = self._key.partition("/")
        return ["Fleet", f"{agent} {figures.shown(run)}"]

    def names(self) -> Sequence[str]:
        run = self.run
        self._entries = run_rows.entries(run) if run else []
        return [entry.chosen_as for entry in self._entries]

    def line(self, row: int) -> Line:
        run = self.run
        return run_rows.entry_row(run, self._shown[row], self.view) if run and row < len(self._shown) else ()

    def _load(self, names: Sequence[str]) -> bool:
        if self._follows:
            self.body.cursor = ""
        taken = super()._load(names)
        if taken:
            self._shown = self._entries
        run = self.run
        if self._follows and run and names:
            waiting = [
                entry
                for entry in self._entries
                if entry.action and run.actions[entry.action].state == "asked"
            ]
            self.body.choose((waiting or self._entries)[-1].chosen_as)
        return taken

    def above(self) -> list[Line]:
        run = self.run
        if run is None:
            return [Row().at(3, "This run has left the floor; the recording has it.").line]
        index = self.floor.index
        waits = any(action.state == "asked" for action in run.actions.values())
        return [
            *run_rows.facts(
                run,
                index.plight(run.key),
                waits=waits,
                view=self.view,
                verified=verified_calls(index.fleet, run),
                used=progress_rows.used(run, index.fleet, self.view),
                measures=[
                    *progress_rows.measures(run, index.fleet, self.view),
                    *grant_rows.rows(run, index.fleet, self.view),
                ],
            ),
            run_rows.heading(self.view),
        ]

    def under(self) -> list[Line]:
        run = self.run
        return run_rows.tail(run, self.floor.index.commands(run), self.view) if run else []

    def detail(self, cells: int) -> list[Line]:
        run = self.run
        if run is None:
            return []
        from console.tui.rows.story import chart, line_of_run

        chosen = self._chosen()
        first = line_of_run(run, chosen, self.view, cells) if chosen else []
        return panes.joined(first, chart(run.claims, cells), panes.said(run, cells))

    def subject(self) -> Subject:
        run = self.run
        if run is None:
            return Subject()
        kind, _, name = self.body.cursor.partition(":")
        chosen = run.actions.get(name) if kind == "action" else None
        waiting = [action for action in run.actions.values() if action.state == "asked"]
        only = waiting[0] if len(waiting) == 1 and (chosen is None or chosen is waiting[0]) else None
        return Subject(run, chosen or only)

    def _chosen(self) -> Entry | None:
        return next((entry for entry in self._shown if entry.chosen_as == self.body.cursor), None)

    def _asked(self) -> Action | None:
        """The action under the cursor, if it waits for a person."""
        entry, run = self._chosen(), self.run
        action = run.actions.get(entry.action) if run and entry and entry.action else None
        return action if action is not None and action.state == "asked" else None

    def label(self, key: KeyAction) -> str:
        return "decide" if key.id == "open" and self._asked() is not None else super().label(key)

    def act_open(self) -> None:
        action = self._asked()
        if action is not None:
            from console.tui.screens.decide_screen import DecideScreen

            self.app.push_screen(DecideScreen(action.key))
            return
        from console.tui.screens.step_screen import StepScreen

        chosen = self._chosen()
        self.app.push_screen(StepScreen(self._key, chosen.chosen_as if chosen else ""))

    def act_up(self) -> None:
        self._follows = False
        super().act_up()

    def act_down(self) -> None:
        self._follows = False
        super().act_down()

    def act_page_up(self) -> None:
        self._follows = False
        super().act_page_up()

    def act_top(self) -> None:
        self._follows = False
        super().act_top()

    def act_bottom(self) -> None:
        self._follows = True
        super().act_bottom()
