"""What the verbs say of a recording that lost its newest records, and of the session whose WAL is missing."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest

from bus.home import Home
from console.cli.checks.local_checks import recording
from console.core.fleet.state import Fleet, encode
from console.recording.known import Known
from console.recording.writer import Recording
from console.supervisor.process.taking_up import lost
from tests.cli import site as cli_site
from tests.cli.site import Run, line
from tests.fixtures.site_in_memory import SITE
from tests.recording.rows import NOON_MS, Clock, log, torn

# Fixtures.
home = cli_site.home
now = cli_site.now
run = cli_site.run
site = cli_site.site

GONE = "its WAL is missing"
HOLE = "were lost, and a supervisor went on beyond them"


@pytest.fixture
def session(home: Home, tmp_path: Path) -> Path:
    """The only session of this machine: its writer was killed, and its WAL is gone."""
    return asyncio.run(torn(tmp_path / "whole", home.sessions))


@pytest.fixture
def gone_on(session: Path, tmp_path: Path) -> list[int]:
    """The same with a supervisor that went on beyond what was lost. Returns the positions that are there."""
    return asyncio.run(_gone_on(session, tmp_path / "known.sqlite"))


async def _gone_on(session: Path, database: Path) -> list[int]:
    fleet = Fleet(site=SITE)
    async with (
        await Known.open(database) as known,
        await Recording.open(session.parent, initial=encode(fleet), clock=Clock()) as recording,
    ):
        there = list(range(1, recording.pos + 1))
        assert await lost(recording, known, fleet)
        await recording.append(log(fleet.pos + 1, fleet.pos + 2, at=NOON_MS))
        return [*there, fleet.pos + 1, fleet.pos + 2]


@pytest.mark.usefixtures("session")
@pytest.mark.parametrize(
    "args", [("tail",), ("show", "r1", "--session", "last"), ("replay", "--plain"), ("oncall", "last")]
)
def test_a_session_whose_wal_is_missing_is_shown_and_that_is_said_in_a_line(
    run: Run, args: tuple[str, ...]
) -> None:
    result = run(*args)
    assert result.exit_code == 0
    assert result.stdout
    assert GONE in line(result)


@pytest.mark.usefixtures("session")
def test_the_report_that_is_handed_over_says_itself_what_is_lost(run: Run) -> None:
    result = run("oncall", "last")
    assert "- **The newest records may be lost**" in result.stdout
    assert "how all below ended is not known" in result.stdout
    assert "and what the recording lost" in result.stdout
    assert GONE in json.loads(run("oncall", "last", "--json").stdout)["lost"][0]


def test_a_supervisor_that_went_on_says_it_in_words_before_the_path(session: Path, tmp_path: Path) -> None:
    async def said() -> str:
        async with (
            await Known.open(tmp_path / "known.sqlite") as known,
            await Recording.open(
                session.parent, initial=encode(Fleet(site=SITE)), clock=Clock()
            ) as recording,
        ):
            return await lost(recording, known, Fleet(site=SITE))

    words = asyncio.run(said())
    assert words.startswith("the newest records may be lost")
    assert words.endswith(f": {session}")


def test_a_supervisor_that_went_on_makes_it_pass_for_whole_in_no_verb(
    run: Run, home: Home, session: Path, gone_on: list[int]
) -> None:
    assert gone_on[-1] > len(gone_on)
    for args in (("show", "r1", "--session"), ("replay", "--plain"), ("oncall",), ("export",)):
        result = run(*args, session.stem)
        assert (result.exit_code, GONE in line(result)) == (1 if args == ("export",) else 0, True), args
        assert result.stdout
    assert [info["wal_missing"] for info in json.loads(run("sessions", "--json").stdout)] == [True, False]
    assert GONE in run("sessions").stdout
    (finding,) = asyncio.run(recording(home, full=False))
    assert GONE in finding.text
    assert session.name in finding.text


def test_the_whole_log_is_exported_past_what_was_lost(run: Run, gone_on: list[int], tmp_path: Path) -> None:
    result = run("export")
    assert result.exit_code == 1
    assert [json.loads(row)["pos"] for row in result.stdout.splitlines()] == gone_on
    assert HOLE in line(result)
    target = tmp_path / "out.jsonl"
    result = run("export", "-o", str(target))
    assert (result.exit_code, HOLE in line(result)) == (1, True)
    assert result.stdout.startswith(f"{len(gone_on)} records in ")
    refused = run("import", str(target))
    assert refused.exit_code == 2
    assert "its site has lost them" in line(refused)


def test_the_end_of_the_log_is_told_across_what_was_lost(run: Run, gone_on: list[int]) -> None:
    result = run("tail", "--json", "-n", "5")
    assert result.exit_code == 0
    assert [json.loads(row)["pos"] for row in result.stdout.splitlines()] == gone_on[-5:]
    assert HOLE in line(result)
    result = run("tail", "--json", "-n", "1")
    assert ([json.loads(row)["pos"] for row in result.stdout.splitlines()], result.stderr) == (
        gone_on[-1:],
        "",
    )
