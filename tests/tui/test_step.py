"""Step: what enter opens, what is read from the log and when, and the same in a replay."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from console.core.replay.past_run import NoHistoryError, Page
from console.tui.screens.step_screen import StepScreen
from tests.core.test_past_run import LONG, long_run
from tests.fixtures.console import Console, console
from tests.fixtures.floor import busy
from tests.fixtures.replay import record, replaying
from tests.tui.test_screens import HOSTILE, RUN, answered, check, hostile

if TYPE_CHECKING:
    from console.core.fleet.state import Run


async def opened(it: Console, key: str, chosen: str) -> StepScreen:
    screen = StepScreen(key, chosen)
    it.app.push_screen(screen)
    await it.settle()
    await it.settle()
    return screen


async def test_enter_on_an_ask_decides_and_on_anything_else_shows_it_whole() -> None:
    async with console(busy()) as it:
        await it.press(*RUN)
        assert "enter decide" in it.lines()[-1]
        await it.press("up")
        assert "enter open" in it.lines()[-1]
        await it.press("enter")
        assert it.mode() == "step"
        assert "step 5  get_invoice" in it.text()
        await it.press("right")
        assert "send_email" in it.lines()[3]
        assert "enter decide" in it.lines()[-1]
        await it.press("enter")
        assert it.mode() == "decide"
        assert it.said == []


@pytest.mark.parametrize(
    "keys", [("left_square_bracket", "right_square_bracket"), ("left", "right"), ("h", "l")]
)
async def test_the_line_before_and_after_is_a_key_away(keys: tuple[str, str]) -> None:
    async with console(busy()) as it:
        await it.press(*RUN, "up", "enter")
        await it.press(keys[0])
        assert "step 4  fetch_page" in it.text()
        await it.press(keys[1])
        assert "step 5  get_invoice" in it.text()


async def test_what_the_floor_cut_is_read_from_the_log_and_folded() -> None:
    async with console(answered(), size=(80, 40)) as it:
        it.source.page = 100
        await opened(it, "refunds/7q51", "action:a2")
        assert "“refunded" in it.text()
        assert "characters in 14 lines, o opens" in it.text()
        await it.press("o")
        assert "o opens" not in it.text()
        await it.press("G")
        assert "command.effective" in it.text()


async def test_lines_that_left_the_floor_come_back_by_page() -> None:
    script = long_run()
    kept = script.fleet.runs["miner/m1"].steps[0].step
    async with console(script, size=(80, 70)) as it:
        it.source.page = 40
        screen = await opened(it, "miner/m1", f"step:{kept}")
        for number in range(kept - 1, 0, -1):
            while f"step {number}  dig_{number}" not in it.text():
                await it.press("left_square_bracket")
        await it.press("o")
        assert it.text().count("a line of a long answer") == LONG.count("\n")
        assert "1 200 tokens in  80 tokens out  $0.0100" in it.text()
        while screen._past.more:
            await it.press("left_square_bracket")
        await it.press("left_square_bracket")
        assert "this is the beginning of the run" in it.text()


async def test_arguments_that_the_floor_let_go_are_shown_from_the_log() -> None:
    script = long_run()
    run: Run = script.fleet.runs["miner/m1"]
    cut = next(name for name, action in run.actions.items() if action.args_cut)
    async with console(script, size=(80, 50)) as it:
        it.source.page = 400
        await opened(it, "miner/m1", f"action:{cut}")
        assert "where      north" in it.text()


async def test_a_run_that_left_the_floor_is_read_from_the_log() -> None:
    script = long_run()
    script.finish("miner", "m1")
    script.fleet.runs.pop("miner/m1")
    async with console(script) as it:
        it.source.page = 100
        await opened(it, "miner/m1", "")
        assert "the recording has it" not in it.text()
        assert "dig_60" in it.text()


async def test_what_cannot_be_read_is_said_and_the_rest_is_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    async with console(busy()) as it:

        async def refuse(*_: object) -> Page:
            raise NoHistoryError("no answer to history within 5 s: the bus is down")

        monkeypatch.setattr(it.source, "history", refuse)
        await it.press(*RUN, "up", "enter")
        await it.settle()
        assert "step 5  get_invoice" in it.text()
        assert "no answer to history" in it.text()


async def test_more_is_read_when_more_became_of_it() -> None:
    script = busy()
    async with console(script, size=(80, 50)) as it:
        await opened(it, "refunds/7q51", "action:a2")
        assert "approved" not in it.text()
        script.obey("refunds", "7q51", script.decide("refunds", "7q51", "a2"))
        script.do("refunds", "7q51", "a2", "x" * 300)
        await it.settle()
        await it.settle()
        assert "approved by op-1" in it.text()
        assert it.text().count("x" * 60) >= 4


async def test_a_replay_shows_the_same_and_nothing_of_what_is_to_come(tmp_path: Path) -> None:
    script = answered()
    (path,) = await record(script.rows, tmp_path)
    async with console(script, size=(80, 40)) as it:
        it.source.page = 256
        await opened(it, "refunds/7q51", "action:a2")
        live = it.lines()[6:33]
    async with replaying(path, size=(80, 40)) as it:
        await it.go(len(script.rows))
        screen = await opened(it, "refunds/7q51", "action:a2")
        while (
            "cut for display" in it.text()
        ):  # the page of the log comes from a file; the runner's time limit ends this
            await it.settle()
        assert it.lines()[6:33] == live
        asked = next(row.pos for row in script.rows if b"action.asked" in row.event and row.run == "7q51")
        await it.go(asked)
        await it.settle()
        await it.settle()
        assert "approved" not in it.text()
        assert "refunded" not in it.text()
        assert screen._past.until <= asked


@pytest.mark.parametrize("text", HOSTILE[:8])
async def test_text_that_means_harm_is_only_text(text: str) -> None:
    script = hostile(text)
    async with console(script) as it:
        for key, chosen in (("evil/e001", "action:a1"), ("evil/e001", "step:1"), ("gone/e003", "")):
            await opened(it, key, chosen)
            await it.press("o")
            check(it)
        assert it.app.is_running
