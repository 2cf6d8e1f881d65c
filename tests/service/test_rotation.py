"""Rotation under load: records flow while one session file ends and the next begins."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Sequence
from pathlib import Path

import pytest

from bus.events import ActionProposed, MessageSeen, RunStarted, StepStarted
from bus.messages import DecisionCommand, KillCommand
from console.core.fleet.state import Fleet, encode
from console.recording import writer
from console.recording.bodies import Row
from console.recording.files import session_paths
from console.recording.schema import RecordingError
from console.recording.session import Session
from console.recording.verify import verify_folder
from console.recording.writer import Recording
from console.supervisor.process import committing
from tests.fixtures.service import PATIENCE, Running, rebuilt, running

FULL = 100_000
"""Bytes at which a session file is full: not yet when it is new."""


def load(site: Running, number: int) -> None:
    """Publish some events of several runs, hard to compress."""
    noise = random.Random(number)
    for step in range(number):
        site.event(MessageSeen(role="assistant", text=noise.randbytes(500).hex()), run=f"r{step % 3}")


async def fill(site: Running, full: asyncio.Event) -> None:
    """Publish until a session file is full, however much of it goes into one commit."""
    async with asyncio.timeout(PATIENCE):
        while not full.is_set():
            load(site, 300)
            looks = {asyncio.create_task(full.wait()), asyncio.create_task(site.all_recorded())}
            await asyncio.wait(looks, return_when=asyncio.FIRST_COMPLETED)
            for look in looks:
                look.cancel()
            await asyncio.wait(looks)


async def test_nothing_is_lost_while_the_session_file_rotates(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, go = asyncio.Event(), asyncio.Event()
    create, insert = Session.create, Session.insert

    async def held(path: Path, keyframe: object) -> Session:
        begun.set()
        await go.wait()
        return await create(path, keyframe)  # type: ignore[arg-type]

    async with running(tmp_path, session_bytes=FULL) as site:

        async def busy(session: Session, rows: Sequence[Row]) -> None:
            await insert(session, rows)
            if not begun.is_set():  # a record comes in while others are on their way to the disk
                site.event(StepStarted(step=1), run="r2")
                await site.until(lambda: bool(site.desk.log.staged))

        monkeypatch.setattr(Session, "insert", busy)
        monkeypatch.setattr(Session, "create", staticmethod(held))
        for run in ("r0", "r1", "r2"):
            site.event(RunStarted(), run=run)
        await fill(site, begun)
        try:
            # The old file is full and the new one not there yet: everything goes on, a proposal among it.
            first = site.recording.session
            load(site, 300)
            site.event(ActionProposed(action="a1", tool="write_file", decide_within=60.0), run="r0")
            site.event(StepStarted(step=1), run="r1")
            await site.until(lambda: "a1" in site.desk.fleet.runs["a/r0"].actions)
            assert site.recording.session == first
        finally:
            go.set()  # what waits for it cannot be cancelled
        await site.until(lambda: "action.asked" in [kind for _, kind in site.published()])
        action = site.desk.fleet.runs["a/r0"].actions["a1"]
        approved = await site.say("approve", agent="a", run="r0", action="a1", digest=action.digest)
        assert approved.accepted
        load(site, 300)
        await site.all_recorded()
        published = [pos for pos, _ in site.published()]
        assert [one.outcome for one in site.commands() if isinstance(one, DecisionCommand)] == ["approved"]
        folder, end = site.home.sessions, site.recording.pos
        assert published[-1] <= end
    checked, fleet = await rebuilt(folder)
    assert len(checked) > 2
    assert all(equal for _, _, equal in checked), checked
    assert encode(fleet) == encode(site.desk.fleet)
    assert published == list(range(1, len(published) + 1))
    assert all(not problems for problems in (await verify_folder(folder)).values())


async def test_a_session_that_cannot_begin_lets_the_old_one_go_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried: list[Path] = []

    async def full(path: Path, _keyframe: object) -> Session:
        tried.append(path)
        raise RecordingError("no room for another file")

    async with running(tmp_path, session_bytes=1) as site:
        monkeypatch.setattr(Session, "create", staticmethod(full))
        first = site.recording.session
        site.event(RunStarted(), run="r0")
        load(site, 100)
        await site.all_recorded()
        assert tried
        assert site.recording.session == first
        assert site.state().recording == "ok"
        folder = site.home.sessions
    checked, fleet = await rebuilt(folder)
    assert len(checked) == 1
    assert encode(fleet) == encode(site.desk.fleet)


async def test_a_keyframe_larger_than_a_session_does_not_rotate_for_ever(tmp_path: Path) -> None:
    async with running(tmp_path, session_bytes=1) as site:
        site.event(RunStarted(), run="r0")
        for run in ("r0", "r1"):
            for _ in range(20):
                site.event(StepStarted(step=1), run=run)
                await site.all_recorded()
        assert len(session_paths(site.home.sessions)) < 10


class Held:
    """A session file that takes as long to be made as the test wants."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.begun, self.go = asyncio.Event(), asyncio.Event()
        create = Session.create

        async def held(path: Path, keyframe: object) -> Session:
            self.begun.set()
            await self.go.wait()
            return await create(path, keyframe)  # type: ignore[arg-type]

        monkeypatch.setattr(Session, "create", staticmethod(held))


async def test_while_a_session_file_is_slow_to_be_made_stops_go_out_and_approvals_are_closed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with running(tmp_path, session_bytes=FULL) as site:
        slow = Held(monkeypatch)
        due = Recording.should_rotate

        def at_once(recording: Recording) -> bool:
            rotates = due(recording)
            monkeypatch.setattr(committing, "SLOW", 0.001 if rotates else 3_600.0)
            return rotates

        monkeypatch.setattr(Recording, "should_rotate", at_once)
        site.event(RunStarted(), run="r0")
        await fill(site, slow.begun)
        try:
            await site.until(
                lambda: site.state().recording == "failing" and not site.service._committer.under_way
            )
            await site.recording.probe()  # the lease goes on
            assert (await site.say("kill", agent="a", run="r0")).accepted
            await site.until(lambda: any(isinstance(one, KillCommand) for one in site.commands()))
        finally:
            slow.go.set()
        await site.all_recorded()
        await site.until(lambda: site.state().recording == "ok")
        assert len(session_paths(site.home.sessions)) > 1


async def test_a_rotation_that_takes_too_long_is_a_wedged_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writer, "ROTATION_WITHIN", 0.0)
    async with await Recording.open(tmp_path, initial=encode(Fleet(site="site"))) as recording:
        slow, old = Held(monkeypatch), recording._session
        rotation = asyncio.create_task(recording.rotate(encode(Fleet(site="site"))))
        await slow.begun.wait()
        probe = asyncio.create_task(recording.probe())
        try:
            for _ in range(9):
                await old.probe()  # whatever was asked of the old file beside these is answered
            assert not probe.done()
        finally:
            slow.go.set()
        await rotation
        await probe
