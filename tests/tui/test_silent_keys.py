"""No key is silent: one that does nothing where it was pressed says why."""

import pytest

from console.tui.keys.actions import ACTIONS
from tests.fixtures.console import console
from tests.fixtures.floor import busy, calm


def note(lines: list[str]) -> str:
    said = lines[-2].strip().partition("   ")[0]
    return "" if said.endswith(": pgdn") else said


@pytest.mark.parametrize("screen", ["1", "2"])
async def test_approve_says_that_nothing_waits_or_what_comes_first(screen: str) -> None:
    async with console(calm()) as it:
        await it.press(screen, "a")
        said = note(it.lines())
        assert said.startswith("approve: ")
        assert any(words in said for words in ("several runs", "no action waits here", "nothing waits"))
    async with console(busy()) as it:
        await it.press(screen, "g", "a")
        assert note(it.lines()) == "approve: open it first, enter does"
        assert it.said == []


@pytest.mark.parametrize(
    "key, words",
    [
        ("n", "next: not on this screen; it is a key of Alarms"),
        ("e", "edit: open it first, enter does"),
        ("y", "y: no such key; ? lists those of this screen"),
        ("@", "at: no such key"),
    ],
)
async def test_a_key_of_another_screen_says_whose_it_is(key: str, words: str) -> None:
    async with console(busy()) as it:
        await it.press("g", key)
        said = note(it.lines())
        assert said.startswith(words) or (key == "@" and not said)
        assert it.said == []


@pytest.mark.parametrize("key", list("123456789"))
async def test_the_key_of_the_view_that_is_open_says_that_it_is_open(key: str) -> None:
    async with console(busy()) as it:
        await it.press(key)
        await it.settle(20.0)
        await it.press(key)
        assert note(it.lines()).endswith(": you are here")


async def test_what_a_read_only_console_cannot_do_is_said() -> None:
    async with console(busy(), read_only=True) as it:
        await it.press("K")
        assert note(it.lines()) == "kill: this console is read-only"


async def test_a_note_that_nobody_has_read_yet_stands() -> None:
    async with console(busy()) as it:
        await it.press("d")
        before = note(it.lines())
        assert before.startswith("reject")
        await it.key("y")
        await it.settle(0.0)
        assert note(it.lines()) == before


@pytest.mark.parametrize("screen", list("123456789"))
async def test_every_acting_key_says_something_on_every_screen(screen: str) -> None:
    """It acts, opens a sheet, or says why not."""
    keys = sorted({key for row in ACTIONS if row.acting and not row.confirms for key in row.keys})
    async with console(busy()) as it:
        await it.press(screen)
        for key in keys:
            await it.settle(20.0)
            assert note(it.lines()) == "" or screen == "2", key
            before, said = it.text(), len(it.said)
            await it.press(key)
            assert it.text() != before or len(it.said) > said, key
            if it.screen.sheet is not None:
                await it.press("escape")
            if it.screen.place not in ("fleet", "queue") and len(it.app.screen_stack) > 2:
                await it.press("escape")


async def test_o_says_so_where_every_value_stands_whole() -> None:
    script = calm()
    script.start("mailer", "m1", "Mail everyone")
    script.ask("mailer", "m1", "a1", "post_note", {"channel": "ops"}, severity=2)
    async with console(script) as it:
        await it.press("enter", "o")
        assert note(it.lines()) == "open: every value stands there whole"


async def test_enter_on_decide_says_that_it_is_open_already() -> None:
    async with console(busy()) as it:
        await it.press("enter", "enter")
        assert it.mode() == "decide"
        assert "open: it is open; o opens long values, esc leads back" in it.text()


async def test_a_pass_that_is_not_offered_is_said_not_to_be() -> None:
    async with console(busy()) as it:
        await it.press("down", "enter", "a", "t")
        assert it.said == []
        assert "also like it: no pass is offered for this one" in it.text()
