"""An approval for a lost agent is kept until that returns while the ask is open; its alarm goes when it took effect."""

from __future__ import annotations

from bus.canonical import code
from bus.events import ActionProposed, CommandAcknowledged, CommandEffective, RunStarted
from bus.messages import DecisionCommand, RunStanding
from console.core.fleet.state import decode, encode
from tests.fixtures.desk import Bench


def approved(within: float) -> Bench:
    """An ask of an agent that is lost, approved."""
    bench = Bench()
    bench.status("online")
    bench.event(1, RunStarted())
    bench.event(2, ActionProposed(action="a1", tool="write_file", args={"n": 1}, decide_within=within))
    bench.status("lost")
    action = bench.run().actions["a1"]
    answer = bench.intent("approve", **bench.about(action), code=code(action.digest))
    assert answer.accepted
    return bench


def carried_out(bench: Bench) -> None:
    bench.status("online", connection="k2", runs=[RunStanding(run="r1", seq=2, open=["a1"])])
    decision = bench.commands(DecisionCommand)[-1]
    bench.event(3, CommandAcknowledged(command=decision.id))
    bench.event(4, CommandEffective(command=decision.id))
    bench.pass_time(1)


def test_it_is_kept_while_the_ask_is_open_and_nothing_fails() -> None:
    bench = approved(within=120)
    bench.pass_time(60)
    assert "command-failed" not in bench.alarms()
    carried_out(bench)
    bench.pass_time(20)
    assert "command-failed" not in bench.alarms()


def test_an_agent_that_does_not_take_it_when_it_is_back_has_the_usual_time() -> None:
    bench = approved(within=120)
    bench.pass_time(60)
    bench.status("online", connection="k2", runs=[RunStanding(run="r1", seq=2, open=["a1"])])
    bench.pass_time(9)
    assert "command-failed" not in bench.alarms()
    bench.pass_time(3)
    assert bench.last("command.failed")["reason"] == "not acknowledged within 10 s"


def failed(bench: Bench) -> str:
    return next(one.state for one in bench.desk.fleet.alarms.values() if one.kind == "command-failed")


def test_when_the_time_of_the_ask_is_over_it_has_failed_and_no_word_says_that_the_run_is_gone() -> None:
    bench = approved(within=30)
    bench.pass_time(45)
    assert bench.last("command.failed")["reason"] == "the agent did not return while the ask was open"
    assert failed(bench) == "unacknowledged"


def test_the_alarm_goes_when_it_took_effect_after_all_also_under_another_supervisor() -> None:
    for anew in (False, True):
        bench = approved(within=30)
        bench.pass_time(45)
        if anew:
            later = Bench(decode(encode(bench.desk.fleet)), epoch="epoch2")
            later.now, later.wall, bench = bench.now, bench.wall, later
            bench.pass_time(1)
        carried_out(bench)
        assert failed(bench) == "returned"
