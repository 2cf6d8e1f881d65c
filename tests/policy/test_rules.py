"""The operator's rules: what they match, that they only raise, and that what cannot be checked asks."""

import fnmatch
import re
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from console.core.judging.tool_facts import RuleHit
from console.policy.files import PolicyFileError
from console.policy.glob import PATTERN_CHARS, Glob
from console.policy.leaves import LEAF_CHARS, LEAVES, leaves
from console.policy.rules import RULES, Policy, Rule, load_policy

STEADY = settings(derandomize=True, deadline=None, max_examples=500)
HEAD = '[[rule]]\nid = "r"\nraise = "ask"\nwhy = "Look."\n'


def policy(tmp_path: Path, text: str) -> Policy:
    path = tmp_path / "policy.toml"
    path.write_text(text)
    return load_policy(path)


def kinds(found: list[RuleHit]) -> list[str]:
    return [hit.kind for hit in found]


# ---- patterns --------------------------------------------------------------------------------------------------------


@STEADY
@given(st.text("ab.*?", min_size=1, max_size=8), st.text("ab.\n", max_size=8))
def test_a_pattern_means_what_it_means_in_a_shell(pattern: str, text: str) -> None:
    assert Glob(pattern).matches(text) is (re.match(fnmatch.translate(pattern), text) is not None)


@pytest.mark.parametrize(
    "pattern, text",
    [
        ("a*a", "a"),
        ("ab*ba", "aba"),
        ("?b*ba", "aba"),
        ("*a*a*", "a"),
        ("*ab*b?*", "ab"),
        ("*a?*a", "aa"),
        ("[a]", "a"),
        ("a+", "aa"),
        ("Read", "read"),
        ("a", "a\n"),
    ],
)
def test_what_a_pattern_is_not(pattern: str, text: str) -> None:
    assert not Glob(pattern).matches(text)


@pytest.mark.parametrize("pattern", ["", "a" * (PATTERN_CHARS + 1)])
def test_a_pattern_has_a_length(pattern: str) -> None:
    with pytest.raises(ValueError, match="1 to 200 characters"):
        Glob(pattern)


@pytest.mark.parametrize(
    "pattern", ["a*" * 99 + "b", "*" + "a?" * 98 + "b*", "*" + "a" * 198 + "b", "?*" * 100]
)
def test_no_pattern_takes_long_on_any_text(pattern: str) -> None:
    glob, text = Glob(pattern), "a" * LEAF_CHARS
    start = time.process_time()
    glob.matches(text)
    assert time.process_time() - start < 1.0  # an exponential one would not come back at all


# ---- arguments -------------------------------------------------------------------------------------------------------


def test_arguments_become_paths_and_texts() -> None:
    args = {"To": ["A", {"x": None}], "n": 100.0, "f": 0.5, "b": True, "e": [], "o": {}, "i": 7}
    assert leaves(args).found == [
        ("to.0", "a"), ("to.1.x", "null"), ("n", "100"), ("f", "0.5"), ("b", "true"), ("e", "[]"), ("o", "{}"), ("i", "7")
    ]  # fmt: skip
    assert leaves(args).whole
    assert leaves({}).whole


@pytest.mark.parametrize(
    "args",
    [
        {"x": "a" * (LEAF_CHARS + 1)},
        {"x": list(range(LEAVES + 1))},
        {"x": ["a" * LEAF_CHARS] * 11},
        {"x": ["a" * 150_000, "b" * 120_000]},
        {"k" * 2_000: 1},
        {"x": {"k" * 2_000: {"y": 1}}},
        {"body": {"$blob": "0" * 64}},
    ],
    ids=["long", "many", "much", "more", "key", "path", "blob"],
)
def test_what_is_too_much_is_cut_and_said(args: dict[str, Any]) -> None:
    flat = leaves(args)
    assert not flat.whole
    assert len(flat.found) <= LEAVES
    assert all(len(text) <= LEAF_CHARS and len(path) <= 1_000 for path, text in flat.found)


