"""The mouse and the terminal's own cursor: what a click may do, and where a screen reader is led."""

import pytest
from textual.events import MouseScrollDown, MouseScrollUp

from bus.canonical import code, digest
from console.tui.keys.actions import ACTIONS
from console.tui.rows.frame_rows import key_at
from console.tui.settings import Settings
from tests.fixtures.console import Console, console
from tests.fixtures.floor import ARGS, busy, calm


async def click(it: Console, x: int, y: int) -> None:
    """Click a cell, and let everything come of it."""
    await it.settle()
    await it.pilot.click(offset=(x, y))
    await it.settle()


def row_with(it: Console, words: str) -> int:
    return next(y for y, line in enumerate(it.lines()) if words in line)


async def test_a_click_chooses_and_a_second_opens() -> None:
    async with console(busy()) as it:
        await click(it, 30, row_with(it, "issue_refund"))
        assert it.lines()[row_with(it, "issue_refund")].startswith("▌")
        assert it.mode() == "fleet"
        await click(it, 30, row_with(it, "issue_refund"))
        assert it.mode() == "decide"
        assert it.said == []


async def test_a_click_on_nothing_does_nothing() -> None:
    async with console(busy()) as it:
        before = row_with(it, "▌")
        for y in (0, 1, 2, 3, 22):
            await click(it, 40, y)
        assert it.mode() == "fleet"
        assert row_with(it, "▌") == before


async def test_the_wheel_moves_what_is_chosen_so_that_it_stays_in_view() -> None:
    async with console(busy()) as it:
        first = row_with(it, "▌")
        await it.pilot._post_mouse_events([MouseScrollDown], offset=(30, 10))
        await it.settle()
        assert row_with(it, "▌") == first + 1
        await it.pilot._post_mouse_events([MouseScrollUp], offset=(30, 10))
        await it.settle()
        assert row_with(it, "▌") == first


async def test_no_click_anywhere_acts_and_none_confirms() -> None:
    """Every cell of every screen and sheet that a key can open."""
    right = code(digest("send_email", ARGS))
    for keys in (
        (),
        ("enter",),
        ("enter", "a"),
        ("down", "enter", "a"),
        ("H",),
        ("K",),
        ("D",),
        ("2",),
        ("3",),
    ):
        async with console(busy()) as it:
            await it.press(*keys)
            if it.mode() == "code":
                await it.type(right[:3])
            sheet = it.screen.sheet
            for y in (*range(12, 24, 3), 22, 23):
                for x in range(1, 80, 6 if y == 23 else 26):
                    await it.pilot.click(offset=(x, y))
                    if sheet is not None and y != 23:
                        assert it.app.screen.sheet is sheet  # type: ignore[attr-defined]
            assert it.said == []


async def test_the_key_line_is_pressed_where_that_acts_on_nothing() -> None:
    async with console(busy()) as it:
        line = it.lines()[-1]
        await click(it, line.index("reject"), 23)
        await click(it, line.index("kill"), 23)
        assert (it.mode(), it.said) == ("fleet", [])
        await click(it, line.index("open"), 23)
        assert it.mode() == "decide"
        line = it.lines()[-1]
        await click(it, line.index("approve"), 23)
        assert it.mode() == "decide"
        await click(it, line.index("esc "), 23)
        assert it.mode() == "fleet"
        await click(it, it.lines()[-1].index("help"), 23)
        assert it.mode() == "help"


@pytest.mark.parametrize("settings", [Settings(), Settings(cursor=True)])
async def test_the_terminals_cursor_stands_where_the_next_key_acts(settings: Settings) -> None:
    async with console(busy(), settings=settings) as it:
        assert it.app.cursor_position == (0, row_with(it, "▌"))
        await it.press("down")
        assert it.app.cursor_position == (0, row_with(it, "▌"))
        await it.press("K")
        y = row_with(it, "type its id")
        assert it.app.cursor_position == (it.lines()[y].index("_"), y)
        await it.type("7q")
        assert it.app.cursor_position == (it.lines()[y].index("_"), y)
        assert it.lines()[y][: it.lines()[y].index("_")].endswith("7q")
        await it.press("escape", "D")
        await it.type("a_b")
        y = row_with(it, "a_b_")
        assert it.app.cursor_position == (it.lines()[y].index("a_b") + 3, y)


async def test_the_cursor_is_on_the_screen_wherever_one_is() -> None:
    async with console(calm()) as it:
        for keys in (("2",), ("3",), ("4",), ("1",), ("question_mark",)):
            await it.press(*keys)
            x, y = it.app.cursor_position
            assert 0 <= x < 80
            assert 0 <= y < 24


def test_no_key_that_a_click_may_press_acts() -> None:
    for action in ACTIONS:
        key = key_at(1, ((1, action.shown, action),))
        assert not key or not (action.acting or action.confirms)
