"""A hold of the whole floor holds runs that begin later, outlives the supervisor, and ends by an operator's word alone."""

from __future__ import annotations

from typing import Any, Final

import pytest

from bus import codec
from bus.events import ActionProposed, CommandAcknowledged, Progress, RunStarted
from bus.messages import Answer, DecisionCommand, HoldCommand, Intent, ResumeCommand, RunStanding
from console.core.fleet.state import Run, decode, encode
from console.core.fleet.turns import put_away
from console.supervisor.intents import sweeps
from tests.fixtures.desk import OPERATOR, TOPICS, Bench

RUNS = 5


@pytest.fixture
def bench() -> Bench:
    bench = Bench()
    for number in range(RUNS):
        bench.event(1, RunStarted(), run=f"r{number}")
    return bench


def say(bench: Bench, verb: Any, name: str, *, signed: bool = True, **fields: Any) -> Answer | None:
    intent = Intent(
        verb=verb, id=name, operator="op-1", console="con", epoch=bench.desk.identity.epoch,
        pos=bench.desk.fleet.pos, **fields,
    )  # fmt: skip
    bench.raw(TOPICS.intents("op-1"), OPERATOR.sign(intent) if signed else codec.encode(intent))
    bench.desk.sweeps.finish(bench.now)
    bench.commit()
    replies = [codec.decode_reply(out.payload) for out in bench.sent if out.topic == TOPICS.console("con")]
    return next((one for one in replies if isinstance(one, Answer) and one.intent == name), None)


def told(bench: Bench, kind: Any) -> list[str]:
    return [command.run for command in bench.commands(kind)]


def stops(bench: Bench) -> dict[str, str]:
    return {run.run: run.stop for run in bench.desk.fleet.runs.values()}


def test_a_run_that_begins_is_told_to_hold_before_anything_is_decided_about_it(bench: Bench) -> None:
    say(bench, "hold", "h1", reason="something is off")
    bench.event(1, RunStarted(), run="new")
    bench.event(2, ActionProposed(action="a1", tool="read_file", args={}), run="new")
    assert told(bench, HoldCommand)[-1] == "new"
    orders = [type(one) for one in bench.commands() if getattr(one, "run", "") == "new"]
    assert orders == [HoldCommand, DecisionCommand]
    held = bench.desk.fleet.held
    assert held is not None
    assert (held.by, held.reason) == ("op-1", "something is off")
    command = next(one for one in bench.desk.fleet.commands.values() if one.run == "new")
    assert (command.by, command.reason) == ("op-1", "the floor is held: runs that begin wait, too")


def judged_held(bench: Bench, run: str) -> list[type]:
    """What a run is told, in order; checks that it was asked to hold before anything was decided about it."""
    records = [codec.decode_envelope(entry.event) for entry in bench.log if entry.run == run]
    types = [one.type for one in records]
    assert "action.decided" not in types[: types.index("command.requested")]
    assert stops(bench)[run] == "hold"
    return [type(one) for one in bench.commands() if getattr(one, "run", "") == run]


READS: Final = ActionProposed(action="a1", tool="read_file", args={})


def test_a_newcomer_that_claims_to_go_on_is_held(bench: Bench) -> None:
    say(bench, "hold", "h1")
    bench.event(1, RunStarted(continues=0), run="new")
    bench.event(2, READS, run="new")
    assert judged_held(bench, "new") == [HoldCommand, DecisionCommand]


def test_a_newcomer_that_never_says_that_it_began_is_held(bench: Bench) -> None:
    say(bench, "hold", "h1")
    bench.event(1, READS, run="new")
    assert judged_held(bench, "new") == [HoldCommand, DecisionCommand]


def test_a_newcomer_whose_beginning_is_lost_is_held(bench: Bench) -> None:
    say(bench, "hold", "h1")
    bench.event(3, READS, run="new")
    bench.pass_time(30)
    bench.event(3, READS, run="new")
    assert "gap" in bench.alarms()
    assert judged_held(bench, "new")[-1] is HoldCommand


def test_a_newcomer_whose_beginning_its_agent_no_longer_has_is_held_at_once(bench: Bench) -> None:
    say(bench, "hold", "h1")
    bench.status("online", runs=[RunStanding(run="new", seq=3, first=3)])
    assert stops(bench)["new"] == "hold"
    bench.event(3, READS, run="new")
    assert len({one.id for one in bench.commands(HoldCommand) if one.run == "new"}) == 1


