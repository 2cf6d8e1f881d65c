"""Fewer bytes on the line: what stands on the terminal already is not written again.

Of a row, the toolkit writes all that is left of a changed cell as well, and a screen that is opened it writes three times.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual._compositor import (
    ChopsUpdate,
    LayoutUpdate,
)  # its version is pinned to the digit, and a test holds what it is given
from textual.strip import Strip

if TYPE_CHECKING:
    from collections.abc import Iterator

Chop = tuple[int, int, Strip]
"""From which column, up to which, and what stands there."""


def narrowed(update: ChopsUpdate) -> ChopsUpdate:
    """The same update, each row cut to the cells that changed."""
    return _chops(len(update.chops), {y: chops for y, chops in _cut(update)})


def _cut(update: ChopsUpdate) -> Iterator[tuple[int, list[Chop]]]:
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

    def forget(self) -> None:
        """Whatever stands there now: have all of it written again."""
        self._rows = []

    def new_in(self, update: ChopsUpdate | LayoutUpdate) -> ChopsUpdate | LayoutUpdate | None:
        """What of an update does not stand there yet, or None; from now on it counts as standing there."""
        if isinstance(update, ChopsUpdate):
            height, rows = len(update.chops), self._keep(dict(_cut(update)))
        else:
            whole = [Strip.join(line).simplify() for line in update.strips]
            known, self._rows = self._rows, whole
            width = update.region.width
            if update.region.offset or [row.cell_length for row in known] != [width] * len(whole):
                self._rows = whole if not update.region.offset else []
                return LayoutUpdate([[row] for row in whole], update.region)
            height = len(whole)
            rows = {
                y: [part]
                for y, (old, new) in enumerate(zip(known, whole, strict=True))
                if (part := _differing(old, 0, new))
            }
        return _chops(height, rows) if rows else None

    def _keep(self, rows: dict[int, list[Chop]]) -> dict[int, list[Chop]]:
        """The parts that differ from what stands there, which they replace."""
        kept: dict[int, list[Chop]] = {}
        for y, parts in rows.items():
            if y >= len(self._rows):
                kept[y] = parts
                continue
            for left, right, strip in parts:
                row = self._rows[y]
                part = _differing(row.crop(left, right), left, strip)
                if part:
                    kept.setdefault(y, []).append(part)
                    self._rows[y] = Strip.join([row.crop(0, left), strip, row.crop(right)]).simplify()
        return kept


def _differing(old: Strip, at: int, new: Strip) -> Chop | None:
    """The cells of `new`, which begins in column `at`, that differ from those of `old` there, or None.

    Told by runs of cells of one style, from both ends. Where a character has more than one cell the whole is taken.
    """
    new = new.simplify()
    before, after = list(old.simplify()), list(new)
    if before == after:
        return None
    if old.cell_length != new.cell_length or _wide(old) or _wide(new):
        return at, at + new.cell_length, new
    left = right = 0
    for one, other in zip(before, after, strict=False):
        if one != other:
            break
        left += len(one.text)
    for one, other in zip(reversed(before), reversed(after), strict=False):
        if one != other:
            break
        right += len(one.text)
    stop = max(left, new.cell_length - right)
    return at + left, at + stop, new.crop(left, stop)


def _wide(strip: Strip) -> bool:
    return len(strip.text) != strip.cell_length

