"""The step of a team's talk that decided its failure: weighed without what came after it, measured beside constants."""

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from console.cli.main import cli
from console.demo.recorded import RecordedRun
from console.evaluation.blame import Evidence, evidence, ranked
from console.evaluation.decisive import Place, measure_decisive, place

STEADY = settings(derandomize=True, deadline=None, max_examples=50)
TALK = [
    ("manager", "Find out how many people live in Kleindorf. Step 1: look it up."),
    ("Searcher", "Next speaker Coder"),
    ("Coder", "Let us assume that 4,200 people live in Kleindorf.\n```python\nprint(4200)\n```"),
    ("Terminal", "exitcode: 0\n4200"),
    ("Checker", "The code printed 4200, as said."),
    ("Coder", "TERMINATE"),
]


def team(talk: list[tuple[str, str]] = TALK, *, decisive: int | None = 2, name: str = "r") -> dict[str, Any]:
    steps = [
        {"i": i, "kind": "tool_result" if actor == "Terminal" else "message", "actor": actor, "text": text}
        for i, (actor, text) in enumerate(talk)
    ]
    outcome = {"success": False, "decisive_step": decisive}
    return {"run_id": name, "agent": "team", "task_id": name, "outcome": outcome, "steps": steps}


def recorded(one: dict[str, Any]) -> RecordedRun:
    return msgspec.convert(one, RecordedRun)


def test_what_was_made_up_outweighs_what_follows_from_it() -> None:
    told = evidence(recorded(team()))
    assert ranked(told)[0] == 2
    assert "assumed" in told[2].found
    assert [told[at].score for at in (0, 1, 3, 5)] == [None] * 4


def test_each_kind_of_evidence_counts() -> None:
    for sign, text in {
        "code": "Run this: ```ls```",
        "assumed": "With placeholder values",
        "claimed": "So the answer is here",
        "broke": "Traceback (most recent call last)",
        "did": "I clicked the link",
        "new facts": "It is 17 or 23",
    }.items():
        plain, told = (
            evidence(recorded(team([TALK[0], ("Coder", some)])))[1] for some in ("nothing in it", text)
        )
        assert told.found == (sign,)
        assert (told.score or 0) > (plain.score or 0)
        [_first, less] = evidence(recorded(team([TALK[0], ("Coder", text)])), without=frozenset([sign]))
        assert less == plain


def test_a_fact_is_new_once_and_what_comes_later_counts_less() -> None:
    same = ("Coder", "It is 17")
    _task, first, second = evidence(recorded(team([("manager", "How many?"), same, same])))
    assert first.found == ("new facts",)
    assert second.found == ()
    plain = [("Coder", "looking"), ("Coder", "still looking"), ("Coder", "looking on")]
    scores = [told.score or 0.0 for told in evidence(recorded(team([TALK[0], *plain])))[1:]]
    assert scores[0] > scores[1] > scores[2]


def test_a_step_that_weighs_as_much_as_an_earlier_one_does_not_outweigh_it() -> None:
    equal = Place(2, [Evidence(None), Evidence(1.0), Evidence(1.0)])
    assert measure_decisive([equal]).as_it_came.value == 0
    assert measure_decisive([Place(1, equal.told)]).as_it_came.value == 1


@STEADY
@given(st.lists(st.sampled_from(TALK), min_size=1, max_size=9), st.integers(1, 9))
def test_a_step_is_weighed_by_what_came_before_it(talk: list[tuple[str, str]], end: int) -> None:
    whole = evidence(recorded(team(talk)))
    assert evidence(recorded(team(talk[:end]))) == whole[:end]
    assert sorted(ranked(whole)) == list(range(len(talk)))


def test_hits_stand_beside_the_best_constant_and_chance() -> None:
    runs = [team(decisive=2, name="a"), team(decisive=4, name="b"), team(decisive=4, name="c")]
    places = [place(recorded(one), one["outcome"]["decisive_step"]) for one in runs]
    found = measure_decisive([one for one in places if one is not None])
    first, third = found.hits
    assert found.runs == 3
    assert first.share.value == pytest.approx(1 / 3)
    assert first.constant == pytest.approx(2 / 3)
    assert first.steps == (4,)
    assert first.uniform == pytest.approx(1 / 6)
    assert third.share.value == 1
    assert third.constant == 1
    assert found.as_it_came.value == pytest.approx(1 / 3)
    assert found.usual == pytest.approx(1 / 6)


def test_runs_that_call_tools_or_have_no_such_step_are_left_out() -> None:
    assert place(recorded(team()), None) is None
    assert place(recorded(team()), 99) is None
    called = team() | {"steps": [*team()["steps"], {"i": 6, "kind": "tool_call", "actor": "a", "name": "t"}]}
    assert place(recorded(called), 2) is None


def test_evaluate_prints_them_and_the_flags_stay_empty(tmp_path: Path) -> None:
    file, out = tmp_path / "teams.jsonl", tmp_path / "flags"
    file.write_text("".join(json.dumps(team(name=name)) + "\n" for name in "ab"))
    args = ["evaluate", str(file), "--flags", str(out)]
    result = CliRunner().invoke(cli, args, prog_name="watchfloor")
    assert result.exit_code == 0, result.output
    assert "decisive step, team, 2 runs" in result.output
    assert "100.0 % (100.0 to 100.0); always step 2: 100.0 %; by chance 16.7 %" in result.output
    assert [json.loads(line) for line in out.read_text().splitlines()] == [
        {"run_id": name, "flags": []} for name in "ab"
    ]
    [report] = json.loads(CliRunner().invoke(cli, [*args, "--json"], prog_name="watchfloor").output)
    assert report["decisive"]["team"]["hits"][0]["share"]["value"] == 1
