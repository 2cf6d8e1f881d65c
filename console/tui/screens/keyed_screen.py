"""What a key does on a screen of the floor: by the table, unless an input is open, which takes every character.

While a sheet is up that takes typed text, no key of the screen behind it fires.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, cast

from textual import events

from console.tui.drawing.layout import LaidOutScreen
from console.tui.floor.sending import unsendable
from console.tui.keys.actions import KeyAction, Mode, anywhere, find
from console.tui.keys.keys_elsewhere import why_not
from console.tui.rows import frame_rows as frame
from console.tui.rows.frame_rows import Note
from console.tui.sheets.confirm_sheets import CodeSheet, Sheet, Wish, WordsSheet
from console.tui.sheets.kill_sheet import KillSheet

if TYPE_CHECKING:
    from console.tui.keys.keystrokes import Typed
    from console.tui.screens.host import Host

SETTLE: Final = 0.3
"""Seconds after the row under the cursor went away by itself in which no acting key counts."""

_VERBS: Final = {
    "yes": "approve",
    "yes_run": "approve",
    "code": "approve",
    "check": "edit",
    "reject_why": "reject",
    "id": "kill",
    "hold_all": "hold",
    "resume_all": "resume",
}

_ASKS_FOR_TEXT: Final = ("reject_why", "respond", "kill", "edit", "reset")
"""Acts that open an input: whoever types on although it is closed does not mean keys."""

_LOOSENS: Final = ("resume", "ack")
"""Keys, by their labels, that at once let a run go on or take an alarm for seen."""

BLIND: Final = "typed before this was on screen; press it again"

_OPENS: Final = {"/": ("slash", "filter"), ":": ("colon", "commands")}
"""What a pasted text may begin with where no input is open: these inputs act on nothing."""


class KeyedScreen(LaidOutScreen, inherit_bindings=False):
    """Base of all screens: how they take what is typed. What acts states an intent, or opens a sheet that does."""

    place: Mode = "fleet"

    def __init__(self) -> None:
        super().__init__()
        self.sheet: Sheet | None = None
        self.view = frame.NOWHERE
        self.laid_out: Sheet | None = None
        """The sheet whose rows stand in their block."""
        self._in_front = False
        self._seen_at = float("inf")
        self._typed_at = float("-inf")

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

    def subject_key(self) -> str:
        """The action under the cursor, as the fleet names it; empty if there is none."""
        return ""

    # ---- what is typed -----------------------------------------------------------------------------------------------

    def ready_for(self, _typed: Typed) -> bool:
        """Whether this screen stands there, with what is so now."""
        return self.is_mounted and self._in_front

    def on_screen_resume(self) -> None:
        """Draw what is so now before anything is painted, then take what was typed meanwhile."""
        self.floor.draw()
        self.app.call_later(self._is_there)  # behind the command that closed the palette, if one did

    def _is_there(self) -> None:
        self._in_front = self.is_current
        self.floor.go_on()

    def on_screen_suspend(self) -> None:
        self._in_front = False

    def displayed(self) -> None:
        """Note since when this screen, and the sheet that is up, have stood on the terminal."""
        now = events.Event().time  # by the clock that keys are stamped with
        self._seen_at = min(self._seen_at, now)
        sheet = self.sheet
        if sheet is not None and sheet is self.laid_out and self.below.drawn:
            sheet.seen_at = min(sheet.seen_at, now)

    def take(self, typed: Typed) -> bool:
        """Take a key, or pasted text. Returns whether it was taken; what was not is the focused widget's."""
        self._typed_at = typed.time
        if isinstance(typed, events.Paste):
            self._pasted(typed.text)
            return True
        character, pace = typed.character if typed.is_printable else None, self.floor.pace
        if self.types(typed.key, character):
            self.floor.draw()
        elif pace.typed_on(SETTLE) and character:
            pace.key_pressed()
            pace.key_refused()  # text for an input that did not open; the note that says so stands
        else:
            self.press(typed.key)
        return True

    def types(self, key: str, character: str | None) -> bool:
        """Give a key to the input that is open: the place a replay asks for, or a sheet. Returns whether that took it."""
        if self.floor.take(key, character):
            return True
        sheet = self.sheet
        if sheet is None or self.mode == "small":
            return False
        takes = isinstance(sheet, KillSheet | WordsSheet) or (
            isinstance(sheet, CodeSheet) and character is not None and character.isdecimal()
        )
        if key == "backspace":
            sheet.erase()
        elif character is not None and takes:
            wish = sheet.take(character)
            if wish is not None:
                self.fire(wish)
        else:
            return False
        self.floor.pace.key_pressed()
        self.floor.note_was_read()
        return True

    @property
    def asks_for_text(self) -> bool:
        """Whether an input is open."""
        return self.floor.asks_for_place or isinstance(self.sheet, KillSheet | WordsSheet | CodeSheet)

    def _pasted(self, text: str) -> None:
        """Type a pasted text into the input that is open, or that it opens; nothing of it is ever a key that acts."""
        words = (
            text.strip("\r\n").replace("\r\n", " ").replace("\n", " ").replace("\r", " ").replace("\t", " ")
        )
        opener, opens = _OPENS.get(words[:1], ("", ""))
        found = find(self.mode, opener, **self._whose())
        if not self.asks_for_text and found is not None and found.id == opens:
            self.press(opener)
            if words[1:]:
                self.floor.take_first(events.Paste(words[1:]))
            return
        if not self.asks_for_text and words:
            self.floor.tell(Note("pasted: no input is open, nothing was taken as keys", brief=True))
        for character in words:
            if not self.asks_for_text:
                break  # it was complete before its end
            if character.isprintable():
                self.types(character, character)
        self.floor.draw()

    def press(self, key: str) -> None:
        """Do what the table says about a key in this mode, if it is open."""
        found = find(self.mode, key, **self._whose())
        pace = self.floor.pace
        pace.key_pressed()
        self.floor.note_was_read()
        if found is None:
            self._say_why_not(key)
            return
        why = self.closed(found)
        if not why and found.acting and self.sheet is None and pace.since_row_went < SETTLE:
            why = "the row under the cursor went away just now; press again"
        if not why and self._typed_at <= self._seen_at and self.label(found) in _LOOSENS:
            why = BLIND
        if why:
            name = self.label(found) or found.label
            self.floor.tell(Note(f"{name}: {why}", about=self.subject_key(), brief=True))
            if found.id in _ASKS_FOR_TEXT:
                pace.key_refused()
        elif found.winds:
            self.floor.wind(found.id, key)
        else:
            getattr(self, f"act_{found.id}")()
        self.floor.draw()

    def _say_why_not(self, key: str) -> None:
        """Tell what became of a key that means nothing here, unless a note stands there that nobody has read yet."""
        if self.sheet is None and self.mode == self.place and self.floor.note is None:
            reasons = {row.id: self.impossible(row.id) for row in anywhere(key)}
            why = why_not(self.place, key, **self._whose(), impossible=reasons)
            if why:
                self.floor.tell(Note(why, brief=True))
                self.floor.draw()

    def _whose(self) -> dict[str, bool]:
        return {"read_only": self.floor.read_only, "replay": self.view.replay}

    def label(self, key: KeyAction) -> str:
        """What a key is called here; nothing if it can never apply to what is under the cursor."""
        return key.label

    # ---- what acts ---------------------------------------------------------------------------------------------------

    def fire(self, wish: Wish) -> None:
        """State what a sheet confirmed, unless what it showed is no longer so, and take the sheet away.

        The sheet of a kill stays and shows what comes of it. A key that was typed before the sheet stood on the terminal
        confirms nothing: nobody had read it. Only a rejection goes out all the same, which needs no sheet at all.
        """
        sheet = self.sheet
        if sheet is not None and wish.verb != "reject" and self._typed_at <= sheet.seen_at:
            sheet.too_soon()
            self.floor.tell(Note(f"{wish.label}: not sent, {BLIND}", "act"))
            return
        why = self.unsendable(wish.verb) or (self.outdated(sheet) if sheet else "")
        if why:
            self.floor.tell(Note(f"{wish.label}: not sent, {why}", "act"))
        else:
            self.floor.state(wish)
        if why or not isinstance(sheet, KillSheet):
            self.sheet = None

    def outdated(self, sheet: Sheet) -> str:
        """Why what a sheet shows is no longer so, or nothing."""
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
