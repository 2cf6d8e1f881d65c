"""What is typed faster than screens open, or pasted, goes where it was meant to go; nothing is lost or taken as a key."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC

import pytest
from textual import events
from textual.keys import _character_to_key

from console.tui.apps.floor_app import FloorApp
from console.tui.screens.edit_screen import EditScreen
from console.tui.screens.palette import Palette
from console.tui.screens.run_screen import RunScreen
from tests.fixtures.console import Console, console, furnished, painted
from tests.fixtures.floor import FakeSource, busy

NAMED = {"\r": "enter", "\x1b": "escape", "\x14": "ctrl+t"}


def keys(text: str) -> list[events.Key]:
    return [events.Key(NAMED.get(sign) or _character_to_key(sign), sign) for sign in text]


async def burst(it: Console, text: str) -> None:
    """All keys at once, as a terminal hands over what was typed or pasted in one piece."""
    for key in keys(text):
        it.app.post_message(key)
    await quiet(it)


async def paste(it: Console, text: str) -> None:
    it.app.post_message(events.Paste(text))
    await quiet(it)


async def quiet(it: Console) -> None:
    """Until everything that was typed has had its effect."""
    typed = it.app._keystrokes
    await it.pilot.pause(0)
    while typed._waiting or typed._under_way():
        await it.pilot.pause(0)
    await it.settle(0.0)


@pytest.mark.parametrize("how", [burst, paste])
async def test_a_filter_takes_what_comes_in_the_burst_that_opens_it(how: object) -> None:
    async with console(busy()) as it:
        await it.settle()
        await how(it, "/dKpH mover")  # type: ignore[operator]
        assert it.lines()[2].startswith(" filter dKpH mover_")
        assert it.said == []


async def test_the_palette_takes_what_comes_in_the_burst_that_opens_it_and_enter_waits_for_the_search() -> (
    None
):
    async with console(busy()) as it:
        await it.settle()
        await burst(it, ":p81a\r")
        assert isinstance(it.app.screen, RunScreen)
        assert "researcher p81a" in it.lines()[0]
        assert it.said == []


async def test_what_follows_a_choice_in_the_palette_goes_to_what_was_chosen() -> None:
    async with console(busy()) as it:
        await it.settle()
        await burst(it, ":kill\r7q4f")
        assert it.verbs() == []
        await painted(it)
        assert "type its id  7q4_" in it.text()
        await burst(it, "f")
        assert it.verbs() == ["kill"]


async def test_text_pasted_to_open_the_palette_is_searched_for() -> None:
    async with console(busy()) as it:
        await it.settle()
        await paste(it, ":p81a")
        assert isinstance(it.app.screen, Palette)
        await burst(it, "\r")
        assert "researcher p81a" in it.lines()[0]


@pytest.mark.parametrize("how", [burst, paste])
async def test_a_reason_is_sent_whole_however_fast_it_came(how: object) -> None:
    async with console(busy()) as it:
        await it.press("down")
        await it.settle()
        if how is burst:
            await burst(it, "Ddo not: Kill, H or quit\x14")
        else:
            await it.press("D")
            await paste(it, "do not: Kill, H or quit\n")
            await it.press("ctrl+t")
        assert [(said["verb"], said["reason"]) for said in it.said] == [("reject", "do not: Kill, H or quit")]


BLIND = "typed before this was on screen"


@pytest.mark.parametrize(
    "down, before, blind, again, verb",
    [
        (1, "", "\ray", "y", "approve"),
        (1, "\r", "ay", "y", "approve"),
        (0, "", "Hy", "y", "hold"),
        (0, "", "K7q4f", "f", "kill"),
        (1, "\r", "rno, later\x14", "\x14", "respond"),
        (0, "3", "zseen to\x14", "\x14", "shelve"),
        (0, "", "3A", "A", "acknowledge"),
    ],
)
async def test_a_key_confirms_nothing_that_was_not_on_screen_when_it_was_typed(
    down: int, before: str, blind: str, again: str, verb: str
) -> None:
    async with console(busy()) as it:
        await it.press(*["down"] * down, *[key.key for key in keys(before)])
        await it.settle()
        await burst(it, blind)
        assert it.said == []
        assert BLIND in it.text()
        if it.screen.sheet is not None:
            await painted(it)
        await burst(it, again)
        assert it.verbs() == [verb]


async def test_the_same_sheet_opened_again_in_one_burst_counts_from_when_it_was_painted() -> None:
    async with console(busy()) as it:
        await it.press("H")
        await it.settle()
        await burst(it, "\x1bHy")
        assert it.said == []
        await painted(it)
        await burst(it, "y")
        assert it.verbs() == ["hold"]


async def test_the_code_of_a_hold_takes_its_last_digit_once_the_sheet_was_there() -> None:
    async with console(busy()) as it:
        await it.press("enter", "a")
        digits = next(line for line in it.lines() if "type the code" in line).split()[3]
        await it.press("escape")
        await it.settle()
        await burst(it, f"a{digits}")
        assert it.said == []
        await painted(it)
        await burst(it, digits[-1])
        assert it.verbs() == ["approve"]


async def test_what_is_typed_behind_e_stands_in_the_editor_and_check_comes_last() -> None:
    async with console(busy()) as it:
        await it.press("down", "enter")
        await it.settle()
        await burst(it, "exKqd")
        assert isinstance(it.app.screen, EditScreen)
        assert it.app.screen.area.text.startswith("xKqd{")
        await burst(it, "\x14y")
        assert "line 1, column 1" in it.text()
        assert it.app.screen.area.text.startswith("xKqdy{")


async def test_the_editor_says_at_once_that_its_ask_is_over_and_at_the_check_too() -> None:
    script = busy()
    async with console(script) as it:
        await it.press("down", "enter", "e")
        assert isinstance(it.app.screen, EditScreen)
        edited = it.app.screen._wish
        assert "no longer waits" not in it.text()
        script.decide(edited.agent, edited.run, edited.action, "expired", "clock")
        await it.settle()
        over = "edit: cannot be sent, it no longer waits: expired"
        assert over in it.lines()[4]
        await it.press("ctrl+t")
        assert over in it.lines()[-2]
        assert it.said == []


async def test_text_for_an_input_that_cannot_open_presses_no_keys() -> None:
    async with console(busy(), read_only=False, signed=False) as it:
        await it.settle()
        await burst(it, "K7q4f pHd q")
        assert it.said == []
        assert it.screen.sheet is None
        assert it.app.is_running
        assert "kill: you have no key; watchfloor keys new makes one" in it.text()
        await it.press("p")
        assert it.verbs() == ["pause"]


async def test_a_paste_presses_no_key() -> None:
    async with console(busy()) as it:
        await it.settle()
        await paste(it, "dpHy\nq")
        assert it.said == []
        assert it.screen.sheet is None
        assert "pasted: no input is open" in it.text()


async def test_what_a_paste_has_beyond_the_code_presses_no_key() -> None:
    async with console(busy()) as it:
        await it.press("enter", "a")
        digits = next(line for line in it.lines() if "type the code" in line).split()[3]
        await paste(it, f"{digits}dKH")
        assert it.verbs() == ["approve"]
        assert it.screen.sheet is None


async def test_keys_that_come_before_fleet_stands_there_wait_for_it() -> None:
    source = FakeSource(busy())
    started = asyncio.Event()

    @asynccontextmanager
    async def opened() -> AsyncIterator[FakeSource]:
        yield source

    app = FloorApp(opened, site="harbour", operator="op-1", zone=UTC, paced=False)
    furnish = app._furnish

    async def typed_at_first() -> None:
        for key in keys("/de"):
            app.post_message(key)
        started.set()
        await furnish()

    app._furnish = typed_at_first  # type: ignore[method-assign]
    async with app.run_test(size=(80, 24)) as pilot:
        await furnished(app, pilot)
        it = Console(app, pilot, source, [100.0])
        await it.pilot.pause(0)
        while app._keystrokes._waiting:
            await pilot.pause(0)
        app.draw()
        await pilot.pause(0)
        assert started.is_set()
        assert it.lines()[2].startswith(" filter de_")
    await app.left()
