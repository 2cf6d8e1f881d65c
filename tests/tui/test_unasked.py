"""What ran without a decision is louder than an ask, and a sheet says what a key will come to."""

import pytest

from bus.alarm_records import AlarmRaised
from bus.events import ActionFinished, ActionProposed, ActionStarted
from bus.records import CommandFailed
from console.tui.floor.index import FleetIndex
from tests.fixtures.console import console
from tests.fixtures.floor import Script, calm


def ran(*, asks: bool, over: bool = False) -> Script:
    script = calm()
    script.start("scribe", "s1", "Write it down")
    script.agent("scribe", "s1", ActionProposed(action="a1", tool="write_file", args={"path": "x"}))
    script.agent("scribe", "s1", ActionStarted(action="a1", decision="", digest=""))
    script.agent("scribe", "s1", ActionFinished(action="a1", outcome="done"))
    if asks:
        script.ask("scribe", "s1", "a2", "send_email", {"to": "x"})
    if over:
        script.finish("scribe", "s1")
    return script


def test_what_ran_unasked_is_not_well_even_once_it_is_done_and_until_the_run_is_over() -> None:
    for over in (False, True):
        script = ran(asks=False, over=over)
        index = FleetIndex(script.fleet)
        index.update(script.at)
        found = index.plight("scribe/s1")
        assert (found.fact if found else "") == ("" if over else "write_file ran without a decision")


async def test_an_ask_does_not_hide_that_its_run_ran_something_unasked() -> None:
    async with console(ran(asks=True)) as it:
        assert it.lines()[1].startswith(" ■ 1 stop  ")
        assert "■ scribe" in it.lines()[4]
        assert "ran unasked: writ" in it.lines()[4]
        await it.press("2")
        assert "■ ask" in it.text()
        assert "ran unasked: write_file" in it.text()
        await it.press("enter")
        assert "■ ask" in it.text()
        assert "not well   write_file ran without a decision" in it.text()


async def test_a_kill_says_what_stays_and_what_the_keys_are_afterwards() -> None:
    async with console(ran(asks=True)) as it:
        await it.press("K")
        assert "stays      write_file ran without a decision" in it.text()
        assert "instead" in it.text()
        await it.type("x")
        assert "not the id; it starts over" in it.text()
        await it.type("s1")
        assert it.verbs() == ["kill"]
        assert "esc leave" in it.text()
        assert "instead" not in it.text()


@pytest.mark.parametrize("kind, word", [("hold", "held"), ("pause", "paused")])
@pytest.mark.parametrize("gate", ["ask", "hold"])
async def test_an_approval_of_a_run_that_stands_still_says_when_it_lapses(
    kind: str, word: str, gate: str
) -> None:
    script = calm()
    script.start("scribe", "s1", "Write it down")
    script.ask("scribe", "s1", "a2", "send_email", {"to": "x"}, gate=gate)  # type: ignore[arg-type]
    script.obey("scribe", "s1", script.command("scribe", "s1", kind))
    async with console(script) as it:
        await it.press("enter", "a")
        assert f"{word}: resume within 60 s or it is refused" in it.text()
        assert it.mode() in ("approve", "code")


def test_what_lost_agents_asked_stands_below_what_can_still_go_on() -> None:
    script = calm()
    for agent, gate in (("gone", "hold"), ("here", "ask")):
        script.start(agent, "r1", "Send it")
        script.ask(agent, "r1", "a1", "send_email", {"to": "x"}, gate=gate)  # type: ignore[arg-type]
    index = FleetIndex(script.fleet)
    script.listeners.append(index.hear)
    index.update(script.at)
    index.items(())
    assert [action.agent for action in index.waiting()] == ["gone", "here"]
    script.lose("gone")
    index.update(script.at)
    assert [item.key for item in index.items(()) if item.kind == "wait"] == ["here/r1/a1", "gone/r1/a1"]


@pytest.mark.parametrize("words", ["held", "state:held"])
async def test_a_row_that_shows_held_is_found_by_that_word(words: str) -> None:
    script = ran(asks=True)
    script.obey("scribe", "s1", script.command("scribe", "s1", "hold"))
    async with console(script) as it:
        await it.press("slash")
        await it.type(words)
        assert "scribe" in "\n".join(it.lines()[3:])


async def test_a_command_names_who_asked_and_apart_from_that_how_far_it_is() -> None:
    script = calm()
    script.start("scribe", "s1", "Write it down")
    script.command("scribe", "s1", "pause", by="op-2")
    async with console(script, size=(120, 36)) as it:
        await it.press("slash")
        await it.type("scribe")
        assert "asked for by op-2" in it.text()
        assert "sent –, acknowledged –," in it.text()  # each fact on its own, a dash until it is so


async def test_a_command_that_failed_twice_alike_is_one_row_that_says_so() -> None:
    script = calm()
    script.start("scribe", "s1", "Write it down")
    for _ in range(2):
        script.command("scribe", "s1", "pause", by="op-2")
        command = list(script.fleet.commands)[-1]
        script.tick(10)
        why = "not acknowledged within 10 s"
        script.supervisor(CommandFailed(command=command, reason=why), "scribe", "s1")
        alarm = AlarmRaised(
            alarm=f"command-failed:{command}",
            kind="command-failed",
            priority=2,
            text=f"pause of scribe/s1: {why}",
        )
        script.supervisor(alarm, "scribe", "s1")
    async with console(script) as it:
        assert [
            line for line in it.lines() if "scribe" in line and "pause: not acknowledged within 10 s" in line
        ]
        await it.press("slash")
        await it.type("scribe")
        await it.press("enter", "enter")
        assert "Fleet › scribe s1" in it.lines()[0]
        rows = [line for line in it.lines() if line.endswith("failed")]
        assert len(rows) == 1
        assert "op-2 ×2" in " ".join(rows[0].split())
        assert sum("not acknowledged" in line for line in it.lines()[3:]) == 1
