"""Silence that is longer than usual: a grey word in the fleet before any alarm, and never one by itself."""

from __future__ import annotations

import pytest

from bus.events import ActionFinished, ActionProposed, ActionStarted
from console.core.health.lateness import LEAST_LATE, late_after, work_of
from console.core.health.stall import PHI_WITH_RECORD, Durations, phi
from console.tui.floor.index import FleetIndex
from tests.fixtures.console import console
from tests.fixtures.floor import Script, calm

SECONDS = (4.0, 9.0, 6.0, 15.0, 4.0, 6.0, 5.0, 12.0, 4.5, 5.0, 8.0, 5.0)


def begin(script: Script, action: str) -> None:
    script.agent("indexer", "r1", ActionProposed(action=action, tool="read_page", args={}))
    script.agent("indexer", "r1", ActionStarted(action=action))


def worked(seconds: tuple[float, ...] = SECONDS) -> Script:
    """One run that calls the same tool again and again, and is in the middle of it."""
    script = Script()
    script.start("indexer", "r1", control="observed")
    for number, length in enumerate(seconds):
        begin(script, f"a{number}")
        ended = ActionFinished(action=f"a{number}", outcome="done")
        script.tick(length).agent("indexer", "r1", ended)
        script.tick(2)
    begin(script, "last")
    return script


def after(script: Script) -> float | None:
    run = script.fleet.runs["indexer/r1"]
    work = work_of(run)
    return None if work is None else late_after(run.agent, work, script.fleet.runs.values())


def test_late_is_where_the_silence_reaches_phi_three() -> None:
    found, known = after(worked()), Durations()
    for seconds in SECONDS:
        known.add(seconds)
    assert found is not None
    assert found > LEAST_LATE
    assert phi(known, found) == pytest.approx(PHI_WITH_RECORD, abs=0.01)


def test_it_is_known_only_where_there_is_enough_to_know_it_by() -> None:
    assert after(worked(SECONDS[:9])) is None
    quick = after(worked((0.1,) * 12))
    assert quick == LEAST_LATE
    script = worked()
    script.ask("indexer", "r1", "b", "pay", {})
    assert after(script) is None  # it waits for somebody


def test_another_agent_teaches_nothing() -> None:
    script = worked()
    assert late_after("other", "read_page", script.fleet.runs.values()) is None
    assert late_after("indexer", "write_page", script.fleet.runs.values()) is None


async def test_a_late_run_is_well_and_says_so_in_grey() -> None:
    script = worked()
    limit = after(script)
    assert limit is not None
    async with console(script) as it:
        assert "late" not in it.text()
        await it.settle(limit - 2)
        assert "late" not in it.text()
        await it.settle(4)
        row = next(line for line in it.lines() if "indexer" in line)
        assert " late " in row
        assert it.coloured() == []
        assert not script.fleet.alarms
        script.tick(limit + 2)
        script.agent("indexer", "r1", ActionFinished(action="last", outcome="done"))
        await it.settle()
        assert "late" not in it.text()


async def test_late_runs_of_one_agent_are_counted() -> None:
    script = worked()
    for number in range(2):
        script.start("indexer", f"s{number}", control="observed")
        script.agent("indexer", f"s{number}", ActionProposed(action="x", tool="read_page", args={}))
        script.agent("indexer", f"s{number}", ActionStarted(action="x"))
    async with console(script) as it:
        await it.settle(120)
        assert "3 late" in next(line for line in it.lines() if "indexer" in line)


def test_a_quiet_floor_of_which_little_is_known_has_no_late_run() -> None:
    script = calm()
    index = FleetIndex(script.fleet)
    index.update(script.at)
    assert not any(index.silences.late(script.fleet, run, script.at) for run in script.fleet.runs.values())
