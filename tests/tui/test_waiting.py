"""What a person is told about an action that waits, that was edited, or that is over, and which keys are left then."""

import pytest
from textual.widgets import TextArea

from bus.canonical import code, digest
from bus.events import CommandAcknowledged
from bus.records import ActionDecided, CommandSent, Reason
from console.tui.screens.decide_screen import DecideScreen
from console.tui.screens.run_screen import RunScreen
from tests.fixtures.console import console
from tests.fixtures.floor import Script, calm


def asking(**more: object) -> Script:
    script = calm()
    script.start("mailer", "m1", "Mail everyone")
    script.ask("mailer", "m1", "a1", "send_all", {"to": "x", "count": 3}, **more)  # type: ignore[arg-type]
    return script


def paused() -> Script:
    script = asking()
    pause = script.command("mailer", "m1", "pause")
    script.supervisor(CommandSent(command=pause), "mailer", "m1")
    script.agent("mailer", "m1", CommandAcknowledged(command=pause))
    return script


def held() -> Script:
    script = asking()
    script.obey("mailer", "m1", script.command("mailer", "m1", "hold"))
    return script


def lost() -> Script:
    script = asking()
    script.lose("mailer")
    return script


@pytest.mark.parametrize(
    "make, word, key", [(paused, "paus", "p resume"), (held, "held", "p resume"), (lost, "agent lost", "")]
)
@pytest.mark.parametrize("width", [80, 120])
async def test_what_keeps_a_waiting_run_from_going_on_is_said(
    make: object, word: str, key: str, width: int
) -> None:
    async with console(make(), size=(width, 30)) as it:  # type: ignore[operator]
        assert word in it.lines()[4]
        assert key in it.text()
        await it.press("enter")
        assert word in it.lines()[4]
        assert ("kept until the agent returns" in it.text()) is (make is lost)


async def test_a_run_that_goes_on_is_paused_and_not_resumed() -> None:
    async with console(asking()) as it:
        assert "p pause" in it.text()
        assert "━━━━━━━━" in it.lines()[4]


@pytest.mark.parametrize("counted", [False, True])
async def test_a_claim_is_not_said_to_be_uncounted_when_it_counted(counted: bool) -> None:
    script = asking(reason="as the page asks", claim=0.4)
    if counted:
        action = script.fleet.runs["mailer/m1"].actions["a1"]
        action.reasons.append(Reason(code="confidence", text="The agent claims only 0.4"))
    async with console(script) as it:
        await it.press("enter", "f")
        assert "claims 0.40" in it.text()
        assert ("the claim is not counted" in it.text()) is not counted


async def test_after_an_edit_both_the_new_and_the_old_arguments_are_shown() -> None:
    script = asking()
    args = {"to": "somebody else", "count": 3}
    decided = ActionDecided(
        action="a1", outcome="edited", by="op-1", args=args, digest=digest("send_all", args), command="d1"
    )
    script.supervisor(decided, "mailer", "m1")
    async with console(script) as it:
        it.app.push_screen(DecideScreen("mailer/m1/a1"))
        await it.settle()
        text = it.text()
        assert text.index("edited: exact value") < text.index("somebody else") < text.index("original:")
        assert [line.split() for line in it.lines()].count(["count", "3"]) == 2


async def test_the_sheet_of_an_edit_shows_where_long_values_differ() -> None:
    script = calm()
    script.start("mailer", "m1")
    body = "the same words again and again " * 8
    script.ask("mailer", "m1", "a1", "send_all", {"body": body + "for Ann"})
    async with console(script) as it:
        await it.press("enter", "e")
        area = it.app.screen.query_one(TextArea)
        area.text = area.text.replace("for Ann", "for Bob")
        await it.press("ctrl+t")
        assert "for Ann" in it.text().split("Approve, changed: send_all")[1]
        assert "for Bob" in it.text().split("Approve, changed: send_all")[1]


async def test_before_anything_is_known_nothing_is_said_about_the_floor() -> None:
    script = Script()
    script.fleet.at = 0
    async with console(script) as it:
        it.source.turn(bus="down", bus_since=95.0, joined=False, supervisor="unknown")
        await it.settle()
        assert it.lines()[1] == " nothing known yet"
        assert "start one with: watchfloor up" in it.text()
        assert "no alarms" not in it.text()


