"""A row of the screen as text and inks, laid on fixed columns. The same rows serve strips, tests and plain output.

All agent text passes here on its way to a screen: whatever cannot be seen becomes a visible escape, once more.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final, NamedTuple
from unicodedata import category

from rich.cells import cell_len, chop_cells, set_cell_size

from console.core.text import ELLIPSIS, legible, visible
from console.tui.drawing import signs
from console.tui.drawing.theme import Ink


class Span(NamedTuple):
    text: str
    ink: Ink


Line = tuple[Span, ...]

BLANK: Final[Line] = ()

_PATH_LEAST: Final = 8
"""Cells below which two ends of a path say less than its beginning."""


def safe(text: str) -> str:
    """`text` with every character that cannot be seen, or not on this terminal, shown as its escape."""
    return signs.fitting(text if legible(text) else visible(text))


def cut(text: str, cells: int) -> str:
    """`text` in at most `cells` cells; a cut is marked at its end."""
    if cell_len(text) <= cells:
        return text
    return set_cell_size(text, max(0, cells - 1)).rstrip() + ELLIPSIS if cells > 0 else ""


def cut_words(text: str, cells: int) -> str:
    """`text` in at most `cells` cells, cut after a word if there is one in its second half; a cut is marked at its end."""
    if cell_len(text) <= cells:
        return text
    short = cut(text, cells)
    space = short.rfind(" ")
    return short[:space].rstrip(" ,;:") + ELLIPSIS if space > len(short) // 2 else short


def cut_middle(text: str, cells: int) -> str:
    """`text` in at most `cells` cells; a cut is marked in the middle, so that endings still tell names apart."""
    if cell_len(text) <= cells:
        return text
    tail = (cells - 1) // 2
    return text[: cells - 1 - tail] + ELLIPSIS + text[len(text) - tail :]


def cut_path(text: str, cells: int) -> str:
    """`text` in at most `cells` cells. Of a path, or an address, both ends stay; of other text the beginning does."""
    one = "/" in text and " " not in text and text.isascii()
    return cut_middle(text, cells) if one and cells > _PATH_LEAST else cut(text, cells)


def wrap(text: str, cells: int) -> list[str]:
    """`text` in pieces of at most `cells` cells; nothing is left out. Never empty.

    Breaks after a blank if it can, inside a word only where that is longer than a line, and never before a combining mark.
    """
    pieces: list[str] = []
    while text:
        piece = (
            text if len(text) <= cells and text.isascii() else chop_cells(text[: cells + 1], max(1, cells))[0]
        )
        space = piece.rfind(" ") + 1
        if len(piece) < len(text) and space and (space > len(piece) // 2 or _one_line(text, space, cells)):
            piece = piece[:space]
        while len(piece) < len(text) and category(text[len(piece)]) in ("Mn", "Me"):
            piece = text[: len(piece) + 1]
        pieces.append(piece)
        text = text[len(piece) :]
    return pieces or [""]


def _one_line(text: str, start: int, cells: int) -> bool:
    """Whether the word that begins at `start` has room on a line of its own."""
    word = text[start : start + cells + 1].partition(" ")[0]
    return cell_len(word) <= cells


def in_lines(text: str, cells: int, most: int) -> list[str]:
    """`text`, made safe, in at most `most` lines; the last one is cut after a word where there is more."""
    lines = wrap(safe(text), cells)
    return lines if len(lines) <= most else [*lines[: most - 1], cut_words("".join(lines[most - 1 :]), cells)]


def width_of(line: Line) -> int:
    return sum(cell_len(span.text) for span in line)


def within(line: Line, width: int) -> Line:
    """A line in at most `width` cells: no row leaves its widget without a mark that there is more of it."""
    if width_of(line) <= width:
        return line
    kept: list[Span] = []
    room = width
    for text, ink in line:
        piece = text if cell_len(text) < room else cut(text + ELLIPSIS, room)
        kept.append(Span(piece, ink))
        room -= cell_len(piece)
        if piece != text:
            break
    return tuple(kept)


def text_of(line: Line) -> str:
    return "".join(span.text for span in line)


def changed_cells(before: Line, after: Line) -> tuple[int, int]:
    """The first cell that differs between two lines, and the one after the last; equal if none does.

    Where they are not equally long that is the end of the longer one.
    """
    head = _to_skip(
        before, after
    )  # of most rows one span alone changes, and only there each sign is looked at
    tail = _to_skip(before[head:][::-1], after[head:][::-1])
    old, new = before[head : len(before) - tail], after[head : len(after) - tail]
    if old == new:
        return 0, 0
    first, same = _alike_cells(old, new)
    aside, width = width_of(before[:head]), width_of(new)
    if width != width_of(old):
        return aside + first, max(width, width_of(old)) + aside + width_of(after[len(after) - tail :])
    return aside + first, aside + width - same


def _alike_cells(before: Line, after: Line) -> tuple[int, int]:
    """How many cells two lines have alike at the beginning, less one, and how many at the end, sign by sign."""
    old = [(sign, ink) for text, ink in before for sign in text]
    new = [(sign, ink) for text, ink in after for sign in text]
    start = _alike(old, new)
    if start == len(old) == len(new):
        return 0, width_of(after)
    while start and not cell_len((old + new)[start - 1][0]):  # a mark is painted with its letter
        start -= 1
    same = min(_alike(old[::-1], new[::-1]), len(new) - start, len(old) - start)
    while same and not cell_len(new[len(new) - same][0]):
        same -= 1
    first, last = new[: max(0, start - 1)], new[len(new) - same :]
    return cell_len("".join(sign for sign, _ in first)), cell_len("".join(sign for sign, _ in last))


def _to_skip(one: Line, other: Line) -> int:
    """How many spans at the beginning are alike, but for the last of them with a cell: it may end with a mark's letter."""
    alike = _alike(one, other)
    while alike and not cell_len(one[alike - 1].text):
        alike -= 1
    return max(0, alike - 1)


