"""A disk that hangs or is full: approvals close, stops go out and stand in the emergency log, and all recovers by itself."""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Self

import pytest

from bus.events import ActionProposed, Progress, RunStarted
from bus.messages import DecisionCommand, KillCommand, PauseCommand
from bus.transports.memory import MemoryTransport
from console.core.fleet.state import encode
from console.link.floor import Floor
from console.recording.bodies import Row
from console.recording.session import Session
from console.recording.verify import verify_folder
from console.supervisor.process import committing
from console.supervisor.process.emergency import EmergencyLog
from tests.fixtures.desk import OPERATOR
from tests.fixtures.full_disk import limit_pages
from tests.fixtures.service import PATIENCE, Running, rebuilt, running


class Disk:
    """The disk under the recording: it answers, or it does not."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._answers = asyncio.Event()
        self._answers.set()
        self._patch = monkeypatch
        insert = Session.insert

        async def slow(session: Session, rows: Sequence[Row]) -> None:
            await self._answers.wait()
            await insert(session, rows)

        monkeypatch.setattr(Session, "insert", slow)
        self._never()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        self.answers()  # a service whose disk hangs cannot end

    def hangs(self) -> None:
        """From now on nothing is answered, and a moment of that is too long."""
        self._answers.clear()
        self._patch.setattr(committing, "SLOW", 0.001)

    def answers(self) -> None:
        """Everything is answered, and however slow it is, it is not too slow."""
        self._never()
        self._answers.set()

    def _never(self) -> None:
        self._patch.setattr(committing, "SLOW", 3_600.0)


async def asked(site: Running) -> None:
    """A run with two actions that wait for a person."""
    site.event(RunStarted())
    for name in ("a1", "a2"):
        site.event(ActionProposed(action=name, tool="write_file", args={"n": name}, decide_within=600.0))
    await site.until(lambda: len(site.desk.fleet.waiting) == 2)
    await site.all_recorded()


async def failing(site: Running, disk: Disk) -> None:
    """Let the disk hang under a record, until the supervisor says so."""
    disk.hangs()
    site.event(Progress(text="into a disk that hangs"))
    await site.until(lambda: site.state().recording == "failing")


def alarm(site: Running) -> str:
    return site.desk.fleet.alarms["recording-failing"].state


def digest(site: Running, name: str) -> str:
    return site.desk.fleet.runs["a/r1"].actions[name].digest


def noted(site: Running) -> set[str]:
    """Ids of the commands in the emergency log; of a line that is being written, none."""
    found = set()
    for line in EmergencyLog(site.home.emergency_log).left():
        with suppress(json.JSONDecodeError):
            found.add(json.loads(json.loads(line)["payload"])["id"])
    return found


async def test_a_hanging_disk_closes_approvals_and_lets_stops_go_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with running(tmp_path) as site, Disk(monkeypatch) as disk:
        await asked(site)
        recorded = site.recording.pos
        await failing(site, disk)
        assert alarm(site) == "unacknowledged"
        about = {"agent": "a", "run": "r1"}
        closed = await site.say("approve", **about, action="a1", digest=digest(site, "a1"))
        assert (closed.outcome, closed.text) == ("closed", "approvals are closed: the recording fails")
        assert (await site.say("reject", **about, action="a2")).accepted
        assert (await site.say("pause", **about)).accepted
        assert (await site.say("kill", **about)).accepted
        await site.until(lambda: any(isinstance(one, KillCommand) for one in site.commands()))
        stops = [one for one in site.commands() if one.id]
        assert {type(one) for one in stops} == {DecisionCommand, PauseCommand, KillCommand}
        await site.until(lambda: noted(site) == {one.id for one in stops})
        assert (site.recording.pos, site.published()[-1][0]) == (recorded, recorded)

        disk.answers()
        await site.until(lambda: site.state().recording == "ok")
        await site.all_recorded()
        await site.until(lambda: not site.home.emergency_log.exists())
        assert alarm(site) == "returned"
        assert [pos for pos, _ in site.published()] == list(range(1, site.recording.pos + 1))
        folder = site.home.sessions
    _, fleet = await rebuilt(folder)
    assert encode(fleet) == encode(site.desk.fleet)
    action = fleet.runs["a/r1"].actions["a2"]
    assert (action.outcome, action.decided_by) == ("rejected", "op-1")
    assert {fleet.commands[one.id].kind for one in stops} == {"decision", "pause", "kill"}
    assert all(not problems for problems in (await verify_folder(folder)).values())


async def test_after_a_disk_that_hung_an_approval_goes_its_usual_way(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with running(tmp_path) as site, Disk(monkeypatch) as disk:
        await asked(site)
        await failing(site, disk)
        disk.answers()
        await site.until(lambda: site.state().recording == "ok")
        answer = await site.say("approve", agent="a", run="r1", action="a1", digest=digest(site, "a1"))
        assert answer.accepted
        await site.until(lambda: any(isinstance(one, DecisionCommand) for one in site.commands()))
        assert site.recording.pos >= answer.pos
        assert not site.home.emergency_log.exists()


async def test_nothing_new_passes_while_the_disk_hangs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What would be let run unasked is asked about, and no decision that allows leaves the house."""
    async with running(tmp_path) as site, Disk(monkeypatch) as disk:
        await asked(site)
        await failing(site, disk)
        site.event(ActionProposed(action="a3", tool="read_file", decide_within=600.0))
        assert (await site.say("pause", agent="a", run="r1")).accepted
        assert not [one for one in site.commands() if isinstance(one, DecisionCommand)]
        disk.answers()
        await site.all_recorded()
        assert not [one for one in site.commands() if isinstance(one, DecisionCommand)]
        assert site.desk.fleet.runs["a/r1"].actions["a3"].state == "asked"


