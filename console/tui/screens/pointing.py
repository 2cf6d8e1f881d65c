"""What a mouse does on a screen: it chooses, opens and scrolls, by the keys that do so. It confirms and stops nothing.

And where the terminal's own cursor stands, which screen readers and magnifiers follow.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from textual.geometry import Offset

from console.tui.drawing.paint import text_of
from console.tui.keys.actions import find
from console.tui.rows import frame_rows as frame
from console.tui.screens.keyed_screen import KeyedScreen
from console.tui.sheets.confirm_sheets import WordsSheet

if TYPE_CHECKING:
    from textual.events import Click, MouseScrollDown, MouseScrollUp

_TYPED_HERE: Final = "_"
"""What a sheet shows where the next character goes."""


class PointedScreen(KeyedScreen, inherit_bindings=False):
    """A screen that a mouse may point at."""

    def on_click(self, event: Click) -> None:
        """Choose a row, open the one that is chosen, or press a key of the key line that acts on nothing."""
        at = Offset(int(event.screen_x), int(event.screen_y))
        if self.keys.region.contains_point(at):
            key = frame.key_at(at.x - self.keys.region.x, self.offers())
            if key:
                self.press(key)
        elif self.sheet is None and self.body.display and self.body.region.contains_point(at):
            if self.mode == "small":
                return
            chosen, name = self.body.cursor, self.body.item_at(at.y - self.body.region.y)
            opens = find(self.mode, "enter", **self._whose())
            if name and name != chosen:
                self.floor.pace.key_pressed()
                self.body.choose(name)
                self.floor.draw()
            elif name and opens is not None and opens.id == "open":
                self.press("enter")

    def on_mouse_scroll_down(self, event: MouseScrollDown) -> None:
        """As the key that goes down: what is chosen never leaves the view."""
        event.stop()
        self.press("down")

    def on_mouse_scroll_up(self, event: MouseScrollUp) -> None:
        """As the key that goes up."""
        event.stop()
        self.press("up")

    def offers(self) -> frame.Offers:
        """The key line as it stands there."""
        raise NotImplementedError

    def hand(self) -> Offset:
        """The cell where the next key acts: where a sheet takes its text, or the row that is chosen."""
        if self.sheet is not None:
            rows = [text_of(line) for line in self.below.lines]
            for y in reversed(range(len(rows))):
                x = (rows[y].rfind if isinstance(self.sheet, WordsSheet) else rows[y].find)(_TYPED_HERE)
                if x >= 0:
                    return self.below.region.offset + Offset(x, y)
            return self.below.region.offset + Offset(0, min(1, max(0, len(rows) - 1)))
        return self.body.region.offset + Offset(0, max(0, self.body.cursor_row))
