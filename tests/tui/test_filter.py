"""A list that is narrowed: what passes, how it says so, and that typing never acts."""

import pytest

from console.core.fleet.state import Action, Run
from console.tui.floor.attention import Plight
from console.tui.rows.filter import Filter, parse
from tests.fixtures.console import console
from tests.fixtures.floor import busy, calm

RUN = Run(agent="Refunds", run="7q4f", state="working", goal="Tell the customer", control="contained")
ACTION = Action(
    id="a1", agent="Refunds", run="7q4f", tool="send_email", state="asked", gate="hold", args={"to": "x@y"}
)


@pytest.mark.parametrize("text", ["", "  ", "refunds", "REF", "7q", "tell customer", "agent:ref", "run:7q4", "state:work",
    "state:watch", "loops", "state:contained", "!janitor", "!agent:jan refunds", "agent:", "!", "tool:send", "x@y",
    "state:hold", "tell"])  # fmt: skip
def test_what_a_filter_lets_through(text: str) -> None:
    assert parse(text).admits(RUN, Plight("watch", "it loops", 0), ACTION)


@pytest.mark.parametrize(
    "text", ["janitor", "refunds janitor", "agent:7q4f", "!refunds", "!run:7q4f", "state:paused", "tool:wipe"]
)
def test_what_a_filter_keeps_back(text: str) -> None:
    assert not parse(text).admits(RUN, None, ACTION)


def test_a_filter_of_nothing_is_none() -> None:
    assert not Filter()
    assert not parse(" ! agent: ")
    assert parse("a")


async def test_a_filtered_list_says_so_and_counts_what_waits_behind_it() -> None:
    async with console(busy()) as it:
        await it.press("slash")
        await it.type("res")
        assert it.lines()[0].startswith(" harbour › Fleet › /res")
        assert it.lines()[2].startswith(" filter res_   1 of 30 shown  3 waiting not shown")
        assert "3 act" in it.lines()[1]  # row 2 speaks of the whole floor
        assert "refunds" not in "\n".join(it.lines()[3:])
        await it.press("enter")
        assert it.lines()[2].endswith("esc shows all")
        await it.press("escape")
        assert it.lines()[2] == ""
        assert "refunds" in "\n".join(it.lines()[3:])


async def test_what_is_typed_into_a_filter_acts_on_nothing() -> None:
    async with console(busy()) as it:
        await it.press("slash")
        await it.type("dpKHyq:?12 ")
        assert it.said == []
        assert it.screen.sheet is None
        assert it.mode() == "filter"
        assert "No run is like that." in it.text()
        for _ in range(11):
            await it.key("backspace")
        await it.settle()
        assert it.lines()[2].startswith(" filter_")
        await it.press("enter")
        assert it.mode() == "fleet"
        assert it.lines()[2] == ""


async def test_no_acting_key_counts_where_typing_moved_the_cursor() -> None:
    async with console(busy()) as it:
        await it.press("slash")
        await it.type("agent:jan")
        await it.press("enter")
        assert it.screen.body.cursor == "wait:janitor/c0xe/a3"
        await it.press("d")
        assert [said["run"] for said in it.said] == ["c0xe"]


async def test_each_run_stands_for_itself_in_a_filtered_list() -> None:
    async with console(calm()) as it:
        await it.press("slash")
        await it.type("run:c00 agent:crawler")
        await it.press("enter")
        assert sum("crawler" in line for line in it.lines()[3:]) == 10
        assert it.lines()[2].startswith(" filter run:c00 agent:crawler   10 of 22 shown")
        assert it.lines()[3].startswith(
            "   well           10 shown"
        )  # no heading speaks of runs that are not shown
        assert it.coloured() == []


async def test_hold_all_says_that_a_filter_does_not_limit_it() -> None:
    async with console(busy()) as it:
        await it.press("slash")
        await it.type("res")
        await it.press("enter", "H")
        assert "runs of harbour at their next gate, those not shown too" in it.text()
        assert "7 observed ones cannot be" in it.text()
        await it.press("escape")
        assert it.lines()[2].startswith(" filter res")  # the sheet went, the filter stays


async def test_the_queue_is_narrowed_alike() -> None:
    async with console(busy()) as it:
        await it.press("2", "slash")
        await it.type("state:hold")
        await it.press("enter")
        assert it.lines()[0].startswith(" harbour › Queue › /state:hold")
        assert it.lines()[2].startswith(" filter state:hold   1 of 3 shown  2 waiting not shown")
        await it.press("escape")
        assert it.mode() == "queue"
        assert it.lines()[2] == ""
        await it.press("escape")
        assert it.mode() == "fleet"


async def test_a_filter_sees_what_comes_later() -> None:
    script = busy()
    async with console(script) as it:
        await it.press("slash")
        await it.type("brandnew")
        await it.press("enter")
        assert "No run is like that." in it.text()
        script.start("brandnew", "b1")
        await it.settle(2.0)
        assert "b1" in "\n".join(it.lines()[3:])
        script.ask("brandnew", "b1", "a1", "send", {"to": "x"})
        await it.settle(2.0)
        assert "waits for you" in it.text()


async def test_what_waits_is_in_view_again_once_the_filter_is_gone() -> None:
    script = busy()
    for number in range(15):
        script.start(f"more-{number}", f"m{number}")
    async with console(script) as it:
        await it.press("slash")
        await it.type("k2m9")
        await it.press("escape")
        assert it.screen.body.scroll_offset.y == 0
        assert "waits for you" in it.lines()[3]
        assert it.screen.body.cursor == "ill:mover/k2m9"
