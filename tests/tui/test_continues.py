"""Where something goes on beyond what is in view, the screen says how much and by which key; no row is cut unsaid."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from textual.widgets import OptionList

from console.tui.drawing.beyond import Beyond
from console.tui.drawing.paint import Row, text_of, width_of, within
from console.tui.rows.frame_rows import NOWHERE, Note, continues, note_line
from tests.fixtures.alarms import alarming, flooded
from tests.fixtures.console import Console, console
from tests.fixtures.floor import Script, busy
from tests.policy.floor import ruled

LONG = "a sentence that is longer than any row of any terminal that a person would look at " * 4


def crowded(runs: int = 40) -> Script:
    """More runs at rest than any screen shows."""
    script = busy()
    for number in range(runs):
        script.start("packer", f"p{number:03}", "Pack it")
        script.finish("packer", f"p{number:03}")
    return script


def said(it: Console) -> str:
    """What the last row but one says at its right."""
    return it.lines()[-2].strip().rpartition("   ")[2]


SCREENS = [
    *((crowded, (key,)) for key in ("1", "2", "4", "5", "6", "8", "question_mark")),
    (alarming, ("3",)),
    (flooded, ("3",)),
    *((ruled, keys) for keys in (("9",), ("9", "tab"), ("9", "tab", "tab"))),
]


@pytest.mark.parametrize("size", [(80, 24), (100, 30), (200, 50)])
@pytest.mark.parametrize("make, keys", SCREENS)
async def test_every_screen_says_how_much_is_out_of_view_and_the_key_brings_it(
    make: Callable[[], Script], keys: tuple[str, ...], size: tuple[int, int]
) -> None:
    async with console(make(), size=size) as it:
        await it.press(*keys)
        body = it.screen.body
        for _ in range(60):
            below = len(body.names) - body.in_view.stop
            if any(body.names[body.in_view.stop :]) or (below > 0 and not any(body.names)):
                assert said(it).endswith(" below: pgdn")
                top, cursor = body.top, body.cursor
                await it.press("pagedown")
                assert (top, cursor) != (body.top, body.cursor)
            else:
                assert "pgdn" not in it.lines()[-2]
                break
        assert not any(body.names[body.in_view.stop :])
        await it.press("g")
        assert "pgup" not in it.lines()[-2]


@pytest.mark.parametrize(
    "beyond, words",
    [
        (Beyond(), ""),
        (Beyond(0, 12, items=True), "12 more below: pgdn"),
        (Beyond(0, 1), "1 more line below: pgdn"),
        (Beyond(3, 0), "3 more lines above: pgup"),
        (Beyond(3, 1_200), "3 above: pgup, 1 200 below: pgdn"),
    ],
)
def test_in_words(beyond: Beyond, words: str) -> None:
    assert continues(beyond) == words


def test_a_note_that_needs_the_row_has_it_and_a_short_one_shares_it() -> None:
    beyond = Beyond(0, 12, items=True)
    both = text_of(note_line(Note("kill: the run is over"), NOWHERE, beyond))
    assert both.startswith(" kill: the run is over  ")
    assert both.endswith("  12 more below: pgdn")
    alone = text_of(note_line(Note("said: " + "x" * 60), NOWHERE, beyond))
    assert "pgdn" not in alone


async def test_while_a_sheet_takes_all_keys_none_is_named_that_scrolls() -> None:
    async with console(crowded()) as it:
        assert "pgdn" in it.lines()[-2]
        await it.press("H")
        assert it.mode() == "hold"
        assert "pgdn" not in it.text()
        await it.press("escape")
        assert "pgdn" in it.lines()[-2]


async def test_the_palette_says_how_many_commands_are_out_of_view() -> None:
    async with console(busy()) as it:
        await it.press("colon")
        await it.app.workers.wait_for_complete()
        await it.settle()
        found = it.app.screen.query_one(OptionList)
        hidden = found.option_count - found.size.height
        assert hidden > 0
        assert said(it) == f"{hidden} more below: pgdn"
        assert len([line for line in it.lines()[5:-2] if line.strip()]) == found.size.height  # a row each


async def test_what_stands_below_a_list_and_has_no_room_is_said_to_be_there() -> None:
    script = alarming()
    script.alarm("recording-failing", LONG, 1)
    async with console(script) as it:
        it.source.turn(recording="failing")
        await it.press("3")
        text = it.text()
        assert "approvals  " in text or "more lines, in a taller window" in text


@given(st.lists(st.text(min_size=1, max_size=30), max_size=6), st.integers(1, 80))
def test_a_row_fits_its_widget_and_says_when_it_was_cut(parts: list[str], width: int) -> None:
    row = Row()
    for part in parts:
        row.then(part, gap=1)
    line = row.line
    shown = within(line, width)
    assert width_of(shown) <= width
    if width_of(line) <= width:
        assert shown == line
    else:
        assert text_of(shown).endswith("…")
