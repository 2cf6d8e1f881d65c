"""Autonomy on the supervisor's desk: verdicts come by signed intents, promote slowly, demote at once."""

from __future__ import annotations

import re
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
from bus.messages import Answer, DecisionCommand
from console.core.fleet.state import Action, decode, encode
from console.core.reliability.standing import Standing
from console.supervisor.judging.autonomy import CHECK_AT_LEAST
from tests.fixtures.desk import Bench, rulebook

CATALOGUE = '[tool.pay]\nseverity = 2\neffect = "write"\n'
CLEAN = 43
"""Clean verified outcomes that prove 90 %: the least s with E(s, 0) >= 20 (`console.core.reliability.evidence`)."""


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(rules=rulebook(tmp_path, CATALOGUE))


class Worker:
    """Agent `a`, which pays and pays. Without a goal nothing is known of the origin of its values, for or against."""

    def __init__(self, bench: Bench, run: str = "r1", version: str = "1", *, goal: str = "") -> None:
        self.bench, self.name, self.seq, self.calls = bench, run, 0, 0
        self.event(RunStarted(goal=goal, agent_version=version))

    def event(self, data: Data) -> None:
        self.seq += 1
        self.bench.event(self.seq, data, run=self.name)

    def propose(self, tool: str = "pay", *, claim: float | None = None) -> Action:
        self.calls += 1
        confidence = Confidence(value=claim) if claim is not None else None
        self.event(
            ActionProposed(
                action=f"a{self.calls}", tool=tool, args={"bill": self.calls}, confidence=confidence
            )
        )
        return self.bench.run(self.name).actions[f"a{self.calls}"]

    def call(self, tool: str = "pay", *, claim: float | None = None) -> Action:
        """A call, approved if need be, and run to its end by the agent's own account."""
        action = self.propose(tool, claim=claim)
        if action.state == "asked":
            assert self.bench.intent("approve", **self.bench.about(action)).accepted
        self.event(ActionStarted(action=action.id, digest=action.digest, decision=action.decision))
        self.event(ActionFinished(action=action.id, outcome="done"))
        return action

    def verified(self, tool: str = "pay", *, ok: bool = True, claim: float | None = None) -> None:
        action = self.call(tool, claim=claim)
        answer = verify(self.bench, action, ok=ok)
        assert answer.accepted, answer.text


def verify(bench: Bench, action: Action, *, ok: bool = True, **more: Any) -> Answer:
    return bench.intent(
        "verify",
        agent="a",
        run=action.run,
        action=action.id,
        ok=ok,
        reason="looked",
        pos=bench.desk.fleet.pos,
        **more,
    )


def standing(bench: Bench, version: str = "1") -> Standing:
    return bench.desk.fleet.reliability.strata[f"a@{version}/pay/write"]


def test_forty_three_clean_verdicts_promote_and_the_gate_opens_a_rung(bench: Bench) -> None:
    worker = Worker(bench)
    for _ in range(CLEAN - 1):
        worker.verified()
    assert standing(bench).rung == "unproven"
    assert worker.propose().gate == "ask"
    worker.verified()
    assert bench.last("autonomy.promoted")["rung"] == standing(bench).rung == "proven-90"
    gates = [worker.call().gate for _ in range(CHECK_AT_LEAST)]
    assert set(gates) == {"notify", "ask"}  # ask: the spot checks
    action = next(action for action in bench.run().actions.values() if action.gate == "notify")
    assert action.failure_bp == 1_000
    assert "43 of 43 verified calls were right; failure of at most 10 % is proven" in action.reasons[0].text


def test_neither_approvals_nor_the_agents_own_word_promote(bench: Bench) -> None:
    worker = Worker(bench)
    for _ in range(CLEAN + 5):
        worker.call()
    assert not bench.desk.fleet.reliability.strata
    assert worker.propose().gate == "ask"


def test_a_verified_failure_takes_everything_at_once(bench: Bench) -> None:
    worker = Worker(bench)
    for _ in range(CLEAN):
        worker.verified()
    worker.verified(ok=False)
    assert bench.last("autonomy.demoted")["rung"] == "proven-90"
    after = standing(bench)
    assert (after.rung, after.right, after.wrong, after.right_since, after.lost) == (
        "unproven",
        CLEAN,
        1,
        0,
        1,
    )
    assert worker.propose().gate == "ask"
    for _ in range(CLEAN):
        worker.verified()
    assert standing(bench).rung == "unproven"  # a second chance needs twice the evidence
    for _ in range(8):
        worker.verified()
    assert standing(bench).rung == "proven-90"


def test_what_the_user_asked_for_needs_no_rung_and_what_was_used_before_is_no_first_use(bench: Bench) -> None:
    Worker(bench).verified()
    bench.desk.fleet.runs.clear()  # the run is forgotten; the verdict on it is not
    asked = Worker(bench, "r2", goal="pay the bills").propose()
    assert (asked.gate, asked.failure_bp) == ("auto", 100)
    assert Worker(bench, "r3", "2", goal="pay the bills").propose().gate == "ask"


def test_a_rejection_by_a_person_demotes(bench: Bench) -> None:
    worker = Worker(bench)
    for _ in range(CLEAN):
        worker.verified()
    asked = worker.propose()
    while asked.state != "asked":
        asked = worker.propose()
    assert bench.intent("reject", **bench.about(asked)).accepted
    assert standing(bench).rung == "unproven"


