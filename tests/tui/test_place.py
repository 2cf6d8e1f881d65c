"""Where a list stands in its rows: what a sheet or a filter moved stands where it was once they are gone."""

from tests.fixtures.console import Console, console
from tests.fixtures.floor import Script, calm


def waiting(asks: int) -> Script:
    script = calm()
    for number in range(asks):
        script.start(f"scribe{number:02}", "r1", "Write it down")
        script.ask(f"scribe{number:02}", "r1", "a1", "send_email", {"to": "x"})
    return script


def row_of_cursor(it: Console) -> int:
    body = it.screen.body
    return body.names.index(body.cursor) - body.top


async def test_what_moved_under_a_sheet_leaves_the_list_where_it_was() -> None:
    script = waiting(24)
    async with console(script) as it:
        await it.press("down", "down", "K")
        chosen = it.screen.body.cursor
        for number in range(3):  # what holds goes above what asks
            script.start(f"refunds{number}", "r1", "Pay it back")
            script.ask(f"refunds{number}", "r1", "a1", "refund", {"to": "x"}, gate="hold")
        await it.settle()
        assert it.screen.body.top == 3  # the list has few rows now, and the item keeps its own
        await it.press("escape")
        await it.settle()
        assert it.screen.body.top == 0
        assert it.screen.body.cursor == chosen
        assert "waits for you" in it.lines()[3]


async def test_a_filter_that_is_taken_away_leaves_the_list_where_it_was() -> None:
    async with console(waiting(40)) as it:
        for _ in range(25):
            await it.key("down")
        for _ in range(4):
            await it.key("up")
        await it.settle()
        top, row = it.screen.body.top, row_of_cursor(it)
        assert top > 0
        await it.press("slash")
        await it.type("scribe")
        await it.press("enter", "escape")
        await it.settle()
        assert (it.screen.body.top, row_of_cursor(it)) == (top, row)
        await it.press("slash")
        await it.type("scribe39")
        await it.press("enter", "escape")
        await it.settle()
        body = it.screen.body
        assert body.cursor == "wait:scribe39/r1/a1"
        assert body.names.index(body.cursor) in body.in_view


async def test_alarms_stand_where_they_stood_after_a_sheet_that_took_another_number_of_rows() -> None:
    script = calm()
    for number in range(30):
        script.alarm(f"gap:{number}", f"events are lost, {number}", 2, agent=f"mover{number:02}", run="r1")
    async with console(script) as it:
        await it.press("3", "end", "up", "up", "up")
        body = it.screen.body
        top, cursor = body.top, body.cursor
        for key in ("O", "escape"):
            await it.press(key)
            await it.settle()
            assert body.names.index(body.cursor) in body.in_view
        assert (body.top, body.cursor) == (top, cursor)


async def test_a_row_that_a_filter_lists_shows_what_its_heading_says() -> None:
    script = calm()
    script.start("scribe", "s1", "Write it down")
    async with console(script) as it:
        script.tick(30)
        await it.press("slash")
        await it.type("scribe")
        head, row = it.lines()[3:5]
        assert head.endswith("ago")
        assert row.startswith("▌  scribe")
        assert row.endswith("s")  # an age, and no numbers of the agent
