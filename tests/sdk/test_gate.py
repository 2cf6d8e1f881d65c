"""The gate's table, step by step; and any course of proposals, decisions, stops and time."""

from __future__ import annotations

import itertools
from collections import defaultdict
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from bus.canonical import digest
from bus.events import (
    ActionFinished,
    ActionProposed,
    ActionStarted,
    CommandAcknowledged,
    CommandEffective,
    CommandRefused,
    RunFinished,
)
from bus.limits import DECIDE_WITHIN_MAX, DECISION_VALID
from bus.messages import DecisionCommand
from bus.sdk import gates
from bus.sdk.decision import Action, Decision, RunKilled
from bus.sdk.gate import TABLE, Gate, IllegalStepError, Stage, Step
from bus.sdk.values import Arguments
from tests.sdk.scripted import AGENT, RUN, Floor

ENDS = frozenset(Stage) - {Stage.HELD, Stage.OPEN, Stage.ALLOWED, Stage.RUNNING}


@pytest.mark.parametrize(
    "stage, step", [(s, t) for s, t in itertools.product(Stage, Step) if (s, t) not in TABLE]
)
def test_an_illegal_step_raises_and_changes_nothing(stage: Stage, step: Step) -> None:
    gate = Gate(ActionProposed(action="a1", tool="delete"), Arguments({}, {}), stage=stage)
    with pytest.raises(IllegalStepError, match="a1"):
        gate.advance(step)
    assert gate.stage is stage


def test_ends_are_final_and_all_are_reached() -> None:
    assert {stage for stage, _ in TABLE}.isdisjoint(ENDS)
    assert set(TABLE.values()) >= ENDS
    assert [stage for (_, step), stage in TABLE.items() if step in {Step.TAKE, Step.PASS}] == [
        Stage.RUNNING
    ] * 2


@pytest.mark.parametrize(
    "wanted, fits",
    [
        ({"tool": ""}, False),
        ({"tool": "x"}, True),
        ({"tool": "x" * 128}, True),
        ({"tool": "x" * 129}, False),
        ({"decide_within": 0.0}, False),
        ({"decide_within": 0.001}, True),
        ({"decide_within": DECIDE_WITHIN_MAX}, True),
        ({"decide_within": DECIDE_WITHIN_MAX + 1}, False),
        ({"confidence": 1.1}, False),
    ],
    ids=str,
)
def test_what_cannot_be_proposed_is_refused_before_anybody_is_told(
    wanted: dict[str, Any], fits: bool
) -> None:
    floor = Floor().started()
    before = floor.types()
    if fits:
        assert floor.gate(**wanted) == floor.proposal("a1").action
        return
    with pytest.raises(ValueError, match=r"tool|decide_within|confidence"):
        floor.gate(**wanted)
    assert floor.types() == before


def test_a_call_belongs_to_the_step_that_it_names_or_to_the_present_one() -> None:
    floor = Floor().started()
    named = floor.run.propose(Action("look", {}, step=7), floor.now, step=2)
    present = floor.run.propose(Action("look", {}), floor.now, step=2)
    assert [floor.proposal(action).step for action in (named, present)] == [7, 2]


