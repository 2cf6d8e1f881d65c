"""What stands on the terminal until the screens of the floor are loaded: Fleet, as it is while nothing is known."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, cast

from textual.app import ComposeResult
from textual.events import Key
from textual.screen import Screen

from console.tui.drawing.lines import LineBlock
from console.tui.drawing.paint import BLANK, Line, Row, width_of
from console.tui.floor.counting import Counts
from console.tui.floor.sending import unsendable
from console.tui.rows import frame_rows as frame
from console.tui.rows.header_counts import alarm_line
from console.tui.rows.unknown_rows import nothing_known

if TYPE_CHECKING:
    from textual.binding import BindingType

    from console.tui.keys.actions import KeyAction
    from console.tui.keys.keystrokes import Typed
    from console.tui.screens.host import Host


class OpeningScreen(Screen[None], inherit_bindings=False):
    """A picture: one widget and no key, so that it stands there at once. What is typed meanwhile goes to Fleet."""

    AUTO_FOCUS = ""
    BINDINGS: ClassVar[list[BindingType]] = []

    def __init__(self) -> None:
        super().__init__()
        self._picture = LineBlock(id="opening")

    def compose(self) -> ComposeResult:
        self.on_resize()
        yield self._picture

    def ready_for(self, typed: Typed) -> bool:
        """For nothing but the key that leaves: reading a recording may take a while."""
        return isinstance(typed, Key) and typed.key == "q"

    def take(self, _typed: Typed) -> bool:
        """Leave."""
        self.app.exit(0)
        return True

    def on_resize(self) -> None:
        width, height = self.app.size
        self._picture.show(picture(cast("Host", self.app).view(width), height))


def picture(view: frame.View, height: int) -> list[Line]:
    """Every row where Fleet has it."""
    if not frame.fits(view.width, height):
        return frame.too_small(view, height)
    listed, cells = frame.split(view, height)
    words = nothing_known(view)
    rows: list[Line] = []
    for number in range(height - 5):
        row = Row().at(3, words[number] if number < len(words) else "", "muted").line
        if cells:
            row = (*row, *Row().at(listed.width - width_of(row) + 1, "│", "rule").line)
        rows.append(row)

    def closed(key: KeyAction) -> str:
        return unsendable(key.id, view.standing, signed=view.signed) if key.acting else ""

    def named(key: KeyAction) -> str:
        return "" if key.id == "resume_all" else key.label  # nothing is known to be held

    return [
        frame.header(view, ["Fleet"]),
        alarm_line(view, Counts(), 0, 0),
        BLANK,
        *rows,
        frame.note_line(None, view),
        frame.key_line(frame.offers("fleet", view, named=named), closed),
    ]
