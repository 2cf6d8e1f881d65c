"""Decide: one action in full, and what a person may answer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from bus.messages import Verb
from bus.records import ValueOrigin
from console.core.fleet.alike import Alike, alike_key
from console.core.fleet.state import Action, Fleet, Run
from console.core.judging.origin_words import by_path
from console.core.judging.tool_facts import EFFECTS
from console.core.reliability.standing import standing_of, version_of
from console.tui.drawing import figures
from console.tui.drawing.beyond import NOTHING_BEYOND, Beyond
from console.tui.drawing.layout import LEAST
from console.tui.drawing.paint import Line, Row
from console.tui.floor import deciding
from console.tui.floor.attention import Plight
from console.tui.rows import decide_rows
from console.tui.rows.arguments import Piece, pieces, told
from console.tui.rows.decide_facts import AT, changes, whole_facts
from console.tui.rows.decide_rows import ALL_READ, Around, Unread
from console.tui.rows.frame_rows import Note, View
from console.tui.rows.task_rows import ROOMY, task_rows, whole_task
from console.tui.screens.confirming import ConfirmingScreen
from console.tui.screens.floor_screen import Subject
from console.tui.screens.reading import Reading


class DecideScreen(ConfirmingScreen):
    """One action. What of its arguments was on screen is remembered, for a hold needs all of it.

    Opened from the queue it goes back there, to the next, as soon as its operator's decision is recorded.
    """

    place = "decide"
    grows = False

    paned: ClassVar[bool] = True

    def __init__(self, key: str, origin: str = "Fleet") -> None:
        super().__init__()
        self._key = key
        self._origin = origin
        self._waited = False
        self._unfolded = False
        self._says = False
        self._pieces: list[Piece] = []
        self._own = 0  # how many of these are what is to be decided
        self._folds = False  # whether a value is not there whole, of these or of what was asked at first
        self._plain = 0  # how many there are beside the facts that have no room below
        self._made_of: tuple[Any, ...] = ()
        self._column = 14
        self._origins: dict[str, ValueOrigin] = {}
        self._origin_at: int | None = None

    def on_mount(self) -> None:
        """Show long values as they stood when this action was left."""
        self._unfolded = self._reading.unfolded

    @property
    def _reading(self) -> Reading:
        return self.floor.readings.of(self._key, self.floor.fleet)

    @property
    def action(self) -> Action | None:
        """The action, or None once its run has left the fleet."""
        return self.floor.fleet.action(self._key)

    @property
    def run(self) -> Run | None:
        """Its run."""
        return self.floor.fleet.runs.get(self._key.rpartition("/")[0])

    def subject(self) -> Subject:
        return Subject(self.run, self.action, "the action has left the floor")

    def trail(self) -> Sequence[str]:
        agent, run, _ = self._key.split("/", 2)
        return [self._origin, f"{agent} {figures.shown(run)}", "Decide"]

    def names(self) -> Sequence[str]:
        self._lay_out()
        return [""] * len(self._pieces)

    def line(self, row: int) -> Line:
        pieces_here = self._pieces[row : row + 1]
        origins = self._origins if row < self._own else {}
        return decide_rows.argument_line(pieces_here, self._column, origins, self._origin_at)

    def above(self) -> list[Line]:
        run, action, missing = self.subject()
        if run is None or action is None:
            return [Row().at(3, f"Nothing to show: {missing}; the recording has it.").line]
        words = (
            "exact value"
            if not action.args_cut
            else "arguments are no longer kept here; the recording has them"
        )
        if action.edited is not None:
            words = "edited: exact value as approved, then as the agent asked"
        row = decide_rows.columns(self._column, words, self._origin_at)
        return [
            *decide_rows.head(run, action, self.view, self._worse()),
            *task_rows(run, self.view, self._reach(), tight=self.room < ROOMY),
            row.line,
        ]

    def under(self) -> list[Line]:
        action = self.action
        if action is None:
            return []
        command = self.floor.fleet.commands.get(action.decision) if action.decision else None
        closed = self._closed_because()
        return decide_rows.tail(
            action,
            command,
            self.view,
            closed=closed,
            says=self._says,
            rows=self._tail_rows(len(self._pieces)),
            around=self._around(action),
        )

    def _around(self, action: Action) -> Around:
        """What is known beside the action."""
        alike = self.floor.fleet.alike.get(alike_key(action.agent, action.tool))
        return Around(self.run, self._worse(), alike)

    def _tail_rows(self, listed: int) -> int:
        """How many rows there are below a list of `listed` lines while the first of the arguments stay in view."""
        kept = max(min(decide_rows.ARGUMENTS_KEPT, self._own), min(LEAST, listed))
        return self.room - len(self.above()) - kept

    def _worse(self) -> Plight | None:
        """What is worse about the run than that this waits."""
        run, action = self.run, self.action
        if run is None or action is None or action.state != "asked":
            return None
        return self.floor.index.plight(run.key)

    def painted(self) -> None:
        """Remember what was displayed."""
        action = self.action
        if action is None or not self.is_current:
            return
        mine = action.decided_by == self.view.operator and not self.view.replay
        if action.state == "asked":
            self._waited = True
        else:
            self.floor.unanswered.saw(self._key)
            if self._waited and self._origin == "Queue" and self.sheet is None and mine:
                self.floor.pace.settle()  # the queue goes on at once, and then no acting key counts for a moment
                self.app.pop_screen()
                return
        shown = (self._pieces[row] for row in self.body.in_view if row < self._own)
        if self._reading.saw(action.digest, shown, self.view.width):
            self.floor.draw_again()

    def detail(self, cells: int) -> list[Line]:
        run, action, _ = self.subject()
        if run is None or action is None:
            return []
        from console.tui.rows.story import how_it_got_here

        return how_it_got_here(run, action, self.view, cells, _verified(self.floor.fleet, run, action))

    # ---- reach -------------------------------------------------------------------------------------------------------

    def _lay_out(self) -> None:
        run, action, _ = self.subject()
        if run is None or action is None:
            self._pieces, self._own, self._folds = [], 0, False
            return
        around = self._around(action)
        alike = around.alike or Alike()
        made_of = (
            action.digest,
            action.args_cut,
            self.view.width,
            self._unfolded,
            tuple(map(str, run.blobs.values())),
            action.edited is not None,
            len(action.origins),
            run.goal,
            self._says,
            too_long := action.state == "asked"
            and decide_rows.overflows(
                action, self.view, self._tail_rows(self._plain), around, says=self._says
            ),
            alike.n if too_long else 0,
        )
        if made_of != self._made_of:
            self._made_of = made_of
            args = action.args if action.edited is None else action.edited
            names = [
                piece.path
                for some in (action.args, args)
                for piece in pieces(some, run, 1_000, unfolded=False)
            ]
            self._column = decide_rows.value_column(names)
            self._origin_at = decide_rows.origin_column(action, self._column, self.view)
            self._origins = by_path(action.origins)
            cells = (self._origin_at or self.view.last + 2) - 1 - self._column
            self._pieces = pieces(args, run, cells, unfolded=self._unfolded)
            self._own = len(self._pieces)
            was: list[Piece] = []
            if action.edited is not None:
                was = pieces(action.args, run, cells, unfolded=self._unfolded)
            self._folds = any(piece.fold for piece in (*self._pieces, *was))
            if was:
                self._append("original: as the agent asked", was)
            if action.preview is not None:
                cells = self.view.last + 1 - self._column
                self._pieces += changes(action.preview, 1 + self._last_leaf(), cells)
            beside = _beside_values(self.view, self._column)
            if lines := whole_task(run, self.view, beside):
                self._append("the task, in full", told(lines))
            self._append_said(action)
            self._plain = len(self._pieces)
            if too_long:
                lines = whole_facts(action, beside, alike)
                self._append(f"{deciding.why(action)}, in full", told(lines))
            self.body.repaint()

    def _append(self, title: str, more: list[Piece]) -> None:
        """Add lines that are no part of what is to be approved, below a title."""
        leaf = 1 + self._last_leaf()
        self._pieces.append(Piece(leaf, 1, "", "", fold=title))
        self._pieces += [piece._replace(leaf=leaf + 1 + piece.leaf) for piece in more]

    def _last_leaf(self) -> int:
        return max((piece.leaf for piece in self._pieces), default=0)

    def _append_said(self, action: Action) -> None:
        """Add the agent's reason if it was opened and is too long for its place below."""
        lines = decide_rows.said(action, self.view) if self._says else []
        if len(lines) > decide_rows.SAID_BELOW:
            self._append(
                "the agent says", told(decide_rows.said(action, _beside_values(self.view, self._column)))
            )

    def _unread(self) -> Unread:
        """What of the arguments was not on screen yet."""
        action, own = self.action, self._pieces[: self._own]
        if action is None:
            return ALL_READ
        return self._reading.unread(action.digest, own, self.view.width, self.body.top)

    def _reach(self) -> str:
        return decide_rows.lines_in_view(self.body.in_view, len(self._pieces), scrolls=self.sheet is None)

    def beyond(self) -> Beyond:
        """Nothing to be said once more: the row above the arguments says it."""
        return NOTHING_BEYOND

    def _closed_because(self, verb: Verb = "approve") -> str:
        run, action, missing = self.subject()
        if run is None or action is None:
            return missing
        return decide_rows.closed_because(run, action, self.view, self._unread(), verb)

    # ---- acts --------------------------------------------------------------------------------------------------------

    def impossible(self, name: str) -> str:
        why = super().impossible(name)
        if not why and name in ("approve", "edit"):
            why = self._closed_because("edit" if name == "edit" else "approve")
        return why

    def act_unfold(self) -> None:
        if not self._unfolded and not self._folds:
            self.floor.tell(Note("open: every value stands there whole", brief=True))
            return
        self._unfolded = self._reading.unfolded = not self._unfolded
        self.floor.pace.settle()

    def act_says(self) -> None:
        self._says = not self._says


def _verified(fleet: Fleet, run: Run, action: Action) -> str:
    """How calls of the tool by this version really ended, by the word of others than the agent."""
    version = version_of(run.version, run.model)
    known = fleet.reliability
    found = [standing_of(known, run.agent, version, action.exact_tool, effect) for effect in (*EFFECTS, "")]
    right = sum(standing.right for standing in found if standing is not None)
    n = sum(standing.n for standing in found if standing is not None)
    return f"{right} of {n} calls by this version went well" if n else "no call by this version"


def _beside_values(view: View, column: int) -> View:
    """As wide as lines of words are that stand in the column of the values."""
    return view._replace(width=view.last + 2 - (column - AT))
