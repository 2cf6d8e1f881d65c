"""Fewer bytes on the line: what stands on the terminal already is not written again.

Of a row, the toolkit writes all that is left of a changed cell as well, and a screen that is opened it writes three times.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.cells import get_character_cell_size
from textual._compositor import (
    ChopsUpdate,
    LayoutUpdate,
)  # its version is pinned to the digit, and a test holds what it is given
from textual.strip import Strip

if TYPE_CHECKING:
    from collections.abc import Iterator

Chop = tuple[int, int, Strip]
"""From which column, up to which, and what stands there."""


def _cut(update: ChopsUpdate) -> Iterator[tuple[int, list[Chop]]]:
    """The rows of an update, each cut to the cells that changed."""
    rows: dict[int, list[Chop]] = {}
    for y, start, stop in update.spans:
        for end, (x, strip) in zip(update.chop_ends[y], update.chops[y].items(), strict=False):
            left, right = max(x, start), min(end, stop)
            if strip is not None and left < right:
                rows.setdefault(y, []).append((left, right, strip.crop(left - x, right - x)))
    yield from rows.items()


def _chops(height: int, rows: dict[int, list[Chop]]) -> ChopsUpdate:
    chops: list[dict[int, Strip | None]] = [{} for _ in range(height)]
    ends: list[list[int]] = [[] for _ in range(height)]
    for y, parts in rows.items():
        for left, right, strip in parts:
            chops[y][left] = strip
            ends[y].append(right)
    spans = [(y, min(part[0] for part in parts), max(part[1] for part in parts)) for y, parts in rows.items()]
    return ChopsUpdate(chops, spans, ends)


class Shown:
    """What stands on the terminal, as far as it was written since `forget`."""

    def __init__(self) -> None:
        self._rows: list[Strip] = []
        self._over: dict[int, list[Chop]] = {}  # by row, what was written over it since, oldest first
        self._width = 0

    def forget(self) -> None:
        """Whatever stands there now: have all of it written again."""
        self._rows, self._width = [], 0
        self._over.clear()

    def new_in(self, update: ChopsUpdate | LayoutUpdate) -> ChopsUpdate | LayoutUpdate | None:
        """What of an update does not stand there yet, or None; from now on it counts as standing there."""
        if isinstance(update, ChopsUpdate):
            rows = {y: kept for y, parts in _cut(update) if (kept := self._part(y, parts))}
            return _chops(len(update.chops), rows) if rows else None
        if update.region.offset:  # not the whole screen
            self.forget()
            return update
        whole = [Strip.join(line).simplify() for line in update.strips]
        if (len(self._rows), self._width) != (len(whole), update.region.width):
            self.forget()
            self._rows, self._width = whole, update.region.width
            return LayoutUpdate([[row] for row in whole], update.region)
        rows = {y: kept for y, row in enumerate(whole) if (kept := self._row(y, row))}
        return _chops(len(whole), rows) if rows else None

    def _row(self, y: int, row: Strip) -> list[Chop]:
        """What of a whole row is new."""
        known, over = self._rows[y], self._over.pop(y, ())
        self._rows[y] = row
        if over and not all(map(_even, (known, row, *(part[2] for part in over)))):
            return _all(row)  # what a terminal makes of half a character is its own affair
        for left, right, strip in over:
            known = Strip.join([known.crop(0, left), strip, known.crop(right)])
        return _differing(known.simplify(), row)

    def _part(self, y: int, parts: list[Chop]) -> list[Chop]:
        """The same of parts of a row. Less than a row is taken for new without a look: its widget knows."""
        if y >= len(self._rows):
            return parts
        if [part[:2] for part in parts] == [(0, self._width)]:
            return self._row(y, parts[0][2].simplify())
        over = self._over.setdefault(y, [])
        for left, right, strip in parts:  # what covers an older part replaces it
            over[:] = [part for part in over if not left <= part[0] <= part[1] <= right]
            over.append((left, right, strip))
        return parts


def _differing(old: Strip, new: Strip) -> list[Chop]:
    """The cells of a row that differ from those that stood there, told by runs of cells of one style, from both ends.

    Where any character has not exactly one cell the whole row is taken.
    """
    before, after = list(old), list(new)
    if before == after:
        return []
    if not (_even(old) and _even(new)):
        return _all(new)
    left = right = 0
    for one, other in zip(before, after, strict=False):
        if one != other:
            break
        left += one.cell_length
    for one, other in zip(reversed(before), reversed(after), strict=False):
        if one != other:
            break
        right += one.cell_length
    stop = max(left, new.cell_length - right)
    return [(left, stop, new.crop(left, stop))]


def _all(row: Strip) -> list[Chop]:
    return [(0, row.cell_length, row)]


def _even(strip: Strip) -> bool:
    """Whether each character has one cell. Sums do not tell: a character of two and a mark of none cancel out."""
    return all(get_character_cell_size(each) == 1 for each in {*strip.text})
