"""What stands on the terminal is not written again, and what is written makes it what it should be."""

from __future__ import annotations

import pyte
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from rich.console import Console
from rich.segment import Segment
from rich.style import Style
from textual._compositor import ChopsUpdate, CompositorUpdate, LayoutUpdate
from textual.geometry import Region
from textual.strip import Strip

from console.tui.screens.run_screen import RunScreen
from console.tui.terminal.shown import Shown
from tests.fixtures.console import console
from tests.fixtures.floor import calm

WIDTH, HEIGHT = 8, 3
INKS = (Style(color="red"), Style(color="blue", bold=True))

SIGNS = ("a", "b", " ", "日", "e\u0301", "o\u0308")
"""One cell, two cells, and one cell of two characters: what text of an agent may bring."""

cells = st.lists(st.tuples(st.sampled_from(SIGNS), st.sampled_from(INKS)), min_size=1, max_size=WIDTH)


def strip(parts: list[tuple[str, Style]]) -> Strip:
    """A row whose last cell is blank: pyte, as no terminal does, goes to the next row for a mark on the last cell."""
    row = Strip([Segment(text, ink) for text, ink in parts]).adjust_cell_length(WIDTH - 1, INKS[0])
    return row.adjust_cell_length(WIDTH, INKS[0])


rows = cells.map(strip)
screens = st.lists(rows, min_size=HEIGHT, max_size=HEIGHT)
paints = st.lists(st.tuples(screens, st.none() | st.lists(st.booleans(), min_size=HEIGHT, max_size=HEIGHT)))


def whole(lines: list[Strip]) -> LayoutUpdate:
    return LayoutUpdate([[line] for line in lines], Region(0, 0, WIDTH, HEIGHT))


def some(lines: list[Strip], touched: list[bool]) -> ChopsUpdate:
    spans = [(y, 0, WIDTH) for y, yes in enumerate(touched) if yes]
    return ChopsUpdate([{0: line} for line in lines], spans, [[WIDTH] for _ in lines])


class Terminal:
    """A terminal that obeys, by pyte."""

    def __init__(self) -> None:
        self.screen = pyte.Screen(WIDTH, HEIGHT)
        self._stream = pyte.Stream(self.screen)
        self._console = Console(color_system="standard", force_terminal=True, legacy_windows=False)

    def paint(self, update: CompositorUpdate) -> int:
        text = update.render_segments(self._console)
        self._stream.feed(text)
        return len(text)

    def cells(self) -> list[list[tuple[str, str, bool]]]:
        buffer = self.screen.buffer
        return [
            [(buffer[y][x].data, buffer[y][x].fg, buffer[y][x].bold) for x in range(WIDTH)]
            for y in range(HEIGHT)
        ]


@given(paints)
def test_a_terminal_that_gets_only_what_is_new_shows_the_same(
    told: list[tuple[list[Strip], list[bool] | None]],
) -> None:
    shown, ours, plain = Shown(), Terminal(), Terminal()
    standing: list[Strip] = []
    for number, (lines, touched) in enumerate(told):
        if touched is None or not number:
            standing = lines
            update: ChopsUpdate | LayoutUpdate = whole(standing)
        elif any(touched):
            standing = [new if yes else old for old, new, yes in zip(standing, lines, touched, strict=True)]
            update = some(standing, touched)
        else:
            continue
        plain.paint(whole(standing))
        new = shown.new_in(update)
        if new is not None:
            ours.paint(new)
        assert ours.cells() == plain.cells()
        assert shown.new_in(update) is None
        assert shown.new_in(whole(standing)) is None


plain_rows = st.lists(st.tuples(st.sampled_from(["a", "b", " "]), st.sampled_from(INKS))).map(
    lambda parts: strip(parts[:WIDTH])
)
spots = st.tuples(st.integers(0, HEIGHT - 1), st.integers(0, WIDTH - 1), st.integers(1, WIDTH), plain_rows)


