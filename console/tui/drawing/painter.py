"""Rows of text and inks as strips of the toolkit, in the styles of the widget that they stand in."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING, Final

from rich.cells import cell_len
from rich.color import Color
from rich.segment import Segment
from rich.style import Style
from textual.color import Color as Colour
from textual.strip import Strip

from console.tui.drawing import signs
from console.tui.drawing.paint import Span, within

if TYPE_CHECKING:
    from textual.widget import Widget

    from console.tui.drawing.paint import Line
    from console.tui.drawing.theme import Ink

STRIPS_KEPT: Final = 256
"""More rows than any terminal has; a strip takes some four KiB."""

# What an ink is: a colour of the theme by its variable, and whether it is bold. No rule of a style sheet, which would be
# matched anew for each ink of each block of each screen.
_INKS: Final[dict[Ink, tuple[str, bool | None]]] = {
    "text": ("wf-text", None),
    "muted": ("wf-muted", None),
    "rule": ("wf-rule", None),
    "strong": ("wf-strong", True),
    "watch": ("wf-watch", None),
    "act": ("wf-act", None),
    "urgent": ("wf-act", True),
    "stop": ("wf-stop", True),
    "replay": ("wf-bg", True),
}


class Painter:
    """Lines to strips in the styles of one widget, kept until the theme changes."""

    def __init__(self, widget: Widget) -> None:
        self._widget = widget
        self._strips: OrderedDict[tuple[Line, int, bool], Strip] = OrderedDict()
        self._inked: dict[tuple[Ink | None, bool], Style] = {}

    def forget(self) -> None:
        """The theme changed."""
        self._strips.clear()
        self._inked.clear()

    def strip(self, line: Line, width: int, *, cursor: bool = False) -> Strip:
        key = (line, width, cursor)
        strip = self._strips.get(key)
        if strip is None:
            strip = self._make(line, width, cursor=cursor)
            self._strips[key] = strip
            if len(self._strips) > STRIPS_KEPT:
                self._strips.popitem(last=False)
        return strip

    def _make(self, line: Line, width: int, *, cursor: bool) -> Strip:
        line = within(line, width)
        if cursor:
            line = _with_bar(line)
        segments = [
            Segment(signs.fitting(text), self._style(ink, cursor=cursor))
            for text, ink in _merged(line, blanks=not (cursor and self._bare))
        ]
        ground, cells = self._style(None, cursor=cursor), sum(cell_len(text) for text, *_ in segments)
        if cells < width:
            segments.append(Segment(" " * (width - cells), ground))
        return Strip(segments, max(cells, width)).adjust_cell_length(width)

    def _style(self, ink: Ink | None, *, cursor: bool) -> Style:
        """An ink on the ground of a row, the cursor's or another, or the bare ground."""
        style = self._inked.get((ink, cursor))
        if style is None:
            style = self._inked[ink, cursor] = self._ground(cursor=cursor) + self._on_ground(ink)
        return style

    def _ground(self, *, cursor: bool) -> Style:
        ground = self._widget.rich_style
        if cursor:
            ground += Style(reverse=True) if self._bare else Style.from_color(None, self._colour("wf-raised"))
        return ground

    def _on_ground(self, ink: Ink | None) -> Style:
        if ink is None:
            return Style.null()
        name, bold = _INKS[ink]
        style = Style.from_color(self._colour(name)) + Style(bold=bold)
        if ink == "replay":
            if self._bare:
                return Style(reverse=True, bold=True)
            style += Style.from_color(None, self._colour("wf-text"))
        return style

    def _colour(self, name: str) -> Color:
        return Colour.parse(self._widget.app.theme_variables[name]).rich_color

    @property
    def _bare(self) -> bool:
        return self._widget.app.current_theme.ansi


def _with_bar(line: Line) -> Line:
    """The same row with the cursor bar in column 0, which is always free."""
    if not line or not line[0].text.startswith(" "):
        return line
    first = line[0]
    return (Span("▌", "strong"), Span(first.text[1:], first.ink), *line[1:])


def _merged(line: Line, *, blanks: bool) -> list[tuple[str, Ink]]:
    """The same row in fewer pieces, each of which costs a terminal some twenty bytes.

    With `blanks`, those join what stands before them: they have no ink of their own, but where an ink is a ground too.
    """
    merged: list[tuple[str, Ink]] = []
    for text, ink in line:
        if merged:
            before, same = merged[-1]
            if ink == same or (blanks and not text.strip(" ") and "replay" not in (ink, same)):
                merged[-1] = (before + text, same)
                continue
        merged.append((text, ink))
    return merged
