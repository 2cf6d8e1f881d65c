"""Detail that stands below a list, or beside it where there is room. Pure."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from console.tui.drawing.paint import BLANK, Line, Span
from console.tui.rows.frame_rows import View

_INDENT: Final = 3
"""Where rows begin that stand below a list; in a pane they begin at its edge."""


def in_pane(words: Callable[[View], list[Line]], view: View, cells: int) -> list[Line]:
    """The rows that `words` makes for a view, made for a pane of so many cells instead."""
    lines = words(view._replace(width=cells + _INDENT + 2))
    while lines and lines[0] == BLANK:
        lines = lines[1:]
    return [_moved(line) for line in lines]


def _moved(line: Line) -> Line:
    if not line or not line[0].text.startswith(" " * _INDENT):
        return line
    first = Span(line[0].text[_INDENT:], line[0].ink)
    return (first, *line[1:]) if first.text else line[1:]
