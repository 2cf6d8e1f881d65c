"""The editor for the arguments of an action: JSON, checked before anything can be confirmed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from textual import events
from textual.widget import Widget
from textual.widgets import TextArea

from console.core.fleet.state import Action
from console.core.text import visible_json
from console.tui.drawing import signs
from console.tui.drawing.paint import BLANK, Line, Row
from console.tui.keys.actions import find
from console.tui.keys.keystrokes import Typed
from console.tui.rows.arguments import ArgumentError, parse
from console.tui.rows.frame_rows import Note, View
from console.tui.screens.acts import ActingScreen
from console.tui.sheets.confirm_sheets import Sheet, wish_about

Done = Callable[[str, dict[str, Any] | None], None]
"""Takes the text, and the arguments that it spells if they are to be confirmed."""


class ArgumentArea(TextArea, inherit_css=True):
    """The text to edit. What cannot be seen of what is pasted becomes an escape, as everywhere here."""

    DEFAULT_CSS = """
    ArgumentArea, ArgumentArea:focus { height: 1fr; border: none; padding: 0 1; background: $wf-bg; color: $wf-text; }
    """

    async def _on_key(self, event: events.Key) -> None:
        """Move and erase when the key comes; through the bindings it would be after text that was typed behind it."""
        bound = self._bindings.key_to_bindings.get(event.key)
        if bound:
            event.prevent_default()
            event.stop()
            await self.run_action(bound[0].action)

    async def _on_paste(self, event: events.Paste) -> None:
        event.prevent_default()
        event.stop()
        self.insert(signs.in_json(visible_json(event.text.replace("\r\n", "\n").replace("\t", "  "))))


class EditScreen(ActingScreen):
    """Arguments as JSON. `esc` keeps the draft for the next time; checking leads back to confirm it."""

    place = "edit"
    AUTO_FOCUS = "ArgumentArea"

    def __init__(self, trail: Sequence[str], action: Action, text: str, done: Done) -> None:
        super().__init__()
        self._trail = trail
        self._action = action
        self._wish = wish_about(action, "edit")  # with the digest as it is now
        self._done = done
        self._problem = ""
        self.area = ArgumentArea(text, soft_wrap=True, show_line_numbers=False, tab_behavior="focus")
        self.area.cursor_blink = False

    def listed(self) -> Sequence[Widget]:
        return (self.head, self.area, self.body, self.tail)

    def trail(self) -> Sequence[str]:
        return [*self._trail, "Edit"]

    def names(self) -> Sequence[str]:
        return []

    def line(self, _row: int) -> Line:
        return BLANK

    def frame(self, view: View) -> None:
        super().frame(view)
        self.body.display = False

    def above(self) -> list[Line]:
        words = f"Arguments of {self._action.tool}, as JSON. The next sheet sends it."
        row = Row().at(3, words, "strong", end=self.view.last + 1)
        problem = self._over() or self._problem
        return [row.line, Row().at(3, problem, "act", end=self.view.last + 1).line, BLANK]

    def _over(self) -> str:
        """Why what is edited can no longer be confirmed, or nothing: it is said at once, not when all is typed."""
        why = Sheet(self._wish).outdated(self.floor.fleet)
        return f"edit: cannot be sent, {why}" if why else ""

    def ready_for(self, typed: Typed) -> bool:
        if not super().ready_for(typed):
            return False
        if self.focused is not self.area:
            self.set_focus(self.area)
        return True

    def take(self, typed: Typed) -> bool:
        """Press the keys of the table; all else is typed into the text."""
        if self.mode == "edit" and (isinstance(typed, events.Paste) or not self._pressed(typed.key)):
            return False
        return super().take(typed)

    def _pressed(self, key: str) -> bool:
        return find("edit", key, read_only=self.floor.read_only) is not None

    def act_check(self) -> None:
        if why := self._over():
            self.floor.tell(Note(why, "act"))
            return
        try:
            args = parse(self.area.text)
        except ArgumentError as error:
            self._problem = str(error)
            return
        if args == self._action.args:
            self.floor.tell(Note("edit: nothing was changed", brief=True))
            return
        self.app.pop_screen()
        self._done(self.area.text, args)

    def act_back(self) -> None:
        self._done(self.area.text, None)
        self.app.pop_screen()
