"""What stops things goes out whatever the disk does, and what the disk refuses is said."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import os
import shutil
import threading
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from types import SimpleNamespace

import pytest

from bus.events import BlobPart, Progress, RunStarted
from bus.messages import HoldCommand, Intent, KillCommand
from bus.transports.transport import LinkDown, LinkUp
from console.core.fleet.state import Fleet, encode
from console.recording.bodies import Row
from console.recording.files import session_paths
from console.recording.reader import Reader
from console.recording.schema import RecordingError
from console.recording.session import Session
from console.recording.writer import Recording
from console.supervisor.process import committing, emergency, keyframes, service
from console.supervisor.process.taking_up import recall
from tests.fixtures.desk import OPERATOR, TOPICS, Bench
from tests.fixtures.service import PATIENCE, Running, running


def killed(site: Running) -> bool:
    return any(isinstance(one, KillCommand) for one in site.commands())


async def test_a_kill_goes_out_before_the_emergency_log_is_on_its_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The disk of the emergency log hangs as the recording's does; all that came meanwhile is one wait for it."""
    answers, asked, waited = threading.Event(), threading.Event(), []

    def hangs(handle: int) -> None:
        waited.append(handle)
        asked.set()
        answers.wait()

    async with running(tmp_path) as site:
        for run in ("r1", "r2", "r3"):
            site.event(RunStarted(), run=run)
        await site.all_recorded()
        insert, turn = Session.insert, asyncio.Event()

        async def held(session: Session, rows: Sequence[Row]) -> None:
            await turn.wait()
            await insert(session, rows)

        monkeypatch.setattr(Session, "insert", held)
        monkeypatch.setattr(committing, "SLOW", 0.001)
        monkeypatch.setattr(emergency, "os", SimpleNamespace(**vars(os) | {"fsync": hangs}))
        try:
            site.event(Progress(text="into a disk that hangs"))
            await site.until(lambda: site.state().recording == "failing")
            assert (await site.say("kill", agent="a", run="r1")).accepted
            await site.until(lambda: killed(site))
            await asyncio.to_thread(asked.wait)
            assert (await site.say("kill", agent="a", run="r2")).accepted
            assert (await site.say("kill", agent="a", run="r3")).accepted
            await site.until(lambda: sum(isinstance(one, KillCommand) for one in site.commands()) == 3)
            assert len(waited) == 1
        finally:
            answers.set()
        await site.until(lambda: site.home.emergency_log.read_text().count("\n") == 3)
        assert len(waited) == 2
        monkeypatch.setattr(committing, "SLOW", 3_600.0)
        turn.set()
        await site.until(lambda: not site.home.emergency_log.exists())


