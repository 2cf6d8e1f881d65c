"""What the supervisor says and the bus loses, or what it may not say yet."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bus.canonical import digest
from bus.events import (
    ActionFinished,
    ActionProposed,
    ActionStarted,
    CommandAcknowledged,
    CommandEffective,
    Hints,
    RunStarted,
)
from bus.messages import DecisionCommand, KillCommand, PassListCommand, PauseCommand
from console.core.fleet.state import decode, encode
from console.policy.load import Rulebook
from console.supervisor.judging.passes import LEARNED_AFTER
from tests.fixtures.desk import Bench

PINNED = '[tool."look"]\nseverity = 0\neffect = "read"\npinned = true\n'


def test_a_pass_list_is_told_anew_at_every_heartbeat(tmp_path: Path) -> None:
    """A withdrawal that got lost would let an agent pass for as long as the lease is renewed."""
    catalogue = tmp_path / "catalogue.toml"
    catalogue.write_text(PINNED)
    rules = Rulebook(catalogue, None)
    bench = Bench(rules=rules)
    bench.status("online")
    catalogue.write_text(PINNED.replace("pinned = true", "pinned = false"))
    rules.reload()
    bench.desk.adopt(rules.judge)
    bench.commit()
    told = len(bench.commands(PassListCommand))
    bench.status("alive")
    again = bench.commands(PassListCommand)
    assert [command.tools for command in again] == [["look"], [], []]
    assert (len(again), again[-1].order > again[-2].order) == (told + 1, True)


def test_an_agent_that_never_had_a_pass_list_is_not_told_at_heartbeats() -> None:
    bench = Bench()
    bench.status("online")
    before = len(bench.commands())
    bench.status("alive")
    assert len(bench.commands()) == before


def test_an_answer_in_words_waits_for_its_commit_while_the_recording_fails() -> None:
    """`respond` needs a commit, as an approval does: it is no stop, though the tool does not run."""
    bench = Bench()
    bench.status("online")
    bench.event(1, RunStarted())
    bench.event(2, ActionProposed(action="x", tool="no_such_tool", decide_within=60.0))
    action = bench.run().actions["x"]
    bench.desk.gates.decide(action, "responded", "op-1", bench.now, reason="use the other one")
    bench.desk.recording(failing=True)
    bench.let_go()
    assert bench.commands(DecisionCommand) == []
    bench.desk.recording(failing=False)
    bench.commit()
    assert [command.outcome for command in bench.commands(DecisionCommand)] == ["responded"]


# ---- a pass list that is withdrawn -----------------------------------------------------------------------------------


def passing(tmp_path: Path) -> tuple[Bench, Rulebook]:
    """An agent with a pass list that is then withdrawn; it may not know yet."""
    catalogue = tmp_path / "catalogue.toml"
    catalogue.write_text(PINNED)
    rules = Rulebook(catalogue, None)
    bench = Bench(rules=rules)
    bench.status("online")
    bench.event(1, RunStarted())
    catalogue.write_text(PINNED.replace("pinned = true", "pinned = false"))
    rules.reload()
    return bench, rules


def passes(bench: Bench, seq: int, tool: str = "look", incarnation: str = "inc") -> None:
    name = f"a{seq}"
    bench.event(seq, ActionProposed(action=name, tool=tool, passed=True), incarnation=incarnation)
    bench.event(seq + 1, ActionStarted(action=name, digest=digest(tool, {})), incarnation=incarnation)


def test_a_pass_list_is_recorded_before_it_is_sent(tmp_path: Path) -> None:
    bench, rules = passing(tmp_path)
    assert bench.last("agent.passes") == {"tools": ["look"]}
    bench.desk.adopt(rules.judge)
    assert bench.desk.out() == []
    bench.commit()
    assert bench.last("agent.passes") == {"tools": []}
    assert bench.commands(PassListCommand)[-1].tools == []
    bench.status("alive")
    assert bench.types().count("agent.passes") == 2


def test_a_call_that_the_withdrawn_list_allowed_is_not_ungated(tmp_path: Path) -> None:
    bench, rules = passing(tmp_path)
    bench.desk.adopt(rules.judge)
    bench.commit()
    passes(bench, 2)
    assert "ungated-action" not in bench.alarms()
    passes(bench, 4, "write_file")
    assert "ungated-action" in bench.alarms()


def test_who_has_been_heard_long_enough_knows_of_the_withdrawal(tmp_path: Path) -> None:
    bench, rules = passing(tmp_path)
    bench.desk.adopt(rules.judge)
    for _ in range(int(LEARNED_AFTER / 5) + 1):
        bench.pass_time(5)
        bench.status("alive")
    passes(bench, 2)
    assert "ungated-action" in bench.alarms()


def test_what_a_dead_process_passed_may_come_at_any_time(tmp_path: Path) -> None:
    bench, rules = passing(tmp_path)
    bench.desk.adopt(rules.judge)
    bench.status("online", "next", "k2")
    for _ in range(int(LEARNED_AFTER / 5) + 1):
        bench.pass_time(5)
        bench.status("alive", "next", "k2")
    passes(bench, 2)
    assert "ungated-action" not in bench.alarms()


def test_a_withdrawn_pin_allowed_one_definition_and_no_other(tmp_path: Path) -> None:
    catalogue, had, never = tmp_path / "catalogue.toml", "a" * 64, "e" * 64
    catalogue.write_text(f'{PINNED}schema = "{had}"\n')
    rules = Rulebook(catalogue, None)
    bench = Bench(rules=rules)
    bench.status("online")
    bench.event(1, RunStarted())
    catalogue.write_text("")
    rules.reload()
    bench.desk.adopt(rules.judge)
    bench.commit()
    assert decode(encode(bench.desk.fleet)).agents["a"].withdrawn == [("look", had)]
    for seq, schema in ((2, had), (4, never), (6, None)):
        hints = Hints(schema_digest=schema)
        bench.event(seq, ActionProposed(action=f"a{seq}", tool="look", passed=True, hints=hints))
        bench.event(seq + 1, ActionStarted(action=f"a{seq}", digest=digest("look", {})))
    ended = {name: action.decided_by for name, action in bench.run().actions.items()}
    assert ended == {"a2": "pass-list", "a4": "", "a6": ""}
    assert "ungated-action" in bench.alarms()


def test_the_next_supervisor_knows_what_was_allowed(tmp_path: Path) -> None:
    bench, rules = passing(tmp_path)
    later = Bench(decode(encode(bench.desk.fleet)), "epoch2", rules)
    passes(later, 2)
    later.status("online")
    passes(later, 4)
    assert "ungated-action" not in later.alarms()
    passes(later, 6, "delete_file")
    assert "ungated-action" in later.alarms()


# ---- a stop that went out unrecorded, of something that was not recorded either --------------------------------------


def died(bench: Bench) -> list[str]:
    """The recording fails, and the supervisor with it; returns its emergency log."""
    bench.desk.recording(failing=True)
    return [
        json.dumps({"topic": out.topic, "payload": out.payload.decode()})
        for out in bench.desk.out()
        if out.stops and out.after > bench.desk.committed_pos
    ]


def staged(bench: Bench, seq: int, data: RunStarted | ActionProposed) -> None:
    """An event comes in that is never committed."""
    commit, bench.commit = bench.commit, lambda: None  # type: ignore[method-assign]
    bench.event(seq, data)
    bench.commit = commit  # type: ignore[method-assign]


def test_a_rejection_of_a_proposal_that_was_lost_is_no_misdeed() -> None:
    bench = Bench()
    bench.status("online")
    bench.event(1, RunStarted())
    recorded = encode(bench.desk.fleet)
    proposal = ActionProposed(action="x", tool="no_such_tool", decide_within=60.0)
    staged(bench, 2, proposal)
    bench.desk.gates.decide(bench.run().actions["x"], "rejected", "op-1", bench.now, reason="no")
    late = died(bench)
    later = Bench(decode(recorded), "epoch2", late=late)
    later.ids = bench.ids
    (name,) = (command.id for command in later.desk.fleet.commands.values())
    later.event(2, proposal)
    later.event(3, CommandAcknowledged(command=name))
    later.event(4, ActionFinished(action="x", outcome="rejected"))
    assert later.alarms() == {"recorded-late"}
    action = later.run().actions["x"]
    assert (action.outcome, action.decided_by, action.decision) == ("rejected", "op-1", name)
    assert {command.id for command in later.commands(DecisionCommand)} == {name}


@pytest.mark.parametrize("verb", ["pause", "kill"])
def test_a_stop_of_a_run_that_was_lost_is_no_misdeed_and_stays_in_force(verb: str) -> None:
    bench = Bench()
    bench.status("online")
    recorded = encode(bench.desk.fleet)
    staged(bench, 1, RunStarted())
    bench.desk.ledger.request(verb, bench.run(), "op-1", "", "", bench.now)
    late = died(bench)
    later = Bench(decode(recorded), "epoch2", late=late)
    later.ids = bench.ids
    (name,) = (command.id for command in later.desk.fleet.commands.values())
    later.event(1, RunStarted())
    later.event(2, CommandAcknowledged(command=name))
    if verb == "pause":
        later.event(3, CommandEffective(command=name))
        assert (later.run().state, later.run().stop) == ("paused", "pause")
    assert later.alarms() == {"recorded-late"}
    later.event(later.run().seq + 1, RunStarted(continues=later.run().seq), incarnation="next")
    assert (
        len({command.id for command in later.commands(KillCommand if verb == "kill" else PauseCommand)}) == 2
    )
