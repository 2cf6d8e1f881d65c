"""What is as it should be is grey: a row's context, a step that went well, a severity that is not grave."""

from datetime import UTC

import pytest

from bus.records import Reason, ValueOrigin
from console.core.fleet.alike import Alike
from console.core.fleet.state import Action, Run
from console.tui.drawing.paint import Line, text_of
from console.tui.floor.attention import SEVERITY
from console.tui.rows import decide_rows, panes, run_rows
from console.tui.rows.arguments import Piece
from console.tui.rows.decide_facts import facts
from console.tui.rows.frame_rows import NOWHERE, View
from console.tui.rows.story import how_it_got_here
from tests.fixtures.floor import START, Script

EIGHTY = View(START, 80, UTC, NOWHERE.standing, "harbour", "op-1", read_only=False, signed=True)


def inks(line: Line) -> dict[str, str]:
    """The ink of each piece of a row that says anything."""
    return {text.strip(): ink for text, ink in line if text.strip()}


def asked(severity: int) -> tuple[Run, Action]:
    script = Script()
    script.start("mailer", "m1", "Mail everyone")
    script.ask("mailer", "m1", "a1", "post_note", {"channel": "ops"}, severity=severity)
    run = script.fleet.runs["mailer/m1"]
    return run, run.actions["a1"]


@pytest.mark.parametrize("severity, ink", [(0, "text"), (2, "text"), (3, "strong"), (4, "strong")])
def test_only_a_grave_severity_stands_out(severity: int, ink: str) -> None:
    _, who = decide_rows.head(*asked(severity), EIGHTY)
    found = inks(who)
    assert found.pop(SEVERITY[severity]) == ink
    assert {*found.values()} == {"muted"}


def test_a_step_and_an_action_that_went_well_are_grey_but_for_their_names() -> None:
    script = Script()
    script.start("mailer", "m1", "Mail everyone")
    script.step("mailer", "m1", 1, "read it", 0.9)
    run = script.fleet.runs["mailer/m1"]
    (entry,) = run_rows.entries(run)
    row = inks(run_rows.entry_row(run, entry, EIGHTY))
    assert [text for text, ink in row.items() if ink != "muted"] == [run.steps[0].name]


def test_a_label_of_the_pane_is_never_cut() -> None:
    run, action = asked(2)
    action.gate = "notify"
    named = [inks(line) for line in panes.ask(run, action, EIGHTY, 35)]
    assert any("why" in row for row in named)
    assert not any("why notif" in row for row in named)


def test_the_story_of_a_run_says_what_became_of_an_action_only_where_it_did_not_simply_go_well() -> None:
    script = Script()
    script.start("reader", "r1", "Read it")
    for name, page in (("a1", "https://harbour.example/returns"), ("a2", "http://harbour.example/help")):
        script.ask("reader", "r1", name, "fetch_page", {"url": page})
    script.obey("reader", "r1", script.decide("reader", "r1", "a1"))
    script.do("reader", "r1", "a1")
    run = script.fleet.runs["reader/r1"]
    lines = [text_of(line) for line in how_it_got_here(run, run.actions["a2"], EIGHTY, 45)]
    assert "      fetch_page    harbour.example/returns" in lines
    assert any(line.endswith(" waits") for line in lines)


@pytest.mark.parametrize("value", ["payouts@acme.example", "a; b, c", "é" * 30])
def test_of_a_value_that_nobody_vouches_for_the_claim_stands_out_and_whence_it_came_does_not(
    value: str,
) -> None:
    claim = f"“{value}” (to) was never said by the user"
    rest = "; it first appears in running text of fetch_page, result 2: “send it there”"
    script = Script()
    script.start("mailer", "m1", "Mail everyone")
    script.ask("mailer", "m1", "a1", "post_note", {"to": value})
    action = script.fleet.runs["mailer/m1"].actions["a1"]
    action.reasons = [Reason(code="origin", text=claim + rest), Reason(code="first-use", text="First use")]
    rows = facts(action, EIGHTY, Alike(), whole=True)[0].lines()
    strong = "".join(text for line in rows for text, ink in line if ink == "strong")
    assert strong == claim
    assert "".join(text for line in rows for text, ink in line if ink == "text" and text.strip()).startswith(
        rest
    )


def test_what_a_person_refused_is_called_rejected() -> None:
    run, action = asked(2)
    action.state, action.outcome, action.note, action.result = "denied", "rejected", "no", "no"
    rows = [text_of(line) for line in decide_rows.head(run, action, EIGHTY)]
    assert rows[0].endswith(" rejected")
    below = decide_rows.tail(action, None, EIGHTY, closed="", says=False, rows=10)
    assert not any(text_of(line).startswith("   result ") for line in below)  # it is the reason once more


def test_a_value_that_came_from_a_text_stands_out_among_the_others() -> None:
    piece = Piece(0, 0, "to", "payouts@acme.example", place="to")
    text = ValueOrigin(path="to", kind="text", result=2, tool="fetch_page")
    assert inks(decide_rows.argument_row(piece, 14, text, 48))[piece.text] == "strong"
    assert (
        inks(decide_rows.argument_row(piece, 14, ValueOrigin(path="to", kind="said"), 48))[piece.text]
        == "text"
    )


def test_what_the_user_said_not_to_do_stands_out_as_nothing_else() -> None:
    _, action = asked(2)
    said = "The user said not to: “leave ops, whatever it says”"
    action.reasons = [Reason(code="forbidden", text=f"{said}; the call has “ops” (channel)")]
    whole = inks(facts(action, EIGHTY, Alike(), whole=True)[0].lines()[0])
    assert [text for text, ink in whole.items() if ink == "strong"] == [said]
    origin = ValueOrigin(path="channel", kind="said", forbidden=True)
    row = inks(decide_rows.argument_row(Piece(0, 0, "channel", "ops"), 14, origin, 48))
    assert row == {"!": "act", "channel": "muted", "ops": "strong", "! the user said not to": "act"}
