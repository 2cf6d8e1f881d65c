"""The command palette: it presses keys and opens runs, and no more than a key can."""

import subprocess
import sys
from typing import Any

import pytest
from textual.widgets import OptionList

from console.tui.drawing.theme import BARE
from console.tui.keys.actions import ACTIONS
from console.tui.settings import Settings
from tests.fixtures.console import Console, console, painted
from tests.fixtures.floor import Script, busy, calm


async def search(it: Console, text: str, key: str = "colon") -> list[str]:
    """Open the palette and type; returns what it finds."""
    await it.press(key)
    for character in text:
        await it.key(character)
    await it.app.workers.wait_for_complete()
    await it.settle(0.0)
    options = it.app.screen.query_one(OptionList).options
    return [str(option.prompt).rstrip() for option in options]


@pytest.mark.parametrize("key", ["colon", "ctrl+p"])
async def test_the_palette_offers_what_the_table_offers(key: str) -> None:
    async with console(busy()) as it:
        found = await search(it, "", key)
        assert found[0] == "enter    open              the ask, run or agent's runs"
        assert any(line.startswith("H        hold all ") for line in found)
        assert it.lines()[-1] == " enter press its key  esc close"
        assert it.lines()[1].startswith(" ■ 1 stop")  # the alarm line stays in view
        await it.press("escape")
        assert it.lines()[-1].startswith(" enter open")


async def test_resume_all_is_found_by_its_words_and_says_why_it_does_nothing_now() -> None:
    async with console(busy()) as it:
        found = await search(it, "resume all")
        assert any(
            line.startswith("U        resume all        closed: the floor is not held") for line in found
        )


@pytest.mark.parametrize("word", ["stop", "Halt", "free"])
async def test_whoever_wants_a_stop_finds_what_stops(word: str) -> None:
    async with console(busy()) as it:
        found = await search(it, word)
        assert [" ".join(line.split()[:2]) for line in found[:3]] == ["H hold", "p pause", "K kill"]
    async with console(busy()) as it:
        await it.press("8")
        assert (await search(it, word))[0].startswith("H        hold all")


async def test_a_command_presses_its_key_and_confirms_nothing() -> None:
    async with console(busy()) as it:
        await it.press("down", "enter")
        await search(it, "approve")
        await it.press("enter")
        await it.settle()
        assert it.mode() == "approve"
        assert it.said == []
        await it.press("colon", "ctrl+p", "enter")  # a sheet takes all keys
        assert it.mode() == "approve"
        await painted(it)
        await it.press("y")
        assert it.verbs() == ["approve"]


async def test_kill_from_the_palette_still_takes_the_id() -> None:
    async with console(busy()) as it:
        await search(it, "kill")
        await it.press("enter")
        await it.settle()
        assert it.mode() == "kill"
        assert it.said == []


async def test_a_run_is_found_by_its_id() -> None:
    async with console(busy()) as it:
        found = await search(it, "44zz")
        assert found[0].startswith("reader 44zz")
        await it.press("enter")
        await it.settle()
        assert it.mode() == "run"
        assert it.lines()[0].startswith(" harbour › Fleet › reader 44zz")


async def test_a_command_does_nothing_once_its_row_is_gone() -> None:
    script = busy()
    async with console(script) as it:
        await search(it, "reject")
        script.decide("refunds", "7q4f", "a1", "rejected", "op-2")
        script.finish("refunds", "7q4f")
        await it.settle()
        await it.press("enter")
        await it.settle()
        assert it.said == []
        assert "not done, the row under the cursor went away meanwhile" in it.text()


async def test_rows_below_the_palette_are_up_to_date() -> None:
    script = busy()
    async with console(script) as it:
        await search(it, "")
        script.alarm("worse", "the worst of all", 1)
        for _ in range(100):  # what lies below a sheet is painted when the toolkit comes to it
            await it.settle()
            if "2 alarms" in it.lines()[1]:
                return
        raise AssertionError(it.text())


@pytest.mark.parametrize("options", [{"read_only": True}])
async def test_a_read_only_palette_has_no_acting_command(options: dict[str, Any]) -> None:
    async with console(busy(), **options) as it:
        found = await search(it, "")
        acting = {action.label for action in ACTIONS if action.acting}
        assert not {line[9:26].strip() for line in found} & acting


async def test_what_is_closed_says_why() -> None:
    async with console(busy()) as it:
        it.source.turn(recording="failing")
        await it.press("down", "enter")
        found = await search(it, "approve")
        assert any("closed: " in line for line in found)


@pytest.mark.parametrize("text", ["[/x]", "[@click=app.quit]x[/]", "\x1b]0;owned\x07", "\u202eab"])
async def test_text_that_means_harm_is_only_text_in_the_palette(text: str) -> None:
    script = Script()
    script.start("evil", "e001", text)
    async with console(script) as it:
        found = await search(it, "e001")
        assert "evil e001" in found[0]
        for strip in it.strips():
            assert "".join(segment.text for segment in strip).isprintable()
            assert not any(segment.style and segment.style.meta.get("@click") for segment in strip)


async def test_a_calm_palette_has_no_coloured_cell() -> None:
    async with console(calm()) as it:
        await search(it, "e")
        assert it.coloured() == []


@pytest.mark.parametrize("theme", sorted(BARE))
async def test_the_chosen_command_is_seen_without_colour(theme: str) -> None:
    async with console(busy(), settings=Settings(theme)) as it:
        await search(it, "")
        await it.press("down")
        found = [strip for strip in it.strips() if any(part.style and part.style.underline for part in strip)]
        assert ["".join(part.text for part in strip).split()[0] for strip in found] == ["d"]


def test_the_palette_is_loaded_when_it_is_opened() -> None:
    late = {f"console.tui.screens.{name}" for name in ("palette", "queue_screen")}
    code = f"import sys, console.tui.apps.floor_app; print({late} & {{*sys.modules}})"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "set()"


def test_a_key_that_others_eat_is_never_the_only_one() -> None:
    eaten = {"ctrl+p", "ctrl+t"}
    assert [action.id for action in ACTIONS if "ctrl+p" in action.keys and set(action.keys) <= eaten] == []


@pytest.mark.parametrize(
    "query, key, label, where",
    [
        ("shelve", "z", "shelve", "Alarms"),
        ("approve", "a", "approve", "Decide"),
        ("older", "b", "older", "Audit"),
    ],
)
async def test_a_key_of_another_screen_is_found_with_its_place(
    query: str, key: str, label: str, where: str
) -> None:
    async with console(busy()) as it:
        found = await search(it, query)
        assert found[0].split()[:2] == [key, label]
        assert f"on {where}: " in found[0]
        await it.press("enter")
        await it.settle()
        assert it.said == []
        if where == "Decide":  # nobody can be led to an action that nobody named
            assert (it.mode(), where in it.lines()[-2]) == ("fleet", True)
        else:
            assert (it.mode(), it.lines()[-2].split()[:3]) == (where.lower(), [key, "is", "the"])


async def test_what_is_offered_here_comes_before_what_is_not() -> None:
    async with console(busy()) as it:
        await it.press("3")
        found = await search(it, "r")
        elsewhere = [line for line in found if " on " in line and ": " in line]
        assert found[0] not in elsewhere


async def test_a_read_only_palette_names_no_acting_key_of_other_screens() -> None:
    async with console(busy(), read_only=True) as it:
        assert not any(" approve " in line for line in await search(it, "approve"))
