"""One key, one intent: what each key states, what it takes to state it, and what keeps it from being stated."""

import asyncio

import pytest
from textual.widgets import TextArea

from bus.canonical import code, digest
from bus.events import Gate
from bus.messages import Answer
from bus.sdk.values import arguments
from console.cli.plain.words import WORDS
from console.tui.keys.actions import ACTIONS
from tests.fixtures.console import console
from tests.fixtures.floor import ARGS, FakeSource, busy, calm

HOLD = {"agent": "refunds", "run": "7q4f", "action": "a1", "digest": digest("send_email", ARGS)}
ASK_ARGS = {"order_id": "88240", "amount": 480.0, "currency": "EUR"}
ASK = {"agent": "refunds", "run": "7q51", "action": "a2", "digest": digest("issue_refund", ASK_ARGS)}


async def test_reject_is_one_key_on_the_fleet() -> None:
    async with console(busy()) as it:
        await it.press("d")
        assert it.said == [{"verb": "reject", **HOLD}]
        assert "reject send_email 7q4f: recorded as accepted" in it.text()


async def test_an_ask_takes_a_then_y() -> None:
    async with console(busy()) as it:
        await it.press("down", "enter", "a", "a", "enter", "space")
        assert it.said == []
        await it.press("y")
        assert it.said == [{"verb": "approve", **ASK}]
        assert it.screen.sheet is None


async def test_a_hold_takes_its_code_and_enter_does_nothing() -> None:
    right = code(HOLD["digest"])
    wrong = "0" if right[0] != "0" else "1"
    async with console(busy()) as it:
        await it.press("enter", "a", "y", "enter")
        await it.type(wrong + right[:3])
        await it.press("enter")
        assert it.said == []
        await it.type(right[3])
        assert it.said == [{"verb": "approve", **HOLD, "code": right}]


async def test_a_hold_is_closed_until_every_argument_was_on_screen() -> None:
    script = calm()
    args = {"body": "words and words " * 200, **{f"field_{number}": number for number in range(30)}}
    script.start("mailer", "m1", "Mail everyone")
    script.ask("mailer", "m1", "a1", "send_all", args, gate="hold", severity=4)
    async with console(script) as it:
        await it.press("enter")
        assert "approve    closed:" in it.text()
        await it.press("a")
        assert it.screen.sheet is None
        await it.press("G")
        assert "closed:" in it.text()  # the long value is still folded
        await it.press("o", "g")
        for _ in range(80):
            await it.press("pagedown")
            if "closed:" not in it.text():
                break
        await it.press("a")
        assert it.screen.mode == "code"


@pytest.mark.parametrize("gate", ["ask", "hold"])
@pytest.mark.parametrize("whole", [False, True])
async def test_what_was_sent_apart_is_not_approved_but_rejected_or_written_out(
    gate: Gate, whole: bool
) -> None:
    script = calm()
    script.start("mailer", "m1", "Mail everyone")
    sent = arguments({"to": "x", "body": "word " * 10_000})
    for part in list(sent.parts())[: None if whole else 1]:
        script.agent("mailer", "m1", part)
    script.ask("mailer", "m1", "a1", "send_all", sent.wire, gate=gate, severity=4)
    about = {"agent": "mailer", "run": "m1", "action": "a1", "digest": digest("send_all", sent.wire)}
    why = "a value sent apart " + ("cannot be read here" if whole else "has not arrived whole")
    async with console(script) as it:
        await it.press("enter")
        assert "50000 bytes, sent apart: not shown here" in it.text()
        assert ("all 2 parts are here" if whole else "1 of 2 parts are here") in it.text()
        assert f"closed: {why}" in it.text()
        await it.press("a", "y")
        assert it.screen.sheet is None
        await it.press("e")
        area = it.app.screen.query_one(TextArea)
        area.text = area.text.replace('"x"', '"y"')
        await it.press("ctrl+t")  # the reference still stands there
        assert it.screen.sheet is None
        await it.press("e")
        it.app.screen.query_one(TextArea).text = '{"to": "x", "body": "short"}'
        await it.press("ctrl+t")
        assert it.screen.mode == ("approve" if gate == "ask" else "code")
        await it.press("escape", "r")
        assert "Answer instead of" in it.text()
        await it.press("escape", "d")
        assert it.said == [{"verb": "reject", **about}]


