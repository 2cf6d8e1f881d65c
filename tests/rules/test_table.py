"""The table of rules names tests that there are, and the page shows it as it is."""

import ast

import pytest

from tests import ROOT
from tests.rules.table import RULES, Rule, page

TESTS = ROOT / "tests"
PAGE = TESTS.parent / "docs" / "console.md"
CONSOLES = {*range(1, 17), *range(20, 25), 30}
"""The rules that concern the console; the others are the recording's and the bus's."""


def test_every_rule_of_the_console_is_there() -> None:
    assert [rule.number for rule in RULES] == sorted(CONSOLES)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.marker)
def test_its_tests_exist(rule: Rule) -> None:
    assert rule.tests
    for name in rule.tests:
        path, _, function = name.partition("::")
        tree = ast.parse((TESTS / path).read_text("utf-8"))
        found = {node.name for node in tree.body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}
        assert function in found, name
    if rule.measure:
        module = rule.measure.split()[2].replace(".", "/")
        root = TESTS.parent / module
        assert root.with_suffix(".py").exists() or (root / "__main__.py").exists()


def test_every_test_that_is_named_after_a_rule_stands_in_it() -> None:
    named = {(rule.marker, name.partition("::")[2]) for rule in RULES for name in rule.tests}
    for path in TESTS.rglob("test_*.py"):
        for node in ast.parse(path.read_text("utf-8")).body:
            name = getattr(node, "name", "")
            if name.startswith("test_rule_"):
                assert (name.removeprefix("test_")[:7], name) in named, f"{path.name}: {name}"


def test_the_page_shows_the_table() -> None:
    assert "\n".join(page()) in PAGE.read_text("utf-8"), "write it anew: python -m tests.rules.table"