def test_what_just_fits_is_whole() -> None:
    assert leaves({"x": "a" * LEAF_CHARS}).whole
    assert leaves({"x": list(range(LEAVES))}).whole
    assert leaves({"x": ["a" * LEAF_CHARS] * 10}).whole


# ---- rules -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "lines, fires",
    [
        ("", True),
        ('tool = "send_*"', True),
        ('tool = "SEND_MAIL"', True),
        ('tool = "read_*"', False),
        ('agent = "bil*"', True),
        ('agent = "x"', False),
        ('args = {"to" = "*@evil.example"}', False),
        ('args = {"to.*" = "*@evil.example"}', True),
        ('args = {"*" = "*evil*"}', True),
        ('args = {"amount" = "1????"}', True),
        ('args = {"amount" = "1???"}', False),
        ('args = {"to.0" = "*@ok.example", "amount" = "*"}', True),
        ('args = {"to.0" = "*@ok.example", "nothing" = "*"}', False),
    ],
)
def test_a_rule_fires_where_all_its_patterns_match(tmp_path: Path, lines: str, fires: bool) -> None:
    args = {"to": ["a@ok.example", "B@EVIL.example"], "amount": 10_000}
    assert bool(policy(tmp_path, HEAD + lines).hits("billing", "send_mail", args)) is fires
    assert bool(policy(tmp_path, HEAD + lines).hits("Billing", "Send_Mail", args)) is fires


@pytest.mark.parametrize(
    "to, gate, severity",
    [("ask", "ask", None), ("hold", "hold", None), ("deny", "deny", None), ("S3", None, 3)],
)
def test_a_rule_raises_gate_or_severity(
    tmp_path: Path, to: str, gate: str | None, severity: int | None
) -> None:
    hit = policy(tmp_path, HEAD.replace('"ask"', f'"{to}"')).hits("a", "t", {})[0]
    assert (hit.rule, hit.raise_gate, hit.raise_severity, hit.why, hit.kind) == (
        "r",
        gate,
        severity,
        "Look.",
        "rule",
    )


def test_every_rule_that_fires_is_told(tmp_path: Path) -> None:
    rules = policy(tmp_path, HEAD + HEAD.replace('"r"', '"s"') + 'tool = "x"\n' + HEAD.replace('"r"', '"t"'))
    assert [hit.rule for hit in rules.hits("a", "t", {})] == ["r", "t"]


@pytest.mark.parametrize("args", [{"x": 10**5_000}, {"x": object()}], ids=["digits", "not-json"])
def test_a_rule_that_fails_asks(tmp_path: Path, args: dict[str, Any]) -> None:
    hit = policy(tmp_path, HEAD.replace('"ask"', '"deny"') + 'args = {"y" = "z"}').hits("a", "t", args)[0]
    assert (hit.kind, hit.raise_gate, hit.raise_severity) == ("policy-error", "ask", None)


def test_a_rule_that_raises_inside_asks_and_the_others_go_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rules = policy(tmp_path, HEAD + HEAD.replace('"r"', '"s"').replace('"ask"', '"hold"'))
    right = Rule.check

    def check(self: Rule, args: object) -> RuleHit | None:
        if self.id == "r":
            raise RecursionError
        return right(self, args)  # type: ignore[arg-type]

    monkeypatch.setattr(Rule, "check", check)
    found = rules.hits("a", "t", {})
    assert [(hit.rule, hit.kind, hit.raise_gate) for hit in found] == [
        ("r", "policy-error", "ask"),
        ("s", "rule", "hold"),
    ]


def test_what_is_too_much_to_check_asks_but_only_where_a_rule_would_have_looked(tmp_path: Path) -> None:
    rules = policy(tmp_path, HEAD + 'tool = "send"\nargs = {"x" = "*bad"}')
    big = {"x": "a" * 20_000 + "bad"}
    assert kinds(rules.hits("a", "send", big)) == ["policy-truncated"]
    assert kinds(rules.hits("a", "read", big)) == []
    assert kinds(rules.hits("a", "send", {"y": "z" * 20_000, "x": "bad"})) == ["rule"]


