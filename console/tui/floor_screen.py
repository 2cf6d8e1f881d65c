"""What all screens share: the rows that never move, a list, a sheet, and keys by the table.

Keys come as Textual bindings made from the table; the mode decides what they mean. While a sheet is up that takes typed
text, it takes every character, so that no key of the screen behind it fires.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Final, NamedTuple, cast

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType

from console.core.state import Action, Run
from console.tui import frame_rows as frame
from console.tui.actions import KeyAction, Mode, bound_keys, find
from console.tui.frame_rows import Note, View
from console.tui.host import Host
from console.tui.kill_sheet import KillSheet
from console.tui.layout import LaidOutScreen
from console.tui.paint import BLANK, Line, muted
from console.tui.sending import unsendable
from console.tui.sheets import CodeSheet, Sheet, Wish, WordsSheet, rule

SETTLE: Final = 0.3
"""Seconds after the row under the cursor went away by itself in which no acting key counts."""

STILL: Final = 0.5
"""Seconds after a key in which no row moves."""

_VERBS: Final = {
    "yes": "approve",
    "code": "approve",
    "check": "edit",
    "reject_why": "reject",
    "id": "kill",
    "hold_all": "hold",
}


class Subject(NamedTuple):
    """What a key would act on: a run, perhaps with the action of it that waits, or why there is nothing."""

    run: Run | None = None
    action: Action | None = None
    missing: str = "nothing is chosen"


class FloorScreen(LaidOutScreen, inherit_bindings=False):
    """Base of all screens. Subclasses say what stands in their rows and what is under their cursor."""

    AUTO_FOCUS = ""
    ALLOW_SELECT = False
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(key, f"press({key!r})", show=False, system=True) for key in bound_keys()
    ]
    place: Mode = "fleet"
    paned: ClassVar[bool] = False  # where there is room, detail stands beside the list

    def __init__(self) -> None:
        super().__init__()
        self.sheet: Sheet | None = None
        self.covered = False  # the palette lies over it
        self.view = frame.NOWHERE

    @property
    def floor(self) -> Host:
        """The application, as far as screens know it."""
        return cast("Host", self.app)

    @property
    def mode(self) -> Mode:
        """Which rows of the actions table hold now."""
        if not frame.fits(*self.extent):
            return "small"
        return self.sheet.mode if self.sheet else self.place

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

    def subject(self) -> Subject:
        """What is under the cursor."""
        return Subject()

    def label(self, key: KeyAction) -> str:
        """What a key is called here; nothing if it can never apply to what is under the cursor."""
        return key.label

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
        if self.sheet is not None and (why := self._outdated(self.sheet)):
            self.floor.tell(Note(f"{self.sheet.wish.label}: not sent, {why}", "act"))
            self.sheet = None
        floor = self.floor
        counts = floor.index.counts(view.now)
        line = frame.alarm_line(view, counts, floor.index.last_decision, floor.fleet.at)
        self._load(self.names())
        self.top.show([frame.header(view, self.trail()), line, self.third(view)])
        above, under = self.above(), self.under()
        if isinstance(self.sheet, KillSheet):
            above, under = [muted(row) for row in above], []
        below = [rule(view), *self.sheet.rows(view)] if self.sheet else []
        foot = [*frame.still_holds(view), frame.note_line(floor.note, view), *floor.bar(view)]
        height, changed = self.share_out(above, under, below, foot, width=self.view.width)
        if changed:
            self.call_after_refresh(floor.draw)
        quiet = isinstance(self.sheet, KillSheet) or not view.live
        self.show_pane(self.detail(cells) if cells else [], cells, height, grey=quiet)
        typed = self.sheet.typed if self.sheet else ""
        mode = "commands" if self.covered else self.mode
        self.keys.show([frame.key_line(mode, view, self.closed, typed=typed, named=self.label)])
        self.body.frame()
        self.painted()

    def _load(self, names: Sequence[str]) -> bool:
        """Take another list unless rows must not move now. Returns whether it was taken."""
        same = names is self.body.names
        if not same and self.floor.pace.since_key < STILL and self.body.names and names != self.body.names:
            self.floor.draw_again()
            return False
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
        self.floor.draw()

    # ---- keys --------------------------------------------------------------------------------------------------------

    def action_press(self, key: str) -> None:
        """Do what the table says about a key in this mode, if it is open."""
        found = find(self.mode, key, read_only=self.floor.read_only, replay=self.view.replay)
        self.floor.pace.key_pressed()
        if found is None:
            return
        why = self.closed(found)
        if not why and found.acting and self.sheet is None and self.floor.pace.since_row_went < SETTLE:
            why = "the row under the cursor went away just now; press again"
        if why:
            self.floor.tell(Note(f"{found.label}: {why}"))
        elif found.winds:
            self.floor.wind(found.id, key)
        else:
            getattr(self, f"act_{found.id}")()
        self.floor.draw()

    def on_key(self, event: events.Key) -> None:
        """Give typed characters to the sheet that takes them, or to the replay while it asks for some."""
        if self.floor.take(event.key, event.character if event.is_printable else None):
            event.stop()
            event.prevent_default()
            self.floor.draw()
            return
        sheet = self.sheet
        if sheet is None or self.mode == "small":
            return
        character = event.character if event.is_printable else None
        takes = isinstance(sheet, KillSheet | WordsSheet) or (
            isinstance(sheet, CodeSheet) and character is not None and character.isdecimal()
        )
        if event.key == "backspace":
            sheet.erase()
        elif character is not None and takes:
            wish = sheet.take(character)
            if wish is not None:
                self.fire(wish)
        else:
            return
        event.stop()
        event.prevent_default()
        self.floor.pace.key_pressed()
        self.floor.draw()

    def fire(self, wish: Wish) -> None:
        """State what a sheet confirmed, unless what it showed is no longer so, and take the sheet away.

        The sheet of a kill stays and shows what comes of it.
        """
        sheet = self.sheet
        why = self.unsendable(wish.verb) or (self._outdated(sheet) if sheet else "")
        if why:
            self.floor.tell(Note(f"{wish.label}: not sent, {why}", "act"))
        else:
            self.floor.state(wish)
        if why or not isinstance(sheet, KillSheet):
            self.sheet = None

    def _outdated(self, sheet: Sheet) -> str:
        return "" if sheet.mode == "kill" else sheet.outdated(self.floor.fleet)

    def closed(self, key: KeyAction) -> str:
        """Why a key cannot act now, or nothing when it can."""
        if not key.acting:
            return ""
        verb = _VERBS.get(key.id, key.id)
        if self.sheet is not None and key.confirms:
            verb = self.sheet.wish.verb
        return self.unsendable(verb) or ("" if key.confirms else self.impossible(key.id))

    def unsendable(self, verb: str) -> str:
        """Why no intent of this verb can be stated now."""
        return unsendable(verb, self.floor.standing, signed=self.floor.signed)

    def impossible(self, name: str) -> str:  # noqa: ARG002  (for those that know more)
        """Why an action of the table makes no sense for what is under the cursor."""
        return ""
