"""The time bar: marks, how much was recorded when, and where we stand. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import tzinfo
from typing import Final, NamedTuple

from console.core.replay.marks import Mark, MarkKind
from console.core.replay.timeline import Timeline
from console.tui.drawing import figures
from console.tui.drawing.paint import Line, Row
from console.tui.drawing.theme import Ink
from console.tui.rows.frame_rows import View

PLAYHEAD: Final = "┃"

SIGNS: Final[dict[MarkKind, tuple[str, Ink]]] = {
    "kill": ("×", "muted"),
    "alarm-1": ("■", "stop"),
    "hold": ("■", "stop"),
    "alarm-2": ("▲", "muted"),
    "ask": ("▲", "muted"),
    "decided": ("✓", "muted"),
    "alarm-3": ("◇", "muted"),
}
"""What stands for a mark, the weightiest first: where several share a column, that one is seen."""

_WEIGHT: Final = {kind: weight for weight, kind in enumerate(SIGNS)}
_LONG: Final = 10 * 60 * 1000

CROWDED: Final = 8
"""Where more than one in so many columns would be red, none is: it would say nothing, and the bar is to be calm."""


class Heights(NamedTuple):
    """The bar's columns for a number of cells: bars, and marks among those found so far."""

    bars: str
    marks: tuple[MarkKind | None, ...]


def heights(timeline: Timeline, marks: Sequence[Mark], columns: int) -> Heights:
    """Lay out what does not depend on where we stand."""
    counts = timeline.density(columns)
    most = max(counts, default=0) or 1
    bars = "".join(figures.spark(count / most) if count else " " for count in counts)
    kinds: list[MarkKind | None] = [None] * columns
    for mark in marks:
        column = column_of(timeline, mark.at, columns)
        there = kinds[column]
        if there is None or _WEIGHT[mark.kind] < _WEIGHT[there]:
            kinds[column] = mark.kind
    return Heights(bars, tuple(kinds))


def column_of(timeline: Timeline, moment: float, columns: int) -> int:
    """In which column a recorded time is."""
    span = timeline.last_at - timeline.first_at
    share = (moment - timeline.first_at) / span if span else 1.0
    return max(0, min(columns - 1, int(share * columns)))


def cells(view: View) -> int:
    """How many columns the bar has."""
    return view.edge


def rows(timeline: Timeline, laid: Heights, view: View) -> list[Line]:
    """The three rows of the bar."""
    head = column_of(timeline, timeline.moment, len(laid.bars))
    signs = Row()
    grave = sum(kind is not None and SIGNS[kind][1] == "stop" for kind in laid.marks)
    crowded = grave * CROWDED > len(laid.marks)
    for column, kind in enumerate(laid.marks):
        if column == head:
            signs.at(1 + column, PLAYHEAD, "strong")
        elif kind is not None:
            sign, ink = SIGNS[kind]
            signs.at(1 + column, sign, "muted" if crowded else ink)
    bars = Row().at(1, laid.bars[:head], "muted").at(1 + head, PLAYHEAD, "strong")
    bars.at(2 + head, laid.bars[head + 1 :], "rule")
    return [signs.line, bars.line, _ends(timeline, 1 + head, view)]


def _ends(timeline: Timeline, head: int, view: View) -> Line:
    short = timeline.last_at - timeline.first_at > _LONG
    first, last = (_end(at, view.zone, short=short) for at in (timeline.first_at, timeline.last_at))
    clock = exact(timeline.moment, view.zone)
    state = f"{timeline.speed:g}× {timeline.state}" + ("  skips idle" if timeline.skips_idle else "")
    of = figures.grouped(timeline.last - timeline.base)
    where = f"{figures.grouped(timeline.pos - timeline.base)} of {of}"
    width = len(clock) + len(state) + len(where) + 6
    leftmost, rightmost = len(first) + 3, view.edge - len(last) - 2 - width
    start = max(leftmost, min(head - len(clock) // 2, rightmost))
    row = Row().at(1, first, "muted").at(start, clock[:-4], "strong").then(clock[-4:], "muted")
    row.then(state, "muted", gap=3)
    row.then(where, "muted", gap=3, end=view.edge - len(last) - 1)
    return row.right(view.edge, (last, "muted")).line


def _end(moment: int, zone: tzinfo | None, *, short: bool) -> str:
    words = figures.clock(moment, zone)
    return words[:5] if short else words


def exact(moment: int, zone: tzinfo | None) -> str:
    """A recorded time to the millisecond."""
    return f"{figures.clock(moment, zone)}.{moment % 1000:03d}"
