"""What the supervisor says and the bus loses, or what it may not say yet."""

from __future__ import annotations

from pathlib import Path

from bus.events import ActionProposed, RunStarted
from bus.messages import DecisionCommand, PassListCommand
from console.policy.load import Rulebook
from tests.desk_fixture import Bench

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
