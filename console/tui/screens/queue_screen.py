"""Queue: what waits for a person, by deadline, and what became of what waited."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Final, Literal, NamedTuple

from console.core.fleet.due import due_at
from console.core.fleet.state import Action
from console.tui.drawing.lines import LineList
from console.tui.drawing.paint import BLANK, Line, Row
from console.tui.rows import panes, queue_rows
from console.tui.rows.fleet_rows import beside
from console.tui.screens.filtering import FilteringScreen
from console.tui.screens.floor_screen import Subject
from console.tui.screens.placed import PlacedScreen

DECIDED_SHOWN: Final = 5


class Place(NamedTuple):
    """One row: which of them, and the action that it is about."""

    kind: Literal["head", "ask", "about", "nothing", "blank", "decided", "verdict"]
    key: str = ""

    @property
    def chosen_as(self) -> str:
        """What the cursor remembers."""
        return f"wait:{self.key}" if self.kind == "ask" else ""


def by_deadline(action: Action) -> tuple[int, int, bool, str]:
    """The order of the queue: the deadline, then the worse, then the stricter gate."""
    return (due_at(action), -(action.severity or 0), action.gate != "hold", action.key)


class QueueScreen(PlacedScreen[Place], FilteringScreen):
    """Every ask on two rows. The cursor goes on to the next one when its ask is decided."""

    place = "queue"
    paned: ClassVar[bool] = True

    def __init__(self, at: str = "") -> None:
        super().__init__()
        self.body = LineList(self._draw, id="body", deep=2)
        self.body.cursor = at
        self._hidden = 0

    def trail(self) -> Sequence[str]:
        return ["Queue", *self.crumbs()]

    def names(self) -> Sequence[str]:
        index, fleet = self.floor.index, self.floor.fleet
        waiting = sorted(index.waiting(), key=by_deadline)
        kept = []
        for action in waiting:
            run = fleet.run(action.agent, action.run)
            if run is not None and (not self.filter or self.filter.admits(run, action=action)):
                kept.append(action)
        self._hidden = len(waiting) - len(kept)
        places = [Place("head")]
        for action in kept:
            places += [Place("ask", action.key), Place("about", action.key)]
        if not kept:
            places.append(Place("nothing"))
        decided = index.decided()[:DECIDED_SHOWN]
        if decided and not self.filter:
            places += [Place("blank"), Place("decided"), *(Place("verdict", key) for key in decided)]
        self._places = places
        return [place.chosen_as for place in places]

    def narrowed(self) -> tuple[int, int, int]:
        total = len(self.floor.fleet.waiting)
        return total - self._hidden, total, self._hidden

    def line(self, row: int) -> Line:
        if row >= len(self._shown):
            return BLANK
        kind, key = self._shown[row]
        fleet, view = self.floor.fleet, self.view
        match kind:
            case "head":
                return queue_rows.head(view, sum(place.kind == "ask" for place in self._shown))
            case "nothing":
                return (
                    Row().at(3, "Nothing that waits is like that.").line
                    if self._hidden
                    else queue_rows.nothing()
                )
            case "decided":
                return queue_rows.just_decided(view)
            case "blank":
                return BLANK
        action = fleet.action(key)
        run = fleet.run(action.agent, action.run) if action else None
        if action is None or run is None:
            return BLANK
        if kind == "ask":
            return queue_rows.ask(run, action, self.floor.index.waits.level(action), view)
        if kind == "about":
            return queue_rows.about(action, view, beside(run, self.floor.index.plight(run.key)))
        return queue_rows.verdict(action, fleet.commands.get(action.decision), view)

    def painted(self) -> None:
        """What became of the last asks was seen, the newest of them in full."""
        if self.is_current:
            self.floor.unanswered.saw(*self.floor.index.decided())

    def detail(self, cells: int) -> list[Line]:
        run, action, _ = self.subject()
        if run is None or action is None:
            return []
        view = self.view
        return panes.joined(
            panes.ask(run, action, view, cells, self.floor.index.plight(run.key)),
            panes.last_steps(run, cells),
            panes.spent(run, view),
        )

    def subject(self) -> Subject:
        fleet = self.floor.fleet
        action = fleet.action(self.body.cursor.partition(":")[2])
        run = fleet.run(action.agent, action.run) if action else None
        return Subject(run, action, "nothing waits")

    def act_open(self) -> None:
        from console.tui.screens.decide_screen import DecideScreen

        action = self.subject().action
        if action is not None:
            self.app.push_screen(DecideScreen(action.key, "Queue"))