def test_the_digest_is_of_what_is_in_force(tmp_path: Path) -> None:
    one = policy(tmp_path, HEAD).digest
    assert one == policy(tmp_path, "# remark\n" + HEAD + 'fires = [{tool = "x"}]').digest
    assert one != policy(tmp_path, HEAD + 'tool = "x"').digest
    assert one != policy(tmp_path, "").digest
    assert policy(tmp_path, "").digest == load_policy(None).digest


# ---- files -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text, said",
    [
        ("[[rule]", "not valid TOML"),
        ("rules = []", "unknown key 'rules' at the top: only `rule`"),
        ("[rule]\nid = 'r'", "write each rule as its own [[rule]]"),
        ("rule = [1]", "rule number 1: Expected `object`, got `int`"),
        ('[[rule]]\nid = "r"\nwhy = "x"', "rule 'r': the table missing required field `raise`"),
        (
            HEAD + 'whenever = "x"',
            "rule 'r': the table contains unknown field `whenever`; the keys are `id`, `raise`, `why`",
        ),
        (HEAD + "tool = 1", "rule 'r': Expected `str`, got `int` - at `$.tool`"),
        (HEAD + "args = {x = 1}", "rule 'r': Expected `str`, got `int` - at `$.args[...]`"),
        (
            HEAD.replace('"ask"', '"auto"'),
            "rule 'r': raise = 'auto': a rule can only raise, to ask, hold, deny, S0",
        ),
        (HEAD.replace('"ask"', '"notify"'), "raise = 'notify': a rule can only raise"),
        (HEAD.replace('"Look."', '"  "'), "rule 'r': `why` is empty"),
        (HEAD + HEAD, "rule 'r': this id is taken"),
        (HEAD.replace('"r"', '"a b"'), "rule 'a b': Expected `str` matching regex"),
        (HEAD.replace('"r"', '"a\\u001bb"'), "Expected `str` matching regex"),
        (HEAD + 'tool = ""', "rule 'r': a pattern has 1 to 200 characters"),
        (HEAD + 'args = {"" = "x"}', "rule 'r': a pattern has 1 to 200 characters"),
        (HEAD + 'tool = "x"\nfires = [{tool = "y"}]', "rule 'r': example 1 of `fires` does not fire"),
        (HEAD + 'silent = [{tool = "y"}]', "rule 'r': example 1 of `silent` fires"),
        (
            HEAD + 'args = {x = "y"}\nfires = [{args = {x = 2020-01-01}}]',
            "example 1 of `fires` cannot be checked: TypeError",
        ),
        (
            HEAD + f'args = {{x = "y"}}\nsilent = [{{args = {{x = 0x1{"0" * 5_000}}}}}]',
            "example 1 of `silent` cannot be",
        ),
        (
            HEAD + "fires = [{tol = 'x'}]",
            "rule 'r': the table contains unknown field `tol` - at `$.fires[0]`",
        ),
        ("".join(HEAD.replace('"r"', f'"r{i}"') for i in range(RULES + 1)), "501 rules, more than 500"),
    ],
)
def test_a_bad_policy_gets_one_clear_line(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(PolicyFileError) as caught:
        policy(tmp_path, text)
    message = str(caught.value)
    assert re.match(re.escape(str(tmp_path / "policy.toml")) + r"(:\d+)?: ", message)
    assert said in message
    assert message.isprintable()


def test_examples_that_come_out_as_written_load(tmp_path: Path) -> None:
    text = HEAD + 'args = {x = "*y"}\nfires = [{args = {x = "xy"}}]\nsilent = [{}, {args = {x = 1}}]'
    assert len(policy(tmp_path, text).rules) == 1


def test_a_bad_rule_is_named_by_its_line(tmp_path: Path) -> None:
    """The second of two with one id; one without an id by its number; one with brackets in its texts, too."""
    good = HEAD.replace('"Look."', '"[[rule]] is no rule in here."')
    for text, line in (
        (good + HEAD, 5),
        (good + "[[rule]]\nraise = 'ask'\n", 5),
        ("\n" + HEAD + "x = 1\n", 2),
    ):
        with pytest.raises(PolicyFileError, match=rf"policy\.toml:{line}: rule "):
            policy(tmp_path, text)