async def test_keys_that_can_never_apply_again_are_not_offered() -> None:
    script = asking()
    script.obey("mailer", "m1", script.decide("mailer", "m1", "a1"))
    async with console(script) as it:
        it.app.push_screen(DecideScreen("mailer/m1/a1"))
        await it.settle()
        for key in ("d reject", "e edit", "r respond", "a approve"):
            assert key not in it.lines()[-1]
        script.finish("mailer", "m1")
        it.app.push_screen(RunScreen("mailer/m1"))
        await it.settle()
        assert "p pause" not in it.lines()[-1]
        assert "K kill" not in it.lines()[-1]


async def test_a_lost_run_that_is_being_killed_promises_no_approval_and_no_resume() -> None:
    script = asking()
    script.obey("mailer", "m1", script.command("mailer", "m1", "hold"))
    script.lose("mailer")
    script.command("mailer", "m1", "kill")
    async with console(script) as it:
        assert "p resume" not in it.text()
        for key, what in (("p", "pause"), ("r", "respond")):
            await it.press(key)
            assert f"{what}: the run is being killed" in it.text()
        await it.press("enter")
        assert "kept until the agent returns" not in it.text()
        assert "closed: the run is being killed" in it.text()
        await it.press("a")
        assert "approve: the run is being killed" in it.text()
        await it.press("K")
        assert "already    told to end at " in it.text()
        assert " by op-1; this tells it again" in it.text()


async def test_the_kill_sheet_of_a_lost_run_says_what_becomes_of_it() -> None:
    script = asking()
    script.obey("mailer", "m1", script.command("mailer", "m1", "hold"))
    script.lose("mailer")
    async with console(script, size=(80, 24)) as it:
        await it.press("K")
        assert "esc: its agent is lost; if it returns, it waits for a resume" in it.text()


async def test_the_kill_sheet_of_a_lost_run_promises_nothing_that_nobody_hears() -> None:
    script = asking()
    script.lose("mailer")
    async with console(script, size=(80, 24)) as it:
        await it.press("K")
        assert "nobody hears from it: it is told to end when it is back" in it.text()
        assert "esc: nobody hears from it; should it come back, it goes on" in it.text()
        assert "must obey" not in it.text()
        await it.press("escape")
        script.command("mailer", "m1", "kill")
        await it.settle()
        assert "killing" in it.lines()[4]
        await it.press("enter")
        assert "killing" in it.lines()[4]


async def test_a_kill_that_is_said_is_not_offered_again() -> None:
    async with console(asking()) as it:
        await it.press("K")
        assert "m1 kill" in it.lines()[-1]
        await it.type("m1")
        assert "m1 kill" not in it.lines()[-1]


async def test_a_wrong_digit_is_told_to_be_wrong() -> None:
    right = code(digest("send_all", {"to": "x", "count": 3}))
    async with console(asking(gate="hold", severity=4)) as it:
        await it.press("enter", "a")
        await it.type("0" if right[0] != "0" else "1")
        assert "not the code" in it.text()
        await it.type(right[0])
        assert "not the code" not in it.text()
        assert it.said == []


async def test_a_reason_that_is_cut_says_so() -> None:
    async with console(asking(reasons=("because of this and of that " * 60,))) as it:
        await it.press("enter")
        (second,) = [line for line in it.lines() if line.endswith("…") and "because" in line]
        assert len(second) <= 80


async def test_all_that_an_agent_says_can_be_read() -> None:
    words = [f"word{number}" for number in range(200)]
    script = asking(reason=" ".join(words), gate="hold", severity=4)
    kept = script.fleet.runs["mailer/m1"].actions["a1"].reason.strip("…").split()
    async with console(script) as it:
        await it.press("enter", "f")
        assert "closed:" not in it.text()  # it is no part of what has to be read
        seen = it.text()
        for _ in range(12):
            await it.press("pagedown")
            seen += it.text()
        assert all(word in seen for word in kept)
        await it.press("a")
        assert it.screen.mode == "code"


async def test_the_word_for_an_end_pushes_nothing_aside() -> None:
    script = calm()
    for number, outcome in enumerate(("completed", "canceled")):
        script.start("mover", f"k{number}")
        script.finish("mover", f"k{number}", outcome, "3 of 3")  # type: ignore[arg-type]
    script.start("mover", "k9")
    script.finish("mover", "k9", text="over")
    script.alarm("late", "ended late", 2, "mover", "k9")
    async with console(script, size=(80, 30)) as it:
        rows = [line for line in it.lines() if "3 of 3" in line]
        assert len({row.index("3 of 3") for row in rows}) == 1
        assert any("completed (unverified)" in row for row in rows)
        assert "completed (unverified)  ended late" in it.text()