async def test_kill_takes_the_runs_id_and_its_last_character_kills() -> None:
    async with console(busy()) as it:
        await it.press("K")
        await it.type("7q4x7q")  # a wrong character starts over
        await it.press("enter", "backspace")
        await it.type("q4")
        assert it.said == []
        await it.type("f")
        assert it.said == [{"verb": "kill", "agent": "refunds", "run": "7q4f"}]
        await it.type("7q4f")
        assert len(it.said) == 1


async def test_the_facts_of_a_kill_come_from_the_record_alone() -> None:
    script = busy()
    async with console(script) as it:
        await it.press("K")
        await it.type("7q4f")
        assert "requested –   sent –   acknowledged –   effective –" in it.text()
        script.tick(1)
        kill = script.command("refunds", "7q4f", "kill")
        await it.settle()
        assert "sent –   acknowledged –   effective –" in it.text()
        assert "requested 09:" in it.text()
        assert "kill requested; esc leaves, the kill goes on" in it.text()
        script.obey("refunds", "7q4f", kill)
        await it.settle()
        assert "sent +0.1s   acknowledged +0.2s   effective +0.4s" in it.text()
        assert "killed; esc leaves" in it.text()


async def test_an_observed_run_cannot_be_killed_and_the_sheet_says_so() -> None:
    script = calm()
    script.start("watched", "w001", "Only reports", "observed")
    async with console(script) as it:
        await it.press("G", "K")
        assert "cannot be stopped from here" in it.text()
        await it.type("w001")
        assert it.said == []


async def test_pause_is_one_key_and_resumes_what_is_paused() -> None:
    script = busy()
    async with console(script) as it:
        await it.press("p")
        assert it.said == [{"verb": "pause", "agent": "refunds", "run": "7q4f"}]
        while "k2m4" not in it.screen.body.cursor:
            await it.press("down")
        await it.press("p")
        assert it.said[1:] == [{"verb": "resume", "agent": "mover", "run": "k2m4"}]


async def test_hold_all_takes_two_keys() -> None:
    async with console(busy()) as it:
        await it.press("H", "H", "enter")
        assert it.said == []
        await it.press("y")
        assert it.said == [{"verb": "hold"}]


async def test_an_edit_is_checked_then_confirmed_like_the_gate_it_stands_at() -> None:
    async with console(busy()) as it:
        await it.press("down", "enter", "e")
        area = it.app.screen.query_one(TextArea)
        area.text = '{"order_id": "88240", "amount": 48'
        await it.press("ctrl+t")
        assert "line 1, column" in it.text()
        area.text = '{"order_id": "88240", "amount": 48.0, "currency": "EUR"}'
        await it.press("enter", "ctrl+t")
        assert it.said == []
        assert "amount: 480.0 → 48.0" in it.text()
        await it.press("enter", "y")
        assert it.said == [{"verb": "edit", **ASK, "args": {**ASK_ARGS, "amount": 48.0}}]


async def test_an_edited_hold_takes_the_code_of_what_was_asked() -> None:
    async with console(busy()) as it:
        await it.press("enter", "e")
        area = it.app.screen.query_one(TextArea)
        area.text = area.text.replace("payouts@acme-desk.example", "okafor@customer.example")
        await it.press("ctrl+t")
        assert it.screen.mode == "code"
        await it.type(code(HOLD["digest"]))
        assert it.verbs() == ["edit"]
        assert it.said[0]["args"] == {**ARGS, "to": "okafor@customer.example"}
        assert it.said[0]["code"] == code(HOLD["digest"])


async def test_leaving_the_editor_keeps_the_draft_and_says_nothing() -> None:
    async with console(busy()) as it:
        await it.press("down", "enter", "e")
        it.app.screen.query_one(TextArea).text = "{}"
        await it.press("escape", "e")
        assert it.app.screen.query_one(TextArea).text == "{}"
        assert it.said == []


async def test_a_reason_and_an_answer_are_sent_by_another_key_than_enter() -> None:
    async with console(busy()) as it:
        await it.press("D", "ctrl+t")
        assert it.said == []
        await it.type("not d his")
        await it.press("enter", "backspace", "backspace", "backspace")
        await it.type("him")
        await it.press("ctrl+t")
        assert it.said == [{"verb": "reject", **HOLD, "reason": "not d him"}]
        await it.press("down", "enter", "r")
        await it.type("ask again tomorrow")
        await it.press("ctrl+t")
        assert it.said[1:] == [{"verb": "respond", **ASK, "reason": "ask again tomorrow"}]


async def test_escape_leaves_everything_waiting() -> None:
    async with console(busy()) as it:
        for keys in (("K",), ("H",), ("D",)):
            await it.press(*keys, "escape")
            assert it.screen.sheet is None
        await it.press("enter", "a", "escape", "escape")
        assert it.screen.mode == "fleet"
        assert it.said == []


