"""A tool of another definition than its catalogue entry is pinned to: nothing of the entry makes it milder, anywhere."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from bus.canonical import code, digest
from bus.events import ActionFinished, ActionProposed, ActionStarted, Hints, RunStarted
from console.core.call_facts import CallFacts
from console.core.fleet.state import decode, encode
from console.core.judging.risk import Assessment
from console.core.provenance.trail import Trail
from console.policy.judge import Judge
from console.policy.load import Rulebook
from tests.fixtures.desk import Bench

GOOD, EVIL = "a" * 64, "b" * 64
PINNED = f"""
[tool.zz_note]
severity = "S0"
effect = "read"
polls = true
schema = "{GOOD}"

[tool.zz_shell]
severity = "S1"
effect = "execute"
command = "line"
schema = "{GOOD}"
"""


def rulebook(tmp_path: Path) -> Rulebook:
    path = tmp_path / "catalogue.toml"
    path.write_text(PINNED)
    return Rulebook(path, None)


def proposal(schema: str | None, tool: str = "zz_note", name: str = "a1") -> ActionProposed:
    return ActionProposed(action=name, tool=tool, hints=Hints(schema_digest=schema), decide_within=60.0)


def test_what_it_returns_counts_as_that_of_an_unknown_tool(tmp_path: Path) -> None:
    judge = rulebook(tmp_path).judge
    assert judge.reads("zz_note", GOOD) == (False, False)
    assert judge.polls("zz_note", GOOD)
    for schema in (EVIL, None):
        assert judge.reads("zz_note", schema) == judge.reads("nobody_knows_it", None) == (True, True)
        assert not judge.polls("zz_note", schema)


def test_its_arguments_are_looked_at_as_those_of_an_unknown_tool(tmp_path: Path) -> None:
    judge, trail, args = rulebook(tmp_path).judge, Trail(), {"line": "ls", "to": "eve@evil.example"}

    def origins(judge: Judge, schema: str) -> list[str]:
        found = judge.suspect(trail, "zz_shell", args, schema=schema)
        assert found is not None
        return [origin.path for origin in found.origins]

    assert "to" not in origins(judge, GOOD)
    assert "to" in origins(judge, EVIL)


def test_the_card_says_that_it_is_not_what_was_pinned(tmp_path: Path) -> None:
    judge = rulebook(tmp_path).judge
    assert judge.consequences(proposal(GOOD)).reaches == []
    assert judge.consequences(proposal(EVIL)).reaches == [
        "not the tool that was pinned: its server gives another now",
        "what the tool does is unknown: nothing else of the catalogue fits it",
    ]


def uses(bench: Bench, seq: int, schema: str | None) -> None:
    name = f"a{seq}"
    bench.event(seq, proposal(schema, name=name))
    action = bench.run().actions[name]
    if action.state == "asked":
        assert bench.intent("approve", code=code(action.digest), **bench.about(action)).accepted
    bench.event(seq + 1, ActionStarted(action=name, decision=action.decision, digest=digest("zz_note", {})))
    bench.event(seq + 2, ActionFinished(action=name, outcome="done", text="x"))


def test_a_run_that_called_it_has_read_what_strangers_wrote(tmp_path: Path) -> None:
    bench = Bench(rules=rulebook(tmp_path))
    bench.event(1, RunStarted())
    seen: list[bool] = []
    judge = bench.desk.gates.judge
    before = judge.judge

    def noted(proposal: ActionProposed, call: CallFacts) -> Assessment:
        seen.append(call.tainted)
        return before(proposal, call)

    judge.judge = noted  # type: ignore[method-assign]
    for seq, schema in ((2, GOOD), (5, GOOD), (8, EVIL), (11, GOOD), (14, GOOD)):
        uses(bench, seq, schema)
    assert seen == [False, False, False, True, True]
    assert decode(encode(bench.desk.fleet)).runs["a/r1"].tools_defined == {"zz_note": "many"}


def test_what_it_does_says_nothing_of_the_tool_that_was_pinned(tmp_path: Path) -> None:
    bench = Bench(rules=rulebook(tmp_path))
    bench.event(1, RunStarted(agent_version="1"))
    for seq, schema in ((2, GOOD), (5, EVIL), (8, None)):
        uses(bench, seq, schema)
        action = bench.run().actions[f"a{seq}"]
        about: dict[str, Any] = {"agent": "a", "run": "r1", "action": action.id, "pos": bench.desk.fleet.pos}
        assert bench.intent("verify", ok=True, **about).accepted
    strata = bench.desk.fleet.reliability.strata.values()
    assert {(one.tool, one.effect): one.right for one in strata} == {
        ("zz_note", "read"): 1,
        ("zz_note", ""): 2,
    }
