"""What all screens share: the rows that never move, a list, a sheet."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Final, NamedTuple, Protocol

from textual.app import ComposeResult

from console.core.fleet.state import Action, Run
from console.tui.drawing.beyond import NOTHING_BEYOND, Beyond
from console.tui.drawing.paint import BLANK, Line, muted
from console.tui.rows import frame_rows as frame
from console.tui.rows.frame_rows import Note, Offers, View
from console.tui.rows.header_counts import alarm_line
from console.tui.screens.pointing import PointedScreen
from console.tui.sheets.confirm_sheets import rule
from console.tui.sheets.kill_sheet import KillSheet

STILL: Final = 0.5
"""Seconds after a key in which no row moves."""


class Subject(NamedTuple):
    """What a key would act on: a run, perhaps with the action of it that waits, or why there is nothing."""

    run: Run | None = None
    action: Action | None = None
    missing: str = "nothing is chosen"


class Cover(Protocol):
    """What lies over a screen and has a list of its own."""

    def beyond(self) -> Beyond:
        """What of its list is out of view."""


class FloorScreen(PointedScreen, inherit_bindings=False):
    """Base of all screens. Subclasses say what stands in their rows and what is under their cursor."""

    AUTO_FOCUS = ""
    ALLOW_SELECT = False
    paned: ClassVar[bool] = False  # where there is room, detail stands beside the list

    def __init__(self) -> None:
        super().__init__()
        self.covered: Cover | None = None  # the palette, while it lies over it
        self.room = 0  # rows between the fixed ones, a sheet's among them
        self._top_before: int | None = None  # the first row in view when the sheet that is up took rows away
        self._anew = True  # it was not in front: rows may move, nobody looked at them

    # ---- what a subclass says ----------------------------------------------------------------------------------------

    def trail(self) -> Sequence[str]:
        """The breadcrumb."""
        raise NotImplementedError

    def names(self) -> Sequence[str]:
        """The items of the list, by name; empty for rows that cannot be chosen."""
        raise NotImplementedError

    def line(self, row: int) -> Line:
        """One row of the list."""
        raise NotImplementedError

    def above(self) -> list[Line]:
        """Rows between the fixed ones and the list."""
        return []

    def under(self) -> list[Line]:
        """Rows below the list."""
        return []

    def third(self, view: View) -> Line:  # noqa: ARG002  (for those that have something to say there)
        """Row 3, which keeps what is fixed apart from the rest."""
        return BLANK

    def detail(self, cells: int) -> list[Line]:  # noqa: ARG002  (for those that have a pane)
        """What stands beside the list, in so many cells."""
        return []

    @property
    def beside(self) -> bool:
        """Whether detail stands beside the list now, and not below it."""
        return self.paned and frame.split(self.floor.view(self.extent.width), self.extent.height)[1] > 0

    def subject(self) -> Subject:
        """What is under the cursor."""
        return Subject()

    def subject_key(self) -> str:
        action = self.subject().action
        return action.key if action else ""

    def painted(self) -> None:
        """The rows now in view were put on screen."""

    # ---- frames ------------------------------------------------------------------------------------------------------

    def compose(self) -> ComposeResult:
        self.frame(self.floor.view(self.extent.width))
        yield from super().compose()

    def frame(self, view: View) -> None:
        """Bring every row up to date; only those that differ are painted."""
        self.view, cells = frame.split(view, self.extent.height) if self.paned else (view, 0)
        if self.mode == "small":
            self.show_only(frame.too_small(view, self.extent.height))
            return
        if self.sheet is not None and (why := self.outdated(self.sheet)):
            self.floor.tell(Note(f"{self.sheet.wish.label}: not sent, {why}", "act"))
            self.sheet = None
        floor = self.floor
        counts = floor.index.counts(view.now)
        line = alarm_line(view, counts, floor.index.last_decision, floor.fleet.at)
        held, bar = frame.still_holds(view), floor.bar(view)
        self.room = max(0, self.extent.height - 5 - len(held) - len(bar))
        self._load(self.names())
        foot = [*held, frame.note_line(floor.note, view, self.beyond()), *bar]
        self.top.show([frame.header(view, self.trail()), line, self.third(view)])
        above, under = self.above(), self.under()
        if isinstance(self.sheet, KillSheet):
            above, under = [muted(row) for row in above], []
        below = [rule(view), *self.sheet.rows(view)] if self.sheet else []
        height, changed = self.share_out(above, under, below, foot, width=self.view.width)
        self.laid_out = self.sheet
        if changed:
            self.call_after_refresh(floor.draw)
        self._mind_place()
        quiet = isinstance(self.sheet, KillSheet) or not view.live
        self.show_pane(self.detail(cells) if cells else [], cells, height, grey=quiet)
        self.keys.show([frame.key_line(self.offers(), self.closed)])
        self.body.frame()
        self.painted()

    def beyond(self) -> Beyond:
        """What of the list in front is out of view and can be brought there: while a sheet is up it takes all keys."""
        if self.covered is not None:
            return self.covered.beyond()
        return NOTHING_BEYOND if self.sheet is not None else self.body.out_of_view

    def _mind_place(self) -> None:
        """What moved while a sheet left the list few rows does not leave it elsewhere once all its rows are back."""
        if self.sheet is not None:
            if self._top_before is None and self.body.cursor:
                self._top_before = self.body.top
        elif self._top_before is not None:
            top, self._top_before = self._top_before, None
            self.body.back_to(top, self._shared[0])

    def offers(self) -> Offers:
        typed = self.sheet.typed if self.sheet else ""
        mode = "commands" if self.covered else self.mode
        width = self.extent.width  # that of the list may be less
        return frame.offers(mode, self.view._replace(width=width), typed=typed, named=self.label)

    def _load(self, names: Sequence[str]) -> bool:
        """Take another list unless rows must not move now. Returns whether it was taken."""
        same = names is self.body.names
        moves = not same and self.body.names and names != self.body.names
        if moves and not self._anew and self.floor.pace.since_key < STILL:
            self.floor.draw_again()
            return False
        self._anew = False
        before = self.body.cursor
        leads = self.view.replay and self.body.at_first
        self.body.load(names)
        if (
            leads and not self.body.at_first
        ):  # a jump in time: who has chosen nothing sees the first, not what was first
            self.body.move_to(-1)
        if before and self.body.cursor != before:
            self.floor.pace.row_went_away()
        return True

    def _draw(self, row: int) -> Line:
        line = self.line(row)
        return muted(line) if isinstance(self.sheet, KillSheet) else line

    def on_resize(self) -> None:
        self.body.repaint()
        self.call_after_refresh(self.floor.draw)

    def on_screen_resume(self) -> None:
        self._anew = True
        super().on_screen_resume()