async def test_a_key_acts_on_the_row_that_was_under_the_cursor() -> None:
    script = busy()
    async with console(script) as it:
        await it.press("down")
        assert it.screen.body.cursor == "wait:refunds/7q51/a2"
        script.start("urgent", "u001")
        script.ask("urgent", "u001", "a9", "wipe", {"path": "/"}, gate="hold", within=5.0)
        await it.settle()
        assert it.screen.body.cursor == "wait:refunds/7q51/a2"
        await it.press("d")
        assert it.said == [{"verb": "reject", **ASK}]


async def test_the_cursor_stays_with_a_run_that_goes_to_another_group() -> None:
    script = busy()
    async with console(script) as it:
        while "k2m4" not in it.screen.body.cursor:
            await it.press("down")
        assert it.screen.body.cursor == "rest:mover/k2m4"
        script.obey("mover", "k2m4", script.command("mover", "k2m4", "resume"))
        await it.settle()
        assert it.screen.body.cursor == "run:mover/k2m4"
        script.step("mover", "k2m4", 1, "move", 0.2)
        await it.settle()
        assert it.screen.body.cursor == "ill:mover/k2m4"
        script.ask("mover", "k2m4", "a1", "move", {"to": "x"})
        await it.settle(0.0)
        await it.key("d")  # it was not there to be read when the hand went out
        assert it.said == []
        assert it.screen.body.cursor == "wait:mover/k2m4/a1"
        await it.press("p")
        assert [(said["verb"], said["run"]) for said in it.said] == [("pause", "k2m4")]


async def test_a_run_that_is_folded_with_others_leaves_the_cursor_on_their_row() -> None:
    script = calm()
    pause = script.command("crawler", "c003", "pause")
    script.obey("crawler", "c003", pause)
    async with console(script) as it:
        await it.press("G")
        assert it.screen.body.cursor == "rest:crawler/c003"
        script.obey("crawler", "c003", script.command("crawler", "c003", "resume"))
        await it.settle()
        assert it.screen.body.cursor == "agent:crawler"
        await it.press("K")
        assert it.screen.sheet is None


async def test_no_row_moves_for_half_a_second_after_a_key() -> None:
    script = busy()
    async with console(script) as it:
        await it.press("down")
        before = it.lines()
        script.start("urgent", "u001")
        script.ask("urgent", "u001", "a9", "wipe", {"path": "/"}, gate="hold", within=5.0)
        await it.settle(0.4)
        assert [line[3:13] for line in it.lines()[3:20]] == [line[3:13] for line in before[3:20]]
        await it.settle(0.2)
        assert "urgent" in it.text()


async def test_no_acting_key_counts_just_after_the_row_went_away() -> None:
    script = busy()
    async with console(script) as it:
        script.decide("refunds", "7q4f", "a1", "rejected", by="op-2")
        await it.settle()
        assert it.screen.body.cursor == "wait:refunds/7q51/a2"
        await it.press("d", apart=0.2)
        assert it.said == []
        assert "went away just now" in it.text()
        await it.press("d")
        assert it.said == [{"verb": "reject", **ASK}]


async def test_a_sheet_closes_when_somebody_else_was_first() -> None:
    script = busy()
    async with console(script) as it:
        await it.press("down", "enter", "a")
        script.decide("refunds", "7q51", "a2", "rejected", by="op-2")
        await it.key("y")
        await it.settle()
        assert it.said == []
        assert it.screen.sheet is None
        assert "no longer waits: rejected by op-2" in it.text()
        assert "outcome    rejected at 09:20:29 by op-2" in it.text()


async def test_a_double_key_states_one_intent() -> None:
    async with console(busy()) as it:
        it.source.held = asyncio.Event()
        await it.press("d", "d", "d")
        assert len(it.said) == 1
        assert "on its way already" in it.text()
        it.source.held.set()
        await it.settle()
        assert "recorded as accepted" in it.text()


@pytest.mark.parametrize(
    "answer, shown",
    [
        (
            Answer(intent="i", outcome="rejected", accepted=True),
            "reject send_email 7q4f: recorded as rejected",
        ),
        (
            Answer(intent="i", outcome="conflict", accepted=False, text="approved by op-2 before"),
            "conflict, approved by op-2 before",
        ),
        (Answer(intent="i", outcome="stale", accepted=False, text="look again"), "stale, look again"),
        ("no answer to reject within 10 s", "it may still have been carried out; no answer to reje"),
    ],
)
async def test_what_became_of_an_intent_is_shown(answer: Answer | str, shown: str) -> None:
    async with console(busy()) as it:
        it.source.answer = answer
        await it.press("d")
        assert shown in it.text()


