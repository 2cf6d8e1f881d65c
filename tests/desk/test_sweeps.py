"""Holding all runs of a large floor goes in slices; between them others are heard, and nobody can tell by the order."""

from __future__ import annotations

from typing import Any

import pytest

from bus import codec
from bus.events import CommandEffective, Progress, RunFinished, RunStarted
from bus.messages import Answer, HoldCommand, Intent, PauseCommand, ResumeCommand
from console.core.fleet.state import Run, decode, encode
from console.supervisor.intents import sweeps
from console.supervisor.intents.sweeps import STRANGERS
from tests.fixtures.desk import OPERATOR, TOPICS, Bench

RUNS = 10


@pytest.fixture
def bench() -> Bench:
    """Ten runs, reached three at a time."""
    bench = Bench()
    bench.desk.sweeps.slice = 3
    for number in range(RUNS):
        bench.event(1, RunStarted(), run=f"r{number}")
    return bench


def hold_all(bench: Bench, name: str = "all", operator: str = "op-1") -> None:
    said = Intent(verb="hold", id=name, operator=operator, console="con", epoch=bench.desk.identity.epoch)
    bench.raw(TOPICS.intents(operator), OPERATOR.sign(said))


def step(bench: Bench) -> None:
    bench.desk.sweeps.step(bench.now)
    bench.commit()


def held(bench: Bench) -> list[str]:
    return [command.run for command in bench.commands(HoldCommand)]


def answers(bench: Bench) -> list[tuple[str, bool, str]]:
    replies = [codec.decode_reply(out.payload) for out in bench.sent if out.topic == TOPICS.console("con")]
    return [(one.intent, one.accepted, one.text) for one in replies if isinstance(one, Answer)]


def test_a_slice_at_a_time_in_order_and_one_answer_when_all_is_asked_for(bench: Bench) -> None:
    hold_all(bench)
    assert (held(bench), answers(bench)) == (["r0", "r1", "r2"], [])
    hold_all(bench)  # the console has heard nothing yet and says it again
    for count in (6, 9):
        step(bench)
        assert (len(held(bench)), answers(bench), bench.desk.sweeps.under_way) == (count, [], True)
    step(bench)
    assert held(bench) == [f"r{number}" for number in range(RUNS)]
    assert (answers(bench), bench.desk.sweeps.under_way) == ([("all", True, "10 runs")], False)
    hold_all(bench)
    assert answers(bench) == [("all", True, "10 runs")] * 2
    assert len(held(bench)) == RUNS
    orders = [command.order for command in bench.commands(HoldCommand)]
    assert orders == sorted(set(orders))


def test_what_comes_between_comes_after_the_hold_of_its_run(bench: Bench) -> None:
    """An operator's later word, and an event: the hold of that run is asked for first, and once."""
    hold_all(bench)
    bench.intent("resume", agent="a", run="r8")
    orders = {
        kind: next(one.order for one in bench.commands(kind) if one.run == "r8")
        for kind in (HoldCommand, ResumeCommand)
    }
    assert orders[HoldCommand] < orders[ResumeCommand]
    bench.event(2, Progress(text="on"), run="r9")
    assert held(bench) == ["r0", "r1", "r2", "r8", "r9"]
    [request, said] = [entry for entry in bench.log if entry.run == "r9"][1:3]
    assert codec.decode_envelope(request.event).type == "command.requested"
    assert codec.decode_envelope(said.event).type == "progress"
    while bench.desk.sweeps.under_way:
        step(bench)
    assert sorted(held(bench)) == [f"r{number}" for number in range(RUNS)]
    assert bench.run("r8").state == "working"
    assert answers(bench)[-1] == ("all", True, "10 runs")


def test_a_command_of_the_supervisor_itself_comes_after_the_hold(bench: Bench) -> None:
    hold_all(bench)
    bench.desk.ledger.request("pause", bench.run("r7"), "health", "a loop", "", bench.now)
    bench.commit()
    [hold] = [one for one in bench.commands(HoldCommand) if one.run == "r7"]
    [pause] = bench.commands(PauseCommand)
    assert hold.order < pause.order


