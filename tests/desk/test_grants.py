"""Grants on the supervisor's desk: one signed approval for calls like it in one run, each use its own recorded decision."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from bus.canonical import code
from bus.events import (
    ActionFinished,
    ActionProposed,
    ActionStarted,
    Confidence,
    Data,
    RunFinished,
    RunStarted,
)
from bus.messages import DecisionCommand
from console.core.fleet.state import Action, decode, encode
from console.core.judging import grants
from console.core.judging.grants import SECONDS, USES
from console.policy.load import Rulebook
from tests.fixtures.desk import Bench

CATALOGUE = """
[tool.post_note]
severity = 2
effect = "write"
[tool.pay_bill]
severity = 2
effect = "write"
[tool.wire]
severity = 3
effect = "write"
"""
RULES = """
[[rule]]
id = "nights"
raise = "ask"
tool = "post_note"
when = "args.channel == 'ruled'"
why = "somebody looks at these"
fires = [{ tool = "post_note", args = { channel = "ruled" } }]
silent = [{ tool = "post_note", args = { channel = "ops" } }]
[[rule]]
id = "never"
raise = "deny"
tool = "post_note"
when = "args.text.contains('secret')"
why = "never"
fires = [{ tool = "post_note", args = { channel = "ops", text = "a secret" } }]
silent = [{ tool = "post_note", args = { channel = "ops", text = "hello" } }]
"""


class Site:
    """A desk with tools that ask, and a run that calls them."""

    def __init__(self, folder: Path) -> None:
        (folder / "catalogue.toml").write_text(CATALOGUE)
        (folder / "policy.toml").write_text(RULES)
        self.rules = Rulebook(folder / "catalogue.toml", folder / "policy.toml")
        self.bench = Bench(rules=self.rules)
        self.seq: dict[str, int] = {}
        self.calls = 0
        self.event(RunStarted(agent_version="1"))

    def event(self, data: Data, run: str = "r1", incarnation: str = "inc") -> None:
        self.seq[run] = self.seq.get(run, 0) + 1
        self.bench.event(self.seq[run], data, run=run, incarnation=incarnation)

    def propose(
        self,
        text: str = "hello there",
        tool: str = "post_note",
        run: str = "r1",
        claim: float | None = None,
        **args: Any,
    ) -> Action:
        self.calls += 1
        confidence = None if claim is None else Confidence(value=claim)
        named = {"channel": "ops", "text": text} | args
        self.event(ActionProposed(action=f"a{self.calls}", tool=tool, args=named, confidence=confidence), run)
        return self.bench.run(run).actions[f"a{self.calls}"]

    def finish(self, action: Action) -> None:
        self.event(
            ActionStarted(action=action.id, digest=action.digest, decision=action.decision), action.run
        )
        self.event(ActionFinished(action=action.id, outcome="done"), action.run)

    def granted(self, **args: Any) -> Action:
        action = self.propose(**args)
        answer = self.bench.intent("approve", scope="run", **self.bench.about(action))
        assert answer.accepted, answer.text
        self.finish(action)
        return action


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return Site(tmp_path)


def test_each_use_is_a_decision_of_its_own_that_names_grant_and_person(site: Site) -> None:
    """The grant is recorded before the approval, and each later call is decided by it and counted."""
    first = site.granted()
    made = site.bench.last("grant.made")
    assert (made["by"], made["tool"], made["destinations"]) == ("op-1", "post_note", ["channel=ops"])
    kinds = site.bench.types()
    assert kinds.index("grant.made") < kinds.index("action.decided")
    for number in (1, 2, 3):
        action = site.propose(text=f"another text, number {number}")
        assert (action.outcome, action.decided_by) == ("approved", "grant")
        assert action.note == f"by grant of op-1, use {number} of {USES}"
        assert site.bench.last("action.decided")["grant"] == made["grant"]
        site.finish(action)
    assert first.state == "done"
    assert len(site.bench.commands(DecisionCommand)) == 4
    assert site.bench.desk.fleet.grants[made["grant"]].used == 3
    assert "ungated-action" not in site.bench.alarms()


@pytest.mark.parametrize(
    "other, gate",
    [
        ({"channel": "all"}, "ask"),
        ({"to": "x"}, "ask"),
        ({"text": "see https://evil.example/x?data=1"}, "ask"),
        ({"text": "a secret"}, "deny"),
        ({"channel": "ruled"}, "ask"),
        ({"claim": 0.3}, "hold"),
        ({"tool": "pay_bill"}, "ask"),
        ({"tool": "wire"}, "hold"),
    ],
)
def test_what_differs_or_is_judged_otherwise_asks_or_is_denied(
    site: Site, other: dict[str, Any], gate: str
) -> None:
    """Another destination, a link in the text, a rule, a low claim, another tool: as without the grant."""
    site.granted()
    action = site.propose(**other)
    assert action.gate == gate
    denied = ("denied", "rejected", "policy")
    assert (action.state, action.outcome, action.decided_by) == (
        denied if gate == "deny" else ("asked", None, "")
    )


@pytest.mark.parametrize(
    "what", [{"tool": "wire"}, {"channel": "ruled"}, {"tool": "pay_bill"}, {"claim": 0.3}]
)
def test_what_may_not_be_granted_is_not_offered_and_refused(site: Site, what: dict[str, Any]) -> None:
    """S3, money, a rule's own reason, a low claim: nothing is approved, not even once."""
    site.granted()
    action = site.propose(**what)
    assert action.offer is None
    answer = site.bench.intent("approve", scope="run", code=code(action.digest), **site.bench.about(action))
    assert (answer.accepted, answer.outcome) == (False, "illegal")
    assert action.state == "asked"