def test_what_is_remembered_of_ends_is_bounded_and_the_oldest_goes_first(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(gates, "KEPT", 3)
    recent = gates.Recent()
    for number in range(5):
        recent.note(f"a{number}", str(number))
    assert recent == {"a2": "2", "a3": "3", "a4": "4"}


class AnyLife(RuleBasedStateMachine):
    """One run, any number of gates, an operator who does everything in any order, and late, wrong and repeated messages."""

    @initialize()
    def begin(self) -> None:
        self.floor = Floor().started()
        self.actions: list[str] = []
        self.asked: set[str] = set()
        self.allowed: dict[str, set[str]] = defaultdict(set)  # digests that a good decision allowed
        self.decisions: list[DecisionCommand] = []
        self.got: dict[str, Decision] = {}
        self.killed = False

    def over(self) -> bool:
        return not self.actions or self.killed

    @rule(path=st.sampled_from(["a", "b"]), within=st.sampled_from([5.0, 600.0]))
    def propose(self, path: str, within: float) -> None:
        if self.killed:
            with pytest.raises(RunKilled):
                self.floor.gate(args={"path": path})
            return
        action = self.floor.gate(args={"path": path}, decide_within=within)
        self.actions.append(action)
        self.asked.add(action)

    @rule(
        which=st.integers(0, 99),
        outcome=st.sampled_from(
            ["approved", "approved", "edited", "rejected", "responded", "expired", "canceled"]
        ),
        wrong=st.sampled_from(["", "", "", "digest", "epoch", "action", "forged"]),
    )
    def decide(self, which: int, outcome: str, wrong: str) -> None:
        if not self.actions:
            return
        action = self.actions[which % len(self.actions)]
        seen = [
            data for data in self.floor.data() if isinstance(data, ActionProposed) and data.action == action
        ]
        args = {"path": "edited"} if outcome == "edited" else None
        mark = digest("delete", args) if args else seen[0].digest if seen else None
        command = DecisionCommand(
            epoch="another" if wrong == "epoch" else self.floor.epoch,
            agent=AGENT,
            run=RUN,
            id=f"d{next(self.floor.commands)}",
            action="nobody" if wrong == "action" else action,
            outcome=outcome,  # type: ignore[arg-type]
            digest=digest("delete", {"path": "other"}) if wrong == "digest" else mark,
            args=args,
            key="forged" if wrong == "forged" else "",
        )
        if not wrong and outcome in {"approved", "edited"} and mark:
            self.allowed[action].add(mark)
        self.decisions.append(command)
        self.floor.command(command)

    @rule(which=st.integers(0, 99))
    def repeat(self, which: int) -> None:
        if self.decisions:
            self.floor.command(self.decisions[which % len(self.decisions)])

    @rule(which=st.integers(0, 99))
    def take(self, which: int) -> None:
        waiting = sorted(self.asked)
        if not waiting:
            return
        action = waiting[which % len(waiting)]
        try:
            decision = self.floor.take(action)
        except RunKilled:
            assert self.killed
            self.asked.discard(action)
            return
        if decision is not None:
            assert action not in self.got
            self.asked.discard(action)
            self.got[action] = decision

    @rule(which=st.integers(0, 99), done=st.booleans())
    def report(self, which: int, done: bool) -> None:
        running = [action for action, decision in self.got.items() if decision.approved]
        if not running:
            return
        action = running[which % len(running)]
        if any(isinstance(data, ActionFinished) and data.action == action for data in self.floor.data()):
            with pytest.raises(KeyError):
                self.floor.run.report(action, done=done, text="", now=self.floor.now)
        else:
            self.floor.run.report(action, done=done, text="", now=self.floor.now)
        self.floor.serve()

    @rule(which=st.integers(0, 99))
    def withdraw(self, which: int) -> None:
        waiting = sorted(self.asked)
        if waiting:
            action = waiting[which % len(waiting)]
            self.floor.run.withdraw(action, self.floor.now)
            self.asked.discard(action)
            self.floor.serve()

    @rule(verb=st.sampled_from(["pause", "resume", "hold", "resume"]))
    def stop(self, verb: str) -> None:
        self.floor.stop(verb)

    @rule(really=st.integers(0, 20))
    def kill(self, really: int) -> None:
        if really == 0:
            self.floor.stop("kill")
            self.killed = True

    @rule(seconds=st.sampled_from([0.1, 4.0, DECISION_VALID + 1, 601.0]))
    def wait(self, seconds: float) -> None:
        self.floor.tick(seconds)
        self.floor.state()

    @invariant()
    def every_action_has_one_story(self) -> None:
        if not hasattr(self, "floor"):
            return
        started: dict[str, str] = {}
        ended: dict[str, str] = {}
        acknowledged, closed = set(), set()
        for data in self.floor.data():
            match data:
                case ActionStarted(action=action, digest=mark, decision=decision):
                    assert action not in started, "begun twice"
                    assert action not in ended, "begun after its end"
                    assert mark in self.allowed[action], "begun with arguments that nobody allowed"
                    assert decision in acknowledged
                    started[action] = decision
                case ActionFinished(action=action, outcome=outcome):
                    assert action not in ended, "two outcomes"
                    assert (outcome in {"done", "failed"}) == (action in started)
                    ended[action] = outcome
                case CommandAcknowledged(command=command):
                    assert command not in acknowledged, "acknowledged twice"
                    acknowledged.add(command)
                case CommandEffective(command=command) | CommandRefused(command=command):
                    assert command not in closed, "effective or refused twice"
                    closed.add(command)
        for action, got in self.got.items():
            assert got.approved == (action in started)

    def teardown(self) -> None:
        if not hasattr(self, "floor"):
            return
        self.floor.core.finish_run(RUN, "killed" if self.killed else "completed", "", self.floor.now)
        data = self.floor.data()
        assert isinstance(data[-1], RunFinished)
        proposed = {item.action for item in data if isinstance(item, ActionProposed)}
        ended = {item.action for item in data if isinstance(item, ActionFinished)}
        started = {item.action for item in data if isinstance(item, ActionStarted)}
        assert proposed - started <= ended, "an action without an end"
        acknowledged = {item.command for item in data if isinstance(item, CommandAcknowledged)}
        closed = {item.command for item in data if isinstance(item, CommandEffective | CommandRefused)}
        assert acknowledged <= closed, "a command without an end"
        assert self.floor.spool.removed  # type: ignore[attr-defined]
        self.every_action_has_one_story()


AnyLife.TestCase.settings = settings(max_examples=150, stateful_step_count=40, deadline=None)
TestAnyLife = AnyLife.TestCase
