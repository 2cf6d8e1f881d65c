"""The detectors on the supervisor's desk: what they find is an alarm, a doubt for the judge, and at worst a pause."""

from __future__ import annotations

from pathlib import Path

import pytest

from bus.events import (
    ActionFinished,
    ActionProposed,
    ActionStarted,
    Data,
    RunFinished,
    RunStarted,
    StepFinished,
    Usage,
)
from bus.messages import PauseCommand
from console.core.fleet.alarm_state import Alarm
from console.core.fleet.state import Action, decode, encode
from console.core.health.budget import Budget
from console.policy.budgets import load_budgets
from console.policy.files import PolicyFileError
from tests.fixtures.desk import Bench, rulebook

CATALOGUE = """
[tool.pay]
severity = 1
effect = "write"
[tool.look]
severity = 0
effect = "read"
[tool.wait]
severity = 0
effect = "read"
polls = true
"""


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(rules=rulebook(tmp_path, CATALOGUE))


class Worker:
    def __init__(self, bench: Bench, seq: int = 0) -> None:
        self.bench, self.seq, self.calls = bench, seq, 0
        if not seq:
            self.event(RunStarted(agent_version="1"))

    def event(self, data: Data) -> None:
        self.seq += 1
        self.bench.event(self.seq, data)

    def start(self, tool: str = "look", **args: object) -> Action:
        self.calls += 1
        name = f"{self.seq}"
        self.event(ActionProposed(action=name, tool=tool, args=args))
        action = self.bench.run().actions[name]
        self.event(ActionStarted(action=name, digest=action.digest, decision=action.decision))
        return action

    def call(self, tool: str = "look", result: str = "", *, failed: bool = False, **args: object) -> Action:
        action = self.start(tool, **args)
        self.event(ActionFinished(action=action.id, outcome="failed" if failed else "done", text=result))
        return action


def alarm(bench: Bench, kind: str, about: str = "") -> Alarm:
    return bench.desk.fleet.alarms["/".join(part for part in (kind, "a", "r1", about) if part)]


def test_a_loop_is_an_alarm_then_a_pause_and_is_over_when_something_else_happens(bench: Bench) -> None:
    worker = Worker(bench)
    for _ in range(4):
        worker.call(result="same")
    assert "gave the same result 4 times" in alarm(bench, "loop").text
    assert not bench.commands(PauseCommand)
    for _ in range(3):
        worker.call(result="same")
    assert len(bench.commands(PauseCommand)) == 1
    assert alarm(bench, "loop").text.endswith("; the run is paused")
    worker.call(result="other")
    assert alarm(bench, "loop").state == "returned"


def test_a_declared_poll_may_repeat_itself(bench: Bench) -> None:
    worker = Worker(bench)
    for _ in range(15):
        worker.call("wait", "not yet")
    assert "loop" not in bench.alarms()


def test_a_doubtful_run_loses_the_benefit_of_what_its_stratum_earned(bench: Bench) -> None:
    worker = Worker(bench)
    for number in range(3):
        worker.call("pay", "no", failed=True, n=number)
    assert "the last 3 calls failed" in alarm(bench, "error-streak").text
    assert worker.start("pay", n=9).failure_bp == 5_000
    worker.event(ActionFinished(action=f"{worker.seq - 2}", outcome="done"))
    assert alarm(bench, "error-streak").state == "returned"
    assert worker.start("pay", n=10).failure_bp == 2_000


def test_a_budget_warns_and_then_pauses_once(bench: Bench) -> None:
    bench.desk.health.budget = lambda _agent: Budget(tokens=1_000)
    worker = Worker(bench)
    worker.event(StepFinished(step=1, usage=Usage(input_tokens=850)))
    assert "850 of 1000 tokens used (85%)" in alarm(bench, "budget", "tokens").text
    worker.event(StepFinished(step=2, usage=Usage(input_tokens=850)))
    worker.event(StepFinished(step=3, usage=Usage(input_tokens=1)))
    assert len(bench.commands(PauseCommand)) == 1
    assert bench.run().stopped_by == "policy"


def test_a_budget_of_time_runs_out_by_itself(bench: Bench) -> None:
    bench.desk.health.budget = lambda _agent: Budget(seconds=20.0)
    worker = Worker(bench)
    worker.call()
    bench.pass_time(30)
    assert len({pause.id for pause in bench.commands(PauseCommand)}) == 1