@pytest.mark.parametrize("birth", [True, False])
def test_a_run_that_was_away_is_held_when_it_comes_back(bench: Bench, birth: bool) -> None:
    bench.desk.fleet.runs["a/r0"].state = "lost"
    put_away(bench.desk.fleet, "a/r0")
    say(bench, "hold", "h1")
    assert "r0" not in told(bench, HoldCommand)
    if birth:
        bench.status("online")
        assert stops(bench)["r0"] == "hold"
    bench.event(2, READS, run="r0")
    judged_held(bench, "r0")
    bench.intent("resume", agent="a", run="r0")
    bench.event(3, Progress(text="on"), run="r0")
    assert stops(bench)["r0"] == ""


def lose(bench: Bench) -> None:
    """The link of the agent breaks: all its runs are lost."""
    bench.status("online")
    bench.status("lost")
    assert bench.run().state == "lost"


def returns(bench: Bench, how: str) -> None:
    """Run r1 is heard of again: its process gets its link back, or says something; or a new process goes on with it."""
    if how == "birth":
        bench.status("online", connection="k2")
    elif how == "event":
        bench.event(2, Progress(text="here"), run="r1")
    else:
        bench.status("online", "inc2", "k2")
        bench.event(2, RunStarted(continues=1), run="r1", incarnation="inc2")
    assert bench.run().state == "working"


BACK: Final = ("birth", "event", "new process")


@pytest.mark.parametrize("away", [False, True])
@pytest.mark.parametrize("restart", [False, True])
@pytest.mark.parametrize("how", BACK)
def test_a_lost_run_raises_no_alarm_and_is_held_when_it_is_back(
    bench: Bench, how: str, restart: bool, away: bool
) -> None:
    lose(bench)
    say(bench, "hold", "h1")
    if away:  # others were lost since
        put_away(bench.desk.fleet, "a/r1")
    bench.pass_time(30)
    assert "command-failed" not in bench.alarms()
    if restart:
        bench = Bench(decode(encode(bench.desk.fleet)), "epoch2")
        bench.ids = 500
        bench.pass_time(30)
        assert "command-failed" not in bench.alarms()
    before = len(bench.commands(HoldCommand))
    returns(bench, how)
    held = bench.commands(HoldCommand)[before:]
    assert "r1" in [command.run for command in held]
    assert stops(bench)["r1"] == "hold"
    bench.pass_time(30)  # now somebody should have heard it
    assert "command-failed" in bench.alarms()
    assert {alarm.run for alarm in bench.desk.fleet.alarms.values() if alarm.kind == "command-failed"} >= {
        "r1"
    }


@pytest.mark.parametrize("how", BACK)
def test_a_run_that_was_lost_meanwhile_goes_on_when_it_is_back(bench: Bench, how: str) -> None:
    say(bench, "hold", "h1")
    for command in list(bench.commands(HoldCommand)):
        bench.event(2, CommandAcknowledged(command=command.id), run=command.run)
    lose(bench)
    say(bench, "resume", "u1")
    bench.pass_time(30)
    assert "command-failed" not in bench.alarms()
    before = len(bench.commands(ResumeCommand))
    if how == "new process":  # which nothing holds
        bench.status("online", "inc2", "k2")
        bench.event(3, RunStarted(continues=2), run="r1", incarnation="inc2")
    elif how == "event":
        bench.event(3, Progress(text="here"), run="r1")
    else:
        returns(bench, how)
    assert "r1" in [command.run for command in bench.commands(ResumeCommand)[before:]]
    assert stops(bench)["r1"] == ""


def test_a_run_that_is_lost_after_it_was_told_to_hold_is_an_alarm(bench: Bench) -> None:
    say(bench, "hold", "h1")
    lose(bench)
    bench.pass_time(30)
    assert "command-failed" in bench.alarms()


def test_an_observed_run_is_told_nothing(bench: Bench) -> None:
    say(bench, "hold", "h1")
    bench.event(1, RunStarted(control="observed"), run="new")
    assert "new" not in told(bench, HoldCommand)


def test_resume_of_all_lets_go_what_the_hold_stopped_and_nothing_else(bench: Bench) -> None:
    bench.intent("pause", agent="a", run="r0")
    bench.intent("hold", agent="a", run="r1")
    say(bench, "hold", "h1")
    bench.event(1, RunStarted(), run="new")
    bench.intent("pause", agent="a", run="r2")  # somebody's word about this one, after the hold
    answer = say(bench, "resume", "u1")
    assert answer is not None
    assert (answer.accepted, answer.text) == (True, "3 runs")
    assert told(bench, ResumeCommand) == ["r3", "r4", "new"]
    assert stops(bench) == {"r0": "hold", "r1": "hold", "r2": "pause", "r3": "", "r4": "", "new": ""}
    assert bench.desk.fleet.held is None
    bench.event(1, RunStarted(), run="newer")
    assert stops(bench)["newer"] == ""