@given(st.lists(plain_rows, min_size=HEIGHT, max_size=HEIGHT), st.lists(st.none() | spots))
def test_parts_of_rows_are_remembered_under_what_comes_later(
    first: list[Strip], told: list[tuple[int, int, int, Strip] | None]
) -> None:
    shown, ours, plain = Shown(), Terminal(), Terminal()
    standing = first
    ours.paint(shown.new_in(whole(standing)) or whole(standing))
    for spot in told:
        if spot is None:
            assert (shown.new_in(whole(standing))) is None
            continue
        y, start, length, line = spot
        stop = min(WIDTH, start + length)
        old = standing[y]
        row = Strip.join([old.crop(0, start), line.crop(start, stop), old.crop(stop)])
        standing = [*standing[:y], row, *standing[y + 1 :]]
        update = ChopsUpdate(
            [{0: line} for line in standing], [(y, start, stop)], [[WIDTH] for _ in standing]
        )
        new = shown.new_in(update)
        if new is not None:
            ours.paint(new)
        plain.paint(whole(standing))
        assert ours.cells() == plain.cells()
    assert shown.new_in(whole(standing)) is None


any_spots = st.tuples(st.integers(0, HEIGHT - 1), st.integers(0, WIDTH - 1), st.integers(1, WIDTH), rows)


@given(screens, st.lists(any_spots, min_size=1), screens | st.none())
@example([strip([("日", INKS[0])])] * HEIGHT, [(0, 1, 1, strip([("a", INKS[0])] * 2))], None)
def test_whatever_parts_left_of_characters_the_next_whole_paint_mends(
    first: list[Strip], told: list[tuple[int, int, int, Strip]], last: list[Strip] | None
) -> None:
    shown, ours, plain = Shown(), Terminal(), Terminal()
    standing = first
    ours.paint(shown.new_in(whole(standing)) or whole(standing))
    for y, start, length, line in told:
        stop = min(WIDTH, start + length)
        old = standing[y]
        row = Strip.join([old.crop(0, start), line.crop(start, stop), old.crop(stop)])
        standing = [*standing[:y], row, *standing[y + 1 :]]
        spans, ends = [(y, start, stop)], [[WIDTH] for _ in standing]
        part = shown.new_in(ChopsUpdate([{0: row} for row in standing], spans, ends))
        if part is not None:
            ours.paint(part)
    new = shown.new_in(whole(last or standing))
    if new is not None:
        ours.paint(new)
    plain.paint(whole(last or standing))
    assert ours.cells() == plain.cells()
    assert shown.new_in(whole(last or standing)) is None


@pytest.mark.parametrize(
    "left, right, first, then",
    [
        ("漢", "e\u0301", "S4", "S1"),
        ("漢", "e\u0301", "ok ", "ACT"),
        ("漢漢", "e\u0301o\u0302", "3", "4"),
        ("e\u0301", "漢", "S4", "S1"),
    ],
)
def test_characters_of_two_cells_and_of_none_do_not_cancel_out(
    left: str, right: str, first: str, then: str
) -> None:
    shown, terminal = Shown(), Terminal()
    for value in (first, then):  # all are as many cells as characters
        line = strip([(left, INKS[0]), (value, INKS[1]), (right, INKS[0])])
        new = shown.new_in(whole([line] * HEIGHT))
        assert new is not None
        terminal.paint(new)
    assert then in terminal.screen.display[0]


def test_of_a_row_only_what_differs_is_written() -> None:
    shown, terminal = Shown(), Terminal()
    lines = [strip([("a", INKS[0])]), strip([("b", INKS[0])]), strip([("a", INKS[0]), ("b", INKS[1])])]
    all_of_it = shown.new_in(whole(lines))
    assert isinstance(all_of_it, LayoutUpdate)
    terminal.paint(all_of_it)
    lines[2] = strip([("a", INKS[0]), ("a", INKS[1])])
    new = shown.new_in(whole(lines))
    assert isinstance(new, ChopsUpdate)
    assert new.spans == [(2, 1, 2)]
    shown.forget()
    assert isinstance(shown.new_in(whole(lines)), LayoutUpdate)


async def test_another_screen_and_another_size_are_written_whole_and_once() -> None:
    async with console(calm()) as it:
        paints: list[object] = []
        original = it.app._new_in

        def noted(screen: object, renderable: object) -> object:
            new = original(screen, renderable)  # type: ignore[arg-type]
            paints.append(new)
            return new

        it.app._new_in = noted  # type: ignore[assignment, method-assign]
        it.app.push_screen(RunScreen("crawler/c000"))
        await it.settle()
        assert sum(isinstance(paint, LayoutUpdate) and bool(paint.strips) for paint in paints) == 1
        paints.clear()
        it.screen.refresh()
        await it.settle(0.0)
        assert not any(isinstance(paint, LayoutUpdate) and paint.strips for paint in paints)
        it.app.on_resize()
        it.screen.refresh()
        await it.settle(0.0)
        assert any(isinstance(paint, LayoutUpdate) and paint.strips for paint in paints)
