"""Who may say that a run is contained, and what the floor makes of a wrapper's words."""

from __future__ import annotations

import pytest

from bus.contain.voice import vouch
from bus.events import (
    CommandAcknowledged,
    CommandDirect,
    CommandEffective,
    CommandRung,
    RunFinished,
    RunStarted,
)
from bus.identity import Identity
from bus.sdk.agent import Agent
from bus.signing import PrivateKey
from console.cli.card import way
from console.core.fleet.state import Command
from console.supervisor.intents.operators import Operators
from tests.fixtures.desk import Bench

WRAPPER = PrivateKey.generate()
STRANGER = PrivateKey.generate()


def bench() -> Bench:
    """A desk at which the wrapper of `host-1` is enrolled."""
    made = Bench()
    made.desk.follow.wrappers = Operators({"host-1": [WRAPPER.public]})
    return made


def proof(key: PrivateKey = WRAPPER, agent: str = "a", run: str = "r1", incarnation: str = "inc") -> str:
    return vouch(key, Identity("site", agent, incarnation), run)


def started(proof: str) -> RunStarted:
    return RunStarted(control="contained", proof=proof)


def test_the_word_of_an_enrolled_wrapper_is_believed_and_recorded() -> None:
    floor = bench()
    floor.event(1, started(proof()))
    assert (floor.run().control, floor.alarms()) == ("contained", set())
    assert floor.last("run.contained") == {"wrapper": "host-1", "incarnation": "inc"}


@pytest.mark.parametrize(
    "claim",
    [
        "",
        "no proof at all",
        "[1]",
        "\ud800",
        proof(STRANGER),
        proof(run="r2"),
        proof(agent="b"),
        proof(incarnation="another"),
        proof().replace('"run":"r1"', '"run":"r1","more":1'),
    ],
    ids=["none", "text", "list", "surrogate", "stranger", "run", "agent", "process", "changed"],
)
def test_every_other_claim_counts_as_gated_and_is_seen(claim: str) -> None:
    floor = bench()
    claim = claim.encode("utf-8", "replace").decode()
    floor.event(1, started(claim))
    assert (floor.run().control, floor.alarms()) == ("gated", {"misdeed"})
    assert "run.contained" not in floor.types()


def test_a_run_that_goes_on_in_another_process_is_gated_until_that_one_proves_it() -> None:
    floor = bench()
    floor.event(1, started(proof()))
    floor.event(2, RunStarted(continues=1), incarnation="next")
    assert floor.run().control == "gated"
    floor.event(3, RunStarted(continues=2, control="contained", proof=proof()), incarnation="third")
    assert floor.run().control == "gated"
    whole = proof(incarnation="fourth")
    floor.event(4, RunStarted(continues=3, control="contained", proof=whole), incarnation="fourth")
    assert floor.run().control == "contained"


def test_what_was_told_directly_is_a_command_with_its_facts_and_a_latched_alarm() -> None:
    floor = bench()
    floor.event(1, started(proof()))
    floor.event(2, CommandDirect(command="d1", kind="pause", by="ann (root, direct)"))
    assert (floor.run().state, floor.run().stop, floor.run().stopped_by) == (
        "pausing",
        "pause",
        "ann (root, direct)",
    )
    floor.event(3, CommandAcknowledged(command="d1"))
    floor.event(4, CommandRung(command="d1", rung="frozen", after=0.012, processes=3))
    floor.event(5, CommandEffective(command="d1"))
    command = floor.desk.fleet.commands["d1"]
    assert (command.state, command.direct, floor.run().state) == ("effective", True, "paused")
    assert way(command) == "frozen +0.01 s"
    alarm = next(iter(floor.desk.fleet.alarms.values()))
    assert (alarm.kind, alarm.priority, alarm.latched) == ("recorded-late", 1, True)
    floor.intent("resume", agent="a", run="r1", pos=floor.desk.fleet.pos)
    assert floor.run().stop == ""


def test_only_a_contained_run_may_say_that_it_was_told_directly() -> None:
    floor = bench()
    floor.event(1, RunStarted())
    floor.event(2, CommandDirect(command="d1", kind="kill", by="ann"))
    assert floor.alarms() == {"misdeed"}
    assert floor.desk.fleet.commands == {}
    assert not floor.run().killing


def test_nobody_tells_of_a_command_that_is_another_runs_or_a_second_time() -> None:
    floor = bench()
    floor.event(1, started(proof()))
    floor.event(2, CommandDirect(command="d1", kind="pause", by="ann"))
    floor.event(3, CommandDirect(command="d1", kind="kill", by="ann"))
    floor.event(1, RunStarted(), run="r2")
    floor.event(2, CommandRung(command="d1", rung="dead", after=1.0), run="r2")
    assert floor.alarms() == {"recorded-late", "misdeed"}
    assert (floor.desk.fleet.commands["d1"].kind, floor.desk.fleet.commands["d1"].rungs) == ("pause", [])
    assert (floor.run().misdeeds, floor.run("r2").misdeeds) == (1, 1)


def test_of_very_many_rungs_the_first_and_the_last_are_kept() -> None:
    floor = bench()
    floor.event(1, started(proof()))
    floor.event(2, CommandDirect(command="d1", kind="kill", by="ann"))
    for seq in range(3, 43):
        floor.event(seq, CommandRung(command="d1", rung="survivors", after=float(seq)))
    floor.event(43, CommandRung(command="d1", rung="dead", after=99.0))
    floor.event(44, RunFinished(outcome="killed"))
    rungs = floor.desk.fleet.commands["d1"].rungs
    assert (len(rungs), rungs[0].after, rungs[-1].rung) == (16, 3.0, "dead")


def test_the_sdk_does_not_claim_it() -> None:
    with pytest.raises(ValueError, match="only `watchfloor run` makes a run contained"):
        Agent("liar", control="contained")


def test_a_command_without_rungs_has_no_way() -> None:
    assert way(Command(id="c", kind="kill", agent="a", run="r", by="ann")) == ""