def test_a_run_that_was_let_go_by_itself_stays_so_while_the_floor_is_held(bench: Bench) -> None:
    say(bench, "hold", "h1")
    bench.intent("resume", agent="a", run="r3")
    bench.event(1, RunStarted(continues=1), run="r3", incarnation="inc2")
    assert stops(bench)["r3"] == ""
    assert bench.desk.fleet.held is not None


def test_it_outlives_the_supervisor_and_a_keyframe(bench: Bench) -> None:
    say(bench, "hold", "h1")
    later = Bench(decode(encode(bench.desk.fleet)), "epoch2")
    later.event(1, RunStarted(), run="new")
    assert told(later, HoldCommand)[-1] == "new"
    later.ids = 500
    answer = say(later, "resume", "u1")
    assert answer is not None
    assert answer.accepted
    assert set(stops(later).values()) == {""}


def test_who_may_not_resume_may_not_resume_all(bench: Bench) -> None:
    say(bench, "hold", "h1")
    answer = say(bench, "resume", "u1", signed=False)
    assert answer is not None
    assert (answer.accepted, answer.outcome) == (False, "unsigned")
    bench.desk.recording(failing=True)
    answer = say(bench, "resume", "u2")
    assert answer is not None
    assert (answer.accepted, answer.outcome) == (False, "closed")
    assert bench.desk.fleet.held is not None
    assert told(bench, ResumeCommand) == []


def test_a_floor_that_is_not_held_cannot_be_resumed(bench: Bench) -> None:
    bench.intent("pause", agent="a", run="r0")
    answer = say(bench, "resume", "u1")
    assert answer is not None
    assert (answer.accepted, answer.outcome) == (False, "conflict")
    assert "not held" in answer.text
    assert stops(bench)["r0"] == "pause"


def test_an_operators_hold_takes_the_place_of_a_strangers_and_not_the_other_way(bench: Bench) -> None:
    bench.intent("pause", agent="a", run="r0")
    say(bench, "hold", "h1", signed=False)
    held = bench.desk.fleet.held
    assert held is not None
    assert held.by == "op-1 (unsigned)"
    at = held.at
    bench.pass_time(2)
    say(bench, "hold", "h2")
    say(bench, "hold", "h3", signed=False)
    held = bench.desk.fleet.held
    assert held is not None
    assert (held.by, held.at) == ("op-1", at)
    assert bench.types().count("floor.held") == 2


@pytest.mark.parametrize("first, then", [("hold", "resume"), ("resume", "hold")])
def test_the_opposite_ends_what_is_under_way(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, first: str, then: str
) -> None:
    monkeypatch.setattr(bench.desk.sweeps, "slice", 2)
    if first == "resume":
        say(bench, "hold", "h0")
    for name, verb in (("one", first), ("two", then)):
        intent = Intent(
            verb=verb, id=name, operator="op-1", console="con", epoch=bench.desk.identity.epoch,  # type: ignore[arg-type]
            pos=bench.desk.fleet.pos,
        )  # fmt: skip
        bench.raw(TOPICS.intents("op-1"), OPERATOR.sign(intent))
    bench.desk.sweeps.finish(bench.now)
    bench.commit()
    assert set(stops(bench).values()) == {"hold" if then == "hold" else ""}
    replies = [codec.decode_reply(out.payload) for out in bench.sent if out.topic == TOPICS.console("con")]
    texts = {one.intent: one.text for one in replies if isinstance(one, Answer)}
    wants = sweeps.WANTS if then == "hold" else sweeps.WANTS_ON
    assert texts["one"] == f"2 runs; not the others, for op-1{wants}"
    left = bench.desk.fleet.alarms.get(sweeps.UNFINISHED)
    assert left is not None
    assert left.state == "returned"


def begin(bench: Bench, verb: Any, name: str, operator: str = "op-1", *, signed: bool = True) -> None:
    """Say it, and leave what the first slice does not reach."""
    intent = Intent(
        verb=verb, id=name, operator=operator, console="con", epoch=bench.desk.identity.epoch,
        pos=bench.desk.fleet.pos,
    )  # fmt: skip
    bench.raw(TOPICS.intents(operator), OPERATOR.sign(intent) if signed else codec.encode(intent))