async def test_nothing_is_said_while_the_bus_is_lost() -> None:
    async with console(busy()) as it:
        it.source.turn(bus="down", bus_since=90.0, joined=False)
        await it.press("d", "p", "H", "y", "K")
        await it.type("7q4f")
        assert it.said == []
        assert "the bus is lost" in it.text()


@pytest.mark.parametrize("change", [{"recording": "failing"}, {"conflict": True}, {"supervisor": "lost"}])
async def test_only_what_stops_goes_out_while_nothing_can_be_recorded(change: dict[str, object]) -> None:
    async with console(busy()) as it:
        it.source.turn(**change)
        await it.press("down", "enter", "a", "y", "r", "e")
        assert it.screen.mode == "decide"
        assert it.said == []
        await it.press("d", "p", "H", "y")
        assert it.verbs() == ["reject", "pause", "hold"]


async def test_a_sheet_that_was_up_when_the_recording_failed_does_not_approve() -> None:
    async with console(busy()) as it:
        await it.press("down", "enter", "a")
        it.source.turn(recording="failing")
        await it.press("y")
        assert it.said == []
        assert "closed while the recording fails" in it.text()


async def test_without_a_key_only_stopping_is_offered() -> None:
    async with console(busy(), signed=False) as it:
        assert "op-1  unsigned" in it.lines()[0]
        await it.press("down", "enter", "a", "r", "K")
        assert it.screen.mode == "decide"
        await it.press("d", "p")
        assert it.verbs() == ["reject", "pause"]


async def test_read_only_cannot_say_anything() -> None:
    async with console(busy(), read_only=True) as it:
        await it.press("d", "D", "p", "H", "K", "enter", "a", "y", "e", "r", "d")
        assert it.said == []
        assert it.screen.mode == "decide"
        assert "read-only" in it.lines()[0]
        assert "approve" not in it.lines()[-1]


@pytest.mark.parametrize("size", [(79, 24), (80, 23)])
async def test_a_terminal_that_is_too_small_acts_on_nothing(size: tuple[int, int]) -> None:
    async with console(busy(), size=size) as it:
        assert "is too small" in it.text()
        await it.press("d", "p", "K", "H", "y", "enter")
        assert it.said == []
        await it.pilot.resize_terminal(80, 24)
        await it.settle()
        assert "waits for you" in it.text()


async def test_a_sheet_left_behind_by_a_shrinking_terminal_is_dead_until_it_grows() -> None:
    async with console(busy()) as it:
        await it.press("K")
        await it.pilot.resize_terminal(60, 20)
        await it.settle()
        await it.type("7q4f")
        assert it.said == []


async def test_control_c_says_how_to_leave_and_q_leaves() -> None:
    async with console(busy()) as it:
        await it.press("ctrl+c")
        assert "q leaves; nothing on the floor changes by it" in it.text()
        it.app.staged = True
        await it.press("ctrl+c")
        assert "q leaves; the demo's floor ends with it" in it.text()
        await it.press("q")
        assert it.app.return_value == 0


async def test_unfolding_an_agent_shows_each_of_its_runs() -> None:
    async with console(calm()) as it:
        await it.press("p", "K")
        assert it.said == []
        assert "these are several runs" in it.text()
        await it.press("enter", "down", "p")
        assert it.said == [{"verb": "pause", "agent": "crawler", "run": "c000"}]


async def test_a_source_that_cannot_be_opened_ends_the_console_with_its_reason() -> None:
    async with console(calm()) as it:
        pass
    assert it.app.failure is None
    source = FakeSource(calm())

    def broken() -> object:
        raise ValueError("no such broker")

    source.open = broken  # type: ignore[method-assign, assignment]
    from console.tui.apps.floor_app import FloorApp

    app = FloorApp(source.open, site="s", operator="o", paced=False)
    async with app.run_test() as pilot:
        for _ in range(5):
            await pilot.pause(0)
    await app.left()
    assert str(app.failure) == "no such broker"
    assert app.return_code == 1


def test_the_word_for_quitting_is_true_in_a_demo_and_in_a_replay() -> None:
    """Which floor goes on without the console depends on who began it."""
    assert {action.help for action in ACTIONS if action.id == "quit"} == {"leave"}
    assert next(word.help for word in WORDS if word.name == "quit") == "leave"
