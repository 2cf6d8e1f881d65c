"""`watchfloor import`: what was exported comes back as a session that every reader takes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bus.home import Home
from console.recording import export
from console.supervisor.process.committing import rows
from tests.cli import site as cli_site
from tests.cli.site import Run, line
from tests.fixtures.site_in_memory import SiteInMemory

# Fixtures.
home = cli_site.home
now = cli_site.now
run = cli_site.run
site = cli_site.site


@pytest.fixture
def exported(site: SiteInMemory, tmp_path: Path, home: Home) -> Path:
    """The log of a floor with a waiting action, as `watchfloor export` writes it."""
    assert home.data.is_relative_to(tmp_path)
    site.agent.propose("7q4f", "a1", "ask_refund", {"order_id": "88213", "amount": 62.0})
    path = tmp_path / "log.jsonl"
    path.write_bytes(b"".join(map(export.line, rows(site.supervisor.log))))
    return path


def test_an_export_comes_back(exported: Path, run: Run, tmp_path: Path) -> None:
    """Record for record, and as the same floor."""
    count = exported.read_bytes().count(b"\n")
    target = tmp_path / "log.sqlite"
    assert run("import", str(exported)).stdout == (
        f"{count} records in {target}; see them: watchfloor replay {target}\n"
    )
    assert run("export", str(target), "-o", str(tmp_path / "again.jsonl")).exit_code == 0
    assert (tmp_path / "again.jsonl").read_bytes() == exported.read_bytes()
    shown = json.loads(run("show", "7q4f", "--session", str(target), "--json").stdout)
    assert [action["id"] for action in shown["actions"]] == ["a1"]
    assert target.stat().st_mode & 0o777 == 0o600
    assert run("sessions").stdout.startswith("no sessions in ")  # it is no part of this machine's recording


def test_where_it_goes_is_said_and_nothing_is_replaced(exported: Path, run: Run, tmp_path: Path) -> None:
    target = tmp_path / "mine.sqlite"
    said = json.loads(run("import", str(exported), "-o", str(target), "--json").stdout)
    assert said == {"file": str(target), "records": exported.read_bytes().count(b"\n")}
    before = target.read_bytes()
    again = run("import", str(exported), "-o", str(target))
    assert (again.exit_code, f"{target} exists" in line(again)) == (2, True)
    assert target.read_bytes() == before


def test_what_does_not_hold_together_leaves_nothing(exported: Path, run: Run, tmp_path: Path) -> None:
    """Part of a log, a changed one, no log at all: one line that says where, and no file."""
    lines = exported.read_bytes().splitlines(keepends=True)
    broken = {
        "the records from 3 to 3 are not in it": [*lines[:2], *lines[3:]],
        "the records from 1 to 4 are not in it": lines[4:],
        f"{exported}:2: ": [lines[0], b"nonsense\n"],
        "has no records": [],
    }
    before = sorted(path.name for path in tmp_path.iterdir())
    for words, text in broken.items():
        exported.write_bytes(b"".join(text))
        result = run("import", str(exported))
        assert (result.exit_code, words in line(result)) == (2, True), result.stderr
        assert sorted(path.name for path in tmp_path.iterdir()) == before
    missing = run("import", str(tmp_path / "none.jsonl"))
    assert (missing.exit_code, "none.jsonl: No such file" in line(missing)) == (2, True)


def test_a_record_that_contradicts_the_others_is_named(exported: Path, run: Run, tmp_path: Path) -> None:
    """Asked twice: the log is not one that a supervisor wrote."""
    lines = exported.read_bytes().splitlines(keepends=True)
    last = next(found for found in map(json.loads, lines) if found["event"]["type"] == "action.asked")
    last["pos"], last["at"] = len(lines) + 1, json.loads(lines[-1])["at"]
    exported.write_bytes(b"".join([*lines, json.dumps(last).encode() + b"\n"]))
    result = run("import", str(exported))
    assert (result.exit_code, f"record {last['pos']}: " in line(result)) == (2, True)
    assert not (tmp_path / "log.sqlite").exists()


def test_a_demo_says_at_once_that_its_broker_is_not_there(run: Run, tmp_path: Path) -> None:
    """Before it makes anything."""
    result = run("demo", "--headless", "--for", "1", connect=None, broker="mqtt://127.0.0.1:1", timeout=0.1)
    assert result.exit_code == 3
    assert "no broker: cannot connect to mqtt://127.0.0.1:1" in line(result)
    assert "leave --broker out" in line(result)
    nonsense = run("demo", "--headless", connect=None, broker="nonsense")
    assert (nonsense.exit_code, "bad broker URL" in line(nonsense)) == (2, True)
