"""A hold of the whole floor stands on every screen, and has a way back: another key, then y."""

import pytest

from bus.events import CommandAcknowledged, CommandEffective, CommandRefused, StepStarted
from bus.floor_records import FloorHeld, FloorReleased
from bus.records import CommandFailed
from console.tui.floor.index import FleetIndex
from console.tui.screens.run_screen import RunScreen
from tests.fixtures.console import Console, console
from tests.fixtures.floor import Script, busy, calm


def held() -> Script:
    script = busy()
    script.obey("indexer", "44zt", script.command("indexer", "44zt", "hold", "op-2"))
    script.supervisor(FloorHeld(by="op-2"))
    script.obey("crawler", "c000", script.command("crawler", "c000", "hold", "op-2", floor=True))
    return script


def release(script: Script, by: str) -> None:
    """The floor is held no longer, and the run that only this stopped is told to go on."""
    script.supervisor(FloorReleased(by=by))
    script.command("crawler", "c000", "resume", by, floor=True)


def says(it: Console) -> bool:
    text = it.text()
    return (
        "! floor held" in it.lines()[0]
        and "floor held by op-2 since" in text
        and "runs that begin too" in text
    )


async def test_every_screen_says_that_the_floor_is_held() -> None:
    async with console(held(), size=(80, 24)) as it:
        for key in "123456789":
            await it.press(key)
            assert says(it), key
        await it.press("1", "enter")
        assert says(it)
        assert "U resumes all" in it.text()


async def test_resume_all_takes_another_key_and_then_y() -> None:
    async with console(held()) as it:
        await it.press("U")
        assert "Let the only held run of harbour go on" in it.text()
        assert "stopped by their own commands stay so" in it.text()
        assert "y yes, resume all" in it.lines()[-1]
        await it.press("U", "enter")
        assert it.said == []
        await it.press("y")
        (said,) = it.said
        assert said == {"verb": "resume"}


async def test_a_word_that_a_later_one_took_the_place_of_is_not_what_is_wrong_with_a_run() -> None:
    script = calm()
    script.start("mailer", "m1", "Mail everyone")
    script.lose("mailer")
    for kind, failed in (("hold", False), ("resume", True), ("hold", False)):
        name = script.command("mailer", "m1", kind, floor=True)
        if failed:
            script.supervisor(CommandFailed(command=name, reason="superseded by a hold"), "mailer", "m1")
    async with console(script) as it:
        assert "superseded" not in it.text()
        assert "never heard at a step" in it.text()


async def test_a_floor_that_is_not_held_has_nothing_to_resume() -> None:
    script = held()
    release(script, "op-1")
    async with console(script) as it:
        assert "floor held" not in it.text()
        await it.press("U")
        assert it.screen.sheet is None
        assert "resume all: the floor is not held" in it.text()
        assert it.said == []


async def test_what_an_unfinished_resume_left_held_may_be_resumed() -> None:
    script = held()
    script.supervisor(FloorReleased(by="op-1"))
    async with console(script) as it:
        await it.press("U", "y")
        assert it.said == [{"verb": "resume"}]


async def test_a_sheet_goes_when_another_has_resumed_all() -> None:
    script = held()
    async with console(script) as it:
        await it.press("U")
        release(script, "op-3")
        it.source.turn()
        await it.settle()
        assert it.screen.sheet is None
        assert "not sent, the floor is held no longer" in it.text()


async def test_without_a_key_the_key_that_would_resume_is_named_so() -> None:
    script = Script()
    script.start("mover", "k9z1", "Move it")
    script.obey("mover", "k9z1", script.command("mover", "k9z1", "hold"))
    async with console(script, signed=False) as it:
        await it.press("p")
        assert "resume: you have no key" in it.text()
        assert "pause: you" not in it.text()


async def test_without_a_key_or_a_recording_nothing_is_resumed() -> None:
    async with console(held(), signed=False) as it:
        await it.press("U")
        assert "you have no key" in it.text()
        assert it.screen.sheet is None
    async with console(held()) as it:
        it.source.turn(recording="failing")
        await it.press("U")
        assert "closed while the recording fails" in it.text()
        assert it.screen.sheet is None


async def test_a_read_only_console_names_no_key() -> None:
    async with console(held(), read_only=True) as it:
        assert says(it)
        assert "resumes all" not in it.text()


async def test_a_hold_of_a_held_floor_says_that_it_is_held_and_what_would_be_held_again() -> None:
    script = held()
    async with console(script) as it:
        await it.press("H")
        runs = [run for run in script.fleet.runs.values() if run.ended_at is None]
        going = sum(not run.stop and run.control != "observed" and run.state != "lost" for run in runs)
        assert f" once more; {going} of them go on" in it.text()
        assert "the floor is held already, runs begun later too" in it.text()
        await it.press("y")
        assert it.said == [{"verb": "hold"}]  # stopping is always possible