def test_success_over_a_failure_is_said(bench: Bench) -> None:
    worker = Worker(bench)
    worker.call("pay", "card refused", failed=True)
    worker.call("look")
    worker.event(RunFinished(outcome="completed", text="all paid"))
    assert "its last change, pay, failed" in alarm(bench, "confident-failure").text


def test_a_run_that_ends_well_raises_nothing(bench: Bench) -> None:
    worker = Worker(bench)
    for number in range(30):
        worker.call("pay", f"receipt {number}", n=number)
        worker.call("look", f"balance {number}", n=number)
    worker.event(RunFinished(outcome="completed"))
    assert not bench.alarms()


def test_asks_left_open_are_said(bench: Bench) -> None:
    worker = Worker(bench)
    worker.event(ActionProposed(action="x", tool="delete_everything"))
    worker.event(RunFinished(outcome="completed"))
    assert "1 of its actions waited for a person" in alarm(bench, "ended-with-asks").text
    assert bench.run().actions["x"].outcome == "canceled"


def test_a_change_cut_short_by_a_will_is_unknown_until_the_agent_is_back(bench: Bench) -> None:
    bench.status("online")
    worker = Worker(bench)
    paying = worker.start("pay")
    bench.status("lost")
    assert "lost in the middle of pay" in alarm(bench, "effect-unknown", paying.id).text
    bench.status("online", connection="k2")
    worker.event(ActionFinished(action=paying.id, outcome="done"))
    assert alarm(bench, "effect-unknown", paying.id).state == "returned"


def test_a_read_cut_short_is_nobodys_business(bench: Bench) -> None:
    bench.status("online")
    Worker(bench).start("look")
    bench.status("lost")
    assert "effect-unknown" not in bench.alarms()


def test_a_restart_takes_up_what_stands(bench: Bench) -> None:
    worker = Worker(bench)
    for number in range(3):
        worker.call("look", failed=True, n=number)
    again = Bench(decode(encode(bench.desk.fleet)), "epoch2")
    assert again.desk.health.doubt(again.run())
    follower = Worker(again, worker.seq)
    follower.event(ActionProposed(action="y", tool="read_file"))
    action = again.run().actions["y"]
    follower.event(ActionStarted(action="y", digest=action.digest, decision=action.decision))
    follower.event(ActionFinished(action="y", outcome="done"))
    assert again.desk.fleet.alarms["error-streak/a/r1"].state == "returned"
    assert not again.desk.health.doubt(again.run())


def test_how_long_is_too_long_is_learnt_from_the_same_tool(bench: Bench) -> None:
    bench.status("online")
    worker = Worker(bench)
    for number in range(12):
        action = worker.start("look", n=number)
        bench.pass_time(2.0)
        worker.event(ActionFinished(action=action.id, outcome="done", text=str(number)))
    worker.start("look", n=99)
    for _ in range(8):
        bench.pass_time(5.0)
        bench.status("alive")
    text = alarm(bench, "stalled").text
    assert "nothing heard for 30 s; 12 earlier times look took 2.0 s in the middle, 2.0 s at most" in text


def test_budgets_of_a_file_and_the_tightest_of_those_that_fit(tmp_path: Path) -> None:
    path = tmp_path / "budgets.toml"
    path.write_text(
        '[[budget]]\nsteps = 100\nminutes = 2\n[[budget]]\nagent = "refund*"\nsteps = 10\nwrites = 3\n'
    )
    budgets = load_budgets(path)
    assert budgets.of("other") == Budget(steps=100, seconds=120.0)
    assert budgets.of("refunds") == Budget(steps=10, seconds=120.0, writes=3)
    assert load_budgets(tmp_path / "none.toml").of("other") == Budget()


@pytest.mark.parametrize(
    "text", ["[[budget]]\nsteps = 0\n", "[[budget]]\nstep = 3\n", "budget = 3\n", "[[budget]]\nagent = ''\n"]
)
def test_a_budget_file_that_is_wrong_says_where(tmp_path: Path, text: str) -> None:
    path = tmp_path / "budgets.toml"
    path.write_text(text)
    with pytest.raises(PolicyFileError, match=r"budgets\.toml"):
        load_budgets(path)
