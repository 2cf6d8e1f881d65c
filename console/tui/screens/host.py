"""What a screen asks of the application it stands in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from console.core.fleet.state import Fleet
    from console.tui.archive import Archive
    from console.tui.drawing.paint import Line
    from console.tui.floor.index import FleetIndex
    from console.tui.floor.moment import Pace
    from console.tui.floor.unanswered import Unanswered
    from console.tui.keys.actions import Mode
    from console.tui.keys.keystrokes import Typed
    from console.tui.rows.frame_rows import Note, View
    from console.tui.screens.reading import Readings
    from console.tui.sheets.confirm_sheets import Wish
    from console.tui.source import Source, Standing


class Host(Protocol):
    """The floor behind all screens, and the one line in which the console answers."""

    index: FleetIndex
    pace: Pace
    note: Note | None
    read_only: bool
    signed: bool
    source: Source | None
    archive: Archive | None
    unanswered: Unanswered
    readings: Readings
    staged: bool
    """Whether the floor ends with this console, as in the demo."""

    @property
    def fleet(self) -> Fleet:
        """What is known of the floor."""

    @property
    def standing(self) -> Standing:
        """How the link is."""

    def view(self, width: int) -> View:
        """From where the screens look now."""

    def draw(self) -> None:
        """Bring the screen in front up to date."""

    def draw_again(self) -> None:
        """Have the next tick draw, whatever changed."""

    def tell(self, note: Note) -> None:
        """Show a note in its row."""

    def state(self, wish: Wish) -> None:
        """State an intent."""

    def bar(self, view: View) -> list[Line]:
        """The rows above the key line that are a replay's; none on a live floor."""

    def wind(self, name: str, key: str) -> None:
        """Do what a key that moves a replay says; a live floor has none."""

    def replay(self, session: str) -> None:
        """Show a recorded session: in the same window where this is a replay, otherwise say which command does."""

    def note_was_read(self) -> None:
        """A key came: the note that stood there has been read, unless it is too new."""

    def take_first(self, typed: Typed) -> None:
        """Take what is left of a pasted text before whatever was typed after it."""

    def go_on(self) -> None:
        """Take what was typed while the screen in front was not there yet."""

    @property
    def asks_for_place(self) -> bool:
        """Whether a replay asks for a place in time."""

    def take(self, key: str, character: str | None) -> bool:
        """Take a key before any screen does. Returns whether it was taken; a live floor takes none."""

    def show(self, mode: Mode, at: str = "") -> None:
        """Go to Fleet or one of the views beside it, from wherever we are; `at` names the item to choose there."""

    def copy(self, what: str, text: str) -> None:
        """Give a text to the terminal's clipboard, or write it to a file; `what` names it for people."""

    def keep_screen(self) -> None:
        """Write what is on the screen, as text and as a picture."""

    def show_commands(self) -> None:
        """Open the command palette."""

    def show_help(self, mode: Mode) -> None:
        """Open the help of a screen."""
