"""Fixtures that every test file may use, and one Hypothesis profile for all: no chance, no deadlines."""

import os
import signal
from collections.abc import Iterator
from typing import Final

import pytest
from hypothesis import settings

from tests.fixtures.broker_kinds import KINDS, chosen, running_broker
from tests.fixtures.brokers import RunningBroker
from tests.rules.table import RULES, tests_of

SURROUNDINGS: Final = (
    "COLORTERM", "COLUMNS", "FORCE_COLOR", "LC_ALL", "LC_CTYPE", "LINES", "NO_COLOR", "STY", "TERM_PROGRAM", "TMUX",
    "http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY",
    *(f"WATCHFLOOR_{name}" for name in ("ATTENTION", "BROKER", "HOME", "OPERATOR", "PARENT", "SITE", "SUPERVISOR_KEY")),
)  # fmt: skip
"""What a shell may have set, and no test takes from there."""

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


def _same_surroundings() -> None:
    """Let nothing that surrounds the tests change anything of them: terminal, locale, proxies, rights of new files."""
    for name in SURROUNDINGS:
        os.environ.pop(name, None)
    os.environ |= {"TERM": "xterm-256color", "LANG": "C.UTF-8"}
    os.umask(0o022)
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        # In a background job, whose children would never hear one.
        signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_configure(config: pytest.Config) -> None:
    """Every rule of operation is a marker."""
    _same_surroundings()
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