def test_it_counts_in_its_run_alone_and_ends_with_it(site: Site) -> None:
    """A second run of the agent asks; the end of the run is the end of the grant, and is recorded."""
    site.granted()
    site.event(RunStarted(agent_version="1"), "r2")
    assert site.propose(run="r2").state == "asked"
    site.event(RunFinished(outcome="completed"))
    assert site.bench.desk.fleet.grants == {}
    assert site.bench.last("grant.ended")["reason"] == "the run is over"


def test_an_operator_revokes_it(site: Site) -> None:
    """The next call asks; a second revocation is told that there is nothing."""
    site.granted()
    grant = site.bench.last("grant.made")["grant"]
    assert site.bench.intent("revoke", key=None, grant=grant).outcome == "unsigned"
    assert site.bench.intent("revoke", operator="op-2", grant=grant).accepted
    assert site.bench.last("grant.ended")["by"] == "op-2"
    assert site.propose().state == "asked"
    assert site.bench.intent("revoke", agent="a", run="r1").outcome == "conflict"


def test_uses_and_time_are_capped(site: Site) -> None:
    """After the last use, and after the time, calls ask again."""
    site.granted()
    for number in range(USES):
        action = site.propose(text=f"text {number}")  # the same again and again would be a loop, which asks
        assert action.decided_by == "grant"
        assert (site.bench.desk.fleet.grants == {}) is (number == USES - 1)
        site.finish(action)
    assert site.bench.last("grant.ended")["reason"] == f"its {USES} uses are over"
    action = site.propose()
    assert action.state == "asked"
    assert site.bench.intent("approve", scope="run", **site.bench.about(action)).accepted
    site.finish(action)
    site.bench.later(SECONDS)
    assert site.propose().state == "asked"
    assert "its 60 minutes are over" in site.bench.last("grant.ended")["reason"]


def test_the_clock_ends_it_without_a_call(site: Site) -> None:
    """Who lists what counts is not told of one that no call can use any more."""
    site.granted()
    site.bench.later(SECONDS - 2)
    site.bench.pass_time(1.0)
    assert len(site.bench.desk.fleet.grants) == 1
    site.bench.pass_time(1.5)
    assert site.bench.desk.fleet.grants == {}
    assert (site.bench.last("grant.ended")["by"], site.bench.types().count("grant.ended")) == (
        "supervisor",
        1,
    )


