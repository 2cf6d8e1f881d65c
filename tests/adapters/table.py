"""A plugin of pytest (`-p tests.adapters.table`): what was seen, framework by case, before pytest's closing line.

Below it one row for each further file, and the figures. A figure depends on the machine: it is printed and never held
against a bound.
"""

from __future__ import annotations

import re
from collections import Counter
from typing import Any, Final

import pytest

_NODE: Final = re.compile(r"/(?:contract|overhead)\.py::test_(\w+)\[([^\]]+)\]$")
_SEEN: Final[dict[tuple[str, str], str]] = {}
_FILES: Final[dict[str, dict[str, str]]] = {}
FIGURES: Final[list[str]] = []
"""Further lines to print, below the table."""


def note(framework: str, row: str, figure: str) -> None:
    """Put a figure of a framework into the table."""
    _SEEN[framework, row] = figure


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Note how a case went; what fails before or after it failed, too."""
    found = _NODE.search(report.nodeid)
    file = report.nodeid.partition("::")[0].rpartition("/")[2]
    if found is None:
        _told(_FILES.setdefault(file, {}), report.nodeid, report)
    elif found[2] != "NOTSET":  # else nothing to run: only others were chosen
        _told(_SEEN, (found[2], found[1].replace("_", " ")), report)


def _told(seen: dict[Any, str], key: object, report: pytest.TestReport) -> None:
    if report.failed:
        seen[key] = "FAILED"
    elif report.skipped:
        seen.setdefault(key, "skipped")
    elif report.when == "call":
        seen.setdefault(key, "ok")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print the table: a row for each case, a column for each framework; then a row for each further file."""
    frameworks = list(dict.fromkeys(framework for framework, _ in _SEEN))
    cases = list(dict.fromkeys(case for _, case in _SEEN))
    if not frameworks and not _FILES:
        return
    terminalreporter.section("adapters")
    rows = [["", *frameworks]] if frameworks else []
    rows += [[case, *(_SEEN.get((framework, case), "-") for framework in frameworks)] for case in cases]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        terminalreporter.write_line(" ".join(cells).rstrip())
    for file, tests in _FILES.items():
        counted = Counter(tests.values())
        terminalreporter.write_line(f"{file}: {', '.join(f'{n} {how}' for how, n in counted.items())}")
    for line in FIGURES:
        terminalreporter.write_line(line)