def test_another_version_inherits_nothing_and_ends_what_the_old_one_had(bench: Bench) -> None:
    worker = Worker(bench)
    for _ in range(CLEAN):
        worker.verified()
    newer = Worker(bench, "r2", "2")
    assert newer.propose().gate == "ask"
    assert standing(bench).rung == "unproven"
    assert "began under version 2" in bench.last("autonomy.demoted")["reason"]


def test_an_agent_that_names_no_version_is_counted_and_never_promoted(bench: Bench) -> None:
    worker = Worker(bench, version="")
    for _ in range(CLEAN + 10):
        worker.verified()
    [found] = bench.desk.fleet.reliability.strata.values()
    assert (found.right, found.rung) == (CLEAN + 10, "unproven")


def test_a_tool_that_no_catalogue_knows_earns_nothing(bench: Bench) -> None:
    worker = Worker(bench)
    for _ in range(CLEAN + 10):
        action = worker.propose("anything")
        bench.intent("approve", **bench.about(action), code=code(action.digest))
        worker.event(ActionStarted(action=action.id, digest=action.digest, decision=action.decision))
        worker.event(ActionFinished(action=action.id, outcome="done"))
        assert verify(bench, action).accepted
    [found] = bench.desk.fleet.reliability.strata.values()
    assert (found.right, found.rung) == (CLEAN + 10, "unproven")
    assert worker.propose("anything").gate == "hold"


def test_a_verdict_counts_once_and_only_the_bad_news_may_correct_it(bench: Bench) -> None:
    worker = Worker(bench)
    action = worker.call(claim=0.95)
    assert verify(bench, action).accepted
    again = verify(bench, action)
    assert (again.outcome, again.accepted) == ("conflict", False)
    assert verify(bench, action, ok=False).accepted
    assert not verify(bench, action, ok=True).accepted
    assert (standing(bench).right, standing(bench).wrong) == (0, 1)
    [version] = bench.desk.fleet.reliability.versions.values()
    assert version.claims[4] == [1, 0, 0.95]


def test_only_what_has_ended_can_be_verified_and_only_by_a_signature(bench: Bench) -> None:
    worker = Worker(bench, goal="pay the bills")
    waiting = worker.propose()
    assert "it is asked" in verify(bench, waiting).text
    ended = worker.call()
    assert verify(bench, ended, key=None).outcome == "unsigned"
    assert (
        bench.intent("verify", agent="a", run="r1", ok=True, pos=bench.desk.fleet.pos).outcome == "conflict"
    )
    assert (
        bench.intent("verify", agent="a", run="r1", action=ended.id, pos=bench.desk.fleet.pos).outcome
        == "illegal"
    )
    worker.event(RunFinished(outcome="completed"))
    assert bench.intent("verify", agent="a", run="r1", ok=True, pos=bench.desk.fleet.pos).accepted
    assert bench.run().verified == "ok"
    [version] = bench.desk.fleet.reliability.versions.values()
    assert version.runs == [1, 0]
    assert bench.desk.fleet.reliability.history.ended == 1


def test_drift_is_an_alarm_and_begins_the_evidence_anew(bench: Bench) -> None:
    worker = Worker(bench)
    for number in range(20):
        worker.verified(ok=number % 10 != 0)
    while "drift" not in bench.alarms():
        worker.verified(ok=False)
    found = standing(bench)
    assert found.wrong <= 12
    assert (found.right_since, found.wrong_since, found.reference) == (0, 0, None)
    assert "fails more often than it used to" in bench.desk.fleet.alarms["drift/a/pay"].text


def test_a_drift_speaks_of_what_has_changed_and_not_of_what_was_before(bench: Bench) -> None:
    worker = Worker(bench)
    for number in range(200):
        worker.verified(ok=number % 20 != 0)
    wrong = 0
    while "drift" not in bench.alarms():
        worker.verified(ok=False)
        wrong += 1
    text = bench.desk.fleet.alarms["drift/a/pay"].text
    said = re.search(r": (\d+) of the last (\d+) verified calls, against (\d+)% at first", text)
    assert said is not None, text
    found, n, before = map(int, said.groups())
    assert wrong <= found <= n <= wrong + 10
    assert found / n > 3 * before / 100


def test_what_is_proven_after_a_drift_ends_its_alarm(bench: Bench) -> None:
    worker = Worker(bench)
    for _ in range(20):
        worker.verified()
    while "drift" not in bench.alarms():
        worker.verified(ok=False)
    for _ in range(CLEAN):
        worker.verified()
    states = [bench.desk.fleet.alarms["drift/a/pay"].state]
    while standing(bench).rung == "unproven":  # twice the evidence is needed now
        worker.verified()
    states.append(bench.desk.fleet.alarms["drift/a/pay"].state)
    assert states == ["unacknowledged", "returned"]


def test_what_was_earned_outlives_the_supervisor(bench: Bench) -> None:
    worker = Worker(bench)
    for _ in range(CLEAN):
        worker.verified()
    again = Bench(decode(encode(bench.desk.fleet)), "epoch2")
    assert again.desk.fleet.reliability == bench.desk.fleet.reliability
    assert standing(again).rung == "proven-90"


def test_decisions_still_go_out(bench: Bench) -> None:
    Worker(bench).call()
    assert bench.commands(DecisionCommand)
