"""Where things stand on every screen: fixed rows, a list with what is above and below it, a pane beside it, a sheet."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Final

from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.geometry import Size
from textual.screen import Screen
from textual.widget import Widget

from console.tui.drawing.lines import LineBlock, LineList
from console.tui.drawing.paint import BLANK, Line, Row, Span, muted

LEAST: Final = 3
"""Rows that a list always has."""


class LaidOutScreen(Screen[None], inherit_bindings=False):
    """The blocks of rows of a screen, and how they share its height."""

    grows: ClassVar[bool] = True  # the list takes all rows that are left

    def __init__(self) -> None:
        super().__init__()
        self.top = LineBlock(id="top")
        self.head = LineBlock(id="head")
        self.body = LineList(self._draw, id="body")
        self.tail = LineBlock(id="tail")
        self.pane = LineBlock(id="pane")
        self.below = LineBlock(id="sheet")
        self.foot = LineBlock(id="foot")
        self.keys = LineBlock(id="keys")
        self._left = Vertical(id="left")
        self._middle = Horizontal(id="middle")
        self._shared = (-1, -1, -1)

    def compose(self) -> ComposeResult:
        yield self.top
        with self._middle:
            with self._left:
                yield from self.listed()
            yield self.pane
        yield from (self.below, self.foot, self.keys)

    def listed(self) -> Sequence[Widget]:
        """What stands left of the pane, or alone."""
        return (self.head, self.body, self.tail)

    @property
    def extent(self) -> Size:
        """The terminal's size, before this screen was laid out, too: rows stand in their places from its first paint on."""
        return self.size or self.app.size

    def _draw(self, row: int) -> Line:
        raise NotImplementedError

    def share_out(
        self, above: list[Line], under: list[Line], below: list[Line], foot: list[Line], *, width: int
    ) -> tuple[int, bool]:
        """Share the rows out: a sheet takes from what is below the list first, then from the list.

        The list is `width` cells wide. Returns the height of what is between the fixed rows and the sheet, and whether any
        block has another size than before.
        """
        self._middle.display = True
        middle = max(0, self.extent.height - 4 - len(below) - len(foot))
        room = middle - len(above)
        rows = len(self.body.names)
        if below:
            height = max(0, room if self.grows else min(rows, room))
            under = under[: room - height]
        else:
            height = max(LEAST, room - len(under))
            height = height if self.grows else min(rows, height)
            under = _as_fits(under, room - height)
        under = under + [BLANK] * (room - height - len(under))
        shared = (height, middle, width)
        changed = shared != self._shared
        if changed:
            self._shared = shared
            self.body.styles.height, self._middle.styles.height, self._left.styles.width = shared
        for block, lines in ((self.head, above), (self.tail, under), (self.below, below), (self.foot, foot)):
            block.show(lines)
        return middle, changed

    def show_pane(self, lines: Sequence[Line], cells: int, height: int, *, grey: bool) -> None:
        """Show `lines` beside the list, where there are `cells` for them."""
        self.pane.display = cells > 0
        if cells:
            self.pane.show(beside(lines, height, grey=grey))

    def show_only(self, lines: list[Line]) -> None:
        """Show a page and nothing else."""
        self._middle.display = False
        self.top.show(lines)
        for block in (self.below, self.foot, self.keys):
            block.show([])


def _as_fits(under: list[Line], rows: int) -> list[Line]:
    """What stands below a list in so many rows; what has no room there is said to be there."""
    more = len(under) - max(0, rows)
    if more <= 0 or rows <= 0:
        return under[: max(0, rows)]
    words = f"… {more + 1} more lines, in a taller window"
    return [*under[: rows - 1], Row().at(14, words, "muted").line]


def beside(lines: Sequence[Line], height: int, *, grey: bool) -> list[Line]:
    """A pane of exactly `height` rows behind its rule. What does not fit is said to be there."""
    rows = list(lines[:height])
    if len(lines) > height > 0:
        rows[-1] = Row().at(0, f"… {len(lines) - height + 1} more lines, enter shows all", "muted").line
    rows += [BLANK] * (height - len(rows))
    edge = (Span(" ", "text"), Span("│", "rule"), Span("  ", "text"))
    return [(*edge, *(muted(row) if grey else row)) if row else edge[:2] for row in rows]
