"""A hold of the whole floor holds runs that begin later, outlives the supervisor, and ends by an operator's word alone."""

from __future__ import annotations

from typing import Any

import pytest

from bus import codec
from bus.events import ActionProposed, RunStarted
from bus.messages import Answer, DecisionCommand, HoldCommand, Intent, ResumeCommand
from console.core.fleet.state import decode, encode
from console.supervisor.intents import sweeps
from tests.desk_fixture import OPERATOR, TOPICS, Bench

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
    assert orders[0] is HoldCommand
    assert DecisionCommand not in orders[:1]
    held = bench.desk.fleet.held
    assert held is not None
    assert (held.by, held.reason, held.stopped) == ("op-1", "something is off", [])
    command = next(one for one in bench.desk.fleet.commands.values() if one.run == "new")
    assert (command.by, command.reason) == ("op-1", "the floor is held: runs that begin wait, too")


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
    assert (held.by, held.at, held.stopped) == ("op-1", at, ["a/r0"])
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
    assert left is None or left.state == "returned"