def _alike(one: Sequence[tuple[str, Ink]], other: Sequence[tuple[str, Ink]]) -> int:
    """How long the common beginning is."""
    pairs = enumerate(zip(one, other, strict=False))
    return next((place for place, (a, b) in pairs if a != b), min(len(one), len(other)))


class Row:
    """A line under construction. Columns count from 0; what is already there is never overwritten."""

    def __init__(self) -> None:
        self._spans: list[Span] = []
        self._cells = 0

    def at(
        self,
        column: int,
        text: str,
        ink: Ink = "text",
        *,
        end: int | None = None,
        by: Callable[[str, int], str] = cut,
    ) -> Row:
        """Put `text` at `column`, or one blank after what stands there; have it cut `by` a rule before `end`."""
        if not text:
            return self
        text = safe(text)
        start = column if column >= self._cells else self._cells + 1
        if end is not None and start >= end:
            return self  # no room, and no blanks in place of it
        self._pad(start)
        if end is not None:
            text = by(text, end - self._cells)
        return self._add(text, ink)

    def then(self, text: str, ink: Ink = "text", *, gap: int = 0, end: int | None = None) -> Row:
        """Put `text` after what stands there, `gap` blanks on."""
        return self.at(self._cells + gap, text, ink, end=end) if text else self

    def right(self, last: int, *parts: tuple[str, Ink]) -> Row:
        """Put `parts` so that they end in column `last`, or one blank after what stands there."""
        spans = [Span(safe(text), ink) for text, ink in parts if text]
        start = last + 1 - sum(cell_len(span.text) for span in spans)
        if spans:
            self._pad(start if start >= self._cells else self._cells + 1)
            for span in spans:
                self._add(*span)
        return self

    @property
    def cells(self) -> int:
        return self._cells

    @property
    def line(self) -> Line:
        return tuple(self._spans)

    def _pad(self, column: int) -> None:
        if column > self._cells:
            self._spans.append(Span(" " * (column - self._cells), "text"))
            self._cells = column

    def _add(self, text: str, ink: Ink) -> Row:
        if text:
            self._spans.append(Span(text, ink))
            self._cells += cell_len(text)
        return self


def muted(line: Line) -> Line:
    """The same line without colour or weight, for what is stale or lies behind a sheet."""
    return tuple(Span(span.text, "muted") for span in line)
