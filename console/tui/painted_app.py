"""An application as its terminal can show it: the theme, the signs, and no byte more than what changed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from rich.cells import cell_len
from rich.segment import Segment
from textual._compositor import ChopsUpdate
from textual.app import App
from textual.filter import LineFilter, Monochrome, NoColor

from console.tui import signs
from console.tui.keystrokes import Displayed
from console.tui.narrow import narrowed
from console.tui.theme import themes, variables

if TYPE_CHECKING:
    from rich.console import RenderableType
    from textual.color import Color
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
        for theme in themes():
            self.register_theme(theme)
        self.theme = f"watchfloor-{settings.theme}"
        self.animation_level = "none"

    def get_theme_variable_defaults(self) -> dict[str, str]:
        return variables("dark")

    def get_line_filters(self) -> Sequence[LineFilter]:
        """Our themes without colour have none to take away; the toolkit would make greys of what is not there."""
        filters = [each for each in super().get_line_filters() if not isinstance(each, Monochrome | NoColor)]
        return [*filters, _Ascii()] if signs.ascii_only() else filters

    def _display(self, screen: Screen[Any], renderable: RenderableType | None) -> None:
        super()._display(screen, narrowed(renderable) if isinstance(renderable, ChopsUpdate) else renderable)
        if renderable is not None and not self._batch_count and isinstance(screen, Displayed):
            screen.displayed()