def told(script: Script) -> str | None:
    """Why the run is not well, as Fleet says it."""
    index = FleetIndex(script.fleet)
    index.update(script.at)
    found = index.plight("crawler/c000")
    return found and found.fact


def test_a_hold_that_was_taken_back_before_it_took_effect_is_no_trouble_of_its_run() -> None:
    script = calm()
    hold = script.command("crawler", "c000", "hold", "op-1", floor=True)
    resume = script.command("crawler", "c000", "resume", "op-1", floor=True)
    script.agent("crawler", "c000", CommandRefused(command=hold, reason="resumed before it took effect"))
    script.obey("crawler", "c000", resume)
    assert told(script) is None
    again = script.command("crawler", "c000", "hold", "op-1")
    script.agent("crawler", "c000", CommandRefused(command=again, reason="it cannot"))
    assert told(script) == "hold refused: it cannot"


@pytest.mark.parametrize("keys", [(), ("2",), ("R",)])
@pytest.mark.parametrize("stopped", ["", "pause", "hold"])
async def test_what_holds_everything_is_on_the_key_line_whatever_the_row_is(
    stopped: str, keys: tuple[str, ...]
) -> None:
    script = Script()
    script.start("mover", "k9z1", "Move it")
    script.ask("mover", "k9z1", "a1", "move_file", {"path": "x"})
    if stopped:
        script.obey("mover", "k9z1", script.command("mover", "k9z1", stopped))
    if stopped == "hold":
        script.supervisor(FloorHeld(by="op-2"))
    async with console(script) as it:
        if keys == ("R",):
            it.app.push_screen(RunScreen("mover/k9z1"))
            await it.settle()
        else:
            await it.press(*keys)
        line = it.lines()[-1]
        assert "H hold all" in line
        assert ("p resume" if stopped else "p pause") in line
        assert len(line) <= 79


async def test_one_run_is_the_only_one() -> None:
    script = Script()
    script.start("mover", "k9z1", "Move it")
    async with console(script) as it:
        await it.press("H")
        assert "Hold the only run of harbour at their next gate" not in it.text()
        assert "Hold the only run of harbour at its next gate" in it.text()
        assert "1 goes on until its next gate" in it.text()


async def test_of_lost_runs_the_sheets_say_that_they_are_told_later() -> None:
    script = Script()
    for agent in ("mover", "crawler", "indexer"):
        script.start(agent, "k9z1", "Move it")
    script.lose("crawler")
    async with console(script) as it:
        await it.press("H")
        assert "Hold all 2 runs of harbour at their next gate" in it.text()
        assert "1 lost one is told when it is back; until then it may run on" in it.text()
        await it.press("escape")
        script.supervisor(FloorHeld(by="op-1"))
        for agent in ("mover", "crawler", "indexer"):
            script.command(agent, "k9z1", "hold", floor=True)
        script.lose("indexer")
        await it.press("U")
        assert "Let the only held run of harbour go on" in it.text()
        assert "2 lost ones are told when they are back" in it.text()


async def test_a_hold_that_has_not_taken_effect_is_seen() -> None:
    script = calm()
    script.start("looper", "l000", "Loop for ever")
    script.agent("looper", "l000", StepStarted(step=1, name="turn"))
    script.supervisor(FloorHeld(by="op-1"))
    name = script.command("looper", "l000", "hold", floor=True)
    script.agent("looper", "l000", CommandAcknowledged(command=name))
    async with console(script) as it:
        (row,) = [line for line in it.lines() if "looper" in line]
        assert "holding" in row
        assert "goes on until its next gate" in row
        for key in "23456789":
            await it.press(key)
            assert "1 goes on until its next gate" in " ".join(it.text().split()), key
        it.app.push_screen(RunScreen("looper/l000"))
        await it.settle()
        assert "holding" in it.text()
        await it.press("H")
        assert "go on until their next gate" in it.text()
        script.agent("looper", "l000", CommandEffective(command=name))
        await it.settle()
        assert "holding" not in it.text()


async def test_all_runs_are_held_from_every_view() -> None:
    async with console(calm(), size=(80, 24)) as it:
        for key in "123456789":
            await it.press(key)
            line = it.lines()[-1]
            await it.press("H")
            assert "at their next gate" in it.text(), key
            assert it.screen.mode == "hold", key
            await it.press("escape")
            assert it.lines()[-1] == line, key
        await it.press("H", "y")
        (said,) = it.said
        assert said["verb"] == "hold"
