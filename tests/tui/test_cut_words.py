"""What a row has no room for: of a path both ends stay, a column's word is whole, and no two words are glued together."""

import pytest
from rich.cells import cell_len

from console.tui.drawing.paint import cut, cut_path
from console.tui.screens.run_screen import RunScreen
from tests.fixtures.console import console
from tests.fixtures.floor import calm

PATH = "projects/2026/quarter-3/reports/finance/final-figures.csv"


@pytest.mark.parametrize("cells", range(40))
def test_of_a_path_both_ends_stay(cells: int) -> None:
    shown = cut_path(PATH, cells)
    assert cell_len(shown) <= cells
    if cells > 8:
        assert (shown[0], shown[-4:]) == ("p", ".csv")
    assert cut_path("a sentence / with blanks in it", cells) == cut("a sentence / with blanks in it", cells)
    assert cell_len(cut_path("道/" * 30, cells)) <= cells


@pytest.mark.parametrize("size", [(80, 24), (200, 50)])
async def test_fleet_and_run_show_where_a_path_ends_and_who_decided(size: tuple[int, int]) -> None:
    script = calm()
    script.start("janitor", "r1", "Clear")
    script.ask("janitor", "r1", "a0", "list_everything_in", {"path": PATH})
    script.decide("janitor", "r1", "a0", by="pass-list")
    script.ask("janitor", "r1", "a1", "delete_everything", {"path": PATH})
    async with console(script, size=size) as it:
        row = next(line for line in it.lines() if "janitor" in line and "delete_everything" in line)
        assert "delete_everything  p" in row
        assert "s.csv" in row
        it.app.push_screen(RunScreen("janitor/r1"))
        await it.settle()
        assert any("list_everything_in  " in line and "pass-list " in line for line in it.lines())
        assert not any("pass-l…" in line for line in it.lines())
