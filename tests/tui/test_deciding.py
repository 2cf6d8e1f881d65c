"""Who decided an action, as rows say it."""

from __future__ import annotations

import pytest

from bus.events import Gate, Outcome
from console.core.fleet.state import Action
from console.link.status import NOT_YET_RECORDED
from console.tui.floor.deciding import decided, decider
from console.tui.screens.run_screen import RunScreen
from tests.fixtures.console import console
from tests.fixtures.floor import busy


def action(by: str, gate: Gate = "auto", asked: int | None = None, outcome: Outcome = "approved") -> Action:
    return Action(
        id="a1", agent="a", run="r", tool="t", decided_by=by, gate=gate, asked_at=asked, outcome=outcome
    )


@pytest.mark.parametrize(
    "one, word",
    [
        (action("policy"), "policy"),
        (action("policy", "notify"), "notify"),
        (action("op-1", "ask", 5), "you"),
        (action("op-2", "ask", 5), "op-2"),
        (action("", "ask", 5), ""),
    ],
)
def test_a_word_says_who_decided(one: Action, word: str) -> None:
    assert decider(one, "op-1") == word


def test_nobody_reads_a_policys_approval_as_a_persons() -> None:
    assert decided(action("policy"), "op-1") == "approved by policy, nobody was asked"
    timed = decided(action("policy"), "op-1", "00:31:31")
    assert timed == "approved at 00:31:31 by policy, nobody was asked"
    assert (
        decided(action("", "ask", 5, "expired"), "op-1", "00:31:31") == "expired at 00:31:31: nobody answered"
    )
    assert decided(action("policy", "notify"), "op-1") == "approved by policy, with a notice"
    assert decided(action("op-1", "ask", 5), "op-1") == "approved by you"
    assert decided(action("clock", "ask", 5, "expired"), "op-1") == "expired: nobody answered"


async def test_a_run_says_beside_each_action_who_let_it_run() -> None:
    script = busy()
    script.tick(5).decide("refunds", "7q51", "a2")
    async with console(script) as it:
        it.app.push_screen(RunScreen("refunds/7q51"))
        await it.settle()
        [row] = [line for line in it.lines() if "issue_refund" in line]
        assert " you " in row


def test_what_goes_out_unrecorded_is_said_in_one_line_of_80_columns() -> None:
    """After the longest verb, with a name as long as the row's columns show it."""
    assert len(f"kill all of refunds/7q4f: accepted, {NOT_YET_RECORDED}") < 78