def test_one_that_covers_the_same_gives_way_and_no_other_does(site: Site) -> None:
    """An operator who approves the same again for the run has one grant, with all its uses."""
    site.granted(channel="ruled-out")
    asked = [site.propose(text="one text"), site.propose(text="another")]
    for action in asked:
        assert site.bench.intent("approve", scope="run", **site.bench.about(action)).accepted
    kept = site.bench.desk.fleet.grants.values()
    assert [grant.destinations for grant in kept] == [["channel=ruled-out"], ["channel=ops"]]
    assert [grant.action for grant in kept][1] == asked[1].id
    assert site.bench.last("grant.ended")["reason"] == "made anew"


@pytest.mark.parametrize("bound", ["OF_RUN", "OF_SITE"])
def test_grants_are_bounded_and_what_is_beyond_is_approved_once(
    site: Site, bound: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(grants, bound, 2)
    site.granted(channel="one")
    site.granted(channel="two")
    third = site.propose(channel="three")
    refused = site.bench.intent("approve", scope="run", **site.bench.about(third))
    assert (refused.outcome, refused.text) == (
        "closed",
        "too many grants count already; revoke some, or approve once",
    )
    assert third.state == "asked"
    assert site.bench.intent("approve", **site.bench.about(third)).accepted
    site.event(RunStarted(agent_version="1"), "r2")
    other = site.propose(run="r2")
    assert site.bench.intent("approve", scope="run", **site.bench.about(other)).accepted is (
        bound == "OF_RUN"
    )


def test_revoking_all_of_a_run_leaves_those_of_others(site: Site) -> None:
    """And says why: the operator's reason, or that they were revoked."""
    site.event(RunStarted(agent_version="1"), "r2")
    site.granted()
    site.granted(channel="two")
    site.granted(run="r2")
    assert site.bench.intent("revoke", agent="a", run="r1", reason="not today").accepted
    assert [grant.run for grant in site.bench.desk.fleet.grants.values()] == ["r2"]
    assert site.bench.last("grant.ended")["reason"] == "not today"
    assert site.bench.intent("revoke", agent="a", run="r1").text == "no grant of a/r1 counts"
    assert site.bench.intent("revoke", grant="nothing").text == "no grant nothing counts"
    assert site.bench.intent("revoke", agent="a", run="r2").accepted
    assert site.bench.last("grant.ended")["reason"] == "revoked"


def test_another_version_of_the_agent_ends_it(site: Site) -> None:
    """A new process of the run that says another version asks again."""
    site.granted()
    site.event(RunStarted(agent_version="2", continues=site.seq["r1"]), incarnation="inc2")
    site.bench.desk.fleet.runs["a/r1"].tools_used["post_note"] = 1
    site.seq["r1"] += 1
    proposal = ActionProposed(action="z", tool="post_note", args={"channel": "ops", "text": "x y"})
    site.bench.event(site.seq["r1"], proposal, incarnation="inc2")
    assert site.bench.run().actions["z"].state == "asked"
    assert site.bench.desk.fleet.grants == {}


def test_nothing_passes_while_approvals_are_closed(site: Site) -> None:
    """While the recording fails a grant is not used, and none is made."""
    site.granted()
    site.bench.desk.recording(failing=True)
    assert site.propose().state == "asked"


def test_it_survives_a_restart_and_a_keyframe_and_is_used_once_a_call(site: Site) -> None:
    """The next supervisor finds it in the recording."""
    site.granted()
    fleet = decode(encode(site.bench.desk.fleet))
    assert encode(fleet) == encode(site.bench.desk.fleet)
    after = Bench(fleet=fleet, epoch="epoch2", rules=site.rules)
    site.bench = after
    site.event(ActionProposed(action="z", tool="post_note", args={"channel": "ops", "text": "x y"}))
    assert after.run().actions["z"].decided_by == "grant"


def test_an_edit_has_no_scope(site: Site) -> None:
    """What is edited is this call alone."""
    action = site.propose()
    args = {"channel": "x", "text": ""}
    answer = site.bench.intent("edit", scope="run", args=args, **site.bench.about(action))
    assert (answer.accepted, answer.outcome) == (False, "illegal")
