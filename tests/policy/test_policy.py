"""The whole of the policy: the judge's one call, reloading, and the operators' page held to the code."""

import json
import re
import tomllib
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from bus.events import ActionProposed, Confidence, Hints
from console.core.fleet.kept import TOOLS_KEPT
from console.core.judging.gate_table import FAILURE_BOUNDS, matrix
from console.core.judging.risk import Assessment
from console.core.paths import PATH_CHARS
from console.core.provenance.trail import LEAVES_LOOKED_AT
from console.policy.catalogue import PRESETS, load_catalogue, load_presets
from console.policy.condition_source import (
    FUNCTIONS,
    LOOP_FOLDS,
    LOOP_NAMES,
    LOOP_SUMS,
    LOOPS,
    METHODS,
    REGEX_CHARS,
    SOURCE_CHARS,
)  # fmt: skip
from console.policy.files import PolicyFileError
from console.policy.handed import DEPTH
from console.policy.judge import Judge
from console.policy.known import Known
from console.policy.leaves import ALL_CHARS, LEAF_CHARS, LEAVES
from console.policy.load import Rulebook
from console.policy.rules import BUDGET_SECONDS, Policy, load_policy
from tests import ROOT
from tests.fixtures.calls import QUIET

STEADY = settings(derandomize=True, deadline=None, max_examples=200)
DOC = ROOT / "docs" / "policy.md"
PAGE = DOC.read_text("utf-8")
TOML = re.findall(r"```toml\n# (\w+\.toml)\n(.*?)```", PAGE, re.DOTALL)
PINNED = '[tool.look]\nseverity = 0\neffect = "read"\npinned = true\n'
RULE = '[[rule]]\nid = "r"\nraise = "hold"\nwhy = "Because."\n'


def judged(judge: Judge, proposal: ActionProposed) -> Assessment:
    return judge.judge(proposal, QUIET)


def written(tmp_path: Path, catalogue: str = "", policy: str = "") -> tuple[Path, Path]:
    files = tmp_path / "catalogue.toml", tmp_path / "policy.toml"
    files[0].write_text(catalogue)
    files[1].write_text(policy)
    return files


# ---- the judge -------------------------------------------------------------------------------------------------------


def test_the_one_call_uses_catalogue_hints_claim_and_rules(tmp_path: Path) -> None:
    judge = Rulebook(*written(tmp_path, PINNED, RULE + 'args = {"path" = "*.env"}')).judge
    look = ActionProposed(action="1", tool="look", args={"path": "a.txt"})
    assert judged(judge, look).gate == "auto"
    assert judged(judge, ActionProposed(action="1", tool="look", args={"path": ".ENV"})).gate == "hold"
    assert (
        judged(judge, ActionProposed(action="1", tool="look", hints=Hints(destructive_hint=True))).gate
        == "hold"
    )
    low = ActionProposed(action="1", tool="create_directory", confidence=Confidence(value=0.2))
    assert judged(judge, low).gate == "ask"
    assert judged(judge, ActionProposed(action="1", tool="nobody_knows")).gate == "hold"


@pytest.mark.parametrize(
    "facts, code",
    [
        ({"gap": True}, "gap"),
        ({"incomplete": True}, "incomplete"),
        ({"digest_ok": False}, "digest-mismatch"),
        ({"tainted": True, "sensitive": True}, "rule-of-two"),
        ({"first_use": True}, "first-use"),
    ],
    ids=str,
)
def test_the_one_call_uses_what_is_known_about_the_run(facts: dict[str, Any], code: str) -> None:
    judge = Judge(load_catalogue(None), Policy())
    edit = ActionProposed(action="1", tool="edit_file")
    assert [reason.code for reason in judged(judge, edit).reasons] == ["severity"]
    known = judge.judge(edit, replace(QUIET, **facts))
    assert code in [reason.code for reason in known.reasons]


def test_a_policy_that_fails_as_a_whole_asks(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise KeyError("x")

    monkeypatch.setattr(Policy, "hits", broken)
    verdict = judged(Judge(load_catalogue(None), Policy()), ActionProposed(action="1", tool="list_directory"))
    assert (verdict.gate, verdict.reasons[0].code) == ("ask", "policy-error")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
)


