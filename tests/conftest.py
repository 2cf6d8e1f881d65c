"""Fixtures that every test file may use, and one Hypothesis profile for all: no chance, no deadlines."""

import os
import signal
from collections.abc import Iterator

import pytest
from hypothesis import settings

from tests.fixtures.broker_kinds import KINDS, chosen, running_broker
from tests.fixtures.brokers import RunningBroker
from tests.rules.table import RULES, tests_of

settings.register_profile("watchfloor", derandomize=True, deadline=None)
settings.load_profile("watchfloor")


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--broker KIND`, as often as wanted: other brokers than the usual ones for the tests that run on each."""
    parser.addoption("--broker", action="append", choices=list(KINDS), help="run broker tests on this kind")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Tests that ask for a `broker_kind`, directly or by a fixture, are run on each kind."""
    if "broker_kind" in metafunc.fixturenames:
        metafunc.parametrize("broker_kind", chosen(metafunc.config), scope="module")


@pytest.fixture
def broker(broker_kind: str) -> Iterator[RunningBroker]:
    """A fresh broker of each kind, for this test alone."""
    with running_broker(broker_kind) as running:
        yield running


def pytest_configure(config: pytest.Config) -> None:
    """Every rule of operation is a marker. What surrounds the tests changes nothing of them.

    Children hear an interrupt, also where the tests are a background job; whatever is asked by HTTP is on this machine.
    """
    for name in ("http_proxy", "https_proxy", "all_proxy"):
        os.environ.pop(name, None)
        os.environ.pop(name.upper(), None)
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    for rule in RULES:
        config.addinivalue_line("markers", f"{rule.marker}: {rule.rule}")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the tests of every rule."""
    for rule in RULES:
        named = tests_of(rule)
        for item in items:
            if item.nodeid.partition("[")[0] in named:
                item.add_marker(rule.marker)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """What failed at first and then passed is shown in full: a race, not a pardon."""
    for report in terminalreporter.getreports("rerun"):
        terminalreporter.write_sep("_", f"failed at first: {report.nodeid}")
        terminalreporter.write_line(report.longreprtext)
