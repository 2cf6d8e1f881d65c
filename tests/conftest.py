"""Fixtures that every test file may use, and one Hypothesis profile for all: no chance, no deadlines."""

import pytest
from hypothesis import settings

from tests.brokers import broker
from tests.rules.table import RULES, tests_of

settings.register_profile("watchfloor", derandomize=True, deadline=None)
settings.load_profile("watchfloor")

__all__ = ["broker"]


def pytest_configure(config: pytest.Config) -> None:
    """Every rule of operation is a marker."""
    for rule in RULES:
        config.addinivalue_line("markers", f"{rule.marker}: {rule.rule}")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the tests of every rule."""
    for rule in RULES:
        named = tests_of(rule)
        for item in items:
            if item.nodeid.partition("[")[0] in named:
                item.add_marker(rule.marker)