@pytest.fixture(scope="module")
def strict(tmp_path_factory: pytest.TempPathFactory) -> Judge:
    text = RULE + 'tool = "*a*"\nargs = {"*.x" = "?*1"}\n'
    return Rulebook(*written(tmp_path_factory.mktemp("strict"), "", text)).judge


@STEADY
@given(
    tool=st.text(max_size=30).filter(lambda tool: tool not in load_presets()),
    args=st.dictionaries(st.text(max_size=5), JSON, max_size=4),
)
def test_whatever_is_proposed_is_judged(strict: Judge, tool: str, args: dict[str, object]) -> None:
    assert judged(strict, ActionProposed(action="1", tool=tool, args=args)).gate == "hold"


def test_a_tool_that_a_rule_could_raise_is_on_no_pass_list(tmp_path: Path) -> None:
    two = PINNED + PINNED.replace("look", "see")
    rules = RULE + 'tool = "LOOK"\nagent = "new-*"\n' + RULE.replace('"r"', '"s"') + 'tool = "other"'
    judge = Rulebook(*written(tmp_path, two, rules)).judge
    assert judge.pass_list("old") == ["look", "see"]
    assert judge.pass_list("new-1") == ["see"]


def test_what_an_unknown_tool_reads_is_taken_for_the_worst() -> None:
    judge = Judge(load_catalogue(None), Policy())
    assert judge.reads("nobody_knows", None) == (True, True)
    assert judge.reads("list_directory", None) == (False, False)
    assert judge.reads("fetch", None) == (True, False)


# ---- reloading -------------------------------------------------------------------------------------------------------


def test_files_that_were_never_there_are_empty(tmp_path: Path) -> None:
    book = Rulebook(tmp_path / "catalogue.toml", tmp_path / "policy.toml")
    assert book.judge.policy.rules == ()
    assert book.reload() is False
    assert book.problem == ""
    assert Rulebook(None, None).digest == book.digest


def test_a_file_the_operator_named_must_be_there(tmp_path: Path) -> None:
    path = tmp_path / "policy.toml"
    with pytest.raises(PolicyFileError, match=r"policy\.toml: is missing"):
        Rulebook(None, path, required=[path])


def test_a_broken_file_refuses_the_start(tmp_path: Path) -> None:
    with pytest.raises(PolicyFileError, match="not valid TOML"):
        Rulebook(*written(tmp_path, "[tool", ""))


def test_a_reload_takes_over_what_changed(tmp_path: Path) -> None:
    catalogue, policy = written(tmp_path, PINNED)
    book = Rulebook(catalogue, policy)
    before, digest = book.judge, book.digest
    assert book.reload() is False
    policy.write_text(RULE)
    assert book.reload() is True
    assert book.digest != digest
    look = ActionProposed(action="1", tool="look")
    assert (judged(before, look).gate, judged(book.judge, look).gate) == ("auto", "hold")


def test_a_broken_edit_keeps_the_last_good_version_and_says_so(tmp_path: Path) -> None:
    catalogue, policy = written(tmp_path, PINNED, RULE)
    book = Rulebook(catalogue, policy)
    policy.write_text(RULE.replace("hold", "auto"))
    assert book.reload() is False
    assert "rule 'r': raise = 'auto'" in book.problem
    assert book.problem.endswith("(the last good version stays in force)")
    assert "\n" not in book.problem
    assert judged(book.judge, ActionProposed(action="1", tool="look")).gate == "hold"
    policy.write_text(RULE)
    book.reload()
    assert book.problem == ""


def test_a_broken_catalogue_does_not_keep_a_new_rule_out(tmp_path: Path) -> None:
    catalogue, policy = written(tmp_path, PINNED)
    book = Rulebook(catalogue, policy)
    catalogue.write_text("[tool.look]\n")
    policy.write_text(RULE)
    assert book.reload() is True
    assert "catalogue.toml" in book.problem
    assert book.judge.catalogue.pass_list() == ["look"]
    assert judged(book.judge, ActionProposed(action="1", tool="look")).gate == "hold"


