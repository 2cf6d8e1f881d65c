"""Detail beside the list where there is room: what it is about, that it moves nothing, and what it costs."""

from collections.abc import Callable

import pytest

from bus.alarm_records import AlarmRaised
from console.tui.drawing.layout import beside
from console.tui.drawing.paint import Row, text_of
from console.tui.floor.index import FleetIndex
from console.tui.rows.frame_rows import NOWHERE, split
from tests.fixtures.console import Console, console
from tests.fixtures.floor import Script, busy, calm
from tests.tui.test_screens import HOSTILE, check, hostile

WIDE, HUGE, NARROW = (120, 36), (200, 50), (80, 24)


def pane(it: Console) -> str:
    """What stands right of the rule."""
    return "\n".join(line.split("│", 1)[1].strip() for line in it.lines() if "│" in line)


@pytest.mark.parametrize("width, height, columns, cells", [(80, 24, 80, 0), (119, 50, 119, 0), (120, 29, 120, 0),
    (120, 30, 80, 35), (160, 40, 100, 55), (200, 50, 120, 75), (300, 50, 120, 175)])  # fmt: skip
def test_how_list_and_pane_share_the_columns(width: int, height: int, columns: int, cells: int) -> None:
    view, found = split(NOWHERE._replace(width=width), height)
    assert (view.width, found) == (columns, cells)
    assert not cells or columns + 4 + cells + 1 == width


@pytest.mark.parametrize("keys", [(), ("2",), ("enter",), ("down", "down", "down", "enter")])
@pytest.mark.parametrize("make", [busy, calm])
async def test_the_wide_screen_is_the_narrow_one_and_a_pane(
    keys: tuple[str, ...], make: Callable[[], Script]
) -> None:
    async with console(make(), size=(80, 36)) as it:
        await it.press(*keys)
        narrow = it.lines()
    async with console(make(), size=WIDE) as it:
        await it.press(*keys)
        wide = it.lines()
    assert [line[:80].rstrip() for line in wide[3:-1]] == narrow[3:-1]
    assert wide[0][:40] == narrow[0][:40]
    assert wide[-1].split()[0] == narrow[-1].split()[0]


async def test_the_pane_is_about_what_is_under_the_cursor() -> None:
    async with console(busy(), size=WIDE) as it:
        assert "■ hold  send_email" in pane(it)
        assert "payouts@acme-desk.example" in pane(it)
        await it.press("down")
        assert "issue_refund" in pane(it)
        assert "send_email" not in pane(it)
        await it.press("down", "down")
        assert "“" not in pane(it).splitlines()[0]
        assert "last heard at step 12" in pane(it)
        while not it.screen.body.cursor.startswith("agent:crawler"):
            await it.press("down")
        assert "12 runs" in pane(it)
        await it.press("K")
        assert pane(it).startswith("crawler")


async def test_a_terminal_that_shrinks_loses_the_pane_and_nothing_else() -> None:
    async with console(busy(), size=HUGE) as it:
        await it.press("down")
        await it.pilot.resize_terminal(*NARROW)
        await it.settle()
        shrunk = it.text()
    async with console(busy(), size=NARROW) as it:
        await it.press("down")
        await it.settle()
        assert shrunk == it.text()


async def test_a_sheet_takes_rows_from_the_pane_and_the_fixed_rows_stay() -> None:
    async with console(busy(), size=WIDE) as it:
        await it.press("enter", "a")
        assert "type the code" in it.text()
        assert "how it got here" in pane(it)
        assert it.lines()[0].startswith(" harbour › Fleet › refunds 7q4f › Decide")
        await it.press("escape", "K")
        assert it.mode() == "kill"
        assert not [line for line in it.lines() if "│" in line and "─" in line.split("│")[0]]


async def test_decide_tells_how_it_got_there() -> None:
    async with console(busy(), size=WIDE) as it:
        await it.press("enter")
        told = pane(it)
        assert told.index("read_ticket") < told.index("fetch_page") < told.index("send_email")
        assert "it expires at\n09:29:27" in told