def comes_in(site: Running, *, watching: bool) -> Floor:
    """A console that begins now."""
    return Floor(
        lambda name, topics, _will: MemoryTransport(site.bus, name, topics),
        home=site.home,
        operator="op-1",
        key=OPERATOR,
        watching=watching,
    )


@pytest.mark.parametrize("watching", [True, False], ids=["console", "verb"])
async def test_who_comes_in_while_the_disk_is_full_sees_the_floor_and_stops_things(
    tmp_path: Path, watching: bool
) -> None:
    """A screen is recorded as joining, a verb is not; neither waits for a disk that takes nothing."""
    async with running(tmp_path) as site:
        await asked(site)
        await limit_pages(site.recording, 1)  # no page more than there are
        site.event(RunStarted(), run="late")
        site.event(Progress(text=random.Random(1).randbytes(10_000).hex()))
        await site.until(lambda: site.state().recording == "failing")
        recorded = site.recording.pos
        async with comes_in(site, watching=watching) as floor:
            await floor.join(PATIENCE)
            assert floor.trouble == (
                "the recording fails: approvals are closed; reject, pause, hold and kill still go out"
            )
            assert floor.fleet.alarms["recording-failing"].state == "unacknowledged"
            assert "a/late" in floor.fleet.runs  # it lives, recorded or not
            assert (await floor.say("hold", timeout=PATIENCE)).text == "2 runs"
            assert (await floor.say("kill", agent="a", run="late", timeout=PATIENCE)).accepted
            await site.until(lambda: any(isinstance(one, KillCommand) for one in site.commands()))
            stops = {one.id for one in site.commands() if one.id}
            assert len(stops) == 3
            await site.until(lambda: noted(site) == stops)
            assert site.recording.pos == recorded

            await limit_pages(site.recording, 1_000_000)
            await site.until(lambda: site.state().recording == "ok")
            await site.all_recorded()
            assert await floor.until(lambda fleet: fleet.pos == site.desk.fleet.pos, PATIENCE)
            assert encode(floor.fleet) == encode(site.desk.fleet)
            assert stops <= set(floor.fleet.commands)
        folder = site.home.sessions
    assert all(not problems for problems in (await verify_folder(folder)).values())