def test_a_file_that_has_gone_drops_nothing(tmp_path: Path) -> None:
    catalogue, policy = written(tmp_path, PINNED, RULE)
    book = Rulebook(catalogue, policy)
    policy.unlink()
    assert book.reload() is False
    assert "policy.toml: is missing" in book.problem
    policy.write_text("")
    assert book.reload() is True
    assert book.judge.policy.rules == ()


# ---- docs/policy.md --------------------------------------------------------------------------------------------------


def test_the_page_shows_the_derived_matrix() -> None:
    rows = re.findall(r"^\| S(\d) \w+ \| (.+) \|$", PAGE, re.MULTILINE)
    assert tuple(tuple(cells.split(" | ")) for _, cells in rows) == matrix()
    assert [int(level) for level, _ in rows] == list(range(5))
    head = re.search(r"^\| severity \| (.+) \|$", PAGE, re.MULTILINE)
    assert head
    assert head[1] == " | ".join(f"{name} ({bp / 100:g} %)" for name, bp in FAILURE_BOUNDS.items())


def test_every_example_of_the_page_loads(tmp_path: Path) -> None:
    assert {name for name, _ in TOML} == {"catalogue.toml", "policy.toml"}
    assert PAGE.count("```toml") == len(TOML)
    for number, (name, text) in enumerate(TOML):
        path = tmp_path / f"{number}-{name}"
        path.write_text(text)
        if name == "catalogue.toml":
            assert load_catalogue(path).digest != load_catalogue(None).digest
        else:
            rules = tomllib.loads(text)["rule"]
            assert all(rule["fires"] and rule["silent"] for rule in rules)
            assert len(load_policy(path).rules) == len(rules)


def test_the_page_lists_every_name_of_a_condition() -> None:
    """In order, with type and default; and no other."""
    rows = re.findall(r"^\| `(\w+)` \| ([\w ]+) \| `(.+?)` \| \S", PAGE, re.MULTILINE)
    types = {
        "str": "string",
        "float": "double",
        "list[str]": "list",
        "dict[str, OriginKind]": "map",
        "dict[str, Any]": "map",
    }
    types |= {"Severity": "int", "float | None": "double or null", "int | None": "int or null"}
    blank = msgspec.to_builtins(Known())
    hints = Known.__annotations__
    assert rows == [
        (name, types.get(hints[name], hints[name]), json.dumps(blank[name]))
        for name in Known.__struct_fields__
    ]


def test_the_page_says_the_bounds_of_conditions() -> None:
    said = " ".join(PAGE.split())
    assert f"at most {SOURCE_CHARS} characters" in said
    assert f"of at most {REGEX_CHARS} characters without counts" in said
    assert f"at most {DEPTH} levels" in said
    assert f"inside a loop stand at most {LOOP_NAMES} of the names above, `lower` twice and `+` twice" in said
    assert (LOOP_FOLDS, LOOP_SUMS, BUDGET_SECONDS) == (2, 2, 0.25)
    assert (
        f"The first {LEAVES_LOOKED_AT} values of an action have an origin, with paths of up to {PATH_CHARS:,} char"
        in said
    )
    assert f"`used` holds {TOOLS_KEPT} tools" in said
    assert f"looks at {LEAVES} values, {LEAF_CHARS:,} characters each, {ALL_CHARS:,} together" in said
    for name in (*LOOPS, *METHODS, *FUNCTIONS):
        assert re.search(rf"`{name}(\(text\))?`", PAGE), name


def test_the_page_names_every_family_of_presets() -> None:
    words = {
        "database": "databases",
        "file": "files",
        "http": "the web",
        "shell": "shells",
        "cloud": "clouds",
    }
    paragraph = re.search(r"They grade well-known names for ([^(]+)", PAGE)
    assert paragraph
    for path in PRESETS.glob("*.toml"):
        assert words.get(path.stem, path.stem) in " ".join(paragraph[1].split()), path.stem


def test_the_pages_pinned_tool_passes(tmp_path: Path) -> None:
    path = tmp_path / "catalogue.toml"
    path.write_text(next(text for name, text in TOML if name == "catalogue.toml"))
    assert load_catalogue(path).pass_list() == ["get_build_status"]
