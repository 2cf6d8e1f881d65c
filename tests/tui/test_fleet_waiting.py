"""Fleet: what waits for a person stays in sight, wherever the cursor is."""

from bus.events import ActionFinished
from tests.fixtures.console import Console, console
from tests.fixtures.floor import Script, calm


def floor(asks: int, ill: int = 0) -> Script:
    script = calm()
    for number in range(asks):
        run = f"m{number:03d}"
        script.start("mailer", run, "Mail everyone")
        script.ask("mailer", run, "a1", "send_all", {"to": "x"}, within=600.0 + number)
    for number in range(ill):
        run = f"l{number:03d}"
        script.start("loser", run, "Lose")
        script.finish("loser", run, "failed", "lost it")
    return script


def cursor(it: Console) -> str:
    return next(line for line in it.lines() if line.startswith("▌"))


async def test_an_ask_that_comes_while_the_cursor_is_far_down_is_seen() -> None:
    script = floor(2, ill=20)
    async with console(script) as it:
        await it.press("G")
        chosen = cursor(it)
        script.start("mailer", "late", "Mail")
        script.ask(
            "mailer", "late", "a1", "drop_table", {"table": "users"}, severity=4, gate="hold", within=60.0
        )
        it.source.turn()
        await it.settle()
        rows = it.lines()
        assert "waits for you" in rows[3]
        assert "drop_table" in rows[4]
        assert [row for row in rows if "send_all" in row] == rows[5:7]
        assert cursor(it) == chosen
        await it.press("g")
        assert "drop_table" in cursor(it)


async def test_every_row_is_reached_and_painted_once_below_what_stays() -> None:
    async with console(floor(3, ill=20)) as it:
        seen = []
        for _ in range(60):
            seen.append(it.screen.body.cursor)
            assert cursor(it)
            shown = [row.strip("▌ ") for row in it.lines()[4:-2] if row.strip("▌ ")]
            assert len(shown) == len({*shown})
            await it.press("j")
        assert [*dict.fromkeys(seen)] == [name for name in it.screen.body.names if name]
        for _ in range(60):
            await it.press("k")
            assert cursor(it)
        assert it.screen.body.top == 0
        assert it.screen.body.cursor == seen[0]


async def test_where_more_wait_than_fit_the_heading_counts_those_out_of_view() -> None:
    async with console(floor(30, ill=5)) as it:
        assert "waits for you" in it.lines()[3]
        assert "more" not in it.lines()[3]
        await it.press("G")
        top = it.lines()[3:13]
        assert "m000" in top[1]
        shown = sum("send_all" in line for line in it.lines())
        assert f"{30 - shown} more" in top[0]


async def test_a_click_below_what_stays_chooses_the_row_that_is_there() -> None:
    async with console(floor(3, ill=20)) as it:
        await it.press("G")
        row = 14
        words = it.lines()[row].split()[1]
        await it.pilot.click(offset=(30, row))
        await it.settle()
        assert words in cursor(it)
        await it.pilot.click(offset=(30, 5))
        await it.settle()
        assert "m001" in cursor(it)


def expire(script: Script, run: str, after: float = 600.0) -> None:
    script.tick(after).decide("mailer", run, "a1", "expired", "clock")


async def test_an_ask_that_expires_stays_on_fleet_until_somebody_opens_it() -> None:
    script = floor(3)
    async with console(script) as it:
        assert "unanswered" not in it.text()
        await it.press("2")  # elsewhere when it happens
        await it.press("1")
        for run in ("m000", "m001"):
            expire(script, run)
        it.source.turn()
        await it.settle()
        rows = it.lines()
        assert "waits for you" in rows[3]
        assert "m002" in rows[4]
        assert "2 asks, until somebody opens them" in rows[6]
        assert "m001" in rows[7]
        assert "expired" in rows[7]
        assert "m000" in rows[8]
        assert "2 asks expired unanswered" in it.app.unanswered.told()
        assert it.app.unanswered.told().endswith("list them with: watchfloor oncall")
        assert "watchfloor oncall" not in it.app.unanswered.told(
            kept=False
        )  # a demo's recording is gone by then
        await it.press("j", "enter")
        assert "m001" in it.lines()[0]
        assert any("outcome" in line and "expired" in line for line in it.lines())
        await it.press("escape")
        assert "1 ask, until somebody opens them" in it.text()
        await it.press("2", "1")  # the queue shows what became of asks
        assert "unanswered" not in it.text()
        assert "not looked at" not in it.app.unanswered.told()


