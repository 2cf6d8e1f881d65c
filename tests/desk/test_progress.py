"""Progress as a clock of its own: whoever should be working and says nothing is noticed, announced or not."""

from __future__ import annotations

from bus.events import ActionProposed, CommandEffective, RunFinished, RunStarted, StepStarted
from bus.messages import PauseCommand
from console.core.fleet.state import decode, encode
from console.core.health.stall import UNKNOWN as STALL_AFTER
from console.supervisor.watching.progress import FORSAKEN_AFTER
from tests.fixtures.desk import Bench

STALLED = "stalled/a/r1"


def beats(bench: Bench, seconds: float) -> None:
    """Let time pass under the heartbeats of a live process."""
    for _ in range(int(seconds / 5)):
        bench.pass_time(5.0)
        bench.status("alive")


def state(bench: Bench) -> str:
    return bench.desk.fleet.alarms[STALLED].state


def test_an_agent_that_never_announced_itself_is_noticed_when_it_falls_silent() -> None:
    bench = Bench()
    bench.event(1, RunStarted())
    bench.pass_time(STALL_AFTER - 1)
    assert not bench.alarms()
    bench.pass_time(2)
    text = bench.desk.fleet.alarms[STALLED].text
    assert "never announced itself, so nobody can tell whether it lives" in text
    bench.event(2, StepStarted(step=1))
    assert state(bench) == "returned"
    bench.pass_time(STALL_AFTER + 2)
    assert state(bench) == "unacknowledged"
    bench.event(3, RunFinished(outcome="completed"))
    assert state(bench) == "returned"
    bench.pass_time(STALL_AFTER + 2)
    assert state(bench) == "returned"


def test_a_live_process_whose_run_hangs_is_noticed() -> None:
    bench = Bench()
    bench.status("online")
    bench.event(1, RunStarted())
    beats(bench, STALL_AFTER + 10)
    assert bench.desk.fleet.alarms[STALLED].text.endswith("its agent is online")
    bench.pass_time(20)
    assert (bench.run().state, bench.desk.fleet.alarms[STALLED].state) == ("lost", "returned")


def test_nothing_is_expected_of_a_run_that_waits_or_is_paused() -> None:
    bench = Bench()
    bench.status("online")
    bench.event(1, RunStarted())
    bench.event(2, ActionProposed(action="a1", tool="write_file", decide_within=600.0))
    beats(bench, 2 * STALL_AFTER)
    assert not bench.alarms()
    bench.intent("reject", **bench.about(bench.run().actions["a1"]))
    bench.intent("pause", agent="a", run="r1")
    [pause] = bench.commands(PauseCommand)
    bench.event(3, CommandEffective(command=pause.id))
    beats(bench, 2 * STALL_AFTER)
    assert STALLED not in bench.desk.fleet.alarms


def test_silence_says_nothing_while_nobody_can_be_heard() -> None:
    bench = Bench()
    bench.event(1, RunStarted())
    bench.desk.unlinked(bench.now)
    bench.pass_time(2 * STALL_AFTER)
    bench.desk.linked(bench.now)
    bench.pass_time(STALL_AFTER - 1)
    bench.later(500)  # this process was frozen
    bench.pass_time(0.5)
    assert not bench.alarms()
    bench.pass_time(2)
    assert bench.alarms() == {"stalled"}


def test_a_stall_outlives_the_supervisor_that_saw_it() -> None:
    bench = Bench()
    bench.event(1, RunStarted())
    bench.pass_time(STALL_AFTER + 1)
    again = Bench(decode(encode(bench.desk.fleet)), "epoch2")
    again.pass_time(STALL_AFTER + 1)
    assert again.desk.fleet.alarms[STALLED].count == 1
    again.event(2, StepStarted(step=1))
    assert again.desk.fleet.alarms[STALLED].state == "returned"


def test_the_runs_of_an_agent_that_was_never_announced_are_lost_in_the_end_and_found_again() -> None:
    bench = Bench()
    bench.event(1, RunStarted())
    bench.event(1, RunStarted(), run="r2")
    bench.pass_time(FORSAKEN_AFTER, step=60.0)
    bench.event(2, StepStarted(step=1), run="r2")
    bench.pass_time(STALL_AFTER, step=1.0)
    assert bench.run().state == "working"
    bench.pass_time(FORSAKEN_AFTER + 2, step=1.0)
    assert (bench.run().state, bench.run("r2").state) == ("lost", "lost")
    assert bench.desk.fleet.alarms[STALLED].state == "unacknowledged"
    bench.event(2, StepStarted(step=1))
    assert (bench.run().state, bench.desk.fleet.alarms[STALLED].state) == ("working", "returned")


def test_an_alarm_whose_cause_comes_back_is_active_each_time() -> None:
    bench = Bench()
    for again in range(1, 8):
        bench.desk.alarms.raise_("stalled", f"stall {again}", "a", "r1")
        assert bench.desk.fleet.alarms[STALLED].state == "unacknowledged"
        assert bench.desk.fleet.alarms[STALLED].text == f"stall {again}"
        bench.desk.alarms.clear("stalled", "a", "r1")
        assert bench.desk.fleet.alarms[STALLED].state == "returned"
        bench.later(60)
