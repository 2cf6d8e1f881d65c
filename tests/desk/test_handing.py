"""Escalating and claiming: soft facts on the supervisor's desk, who said them, and what they change for others."""

from __future__ import annotations

from console.notify.plan import Plan
from console.notify.rounds import occasions
from console.tui.floor.waits import WaitingRuns
from tests.desk.test_gates import asked
from tests.fixtures.desk import Bench


def test_an_operator_escalates_once_with_words() -> None:
    """It is recorded by whom; the action still waits, and anybody may decide it."""
    bench = Bench()
    action = asked(bench)
    assert bench.intent("escalate", key=None, **bench.about(action)).outcome == "unsigned"
    assert bench.intent("escalate", reason="who knows /tmp/x?", **bench.about(action)).accepted
    said = bench.last("action.escalated")
    assert (said["by"], said["reason"]) == ("op-1", "who knows /tmp/x?")
    assert (action.state, action.care.escalated_by, action.care.why) == ("asked", "op-1", "who knows /tmp/x?")
    assert (
        bench.intent("escalate", operator="op-2", **bench.about(action)).text
        == "op-1 has escalated it before"
    )
    assert bench.intent("approve", operator="op-2", **bench.about(action)).accepted
    assert bench.intent("escalate", **bench.about(action)).outcome == "conflict"
    deeds = [
        (deed.who, deed.did, deed.text) for deed in bench.desk.fleet.audit.deeds if deed.did == "escalate"
    ]
    assert ("op-1", "escalate", "who knows /tmp/x?") in deeds


def test_a_persons_escalation_may_follow_that_of_the_clock() -> None:
    """Half of the time is over, nobody answered, and then somebody says so."""
    bench = Bench()
    action = asked(bench)
    bench.pass_time(31)
    assert action.escalated_at is not None
    assert action.care.escalated_by == ""
    assert bench.intent("escalate", **bench.about(action)).accepted


def test_a_claim_warns_and_blocks_nobody() -> None:
    """Who claims later has it; a rejection of another goes through."""
    bench = Bench()
    action = asked(bench)
    assert bench.intent("claim", **bench.about(action)).accepted
    assert bench.intent("claim", **bench.about(action)).outcome == "conflict"
    assert bench.intent("claim", operator="op-2", **bench.about(action)).accepted
    assert action.care.claimed_by == "op-2"
    assert bench.intent("reject", **bench.about(action)).accepted


def test_what_is_escalated_goes_to_the_top_and_is_told_anew() -> None:
    """Before a hold and before what is due sooner; whoever was told that it waits is told again."""
    bench = Bench()
    first = asked(bench)
    bench.pass_time(1)
    second = asked(bench, seq=3, name="a2")
    order = WaitingRuns().urgency
    assert order(first) < order(second)
    plan = Plan(targets=(), asks_after=0)
    before = occasions(bench.desk.fleet, plan, bench.wall)
    assert bench.intent("escalate", **bench.about(second)).accepted
    assert order(second) < order(first)
    after = occasions(bench.desk.fleet, plan, bench.wall)
    (new,) = after.keys() - before.keys()
    assert "escalated by op-1, waits" in after[new].text