async def test_an_ask_that_was_read_and_left_before_it_expired_is_listed() -> None:
    script = floor(2)
    async with console(script) as it:
        await it.press("enter")
        assert "m001" in it.lines()[0] or "m000" in it.lines()[0]
        await it.press("escape")
        for run in ("m000", "m001"):
            expire(script, run)
        it.source.turn()
        await it.settle()
        assert "2 asks, until somebody opens them" in it.text()


async def test_what_expired_before_the_console_opened_is_listed_for_an_hour() -> None:
    script = floor(2)
    expire(script, "m000")
    async with console(script) as it:
        assert "1 ask, until somebody opens them" in it.text()
        assert it.app.unanswered.told() == ""  # it was not open when that happened
    script.tick(3_600).progress("mailer", "m001", 1, 2)
    async with console(script) as it:
        assert "unanswered" not in it.text()


async def test_many_that_expired_take_few_rows() -> None:
    script = floor(9)
    async with console(script) as it:
        for number in range(9):
            expire(script, f"m{number:03d}", 10.0)
        it.source.turn()
        await it.settle()
        assert "9 asks, the newest 3 here" in it.lines()[3]
        assert sum("nobody answered" in line for line in it.lines()) == 3


async def test_an_ask_that_ran_out_by_its_agents_clock_is_told_like_any_other() -> None:
    script = floor(1)
    async with console(script) as it:
        script.tick(600).agent("mailer", "m000", ActionFinished(action="a1", outcome="expired"))
        it.source.turn()
        await it.settle()
        assert "1 ask, until" in it.text()
        await it.press("2")
        assert "nobody answered: refused" in it.text()


async def test_a_list_that_becomes_much_shorter_below_the_cursor_goes_on() -> None:
    script = floor(2)
    for number in range(30):
        run = f"p{number:03d}"
        script.start("packer", run, "Pack")
        script.obey("packer", run, script.command("packer", run, "hold"))
    async with console(script) as it:
        await it.press("G")
        assert it.screen.body.top > 0
        for number in range(30):  # all rest in a row of their own, and then share one
            run = f"p{number:03d}"
            script.obey("packer", run, script.command("packer", run, "resume"))
        it.source.turn()
        it.screen.body.names = it.screen.body.names[:5]  # before the toolkit has scrolled back
        it.screen.body.frame()
        await it.settle()
        assert "packer" in it.text()
        assert cursor(it)


async def test_what_expired_stays_in_sight_too() -> None:
    script = floor(2, ill=20)
    async with console(script) as it:
        expire(script, "m000")
        it.source.turn()
        await it.press("G")
        rows = it.lines()
        assert "waits for you" in rows[3]
        assert "unanswered" in rows[6]
        assert "send_all  nobody answered: refused" in rows[7]


async def test_the_first_rows_below_what_stays_keep_their_heading() -> None:
    async with console(floor(2, ill=20)) as it:
        assert it.lines()[6] == ""
        assert it.lines()[7].startswith("   not well ")
        heading = it.lines()[7]
        for _ in range(16):
            await it.press("down", apart=0.1)
            below = it.lines()[7]
            if it.screen.body.top and " loser " in below:
                assert it.lines()[6] == heading
        assert it.screen.body.top
        await it.press("G")
        assert " loser " in it.lines()[7]
        assert it.lines()[6] == heading
        await it.press("g")
        assert it.lines()[6] == ""