async def test_run_tells_all_of_the_line_under_the_cursor() -> None:
    async with console(busy(), size=WIDE) as it:
        it.app.show("fleet")
        await it.press("colon", *"7q4f")
        await it.app.workers.wait_for_complete()
        await it.press("enter")
        assert "send_email" in pane(it)
        await it.press("up")
        assert "step 5  get_invoice" in pane(it)
        assert "0.58" in pane(it)
        assert "1.0" in pane(it)  # the chart


@pytest.mark.parametrize("text", HOSTILE[:7])
async def test_text_that_means_harm_is_only_text_in_a_pane(text: str) -> None:
    async with console(hostile(text), size=WIDE) as it:
        for keys in (
            (),
            ("down",),
            ("down",),
            ("g", "enter"),
            ("escape", "2"),
            ("enter",),
            ("1", "down", "K"),
        ):
            await it.press(*keys)
            check(it)


@pytest.mark.parametrize("size", [NARROW, WIDE, HUGE])
async def test_a_calm_floor_has_no_coloured_cell_on_any_screen(size: tuple[int, int]) -> None:
    async with console(calm(), size=size) as it:
        for keys in (
            (),
            ("down", "down"),
            ("enter",),
            ("escape", "2"),
            ("3",),
            ("question_mark",),
            ("1", "slash", "c"),
            ("enter", "K"),
        ):
            await it.press(*keys)
            assert it.coloured() == [], keys


async def test_what_is_stale_is_grey_in_the_pane_too() -> None:
    async with console(busy(), size=WIDE) as it:
        it.source.turn(bus="down", bus_since=95.0, joined=False)
        await it.settle()
        coloured = {text for text in it.coloured() if "hold" in text}
        assert coloured == set()


def test_what_a_pane_has_no_room_for_is_said_to_be_there() -> None:
    lines = [Row().at(0, str(number)).line for number in range(10)]
    shown = [text_of(line) for line in beside(lines, 4, grey=False)]
    assert shown == [" │  0", " │  1", " │  2", " │  … 7 more lines, enter shows all"]
    assert [text_of(line) for line in beside(lines[:1], 2, grey=True)] == [" │  0", " │"]


# ---- what a frame costs ------------------------------------------------------------------------------------------------


def many(runs: int) -> Script:
    script = Script()
    for number in range(runs):
        script.start(f"agent{number:05d}", f"r{number:05d}")
    return script


def test_rows_are_made_anew_only_when_another_row_stands_there() -> None:
    script = many(50)
    index = FleetIndex(script.fleet)
    script.listeners.append(index.hear)
    index.update(script.at)
    items, shape = index.items(()), index.shape
    script.step("agent00007", "r00007", 1, "look", 0.9)
    index.update(script.at)
    assert index.items(()) is items
    assert index.shape == shape
    script.step("agent00007", "r00007", 2, "look", 0.2)
    index.update(script.at)
    assert index.items(()) is not items
    assert index.items(()) == made_anew(script).items(())


def made_anew(script: Script) -> FleetIndex:
    index = FleetIndex(script.fleet)
    index.update(script.at)
    return index


async def test_a_frame_at_rest_makes_no_list() -> None:
    script = many(300)
    async with console(script) as it:
        names = it.screen.body.names
        assert len(names) == 301
        script.step("agent00007", "r00007", 1, "look", 0.9)
        await it.settle()
        assert it.screen.body.names is names


async def test_an_alarm_of_an_agent_moves_its_runs() -> None:
    script = many(3)
    async with console(script) as it:
        script.supervisor(AlarmRaised(alarm="a", kind="odd", priority=1, text="odd"), "agent00001")
        await it.settle()
        assert it.lines()[4].startswith("▌") or "agent00001" in it.text()
        assert "not well" in it.text()
