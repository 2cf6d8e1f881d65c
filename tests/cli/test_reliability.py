"""`watchfloor verify` and `watchfloor reliability`: saying how things ended, and seeing what was proven."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from pathlib import Path

import pytest

from bus.events import ActionFinished, ActionStarted, RunFinished
from bus.home import Home
from console.cli.options import Place
from console.cli.verbs.reliability import lines
from console.core.reliability.standing import Reliability, Verified, fold, promote
from console.recording.known import Known
from tests.cli import site as cli_site
from tests.cli.site import Run
from tests.fixtures.site_in_memory import SITE, SiteInMemory
from tests.recording.test_known import verdict

# Fixtures.
home = cli_site.home
now = cli_site.now
run = cli_site.run
site = cli_site.site


def paid(site: SiteInMemory, name: str = "a1") -> None:
    """A call that was let run, and went well by the agent's own account."""
    site.agent.propose("7q4f", name, "pay", {"n": name})
    action = site.fleet.runs["refunds/7q4f"].actions[name]
    started = ActionStarted(action=name, digest=action.digest, decision=action.decision)
    site.agent.report("7q4f", started, ActionFinished(action=name, outcome="done"))


def test_a_verdict_is_recorded_and_shown(site: SiteInMemory, run: Run) -> None:
    paid(site)
    result = run("verify", "a1", "--ok")
    assert result.exit_code == 0, result.stderr
    assert "verify refunds/7q4f/a1  ok" in result.stdout
    again = run("verify", "a1", "--ok")
    assert again.exit_code != 0
    assert "verified as ok before" in again.stderr
    shown = run("reliability")
    assert shown.exit_code == 0, shown.stderr
    assert "pay" in shown.stdout
    table = json.loads(run("reliability", "--json").stdout)
    [stratum] = table["strata"]
    assert (stratum["tool"], stratum["right"], stratum["wrong"], stratum["rung"]) == ("pay", 1, 0, "unproven")
    assert stratum["earned"] is None


def test_a_run_is_verified_when_it_is_over(site: SiteInMemory, run: Run) -> None:
    assert "not over" in run("verify", "7q4f", "--ok").stderr
    site.agent.report("7q4f", RunFinished(outcome="completed"))
    assert run("verify", "7q4f", "--failed", "--reason", "nothing was refunded").exit_code == 0
    assert "completed (refuted)" in run("ls", "--all").stdout


@pytest.mark.parametrize(
    "args", [("verify", "a1"), ("verify", "a1", "--ok", "--failed"), ("verify", "a1", "--failed")]
)
def test_a_verdict_says_one_thing_and_a_bad_one_says_why(run: Run, args: tuple[str, ...]) -> None:
    result = run(*args)
    assert result.exit_code != 0
    assert result.stderr.count("\n") == 1


def test_nothing_verified_says_how(run: Run) -> None:
    assert "nothing was verified yet" in run("reliability").stdout


def test_the_database_of_this_machine_is_shown_exported_and_rebuilt(
    home: Home, run: Run, tmp_path: Path
) -> None:
    assert "there is none" in run("reliability", "--local").stderr

    async def fill() -> None:
        async with await Known.open(home.reliability) as known:
            await known.append([verdict(1), verdict(2, ok=False)])

    asyncio.run(fill())
    [stratum] = json.loads(run("reliability", "--local", "--json").stdout)["strata"]
    assert (stratum["right"], stratum["wrong"]) == (1, 1)
    exported = run("reliability", "export").stdout.splitlines()
    assert [json.loads(line)["event"]["type"] for line in exported] == ["outcome.verified"] * 2
    target = tmp_path / "out.jsonl"
    assert run("reliability", "export", "-o", str(target)).exit_code == 0
    assert len(target.read_text().splitlines()) == 2
    assert "2 older ones kept" in run("reliability", "rebuild").stdout


def test_the_table_says_counts_interval_rung_and_what_is_missing() -> None:
    known = Reliability()
    for number in range(60):
        fold(
            known,
            Verified(agent="a", version="1", tool="pay", effect="write", ok=number >= 2, claimed=0.95),
        )
    for key in known.strata:
        promote(known, key, "proven-90")
    text = "\n".join(lines(known))
    assert "≥0.91" in text
    assert "proven-90" in text
    assert "58" in text
    assert "IF HONEST" in text


def test_places_are_replaced_whole() -> None:
    assert replace(Place(site=SITE), timeout=1.0).timeout == 1.0
