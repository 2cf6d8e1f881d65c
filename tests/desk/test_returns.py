"""Runs that come back, and processes that claim runs which another one lives."""

from __future__ import annotations

import pytest

from bus.events import (
    ActionProposed,
    CommandAcknowledged,
    CommandEffective,
    RunFinished,
    RunStarted,
    StepStarted,
)
from bus.messages import (
    DecisionCommand,
    KillCommand,
    RefusedCommand,
    ResendCommand,
    RunStanding,
    StoredCommand,
)
from console.core.fleet import turns
from console.core.fleet.state import decode, encode
from console.core.reducing import apply_supervisor
from console.supervisor.ingest import GAP_AFTER
from tests.fixtures.desk import Bench

# ---- a birth that says it cannot send what is missing ----------------------------------------------------------------


def test_what_the_process_that_lives_a_run_cannot_send_is_a_gap_at_once() -> None:
    bench = Bench()
    bench.event(1, RunStarted())
    bench.status("online", runs=[RunStanding(run="r1", seq=9, first=5)])
    assert (bench.last("gap.found")["first"], bench.last("gap.found")["last"]) == (2, 4)
    bench.event(5, StepStarted(step=1))
    assert bench.run().seq == 5


def test_another_process_tears_no_gap_into_a_run() -> None:
    bench = Bench()
    bench.status("online")
    bench.event(1, RunStarted())
    bench.status("online", "other", "k2", runs=[RunStanding(run="r1", seq=1_200, first=1_000)])
    for seq in range(1_000, 1_030):
        bench.event(seq, StepStarted(step=1), incarnation="other")
        bench.pass_time(1.0)
    assert "gap.found" not in bench.types()
    bench.event(2, StepStarted(step=2))
    assert (bench.run().seq, bench.run().gaps) == (2, 0)


def test_another_process_is_not_told_that_its_events_are_stored() -> None:
    bench = Bench()
    for seq in range(1, 6):
        bench.event(seq, RunStarted() if seq == 1 else StepStarted(step=seq))
    bench.pass_time(1.0)
    bench.sent.clear()
    bench.status("online", "other", "k2", runs=[RunStanding(run="r1", seq=4)])
    bench.pass_time(1.0)
    assert bench.commands(StoredCommand) == []


@pytest.mark.parametrize("carrier", ["inc", "new"])
def test_who_goes_on_with_a_dead_process_run_leaves_a_hole_after_a_while(carrier: str) -> None:
    bench = Bench()
    bench.event(1, RunStarted())
    bench.status("online", "new", "k2", runs=[RunStanding(run="r1", seq=7, first=5)])
    assert "gap.found" not in bench.types()
    goes_on = StepStarted(step=5) if carrier == "inc" else RunStarted(continues=4)
    for _ in range(int(GAP_AFTER) + 1):
        bench.event(5, goes_on, incarnation=carrier)
        bench.pass_time(1.0)
    found = bench.last("gap.found")
    assert (found["first"], found["last"], bench.run().seq) == (2, 4, 5)


def test_a_stranger_that_was_never_announced_tears_no_gap_either_and_is_told() -> None:
    bench = Bench()
    bench.event(1, RunStarted())
    for _ in range(int(GAP_AFTER) + 1):
        bench.event(9, StepStarted(step=9), incarnation="other")
        bench.pass_time(1.0)
    assert "gap.found" not in bench.types()
    assert bench.commands(RefusedCommand)[-1].incarnation == "other"
    assert "run-refused" in bench.alarms()


# ---- lost runs that left the floor -----------------------------------------------------------------------------------


@pytest.fixture
def one_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(apply_supervisor, "LOST_KEPT", 1)


def lost(bench: Bench) -> None:
    """Lose two runs, of which the older one leaves the floor."""
    bench.status("online")
    bench.event(1, RunStarted(goal="g", control="gated"))
    bench.event(2, ActionProposed(action="a1", tool="write_file", args={"n": 1}, decide_within=60.0))
    bench.intent("reject", **bench.about(bench.run().actions["a1"]))
    bench.pass_time(0.5)
    bench.event(1, RunStarted(), run="r2")
    bench.status("lost")
    assert (list(bench.desk.fleet.runs), list(bench.desk.fleet.away)) == (["a/r2"], ["a/r1"])


