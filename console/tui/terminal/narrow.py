"""Fewer bytes on the line: of a row, the toolkit writes all that is left of a changed cell as well; here it does not."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual._compositor import (
    ChopsUpdate,
)  # its version is pinned to the digit, and a test holds what it is given

if TYPE_CHECKING:
    from textual.strip import Strip


def narrowed(update: ChopsUpdate) -> ChopsUpdate:
    """The same update, each row cut to the cells that changed."""
    chops: list[dict[int, Strip | None]] = [{} for _ in update.chops]
    ends: list[list[int]] = [[] for _ in update.chops]
    for y, start, stop in update.spans:
        for end, (x, strip) in zip(update.chop_ends[y], update.chops[y].items(), strict=False):
            left, right = max(x, start), min(end, stop)
            if strip is not None and left < right:
                chops[y][left] = strip.crop(left - x, right - x)
                ends[y].append(right)
    return ChopsUpdate(chops, update.spans, ends)
