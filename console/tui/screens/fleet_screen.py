"""Fleet: who waits for a person, who is not well, who is well, who rests."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import takewhile
from typing import ClassVar, Final

from console.core.fleet.state import Action, Fleet, Run
from console.tui.drawing.paint import Line
from console.tui.floor.items import BLANK, Item, grouped
from console.tui.rows import fleet_rows, panes, progress_rows
from console.tui.rows.filter import Sieve
from console.tui.rows.frame_rows import Note
from console.tui.rows.unknown_rows import nothing_known
from console.tui.screens.filtering import FilteringScreen
from console.tui.screens.floor_screen import Subject

_AGAIN_AFTER: Final = 1_000
"""Milliseconds after which a filter looks again at what is in the runs."""

_WAITS: Final = Item("head", "waits")

_SEVERAL: Final = 40
"""Runs of one agent that a pane lists."""


class FleetScreen(FilteringScreen):
    """The home screen. Several runs of one agent that are well share a row until they are unfolded, or filtered.

    With `straight` it goes on to Decide if one action alone waits when the floor is first known, unless a key was pressed.
    """

    place = "fleet"
    paned: ClassVar[bool] = True

    def __init__(self, *, straight: bool = False) -> None:
        super().__init__()
        self._straight = straight
        self._items: list[Item] = []
        self._shown: list[Item] = []
        self._names: tuple[list[Item], list[str]] = ([], [])
        self._found: tuple[object, list[Item], int] = (None, [], 0)
        self._sizes: dict[str, int] = {}
        self._sieve = Sieve(self.filter)
        self._unfolded: set[str] = set()

    def trail(self) -> Sequence[str]:
        return ["Fleet", *self.crumbs()]

    def names(self) -> Sequence[str]:
        items = self._filtered() if self.filter else self._all()
        if not items:
            words = nothing_known(self.view) if not self.filter else ["No run is like that."]
            items = [Item("none", text) for text in words]
        self._items = items
        if items is not self._names[0] and items != self._names[0]:
            self._names = items, [item.chosen_as for item in items]
        return self._names[1]

    def _all(self) -> list[Item]:
        """Every line; after what waits, what waited until its time ran out and nobody has looked at since."""
        items, unanswered = self.floor.index.items(self._unfolded), self._unanswered()
        if not unanswered:
            return items
        shown = [
            Item("head", "unanswered"),
            *(Item("unanswered", action.key) for action in unanswered[: fleet_rows.UNANSWERED_SHOWN]),
        ]
        waits = sum(1 for _ in takewhile(_of_what_waits, items)) if items[:1] == [_WAITS] else 0
        rest = items[waits:] if waits or not items else [BLANK, *items]
        return [*items[:waits], *([BLANK] if waits else []), *shown, *rest]

    def _unanswered(self) -> list[Action]:
        floor = self.floor
        return floor.unanswered.unseen(floor.fleet, floor.index.decided(), self.view.now)

    def _filtered(self) -> list[Item]:
        """What the filter lets through, each run on its own; made anew when rows change, or after a while."""
        index, fleet = self.floor.index, self.floor.fleet
        of = (index, index.shape, self.filter, self.view.now // _AGAIN_AFTER)
        if self._sieve.filter != self.filter:
            self._sieve = Sieve(self.filter)
        if self._found[0] != of:
            waiting = [action for action in index.waiting() if self._admits(fleet, action)]
            groups: list[tuple[str, list[Item]]] = [
                ("waits", [Item("wait", action.key) for action in waiting])
            ]
            for title, kind, keys in (
                ("ill", "ill", index.ill()),
                ("well", "run", index.well()),
                ("rest", "rest", index.resting()),
            ):
                runs = [(key, run) for key in keys if (run := fleet.runs.get(key))]
                kept = [key for key, run in runs if self._sieve.admits(run, index.plight(key))]
                groups.append((title, [Item(kind, key) for key in kept]))  # type: ignore[arg-type]
            self._sizes = {title: len(group) for title, group in groups}
            self._found = of, grouped(groups), len(fleet.waiting) - len(waiting)
        return self._found[1]

    def _admits(self, fleet: Fleet, action: Action) -> bool:
        run = fleet.run(action.agent, action.run)
        return run is None or self.filter.admits(run, self.floor.index.plight(run.key), action)

    def narrowed(self) -> tuple[int, int, int]:
        index = self.floor.index
        shown = sum(bool(item.chosen_as) for item in self._found[1])
        total = len(self.floor.fleet.waiting) + index.ill_runs() + index.well_runs() + index.resting_runs()
        return shown, total, self._found[2]

    def line(self, row: int) -> Line:
        if row >= len(self._shown):
            return ()
        item = self._shown[row]
        if item.kind == "blank" and row == self.body.pinned - 1:
            item = self._heading_out_of_view() or item
        if item.kind == "head" and item.key == "waits" and (hidden := self._out_of_view()):
            return fleet_rows.cut_head(hidden, self.view)
        if item.kind == "head" and item.key == "unanswered":
            return fleet_rows.unanswered_head(len(self._unanswered()), self.view)
        if item.kind == "head" and self.filter:
            return fleet_rows.narrowed_head(item.key, self._sizes.get(item.key, 0), self.view)
        return fleet_rows.row(self.floor.index, item, self.view, alone=bool(self.filter))

    def _load(self, names: Sequence[str]) -> bool:
        chosen = self.body.cursor
        taken = super()._load(names)
        if taken:
            self._shown = self._items
            unanswered = sum(item.kind == "unanswered" for item in self._shown)
            self.body.pin(self._waiting_rows() + (unanswered + 2 if unanswered else 0))
            if self.body.cursor != chosen:
                self.body.choose(_elsewhere(chosen, names))
        return taken

    def _waiting_rows(self) -> int:
        """How many rows what waits for a person has, its heading and the blank after it among them."""
        waits = sum(item.kind == "wait" for item in takewhile(_of_what_waits, self._shown))
        return waits + 2 if waits else 0

    def _heading_out_of_view(self) -> Item | None:
        """The heading of the rows just below those that stay, if it has scrolled away: the blank between them is its."""
        first = self.body.in_view.start
        if not self.body.top or first >= len(self._shown) or self._shown[first].kind in ("head", "blank"):
            return None
        above = reversed(self._shown[self.body.pinned : first])
        return next((item for item in above if item.kind == "head"), None)

    def _out_of_view(self) -> int:
        """How many rows of what waits are scrolled away."""
        above = min(self.body.in_view.start, self._waiting_rows() - 1) - self.body.pinned
        return max(0, above) if self.body.top else 0

    def detail(self, cells: int) -> list[Line]:
        index, fleet, view = self.floor.index, self.floor.fleet, self.view
        kind, _, key = self.body.cursor.partition(":")
        if kind == "agent":
            runs, total = index.agent(key, _SEVERAL), index.well_runs_of(key)
            return panes.several(key, runs, total, cells)
        run, action, _ = self.subject()
        if run is None:
            return []
        first = (
            panes.ask(run, action, view, cells, index.plight(run.key))
            if action
            else panes.one_run(run, index.plight(run.key), index.commands(run), view, cells)
        )
        return panes.joined(
            first,
            panes.last_steps(run, cells),
            panes.said(run, cells) if not run.steps else [],
            progress_rows.beside(run, fleet, view, cells),
        )

    def subject(self) -> Subject:
        kind, _, key = self.body.cursor.partition(":")
        fleet = self.floor.fleet
        if kind in ("wait", "unanswered"):
            action = fleet.action(key)
            return Subject(fleet.run(action.agent, action.run) if action else None, action)
        if kind == "agent":
            return Subject(missing="these are several runs; enter shows each")
        run = fleet.runs.get(key)
        return Subject(run, _waiting(run)) if run else Subject()

    def painted(self) -> None:
        if not self._straight or not self._in_front or not self.view.live:
            return
        self._straight = (
            False  # later, a screen that opens by itself would take keys that were meant for this one
        )
        waiting = self.floor.index.waiting()
        if len(waiting) == 1 and self.floor.pace.since_key == float("inf"):
            words = "this alone waits for a person; esc shows the whole floor"
            self.floor.tell(Note(words, about=waiting[0].key, alone=True))
            self.act_open()

    def act_open(self) -> None:
        from console.tui.screens.decide_screen import DecideScreen
        from console.tui.screens.run_screen import RunScreen

        kind, _, key = self.body.cursor.partition(":")
        if kind in ("wait", "unanswered"):
            self.app.push_screen(DecideScreen(key))
        elif kind == "agent":
            self._unfolded ^= {key}
            self.floor.pace.settle()
        elif key in self.floor.fleet.runs:
            self.app.push_screen(RunScreen(key))


def _of_what_waits(item: Item) -> bool:
    return item.kind in ("head", "wait")


def _elsewhere(chosen: str, names: Sequence[str]) -> str:
    """Where the run under the cursor stands now that it waits, is paused, goes on, or is folded with others.

    Not that of an ask that is over: who decides goes on to what waits next.
    """
    kind, _, run = chosen.partition(":")
    if kind not in ("ill", "run", "rest"):
        return ""
    asks = next((name for name in names if name.startswith(f"wait:{run}/")), "")
    folded = f"agent:{run.partition('/')[0]}"
    others = (asks, f"ill:{run}", f"run:{run}", f"rest:{run}", folded)
    return next((name for name in others if name and name in names), "")


def _waiting(run: Run) -> Action | None:
    return next((action for action in run.actions.values() if action.state == "asked"), None)
