"""An application as its terminal can show it: the theme, the signs, and no byte more than what changed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from rich.cells import cell_len
from rich.segment import Segment
from textual._compositor import ChopsUpdate, LayoutUpdate
from textual.app import App
from textual.filter import LineFilter, Monochrome, NoColor

from console.tui.drawing import signs
from console.tui.drawing.theme import themes, variables
from console.tui.keys.keystrokes import Displayed
from console.tui.settings import FRAMES_REMOTE
from console.tui.terminal.pacing import Pacing
from console.tui.terminal.shown import Shown

if TYPE_CHECKING:
    from rich.console import RenderableType
    from textual.color import Color
    from textual.driver import Driver
    from textual.screen import Screen

    from console.tui.settings import Settings


class _Ascii(LineFilter):
    """The signs of the toolkit's own widgets, which know no twins: each becomes one, or a question mark in each cell."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:  # noqa: ARG002  (the toolkit's)
        return [
            segment
            if segment.text.isascii()
            else Segment(_by_cell(segment.text), segment.style, segment.control)
            for segment in segments
        ]


def _by_cell(text: str) -> str:
    return "".join(sign if sign.isascii() else signs.TWINS.get(sign, "?" * cell_len(sign)) for sign in text)


class PaintedApp(App[int], inherit_bindings=False):
    """Base of the application: what it looks like on the terminal that it has."""

    def __init__(self, settings: Settings) -> None:
        super().__init__()
        self.settings = settings
        self.pacing = Pacing(settings.frames, FRAMES_REMOTE)
        self._owed = False
        self._shown = Shown()
        self._shown_by: Screen[Any] | None = None
        for theme in themes():
            self.register_theme(theme)
        self.theme = f"watchfloor-{settings.theme}"
        self.animation_level = "none"

    def on_mount(self) -> None:
        """Show the terminal's own cursor, where somebody wants to see it: the toolkit hides it."""
        if self.settings.cursor and self._driver is not None:
            self._driver.write("\x1b[?25h")

    def on_resize(self) -> None:
        """Take nothing for standing there: a terminal moves its rows when its size changes, if only for a moment."""
        self._shown.forget()

    def terminal_is_blank(self) -> None:
        """Take nothing for standing there: the terminal was taken over, for the first time or again."""
        self._shown.forget()

    def get_theme_variable_defaults(self) -> dict[str, str]:
        return variables("dark")

    def refresh_css(self, animate: bool = True) -> None:  # noqa: FBT001, FBT002  (the toolkit's)
        """Take the theme in force. Before there is a screen no style sheet was parsed that would have to be parsed anew."""
        if self.screen_stack:
            super().refresh_css(animate)
        else:
            self.stylesheet.set_variables(self.get_css_variables())

    def get_line_filters(self) -> Sequence[LineFilter]:
        """Our themes without colour have none to take away; the toolkit would make greys of what is not there."""
        filters = [each for each in super().get_line_filters() if not isinstance(each, Monochrome | NoColor)]
        return [*filters, _Ascii()] if signs.ascii_only() else filters

    def get_driver_class(self) -> type[Driver]:
        """The toolkit's driver, with a writer that never has the loop wait for the terminal."""
        found = super().get_driver_class()
        if found.__name__ != "LinuxDriver":
            return found
        from console.tui.terminal.outgoing import PacedDriver

        return PacedDriver

    def line_took(self, seconds: float) -> None:
        """The terminal took what was written in so many seconds. Called in the writer's thread."""
        self.pacing.took(seconds)

    @property
    def stalled(self) -> bool:
        """Whether the terminal has stopped reading."""
        return bool(getattr(self._driver, "stalled", False))

    def catch_up(self) -> None:
        """Paint everything, if frames were left out and the terminal reads again."""
        if self._owed and not self.stalled:
            self._owed = False
            self.screen.refresh()

    def _display(self, screen: Screen[Any], renderable: RenderableType | None) -> None:
        if self.stalled and renderable is not None:  # a frame now would only be an old one when it is read
            self._owed = True
            return
        super()._display(screen, self._new_in(screen, renderable))
        if renderable is not None and not self._batch_count and isinstance(screen, Displayed):
            screen.displayed()

    def _new_in(self, screen: Screen[Any], renderable: RenderableType | None) -> RenderableType | None:
        """What of a paint does not stand on the terminal yet.

        Another screen is written whole, once: that mends whatever somebody else has written over it meanwhile.
        """
        if self._batch_count or not self._running or not isinstance(renderable, ChopsUpdate | LayoutUpdate):
            return renderable  # the toolkit writes nothing, or something else
        if screen is not self._shown_by:
            self._shown.forget()
            self._shown_by = screen
        new = self._shown.new_in(renderable)
        if new is None and self.cursor_position != self._previous_cursor_position:
            return LayoutUpdate([], self.screen.region)  # nothing but the terminal's cursor moves
        return new
