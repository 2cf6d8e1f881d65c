"""A plugin of pytest (`-p tests.adapters.table`): what was seen, framework by case, before pytest's closing line."""

from __future__ import annotations

import re
from typing import Final

import pytest

_NODE: Final = re.compile(r"::test_(\w+)\[([^\]]+)\]$")
_SEEN: Final[dict[tuple[str, str], str]] = {}
FIGURES: Final[list[str]] = []
"""Further lines to print, below the table."""


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Note how a case went; what fails before or after it failed, too."""
    found = _NODE.search(report.nodeid)
    if found is None or found[2] == "NOTSET":  # nothing to run: only others were chosen
        return
    key = found[2], found[1].replace("_", " ")
    if report.failed:
        _SEEN[key] = "FAILED"
    elif report.skipped:
        _SEEN.setdefault(key, "skipped")
    elif report.when == "call":
        _SEEN.setdefault(key, "ok")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print the table: a row for each case, a column for each framework."""
    frameworks = list(dict.fromkeys(framework for framework, _ in _SEEN))
    cases = list(dict.fromkeys(case for _, case in _SEEN))
    if not frameworks:
        return
    widest = max(map(len, cases))
    terminalreporter.section("adapters")
    terminalreporter.write_line(" ".join([" " * widest, *frameworks]))
    for case in cases:
        cells = [_SEEN.get((framework, case), "-").ljust(len(framework)) for framework in frameworks]
        terminalreporter.write_line(" ".join([case.ljust(widest), *cells]).rstrip())
    for line in FIGURES:
        terminalreporter.write_line(line)
