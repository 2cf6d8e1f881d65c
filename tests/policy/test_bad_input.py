"""What is wrong with a rule, a catalogue or a call: one line that names file and rule, and the last good version stays."""

import re
from pathlib import Path
from typing import Any

import pytest

from bus.events import ActionProposed
from console.policy.leaves import ALL_CHARS, LEAF_CHARS, LEAVES
from console.policy.load import Rulebook
from tests.policy.test_policy import PINNED, RULE, judged, written

LOOKS = 'fires = [{ tool = "look" }]\nsilent = [{ tool = "other" }]\n'
BAD = {
    "unknown field": 'whenever = "x"',
    "unknown name": f"when = 'amount > 3'\n{LOOKS}",
    "wrong type": "tool = 5",
    "wrong type in a condition": f"when = 'tool + 1 == 2'\n{LOOKS}",
    "two loops": f"when = 'used.exists(u, origins.exists(o, o == u))'\n{LOOKS}",
    "loop over what is no list": f"when = 'tool.exists(c, c == \"x\")'\n{LOOKS}",
    "huge argument": f'args = {{ note = "{"x" * 100_000}" }}',
    "huge path": f'args = {{ {"x" * 100_000} = "y" }}',
    "huge number": f"when = 'args.n > 1{'0' * 500}'\n{LOOKS}",
    "id taken": RULE,
}


@pytest.mark.parametrize("bad", BAD.values(), ids=list(BAD))
def test_what_is_wrong_with_a_rule_is_one_line_of_file_and_rule_and_the_last_good_one_stays(
    tmp_path: Path, bad: str
) -> None:
    catalogue, policy = written(tmp_path, PINNED, RULE)
    book = Rulebook(catalogue, policy)
    policy.write_text(f"{RULE}{bad}")
    assert book.reload() is False
    assert re.match(rf"{re.escape(str(policy))}:\d+: rule 'r': ", book.problem)
    assert book.problem.endswith("(the last good version stays in force)")
    assert book.problem.isprintable()
    assert len(book.problem) < 1_000
    assert judged(book.judge, ActionProposed(action="1", tool="look")).gate == "hold"


def test_a_tool_that_stands_twice_is_one_line_of_file_and_tool_and_the_last_good_catalogue_stays(
    tmp_path: Path,
) -> None:
    catalogue, policy = written(tmp_path, PINNED)
    book = Rulebook(catalogue, policy)
    catalogue.write_text(PINNED + PINNED.replace("0", "4"))
    assert book.reload() is False
    assert book.problem.startswith(f'{catalogue}:5: [tool."look"]: stands a second time: keep one')
    assert book.problem.endswith("(the last good version stays in force)")
    assert book.judge.catalogue.pass_list() == ["look"]


@pytest.mark.parametrize("value", ["x" * (LEAF_CHARS + 1), ["x"] * (LEAVES + 1), "x" * (ALL_CHARS + 1)])
def test_a_huge_argument_of_a_call_asks_and_names_the_rule_that_could_not_be_checked(
    tmp_path: Path, value: Any
) -> None:
    catalogue, policy = written(tmp_path, PINNED, RULE + 'args = { note = "*secret" }\n')
    judge = Rulebook(catalogue, policy).judge
    verdict = judged(judge, ActionProposed(action="1", tool="look", args={"note": value}))
    assert (verdict.gate, verdict.reasons[0].code) == ("ask", "policy-truncated:r")
    assert "rule r" in verdict.reasons[0].text
    assert judged(judge, ActionProposed(action="2", tool="look", args={"note": "x"})).gate == "auto"