def test_a_run_that_ended_meanwhile_is_not_asked(bench: Bench) -> None:
    """It is asked when its end is heard, as it came after; one that the clock ends in between is not."""
    hold_all(bench)
    bench.event(2, RunFinished(outcome="completed"), run="r9")
    assert held(bench)[3:] == ["r9"]
    [command] = [one for one in bench.commands(HoldCommand) if one.run == "r0"]
    bench.event(2, CommandEffective(command=command.id), run="r0")
    bench.desk.fleet.runs["a/r8"].state = "completed"
    bench.pass_time(1.0)
    assert "r8" not in held(bench)
    assert answers(bench) == [("all", True, "9 runs")]


def test_the_clock_goes_on_with_it_where_nobody_else_does(bench: Bench) -> None:
    hold_all(bench)
    bench.pass_time(1.5)
    assert len(held(bench)) == RUNS


def test_two_who_hold_all_are_both_answered(bench: Bench) -> None:
    """One after the other; the later one's word stands."""
    hold_all(bench, "first")
    hold_all(bench, "second", "op-2")
    bench.desk.sweeps.finish(bench.now)
    bench.commit()
    assert answers(bench) == [("first", True, "10 runs"), ("second", True, "10 runs")]
    last = {command.run: command.id for command in bench.commands(HoldCommand)}
    assert {bench.desk.fleet.commands[name].by for name in last.values()} == {"op-2"}


def strangers_hold_all(bench: Bench, name: str) -> None:
    said = Intent(verb="hold", id=name, operator="nobody", console="con", epoch=bench.desk.identity.epoch)
    bench.raw(TOPICS.intents("nobody"), codec.encode(said))


def test_strangers_share_one_sweep_and_keep_no_operator_from_his(bench: Bench) -> None:
    """Theirs are one, however many say it; his goes before it, and reaches what began since."""
    for number in range(STRANGERS + 5):
        strangers_hold_all(bench, f"u{number}")
    refused = [text for _, accepted, text in answers(bench) if not accepted]
    assert (len(refused), "being held for others already" in refused[0]) == (5, True)
    assert len(bench.desk.sweeps._under_way) == 1
    bench.event(1, RunStarted(), run="new")
    hold_all(bench)
    for _ in range(4):
        step(bench)
    assert answers(bench)[-1] == ("all", True, "11 runs")
    assert {bench.run(name).stop for name in ("r0", "r9", "new")} == {"hold"}
    bench.desk.sweeps.finish(bench.now)
    bench.commit()
    assert sum(accepted for _, accepted, _ in answers(bench)) == 1 + STRANGERS


def test_who_wants_the_same_again_reaches_what_began_and_what_was_let_go_since(bench: Bench) -> None:
    hold_all(bench, "first")
    bench.event(1, RunStarted(), run="new")
    bench.intent("resume", agent="a", run="r0")
    hold_all(bench, "second")
    bench.desk.sweeps.finish(bench.now)
    bench.commit()
    assert answers(bench)[-2:] == [("first", True, "11 runs"), ("second", True, "11 runs")]
    assert held(bench).count("new") == 1  # the floor is held: who begins is held at once
    assert {run.stop for run in bench.desk.fleet.runs.values()} == {"hold"}
    assert held(bench).count("r1") == 1