def test_a_strangers_hold_in_the_middle_of_a_resume_strands_nobody(bench: Bench) -> None:
    say(bench, "hold", "h1")
    bench.desk.sweeps.slice = 2
    begin(bench, "resume", "u1")
    begin(bench, "hold", "x1", "mallory", signed=False)
    bench.desk.sweeps.finish(bench.now)
    bench.commit()
    assert set(stops(bench).values()) == {"hold"}
    answer = say(bench, "resume", "u2")
    assert answer is not None
    assert (answer.accepted, answer.text) == (True, f"{RUNS} runs")
    assert set(stops(bench).values()) == {""}


def cut_short(bench: Bench) -> Bench:
    """The supervisor dies when a resume of all has reached two runs. Returns the next one."""
    say(bench, "hold", "h1")
    bench.intent("hold", agent="a", run="r4")
    bench.desk.sweeps.slice = 2
    begin(bench, "resume", "u1")
    later = Bench(decode(encode(bench.desk.fleet)), "epoch2")
    later.ids = 500
    return later


def test_the_next_supervisor_goes_on_with_a_resume_that_was_cut_short(bench: Bench) -> None:
    later = cut_short(bench)
    alarm = bench.desk.fleet.alarms["resume-unfinished"]
    assert alarm.text == "op-1 wants all runs to go on; 2 of them were not asked yet"
    assert stops(bench) == {"r0": "", "r1": "", "r2": "hold", "r3": "hold", "r4": "hold"}
    later.pass_time(2)
    assert stops(later) == {"r0": "", "r1": "", "r2": "", "r3": "", "r4": "hold"}
    assert later.desk.fleet.alarms["resume-unfinished"].state == "returned"
    third = Bench(decode(encode(later.desk.fleet)), "epoch3")
    assert not third.desk.sweeps.under_way


def test_while_approvals_are_closed_the_next_supervisor_lets_nobody_go_on_by_itself(bench: Bench) -> None:
    bench.desk.alarms.raise_("second-supervisor", "another supervisor serves this site; approvals are closed")
    bench.commit()
    say(bench, "hold", "h1")
    bench.desk.sweeps.slice = 2
    begin(bench, "resume", "u1")
    later = Bench(decode(encode(bench.desk.fleet)), "epoch2")
    later.ids = 500
    later.pass_time(2)
    assert list(stops(later).values()) == ["", "", "hold", "hold", "hold"]
    assert later.desk.fleet.alarms["resume-unfinished"].state == "unacknowledged"
    later.intent("reset", alarm="second-supervisor", reason="it is gone")
    later.pass_time(1)
    answer = say(later, "resume", "u2")
    assert answer is not None
    assert (answer.accepted, answer.text) == (True, "3 runs")
    assert set(stops(later).values()) == {""}


def test_whom_a_fault_kept_held_may_be_resumed_with_all_again(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    say(bench, "hold", "h1")
    asked = bench.desk.ledger._request

    def fails(kind: str, run: Run, *rest: Any, **more: Any) -> str:
        if run.key == "a/r3":
            raise ZeroDivisionError
        return asked(kind, run, *rest, **more)

    with monkeypatch.context() as patched:
        patched.setattr(bench.desk.ledger, "_request", fails)
        answer = say(bench, "resume", "u1")
    assert answer is not None
    assert not answer.accepted
    assert bench.desk.fleet.held is None
    answer = say(bench, "resume", "u2")
    assert answer is not None
    assert answer.accepted
    assert set(stops(bench).values()) == {""}


def test_a_run_that_was_let_go_since_it_was_stopped_by_itself_goes_on_with_all(bench: Bench) -> None:
    bench.intent("hold", agent="a", run="r0")
    say(bench, "hold", "h1")
    bench.intent("resume", agent="a", run="r0")
    say(bench, "hold", "h2")
    assert stops(bench)["r0"] == "hold"
    say(bench, "resume", "u1")
    assert set(stops(bench).values()) == {""}


def test_an_operators_hold_of_one_run_outlives_the_hold_of_all_and_a_strangers_does_not(bench: Bench) -> None:
    say(bench, "hold", "h1")
    bench.intent("hold", agent="a", run="r0")
    bench.intent("hold", agent="a", run="r1", key=None)
    bench.intent("pause", agent="a", run="r2", key=None)
    for run in ("r0", "r3"):  # a new process is told again, by the same word
        bench.event(2, RunStarted(continues=1), run=run, incarnation="inc2")
    say(bench, "resume", "u1")
    assert stops(bench) == {"r0": "hold", "r1": "", "r2": "", "r3": "", "r4": ""}
