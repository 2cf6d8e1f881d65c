"""What goes over the line: only cells that changed, and no more frames than there is news."""

from __future__ import annotations

import pytest
from textual._compositor import ChopsUpdate
from textual.strip import Strip

from bus.events import Progress
from console.core.reduce import Change
from console.tui.lines import LineBlock
from console.tui.narrow import narrowed
from console.tui.opening import picture
from console.tui.paint import Line, Row, changed_cells
from tests.floor_fixture import calm
from tests.tui_console import Console, console


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


def test_another_ink_is_a_difference() -> None:
    assert changed_cells(Row().at(3, "x").line, Row().at(3, "x", "act").line) == (2, 4)


def test_a_row_is_cut_to_what_changed() -> None:
    rows: list[dict[int, Strip | None]] = [{}, {0: Strip.blank(4), 4: Strip.blank(6)}]
    cut = narrowed(ChopsUpdate(rows, [(1, 6, 8)], [[], [4, 10]]))
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
    async with console(calm(), size=size) as it:
        it.source.status = it.source.status  # the same floor, looked at before it was joined
        it.app.source = None
        it.app.draw()
        await it.pilot.pause(0)
        await it.pilot.pause(0)
        view = it.app.view(size[0])
        opening = LineBlock(id="x")
        opening.lines = picture(view, size[1])
        shown = ["".join(span.text for span in line).rstrip() for line in opening.lines]
        assert shown == it.lines()[: len(shown)]


def _text(line: Line) -> str:
    return "".join(span.text for span in line)
