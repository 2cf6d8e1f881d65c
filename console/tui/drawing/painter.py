"""Rows of text and inks as strips of the toolkit, in the styles of the widget that they stand in."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING, Final

from rich.color import Color
from rich.segment import Segment
from rich.style import Style
from textual.color import Color as Colour
from textual.strip import Strip

from console.tui.drawing import signs
from console.tui.drawing.paint import within

if TYPE_CHECKING:
    from textual.widget import Widget

    from console.tui.drawing.paint import Line
    from console.tui.drawing.theme import Ink

STRIPS_KEPT: Final = 1_024

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
        self._styles: dict[Ink, Style] = {}
        self._ground: Style | None = None

    def forget(self) -> None:
        """The theme changed."""
        self._strips.clear()
        self._styles.clear()
        self._ground = None

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
        ground = self._ground
        if ground is None:
            ground = self._ground = self._widget.rich_style
        if cursor:
            ground += Style(reverse=True) if self._bare else Style.from_color(None, self._colour("wf-raised"))
        segments = [
            Segment(signs.fitting(text), ground + self._style(ink)) for text, ink in within(line, width)
        ]
        if cursor:
            segments = _with_bar(segments, ground + self._style("strong"))
        return Strip(_merged(segments)).adjust_cell_length(width, ground)

    def _style(self, ink: Ink) -> Style:
        style = self._styles.get(ink)
        if style is None:
            name, bold = _INKS[ink]
            style = Style.from_color(self._colour(name)) + Style(
                bold=bold
            )  # the ground is the row's, raised or not
            if ink == "replay":
                style = (
                    Style(reverse=True, bold=True)
                    if self._bare
                    else style + Style.from_color(None, self._colour("wf-text"))
                )
            self._styles[ink] = style
        return style

    def _colour(self, name: str) -> Color:
        return Colour.parse(self._widget.app.theme_variables[name]).rich_color

    @property
    def _bare(self) -> bool:
        return self._widget.app.current_theme.ansi


def _with_bar(segments: list[Segment], style: Style) -> list[Segment]:
    """The same row with the cursor bar in column 0, which is always free."""
    if not segments or not segments[0].text.startswith(" "):
        return segments
    first = segments[0]
    return [Segment(signs.fitting("▌"), style), Segment(first.text[1:], first.style), *segments[1:]]


def _merged(segments: list[Segment]) -> list[Segment]:
    """The same row in fewer segments, each of which costs a terminal some twenty bytes: blanks have no ink of their own."""
    merged: list[Segment] = []
    for segment in segments:
        if merged:
            text, style, _ = merged[-1]
            if segment.style == style or (not segment.text.strip(" ") and _same_ground(segment.style, style)):
                merged[-1] = Segment(text + segment.text, style)
                continue
        merged.append(segment)
    return merged


def _same_ground(one: Style | None, other: Style | None) -> bool:
    if one is None or other is None:
        return False
    return one.bgcolor == other.bgcolor and not one.reverse and not other.reverse
