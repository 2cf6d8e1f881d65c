"""What goes over the line: only cells that changed, no more frames than there is news, no colour on a calm floor."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from textual._compositor import ChopsUpdate
from textual.strip import Strip

from console.core.reducing.reduce import Change
from console.tui.apps.floor_app import FloorApp
from console.tui.drawing.paint import Line, Row, Span, changed_cells
from console.tui.screens.decide_screen import DecideScreen
from console.tui.screens.fleet_screen import FleetScreen
from console.tui.terminal.shown import Shown
from tests.fixtures.console import Console, console, furnished
from tests.fixtures.floor import FakeSource, busy, calm
from tests.fixtures.replay import record, replaying


@pytest.mark.parametrize(
    "before, after, cells",
    [
        ("one 10s", "one 10s", (0, 0)),
        ("one 10s", "one 11s", (4, 6)),
        ("one 9s", "one 10s", (3, 7)),
        ("", "one", (0, 3)),
        ("日本 1", "日本 2", (4, 6)),
        ("日本 1", "日x 1", (0, 6)),
        ("e\u0301 1", "e\u0300 1", (0, 1)),
        ("aab", "ab", (0, 3)),
    ],
)
def test_which_cells_differ(before: str, after: str, cells: tuple[int, int]) -> None:
    found = changed_cells(Row().at(0, before).line, Row().at(0, after).line)
    assert found[0] <= cells[0]
    assert found[1] >= cells[1]
    assert found == cells


signs = st.text("ab \u65e5\u0301", min_size=1, max_size=4)
spans = st.lists(st.builds(Span, signs, st.sampled_from(["text", "muted"])), max_size=5)


@given(head=spans, before=spans, after=spans, tail=spans)
def test_what_lies_outside_of_the_cells_that_differ_is_the_same(
    head: list[Span], before: list[Span], after: list[Span], tail: list[Span]
) -> None:
    old, new = tuple(head + before + tail), tuple(head + after + tail)
    first, last = changed_cells(old, new)
    assert by_cell(old)[:first] == by_cell(new)[:first]
    assert by_cell(old)[last:] == by_cell(new)[last:]


def by_cell(line: Line) -> list[tuple[str, str]]:
    """What stands in each cell, marks with their letter, and in which ink; a wide character has all of its cells."""
    cells: list[tuple[str, str]] = []
    for text, ink in line:
        for sign in text:
            if not cell_len(sign) and cells:
                cells[-1] = (cells[-1][0] + sign, cells[-1][1] + ink)
            cells += [(sign, ink)] * cell_len(sign)
    return cells


def test_another_ink_is_a_difference() -> None:
    assert changed_cells(Row().at(3, "x").line, Row().at(3, "x", "act").line) == (2, 4)


def test_a_row_is_cut_to_what_changed() -> None:
    rows: list[dict[int, Strip | None]] = [{}, {0: Strip.blank(4), 4: Strip.blank(6)}]
    cut = Shown().new_in(ChopsUpdate(rows, [(1, 6, 8)], [[], [4, 10]]))
    assert isinstance(cut, ChopsUpdate)
    assert [(x, strip.cell_length) for x, strip in cut.chops[1].items() if strip] == [(6, 2)]
    assert cut.chop_ends[1] == [8]


def drawn(it: Console) -> int:
    """Let a tick pass. Returns the number of frames that it made."""
    frames = 0
    draw = it.app.draw

    def counted() -> None:
        nonlocal frames
        frames += 1
        draw()

    it.app.draw = counted  # type: ignore[method-assign]
    it.app._tick()
    it.app.draw = draw  # type: ignore[method-assign]
    return frames


async def test_runs_at_work_make_four_frames_a_second_and_an_alarm_one_at_once() -> None:
    async with console(calm()) as it:
        it.app.draw()
        assert drawn(it) == 0
        it.app._heard([Change("run", "crawler/c000")])
        assert drawn(it) == 0
        it._clock[0] += 0.25
        assert drawn(it) == 1
        assert drawn(it) == 0
        it.app._heard([Change("run", "crawler/c000"), Change("alarm", "x")])
        assert drawn(it) == 1


@pytest.mark.parametrize("size", [(80, 24), (100, 40), (120, 36), (180, 50), (60, 20)])
async def test_nothing_moves_when_fleet_takes_the_place_of_the_opening(size: tuple[int, int]) -> None:
    found = asyncio.Event()

    @asynccontextmanager
    async def late() -> AsyncIterator[FakeSource]:
        await found.wait()
        yield FakeSource(calm())

    app = FloorApp(late, site="harbour", operator="op-1", zone=UTC, paced=False)
    seen: list[list[str]] = []
    furnish = app._furnish

    async def looked_at_first() -> None:
        seen.append(lines_of(app))
        await furnish()

    app._furnish = looked_at_first  # type: ignore[method-assign]
    async with app.run_test(size=size) as pilot:
        await furnished(app, pilot)
        assert isinstance(app.screen, FleetScreen)
        await pilot.pause(0)
        seen.append(lines_of(app))
        found.set()
    await app.left()
    opening, fleet = seen
    assert "Watchfloor needs" in opening[2] if size == (60, 20) else "Connecting to the bus." in opening[3]
    assert opening == fleet


def lines_of(app: FloorApp) -> list[str]:
    strips = app.screen._compositor.render_strips()
    return ["".join(segment.text for segment in strip).rstrip() for strip in strips]


async def test_a_click_on_any_row_of_an_ask_chooses_it() -> None:
    async with console(busy()) as it:
        await it.press("2")
        first = it.screen.body.cursor
        rows = [row for row, name in enumerate(it.screen.body.names) if name]
        assert len(rows) > 1
        for row in (rows[1], rows[1] + 1):
            await it.press("g")
            assert it.screen.body.cursor == first
            await it.pilot.click("#body", offset=(20, row))
            assert it.screen.body.cursor == it.screen.body.names[rows[1]]


async def test_a_decided_action_on_a_calm_floor_has_no_colour() -> None:
    async with console(calm()) as it:
        it.app.push_screen(DecideScreen("indexer/44zt/a0"))
        await it.settle()
        assert "write_index" in it.text()
        assert it.coloured() == []


async def test_a_calm_floor_has_no_colour_in_a_replay(tmp_path: Path) -> None:
    (path,) = await record(calm().rows, tmp_path)
    async with replaying(path) as it:
        for key in ("5", "full_stop", "9", "Q", "A", "question_mark"):
            await it.press(key)
            assert "REPLAY" in it.text()
            assert it.coloured() == [], key