async def test_a_disk_that_hangs_at_the_end_holds_up_neither_stops_nor_the_last_word(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing was said of it before the end; the process waits for the disk once all is said."""
    hangs, answers, insert = asyncio.Event(), asyncio.Event(), Session.insert

    async def held(session: Session, rows: Sequence[Row]) -> None:
        hangs.set()
        await answers.wait()
        await insert(session, rows)

    async with running(tmp_path) as site:
        site.event(RunStarted())
        await site.all_recorded()
        monkeypatch.setattr(Session, "insert", held)
        monkeypatch.setattr(committing, "SLOW", 3_600.0)
        monkeypatch.setattr(service, "LAST_WITHIN", 0.01)
        site.event(Progress(text="into a disk that hangs"))
        await hangs.wait()
        try:
            site.desk.ledger.request("kill", site.desk.fleet.runs["a/r1"], "op-1", "", "", 0.0)
            site.stopping.set()
            await site.until(lambda: site.state().status == "stopped")
            assert killed(site)
            assert not answers.is_set()
        finally:
            answers.set()
    async with await Recording.open(tmp_path / "data" / "sessions", initial=b"") as recording:
        assert recording.pos == site.desk.fleet.pos


@asynccontextmanager
async def stuck(
    folder: Path, monkeypatch: pytest.MonkeyPatch, where: str, slow: float = committing.SLOW
) -> AsyncIterator[tuple[Running, asyncio.Event]]:
    """A site of which a keyframe is begun and hangs in that method of its session until the event is set."""
    async with running(folder) as site:
        site.event(RunStarted())
        await site.all_recorded()
        method, go, begun = getattr(Session, where), asyncio.Event(), asyncio.Event()

        async def hangs(*what: object) -> object:
            begun.set()
            await go.wait()
            return await method(*what)

        monkeypatch.setattr(Session, where, hangs)
        monkeypatch.setattr(Recording, "should_keyframe", lambda _recording: not begun.is_set())
        monkeypatch.setattr(committing, "SLOW", slow)
        site.event(Progress(text="makes a keyframe due"))
        await begun.wait()
        try:
            yield site, go
        finally:
            go.set()


async def test_while_a_keyframe_hangs_stops_go_out_and_approvals_close(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with stuck(tmp_path, monkeypatch, "keyframe", slow=0.001) as (site, go):
        await site.until(lambda: site.state().recording == "failing")
        assert (await site.say("kill", agent="a", run="r1")).accepted
        await site.until(lambda: killed(site))
        assert site.desk.failing
        monkeypatch.setattr(committing, "SLOW", 3_600.0)
        go.set()
        await site.until(lambda: site.state().recording == "ok")


async def test_commits_go_on_while_a_keyframe_is_packed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with stuck(tmp_path, monkeypatch, "packed") as (site, go):
        site.event(Progress(text="recorded meanwhile"))
        await site.all_recorded()
        assert not go.is_set()


async def test_a_stop_that_the_last_commit_did_not_take_goes_out_at_the_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with running(tmp_path) as site:
        site.event(RunStarted())
        await site.all_recorded()

        async def refuses(_session: Session, _rows: Sequence[Row]) -> None:
            raise RecordingError("the disk is full")

        monkeypatch.setattr(Session, "insert", refuses)
        run = site.desk.fleet.runs["a/r1"]
        site.stopping.set()  # the end comes before the next commit
        site.desk.ledger.request("kill", run, "op-1", "", "", 0.0)
    assert killed(site)
    assert "kill" in site.home.emergency_log.read_text()


async def test_all_runs_are_held_slice_by_slice_and_others_are_heard_between(tmp_path: Path) -> None:
    """The loop sees to it, not only the clock: no more of it at once than a slice."""
    runs = [f"r{number}" for number in range(8)]
    async with running(tmp_path) as site:
        for run in runs:
            site.event(RunStarted(), run=run)
        await site.all_recorded()
        site.desk.sweeps.slice = 1
        steps, step = [], site.desk.sweeps.step

        def counted(now: float) -> bool:
            before = len(site.desk.fleet.commands)
            more = step(now)
            steps.append(len(site.desk.fleet.commands) - before)
            return more

        site.desk.sweeps.step = counted  # type: ignore[method-assign]  # to count
        site.desk.sweeps.tick = lambda now: None  # type: ignore[method-assign]  # the clock does nothing
        answer = await site.say("hold")
        assert (answer.accepted, answer.text) == (True, "8 runs")
        assert steps == [1] * 8
        assert [one.run for one in site.commands() if isinstance(one, HoldCommand)] == runs


async def test_who_is_to_stop_holds_all_before_the_end(tmp_path: Path) -> None:
    async with running(tmp_path) as site:
        for run in ("r1", "r2", "r3"):
            site.event(RunStarted(), run=run)
        await site.all_recorded()
        site.desk.sweeps.slice = 1
        hold = Intent(verb="hold", id="h", operator="op-1", console="con", epoch=site.desk.identity.epoch)
        site.desk.receive(TOPICS.intents("op-1"), OPERATOR.sign(hold), 0.0)
        site.stopping.set()
    assert [one.run for one in site.commands() if isinstance(one, HoldCommand)] == ["r1", "r2", "r3"]


async def test_a_rotation_that_fails_is_an_alarm_and_is_left_alone_for_a_while(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with running(tmp_path) as site:
        tried, encoded, rotate = [], [], Recording.rotate

        async def refused(_recording: Recording, keyframe: bytes) -> None:
            tried.append(keyframe)
            raise RecordingError("the disk is full")

        def counted(fleet: Fleet) -> bytes:
            encoded.append(fleet.pos)
            return encode(fleet)

        monkeypatch.setattr(Recording, "rotate", refused)
        monkeypatch.setattr(Recording, "should_rotate", lambda _recording: True)
        monkeypatch.setattr(keyframes, "encode", counted)
        site.event(RunStarted())
        for number in range(10):
            site.event(Progress(done=number))
            await site.all_recorded()
        await site.until(lambda: keyframes.KIND in site.desk.fleet.alarms)
        assert (len(tried), len(encoded)) == (1, 1)
        assert site.desk.fleet.alarms[keyframes.KIND].priority == 1
        monkeypatch.setattr(Recording, "rotate", rotate)
        site.service._committer.keyframes._not_before = 0.0
        site.event(Progress(done=11.0))
        await site.until(lambda: site.desk.fleet.alarms[keyframes.KIND].state == "returned")


async def test_the_probe_touches_the_disk_and_leaves_no_trace(tmp_path: Path) -> None:
    async with await Recording.open(tmp_path, initial=encode(Fleet(site="site"))) as recording:
        await recording.probe()
        wal = recording.path.with_name(recording.path.name + "-wal")
        connection = recording._session.connection
        pages = list(await connection.execute_fetchall("PRAGMA page_count"))
        before, written = list(await connection.execute_fetchall("SELECT id FROM dictionaries")), wal.stat()
        for _ in range(50):
            await recording.probe()
        async with asyncio.timeout(PATIENCE):  # clocks of file systems may be coarse
            while (wal.stat().st_size, wal.stat().st_mtime_ns) == (written.st_size, written.st_mtime_ns):
                await recording.probe()
        assert list(await connection.execute_fetchall("PRAGMA page_count")) == pages
        assert list(await connection.execute_fetchall("SELECT id FROM dictionaries")) == before
        await recording.append([Row(1, recording.at, "a", "r", b"{}")])
        async with await Reader.open(recording.path) as reader:
            assert [row.pos async for row in reader.rows(0)] == [1]


async def test_the_probe_sees_that_the_recording_is_no_longer_there(tmp_path: Path) -> None:
    recording = await Recording.open(tmp_path / "sessions", initial=encode(Fleet(site="site")))
    await recording.probe()
    shutil.rmtree(tmp_path / "sessions")
    with pytest.raises(RecordingError):
        await recording.probe()
    await recording.close()


async def test_a_damaged_old_session_does_not_keep_the_supervisor_from_starting(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = b"whole"
    name = hashlib.sha256(content).hexdigest()
    part = BlobPart(sha256=name, i=0, n=1, data=base64.b64encode(content).decode())

    async def begins(site: Running, run: str, monkeypatch: pytest.MonkeyPatch) -> None:
        count = len(session_paths(site.home.sessions))
        site.event(RunStarted(), run=run)
        site.event(part, run=run)
        await site.all_recorded()
        folder = site.home.sessions
        monkeypatch.setattr(Recording, "should_rotate", lambda _one: len(session_paths(folder)) == count)
        site.event(Progress(done=1.0), run=run)
        await site.until(lambda: len(session_paths(folder)) == count + 1)
        await site.all_recorded()

    async with running(tmp_path) as site:
        await begins(site, "r1", monkeypatch)
        await begins(site, "r2", monkeypatch)
        fleet, folder = site.desk.fleet, site.home.sessions
    paths = session_paths(folder)
    os.truncate(paths[0], 5_000)
    desk = Bench(fleet, "epoch2").desk
    await recall(desk, folder)
    assert desk.blobs.whole("a/r2", name)
    assert not desk.blobs.whole("a/r1", name)


async def test_events_that_cannot_come_in_are_an_alarm_until_they_can(tmp_path: Path) -> None:
    async with running(tmp_path) as site:

        def stands() -> tuple[str, bool]:
            return site.desk.fleet.alarms["bulk-link"].state, site.desk.health.progress._deaf

        site.service._receive([LinkDown(reason="gone")], site.service._bulk)
        site.service._receive([LinkDown(reason="cannot connect")], site.service._bulk)  # the same loss
        assert stands() == ("unacknowledged", True)
        assert site.desk.fleet.alarms["bulk-link"].count == 1
        site.service._receive([LinkUp("again")], site.service._bulk)
        assert stands() == ("returned", False)


async def test_an_error_of_ours_in_one_look_at_the_clock_ends_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def breaks(*_: object) -> None:
        raise RuntimeError("ours")

    async with running(tmp_path) as site:
        monkeypatch.setattr(site.desk.health.progress, "tick", breaks)
        monkeypatch.setattr(site.service._files, "tick", breaks)
        alarms = site.desk.fleet.alarms
        await site.until(
            lambda: (
                {f"internal-error/{name}" for name in ("the-site-s-files", "clock-of-Progress")}
                <= set(alarms)
            )
        )
        site.event(RunStarted())
        await site.all_recorded()
        assert (await site.say("kill", agent="a", run="r1")).accepted
