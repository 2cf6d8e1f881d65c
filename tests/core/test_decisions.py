"""What was judged, asked and decided of a call stands in its action, word for word where it may, and is counted."""

from typing import Final

import pytest

from bus.canonical import digest
from bus.events import ActionProposed, Data, Outcome, RunFinished, RunStarted
from bus.grant_records import GrantOffer
from bus.policy_records import PolicyAdopted, PolicyRule
from bus.records import (
    ActionAsked,
    ActionAssessed,
    ActionClaimed,
    ActionDecided,
    ActionEscalated,
    AgentLost,
    CommandFailed,
    CommandSent,
    Reason,
    ValueOrigin,
)
from console.core.fleet.state import Action, Fleet
from console.core.judging.reach import PHRASES
from console.core.reducing.reduce import reduce
from tests.fixtures.strategies import numbered

OWN: Final = digest("mail", {"to": "ann"})
REASONS: Final = [Reason(code="rule:late", text="Rule late: nobody is there")]
ORIGINS: Final = [ValueOrigin(path="to", kind="said")]
OFFER: Final = GrantOffer(alike="0" * 64, destinations=["to=ann"])
JUDGED: Final = ActionAssessed(
    action="a1", digest=OWN, severity=3, failure_bp=1_500, gate="hold", reasons=REASONS, origins=ORIGINS,
    reaches=["1 address"] * (PHRASES + 1), no_undo="mail cannot be called back",
)  # fmt: skip
ASKED: Final = ActionAsked(action="a1", gate="ask", decide_within=90.0, offer=OFFER)
RULES: Final = PolicyAdopted(digest="1" * 64, content="2" * 64, rules=[PolicyRule(id="late", raises="ask")])


def lived(*datas: Data) -> Fleet:
    fleet = Fleet(site="s")
    begun: list[Data] = [RULES, RunStarted(), ActionProposed(action="a1", tool="mail", args={"to": "ann"})]
    for record in numbered([(data, "r1") for data in [*begun, *datas]]):
        reduce(fleet, record)
    return fleet


def action_of(fleet: Fleet) -> Action:
    return fleet.runs["a/r1"].actions["a1"]


def test_a_judgement_is_kept_and_the_rules_that_spoke_are_counted() -> None:
    fleet = lived(JUDGED)
    action = action_of(fleet)
    assert (action.digest, action.severity, action.failure_bp, action.gate) == (OWN, 3, 1_500, "hold")
    assert (action.reasons, action.origins, action.state) == (REASONS, ORIGINS, "assessed")
    assert (action.reaches, action.no_undo) == (["1 address"] * PHRASES, "mail cannot be called back")
    assert (fleet.policy.fired, fleet.policy.asked) == ({"late": 1}, {})


def test_an_ask_is_kept_with_its_time_and_its_offer_and_its_run_waits() -> None:
    fleet = lived(JUDGED, ASKED)
    action = action_of(fleet)
    assert (action.gate, action.asked_at, action.decide_within, action.offer) == ("ask", 50, 90.0, OFFER)
    assert (fleet.waiting, fleet.policy.asked) == (["a/r1/a1"], {"late": 1})
    assert fleet.runs["a/r1"].state == "input-required"


@pytest.mark.parametrize(
    "gone",
    [AgentLost(incarnation="inc", why="silence"), RunFinished(outcome="completed")],
    ids=["lost", "ended"],
)
def test_an_ask_wakes_no_run_that_is_gone(gone: Data) -> None:
    fleet = lived(JUDGED, gone)
    before = fleet.runs["a/r1"].state
    for record in numbered([(JUDGED, "r1")] * fleet.pos + [(ASKED, "r1")])[fleet.pos :]:
        reduce(fleet, record)
    assert fleet.runs["a/r1"].state == before in ("lost", "completed")


def test_a_decision_is_kept_with_who_when_and_the_command_that_carries_it() -> None:
    edit = {"to": "bob"}
    mark = digest("mail", edit)
    decided = ActionDecided(
        action="a1",
        outcome="edited",
        by="op-1",
        command="c1",
        digest=mark,
        args=edit,
        reason="not\x1b[2J her",
    )
    fleet = lived(JUDGED, ASKED, decided)
    action = action_of(fleet)
    assert (action.state, action.outcome, action.decided_by, action.decided_at) == (
        "allowed",
        "edited",
        "op-1",
        60,
    )
    assert (action.decision, action.decided_digest, action.edited) == ("c1", mark, edit)
    assert action.answer == "not\x1b[2J her"
    assert (action.note.startswith("not"), "\x1b" in action.note) == (True, False)
    assert (fleet.last_decision, fleet.waiting, fleet.runs["a/r1"].state) == (60, [], "working")
    assert fleet.load.decisions == {"op-1": [(60, 10, 3, 1)]}  # read for 10 ms at most, S3, approved
    command = fleet.commands["c1"]
    assert (command.kind, command.action, command.by, command.requested_at) == ("decision", "a1", "op-1", 60)


@pytest.mark.parametrize(
    "by, outcome, counts",
    [("op-1", "rejected", True), ("op-1 (unsigned)", "rejected", False), ("policy", "approved", False)],
)
def test_only_people_with_a_key_are_counted_as_deciding(by: str, outcome: Outcome, counts: bool) -> None:
    fleet = lived(JUDGED, ASKED, ActionDecided(action="a1", outcome=outcome, by=by))
    assert (list(fleet.load.decisions) == ["op-1"]) is counts


def test_what_runs_out_is_no_decision_of_anybody() -> None:
    fleet = lived(JUDGED, ASKED, ActionDecided(action="a1", outcome="expired", by="clock"))
    assert (fleet.last_decision, list(fleet.load.decisions), fleet.commands) == (0, [], {})


def test_who_cares_for_an_ask_stands_beside_it() -> None:
    told = ActionEscalated(action="a1", by="op-1", reason="look")
    action = action_of(
        lived(JUDGED, ASKED, told, ActionClaimed(action="a1", by="op-2"), ActionEscalated(action="a1"))
    )
    assert action.escalated_at == 80
    assert (action.care.escalated_by, action.care.why, action.care.claimed_by) == ("op-1", "look", "op-2")


def test_what_is_about_nothing_that_is_there_changes_nothing() -> None:
    """Its subject was let go before: the record stands in the log, and the state is as it was."""
    strange = [
        ActionAssessed(action="x", digest=OWN, severity=0, failure_bp=0, gate="auto"),
        ActionAsked(action="x", gate="ask", decide_within=1.0),
        ActionDecided(action="x", outcome="rejected", by="op-1"),
        ActionEscalated(action="x"),
        ActionClaimed(action="x", by="op-1"),
        CommandSent(command="x"),
        CommandFailed(command="x", reason="gone"),
    ]
    before, after = lived(), lived(*strange)
    assert (after.runs, after.commands, after.waiting, after.load) == (
        before.runs, before.commands, before.waiting, before.load,
    )  # fmt: skip