@pytest.mark.usefixtures("one_kept")
def test_a_lost_run_that_left_the_floor_comes_back_with_its_agent() -> None:
    bench = Bench()
    lost(bench)
    bench.sent.clear()
    bench.status("online", connection="k2", runs=[RunStanding(run="r1", seq=4, open=["a1"])])
    assert (bench.run().state, bench.run().seq, bench.desk.fleet.away) == ("working", 2, {})
    assert [one.after for one in bench.commands(ResendCommand)] == [2]
    assert [one.outcome for one in bench.commands(DecisionCommand)] == ["rejected"]
    bench.event(3, StepStarted(step=3))
    bench.event(4, RunFinished(outcome="completed"))
    assert (bench.run().state, bench.run().gaps) == ("completed", 0)
    assert not {"run-refused", "gap", "misdeed"} & bench.alarms()


@pytest.mark.usefixtures("one_kept")
def test_a_lost_run_that_left_the_floor_goes_on_in_a_new_process() -> None:
    bench = Bench()
    lost(bench)
    bench.event(3, RunStarted(continues=2), incarnation="new")
    assert (bench.run().state, bench.run().seq, bench.run().actions_seen) == ("working", 3, 1)
    assert bench.desk.fleet.away == {}
    assert not bench.commands(RefusedCommand)


@pytest.mark.usefixtures("one_kept")
def test_runs_that_are_away_survive_a_restart_and_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    bench = Bench()
    lost(bench)
    again = Bench(decode(encode(bench.desk.fleet)), "epoch2")
    again.event(3, StepStarted(step=3))
    assert (again.run().state, again.run().seq) == ("working", 3)
    monkeypatch.setattr(turns, "AWAY_KEPT", 0)
    bench.event(1, RunStarted(), run="r3")
    bench.status("online", connection="k3")
    bench.status("lost", connection="k3")
    assert bench.desk.fleet.away == {}
    bench.event(3, StepStarted(step=3))
    assert "run-refused" in bench.alarms()


# ---- a kill that a process did not live to carry out -----------------------------------------------------------------


def test_a_kill_is_repeated_when_a_run_goes_on_in_another_process() -> None:
    bench = Bench()
    bench.event(1, RunStarted())
    bench.intent("kill", agent="a", run="r1", reason="it goes astray")
    (first,) = bench.commands(KillCommand)
    bench.event(2, CommandAcknowledged(command=first.id))
    bench.event(3, RunStarted(continues=2), incarnation="next")
    _, again = bench.commands(KillCommand)
    assert again.id != first.id
    assert bench.run().killing
    commands = bench.desk.fleet.commands
    assert (commands[first.id].state, commands[again.id].by) == ("failed", "op-1")
    bench.event(4, CommandAcknowledged(command=again.id), incarnation="next")
    bench.event(5, CommandEffective(command=again.id), incarnation="next")
    bench.event(6, RunFinished(outcome="killed"), incarnation="next")
    bench.pass_time(30)
    assert "kill-unconfirmed" not in bench.alarms()


def test_a_kill_that_nobody_took_is_the_same_for_the_next_process() -> None:
    bench = Bench()
    bench.event(1, RunStarted())
    bench.intent("kill", agent="a", run="r1")
    bench.event(2, RunStarted(continues=1), incarnation="next")
    assert len({command.id for command in bench.commands(KillCommand)}) == 1
    assert len(bench.commands(KillCommand)) == 2


def test_a_kill_that_failed_is_asked_for_anew() -> None:
    bench = Bench()
    bench.event(1, RunStarted())
    bench.intent("kill", agent="a", run="r1")
    bench.pass_time(30)
    assert "kill-unconfirmed" in bench.alarms()
    bench.event(2, RunStarted(continues=1), incarnation="next")
    assert len({command.id for command in bench.commands(KillCommand)}) == 2
