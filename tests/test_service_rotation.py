"""Rotation under load: records flow while one session file ends and the next begins."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Sequence
from pathlib import Path

import pytest

from bus.events import ActionProposed, MessageSeen, RunStarted, StepStarted
from bus.messages import DecisionCommand
from console.core.state import encode
from console.recording.bodies import Row
from console.recording.schema import RecordingError
from console.recording.session import Session
from console.recording.verify import verify_folder
from tests.service_fixture import PATIENCE, Running, rebuilt, running

FULL = 100_000
"""Bytes at which a session file is full: not yet when it is new."""


def load(site: Running, number: int) -> None:
    """Publish some events of several runs, hard to compress."""
    noise = random.Random(number)
    for step in range(number):
        site.event(MessageSeen(role="assistant", text=noise.randbytes(500).hex()), run=f"r{step % 3}")


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
        load(site, 300)
        async with asyncio.timeout(PATIENCE):
            await begun.wait()
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
