"""Line widgets: rows of the look on screen, where only a row that changed is painted again."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Final

from textual.geometry import Region, Size
from textual.scroll_view import ScrollView
from textual.strip import Strip
from textual.widget import Widget

from console.tui.drawing.beyond import NOTHING_BEYOND, Beyond
from console.tui.drawing.paint import BLANK, Line, changed_cells
from console.tui.drawing.painter import Painter

CSS: Final = ".line-view { background: $wf-bg; color: $wf-text; }"


class RowsWidget(Widget):
    """Base of the line widgets, whose rows go to the screen as they are drawn.

    What the toolkit does to each line of each widget is left out: our style sheet puts no border, padding or tint on them,
    their inks are the theme's, and a strip is kept by how its row looks.
    """

    def strips(self, places: Iterable[int], width: int) -> Iterator[Strip]:
        """The rows at some places of the widget."""
        raise NotImplementedError

    def render_lines(self, crop: Region) -> list[Strip]:
        """A part of the widget, for the compositor."""
        strips = self.strips(crop.line_range, self.size.width)
        return [strip.crop(*crop.column_span) for strip in strips]


class LineBlock(RowsWidget):
    """A few fixed rows. Its height is the number of its lines."""

    DEFAULT_CSS = "LineBlock { height: 0; width: 1fr; }"

    def __init__(self, *, id: str) -> None:  # noqa: A002  (Textual's name)
        super().__init__(id=id, classes="line-view")
        self.lines: list[Line] = []
        self._painter = Painter(self)
        self._drawn: dict[int, Line] = {}  # by row, as last handed to the toolkit

    @property
    def drawn(self) -> bool:
        """Whether the lines as they are now were handed to the toolkit to be painted, as far as there is room for them."""
        return bool(self._drawn) and all(self.lines[y] == line for y, line in self._drawn.items())

    def show(self, lines: Sequence[Line]) -> None:
        """Show `lines`; only those that differ are painted again."""
        before, self.lines = self.lines, list(lines)
        if len(before) != len(self.lines):
            self._drawn.clear()
            self.styles.height = len(self.lines)
            self.refresh()
            return
        for y, (old, new) in enumerate(zip(before, self.lines, strict=True)):
            if old != new:
                start, end = changed_cells(old, new)
                self.refresh(Region(start, y, end - start, 1))

    def strips(self, places: Iterable[int], width: int) -> Iterator[Strip]:
        """The rows at some places of the widget."""
        for y in places:
            line = BLANK
            if 0 <= y < len(self.lines):
                line = self._drawn[y] = self.lines[y]
            yield self._painter.strip(line, width)

    def notify_style_update(self) -> None:
        self._painter.forget()
        super().notify_style_update()


class LineList(RowsWidget, ScrollView, inherit_bindings=False):
    """A list of any length with a cursor that stays on its item, not on its row.

    `names` are the items' own names, empty for rows that cannot be chosen; `draw` makes one row when it comes into view.
    `deep` is how many rows an item has, its own and those after it. The first `pinned` rows never scroll away.
    """

    DEFAULT_CSS = """
    LineList { height: 1fr; width: 1fr; overflow-x: hidden; overflow-y: hidden; scrollbar-size: 0 0; }
    """

    def __init__(self, draw: Callable[[int], Line], *, id: str, deep: int = 1) -> None:  # noqa: A002  (Textual's name)
        super().__init__(id=id, classes="line-view")
        self.deep = deep
        self._draw = draw
        self._painter = Painter(self)
        self._painted: dict[int, tuple[Line, bool]] = {}
        self._fresh: dict[int, Line] = {}  # of the newest frame
        self.names: Sequence[str] = ()
        self.cursor = ""
        self._height = 0
        self._going_to: int | None = None
        self._pins = 0
        self._beyond: tuple[Sequence[str], tuple[int, range], Beyond] | None = None

    @property
    def pinned(self) -> int:
        """How many of the first rows stay where they are; never more than half of what fits."""
        return min(self._pins, self.size.height // 2)

    def pin(self, rows: int) -> None:
        """Have the first `rows` never scroll away; a cursor that is in view stays so."""
        if rows != self._pins:
            seen = self._place_of(self._row(self.cursor)) is not None
            self._pins = rows
            if seen:
                self._show(self._row(self.cursor) or 0)
            self.repaint()

    def load(self, names: Sequence[str]) -> None:
        """Take another list of items. The cursor stays on its item, and the item on its row of the screen if it can."""
        before, self.names = self.names, names
        if names is before or names == before:  # it is the same as long as nothing moves, however long it is
            return
        self._fresh.clear()
        was_at = _row_of(self.cursor, before)
        if len(before) != len(self.names):
            self.virtual_size = Size(self.size.width, len(self.names))
        now_at = self._row(self.cursor)
        if now_at is None:
            self.cursor = self._nearest(was_at or 0)
            if was_at is not None and (row := self._row(self.cursor)) is not None:
                self._show(row)
        elif was_at is not None and now_at != was_at and was_at >= self.pinned:
            self._scroll(self.scroll_offset.y + now_at - was_at)

    def on_resize(self) -> None:
        """A cursor that was in view stays in view, however few rows a sheet or what is said below leaves."""
        before, self._height = self._height, self.size.height
        if self._going_to is not None:
            top, self._going_to = self._going_to, None
            self.back_to(top)
            return
        if self.cursor and self.top <= (row := self._row(self.cursor) or 0) < self.top + before:
            self._show(row)

    def frame(self) -> None:
        """Paint again what no longer looks as it did; call once a frame."""
        self._fresh.clear()
        width, changed = self.size.width, list[Region]()
        for y, row in self._rows_at(range(self.size.height)):
            if row >= len(self.names):  # a list that became shorter is not scrolled back yet
                break
            line = self._fresh[row] = self._draw(row)
            look = (line, self._is_cursor(row))
            before = self._painted.get(row)
            if before != look:
                self._painted[row] = look
                start, end = 0, width
                if before is not None and before[1] == look[1]:
                    start, end = changed_cells(before[0], look[0])
                changed.append(Region(start, y, end - start, 1))
        if changed:
            self.refresh(*changed)

    def repaint(self) -> None:
        """Paint everything again: another width, another list."""
        self._painted.clear()
        self._fresh.clear()
        self.refresh()

    def strips(self, places: Iterable[int], width: int) -> Iterator[Strip]:
        """The rows at some places of the widget."""
        for _, row in self._rows_at(places):
            line, cursor = BLANK, False
            if 0 <= row < len(self.names):
                line, cursor = self._painted[row] = (
                    self._fresh.get(row) or self._draw(row),
                    self._is_cursor(row),
                )
            yield self._painter.strip(line, width, cursor=cursor)

    @property
    def in_view(self) -> range:
        """The rows in view, but for those that are pinned."""
        top = self.scroll_offset.y
        return range(top + self.pinned, min(len(self.names), top + self.size.height))

    @property
    def out_of_view(self) -> Beyond:
        """What has scrolled away, or has not come into view yet."""
        if not self.size.height:
            return NOTHING_BEYOND  # not laid out yet: nobody knows what is in view
        shown, known = self.in_view, self._beyond
        if known is None or known[0] is not self.names or known[1] != (self.pinned, shown):
            before, after = self.names[self.pinned : shown.start], self.names[shown.stop :]
            items = any(self.names)
            beyond = Beyond(_items(before), _items(after)) if items else Beyond(len(before), len(after))
            self._beyond = known = self.names, (self.pinned, shown), beyond._replace(items=items)
        return known[2]

    @property
    def at_first(self) -> bool:
        """Whether the cursor is on the first item that can be chosen."""
        return bool(self.cursor) and next(filter(None, self.names), "") == self.cursor

    def move(self, by: int) -> None:
        """Move the cursor by items, or scroll by rows where nothing can be chosen."""
        rows = [row for row, name in enumerate(self.names) if name]
        at = self._row(self.cursor)
        if not rows or at is None:
            self._scroll(self.scroll_offset.y + by)
            return
        place = rows.index(at) + by
        target = rows[max(0, min(len(rows) - 1, place))]
        self.cursor = self.names[target]
        if target == rows[0]:
            self._scroll(0)
        self._show(target)
        self.frame()

    def move_to(self, end: int) -> None:
        """Go to the first (-1) or last (1) item."""
        self.move(end * len(self.names))

    def page(self, direction: int) -> None:
        """Move by what fits into the view."""
        self.move(direction * max(1, self.size.height - 1 - self.pinned))

    def choose(self, name: str) -> None:
        """Put the cursor on an item, if it is there, and bring it into view."""
        row = self._row(name)
        if row is not None:
            self.cursor = name
            self._show(row)

    def show_from_top(self) -> None:
        """Bring the first rows into view, and the cursor's if it is further down."""
        self._scroll(0)
        self._show(self._row(self.cursor) or 0)

    @property
    def top(self) -> int:
        """The first row in view."""
        return self.scroll_offset.y

    def back_to(self, top: int, height: int | None = None) -> None:
        """Have `top` be the first row in view, but for what the cursor needs; once there are `height` rows, if given."""
        if height not in (None, self.size.height):
            self._going_to = top
        else:
            self._scroll(top)
            self._show(self._row(self.cursor) or 0 if self.cursor else top)

    def notify_style_update(self) -> None:
        self._painter.forget()
        super().notify_style_update()

    def item_at(self, y: int) -> str:
        """The item that a row of the view belongs to, by name; empty if none does."""
        ((_, row),) = self._rows_at([y])
        own = self.names[
            max(0, row - self.deep + 1) : row + 1
        ]  # an item may have rows below the one with its name
        return next(filter(None, reversed(own)), "") if row < len(self.names) else ""

    @property
    def cursor_row(self) -> int:
        """The row of the view on which the cursor stands; 0 if it is on none."""
        return self._place_of(self._row(self.cursor)) or 0

    def _rows_at(self, places: Iterable[int]) -> Iterator[tuple[int, int]]:
        """Rows of the view, and which row of the list stands on each, or would if the list went on."""
        top, pinned = self.scroll_offset.y, self.pinned
        return ((y, y if y < pinned else y + top) for y in places)

    def _place_of(self, row: int | None) -> int | None:
        """On which row of the view a row stands, if it is in view."""
        if row is None or row < self.pinned:
            return row
        return row - self.scroll_offset.y if row in self.in_view else None

    def _is_cursor(self, row: int) -> bool:
        return bool(self.cursor) and self.names[row] == self.cursor

    def _row(self, name: str) -> int | None:
        return _row_of(name, self.names)

    def _nearest(self, row: int) -> str:
        after = [name for name in self.names[row:] if name]
        return after[0] if after else next((name for name in reversed(self.names[:row]) if name), "")

    def _show(self, row: int) -> None:
        top, height, pinned = self.scroll_offset.y, max(1, self.size.height), self.pinned
        if row < pinned:
            return
        if row < top + pinned:
            self._scroll(row - pinned)
        elif row + self.deep > top + height:
            self._scroll(row + self.deep - height)

    def _scroll(self, top: int) -> None:
        if not self.size:
            return  # not laid out yet: nobody knows what is in view
        self.scroll_to(
            y=max(0, min(top, len(self.names) - self.size.height)), animate=False, immediate=True, force=True
        )


def _items(names: Sequence[str]) -> int:
    return sum(map(bool, names))


def _row_of(name: str, names: Sequence[str]) -> int | None:
    if not name:
        return None
    try:
        return names.index(name)
    except ValueError:
        return None