def cannot_ask_r4(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """A fault of ours, whenever this one run is asked for something."""
    asked = bench.desk.ledger._request

    def fails(kind: str, run: Run, *rest: Any, **more: Any) -> str:
        if run.key == "a/r4":
            raise ZeroDivisionError
        return asked(kind, run, *rest, **more)

    monkeypatch.setattr(bench.desk.ledger, "_request", fails)


def test_one_run_that_goes_wrong_is_said_and_the_others_are_held(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An error of ours is an alarm and no acceptance; it keeps nobody else from being asked."""
    cannot_ask_r4(bench, monkeypatch)
    hold_all(bench)
    bench.event(2, Progress(text="its event counts all the same"), run="r4")
    bench.desk.sweeps.finish(bench.now)
    bench.commit()
    assert sorted(held(bench)) == [f"r{number}" for number in range(RUNS) if number != 4]
    assert bench.run("r4").seq == 2
    assert "op-1 wants all runs held; a fault kept these from being asked: a/r4" in [
        alarm.text for alarm in bench.desk.fleet.alarms.values()
    ]
    [(_, accepted, text)] = answers(bench)
    assert (accepted, text) == (False, "only 9 of 10 runs; a fault kept a/r4 from being asked: look again")


def test_the_next_supervisor_goes_on_where_one_died_in_the_middle(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It asks those that nothing stops, slice by slice, and shows until then that some were not asked."""
    hold_all(bench)
    asked = held(bench)
    assert len(asked) == 3
    left = bench.desk.fleet.alarms["hold-unfinished"]
    assert (left.state, left.priority) == ("unacknowledged", 1)
    assert left.text == "op-1 wants all runs held; 7 of them were not asked yet"
    monkeypatch.setattr(sweeps, "SLICE", 3)
    later = Bench(decode(encode(bench.desk.fleet)), "epoch2")
    later.ids = 100
    assert later.desk.sweeps.under_way
    later.pass_time(2)
    assert later.desk.fleet.alarms["hold-unfinished"].state == "returned"
    assert [run.stop for run in later.desk.fleet.runs.values()] == ["hold"] * RUNS
    went_on = [one for one in later.desk.fleet.commands.values() if one.by == "supervisor"]
    assert sorted([*asked, *(one.run for one in went_on)]) == [f"r{number}" for number in range(RUNS)]
    assert went_on[0].reason == f"an earlier supervisor did not finish: {left.text}"
    assert [
        one for one in Bench(decode(encode(later.desk.fleet)), "epoch3").types() if "command" in one
    ] == []


def test_nothing_is_unfinished_where_all_are_asked(bench: Bench) -> None:
    bench.desk.sweeps.slice = RUNS
    hold_all(bench)
    assert bench.alarms() == set()
    bench.desk.sweeps.slice = 3
    hold_all(bench, "again")
    assert bench.alarms() == {"hold-unfinished"}
    bench.pass_time(2)
    assert bench.desk.fleet.alarms["hold-unfinished"].state == "returned"


def test_what_could_not_be_asked_holds_nothing_anew_at_each_restart(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    cannot_ask_r4(bench, monkeypatch)
    hold_all(bench)
    bench.desk.sweeps.finish(bench.now)
    bench.intent("resume", agent="a", run="r0")
    later = Bench(decode(encode(bench.desk.fleet)), "epoch2")
    later.pass_time(2)
    assert not later.desk.sweeps.under_way
    assert [run.key for run in later.desk.fleet.runs.values() if not run.stop] == ["a/r0", "a/r4"]


def test_what_a_stranger_was_cut_short_in_stays_a_strangers(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    strangers_hold_all(bench, "u1")
    monkeypatch.setattr(sweeps, "SLICE", 3)
    later = Bench(decode(encode(bench.desk.fleet)), "epoch2")
    later.ids = 100
    hold_all(later)  # goes before what is left of it
    later.desk.sweeps.finish(later.now)
    later.commit()
    sent = dict.fromkeys(command.id for command in later.commands(HoldCommand))  # some go out twice
    by = [later.desk.fleet.commands[name].by for name in sent]
    theirs = "supervisor (unsigned)"
    assert by == [theirs] * 3 + ["op-1"] * RUNS + [theirs] * 4


def test_a_stranger_left_alone_by_the_operator_who_went_first_is_said_to_be_one(bench: Bench) -> None:
    """The alarm names who is first: with nobody but strangers left, the next supervisor goes on as for strangers."""
    strangers_hold_all(bench, "u1")
    hold_all(bench)
    alarm = bench.desk.fleet.alarms["hold-unfinished"]
    assert alarm.text.startswith("op-1 wants")
    while len(bench.desk.sweeps._under_way) > 1:
        step(bench)
    assert alarm.text.startswith("nobody (unsigned) wants")
    later = Bench(decode(encode(bench.desk.fleet)), "epoch2")
    assert not any(sweep.signed for sweep in later.desk.sweeps._under_way)
