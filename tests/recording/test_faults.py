"""Full disks, killed writers, cancelled callers, forgotten closes: nothing is lost, nothing is there twice."""

import asyncio
import os
import random
import sqlite3
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from console.recording.history import sessions
from console.recording.reader import Reader
from console.recording.schema import RecordingError
from console.recording.verify import verify_folder
from console.recording.writer import Recording
from tests.fixtures.full_disk import limit_pages
from tests.recording.rows import EMPTY, Clock, everything, log

KILLS = 20
SEED = 20_261_121


def script(body: str, *args: object) -> list[str]:
    return [sys.executable, "-c", textwrap.dedent(body), *map(str, args)]


async def test_a_full_disk_loses_nothing_and_doubles_nothing(tmp_path: Path) -> None:
    async with await Recording.open(tmp_path, initial=EMPTY, clock=Clock()) as recording:
        await recording.append(log(1, 20))
        await limit_pages(recording, 20)
        with pytest.raises(RecordingError, match="the disk is full; free some space"):
            await recording.append(log(21, 5_000))
        with pytest.raises(RecordingError, match="the disk is full"):
            await recording.keyframe(20, recording.at, random.Random(1).randbytes(200_000))
        assert recording.pos == 20
        await recording.append(log(21, 22))  # there is room for a little
        with pytest.raises(RecordingError, match="the disk is full"):
            await recording.append(log(23, 5_000))
        await limit_pages(recording, 10_000)
        await recording.append(log(23, 5_000))
        assert await everything(tmp_path) == log(1, 5_000)
    assert await everything(tmp_path) == log(1, 5_000)
    assert (await verify_folder(tmp_path))[recording.session] == []


async def test_a_dictionary_that_found_no_room_is_tried_again(tmp_path: Path) -> None:
    async with await Recording.open(tmp_path, initial=EMPTY, clock=Clock()) as recording:
        await recording.append(log(1, 1_000))
        ((pages,),) = await recording._session.connection.execute_fetchall("PRAGMA page_count")
        await limit_pages(recording, pages)
        for _ in range(2):
            with pytest.raises(RecordingError, match="the disk is full"):
                await recording.append(log(1_001, 1_010))
        await limit_pages(recording, 10_000)
        await recording.append(log(1_001, 1_010))
    async with await Reader.open(recording.path) as reader:
        assert await reader.query("SELECT count(*) FROM log WHERE dictionary = 2") == [(10,)]
    assert await everything(tmp_path) == log(1, 1_010)


@pytest.mark.skipif(os.name != "posix", reason="needs RLIMIT_FSIZE")
def test_a_disk_that_really_refuses_to_write(tmp_path: Path) -> None:
    code = """
        import asyncio, resource, sys
        from pathlib import Path
        from console.recording.schema import RecordingError
        from console.recording.writer import Recording
        from tests.recording.rows import log

        async def main() -> None:
            async with await Recording.open(Path(sys.argv[1]), initial=b"{}", clock=lambda: 1.0) as recording:
                await recording.append(log(1, 10))
                soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
                resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, hard))
                try:
                    await recording.append(log(11, 9_000))
                except RecordingError as error:
                    print(error)
                resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
                await recording.append(log(11, 9_000))

        asyncio.run(main())
    """
    child = subprocess.run(script(code, tmp_path), capture_output=True, text=True, check=False)
    assert (child.returncode, child.stderr) == (0, "")
    assert "the disk" in child.stdout
    assert asyncio.run(everything(tmp_path)) == log(1, 9_000)


async def test_a_locked_database_is_tried_again(tmp_path: Path) -> None:
    async with await Recording.open(tmp_path, initial=EMPTY, clock=Clock()) as recording:
        await recording._session.connection.execute("PRAGMA busy_timeout = 0")
        stranger = sqlite3.connect(recording.path, isolation_level=None)
        stranger.execute("BEGIN IMMEDIATE")
        with pytest.raises(RecordingError, match="another program has it locked"):
            await recording.append(log(1, 3))
        stranger.execute("ROLLBACK")
        stranger.close()
        await recording.append(log(1, 3))
    assert await everything(tmp_path) == log(1, 3)


async def test_a_new_session_that_cannot_be_made_leaves_the_old_one_in_use(tmp_path: Path) -> None:
    async with await Recording.open(tmp_path, initial=EMPTY, clock=Clock()) as recording:
        await recording.append(log(1, 3))
        (in_the_way := tmp_path / ".20261121T120000Z-0002.sqlite.partial").mkdir()
        with pytest.raises(RecordingError, match="0002"):
            await recording.rotate(b"fleet")
        assert recording.session.endswith("-0001")
        await recording.append(log(4, 5))
        in_the_way.rmdir()
        await recording.rotate(b"fleet")
        await recording.append(log(6, 7))
    assert await everything(tmp_path) == log(1, 7)
    assert [info.last_pos for info in await sessions(tmp_path)] == [5, 7]


async def test_a_cancelled_caller_leaves_all_or_nothing(tmp_path: Path) -> None:
    async with await Recording.open(tmp_path, initial=EMPTY, clock=Clock()) as recording:
        for turns in range(30):
            task = asyncio.create_task(recording.append(log(recording.pos + 1, recording.pos + 50)))
            for _ in range(turns):
                await asyncio.sleep(0)
            task.cancel()
            before = recording.pos
            outcome = (await asyncio.gather(task, return_exceptions=True))[0]
            assert outcome is None or isinstance(outcome, asyncio.CancelledError)
            assert recording.pos - before in (0, 50)
        await recording.append(log(recording.pos + 1, recording.pos + 1))
        assert await everything(tmp_path) == log(1, recording.pos)


async def test_callers_at_the_same_time_take_turns(tmp_path: Path) -> None:
    async with await Recording.open(tmp_path, initial=EMPTY, clock=Clock()) as recording:
        await asyncio.gather(
            *(recording.append(log(first, first + 9)) for first in range(1, 100, 10)),
            recording.keyframe(0, recording.at, b"again"),
            recording.rotate(b"fleet at 100"),
            recording.append(log(101, 110)),
        )
    assert await everything(tmp_path) == log(1, 110)
    assert [info.last_pos for info in await sessions(tmp_path)] == [100, 110]


@pytest.mark.slow
@pytest.mark.timeout(240)
def test_a_killed_writer_loses_nothing_that_it_had_committed(tmp_path: Path) -> None:
    code = """
        import asyncio, itertools, sys
        from pathlib import Path
        from console.recording.writer import Recording
        from tests.recording.rows import log

        async def main() -> None:
            async with await Recording.open(Path(sys.argv[1]), initial=b"{}", session_bytes=400_000) as recording:
                for size in itertools.cycle((1, 3, 200, 1, 50)):
                    rows = log(recording.pos + 1, recording.pos + size, at=2_000_000_000_000)
                    await recording.append(rows)
                    print(recording.pos, flush=True)
                    if recording.should_keyframe():
                        await recording.keyframe(recording.pos, recording.at, b"f" * 20_000)
                    if recording.should_rotate():
                        await recording.rotate(b"fleet")

        asyncio.run(main())
    """
    chance = random.Random(SEED)
    told = seen = 0
    for _ in range(KILLS):
        with subprocess.Popen(script(code, tmp_path), stdout=subprocess.PIPE) as child:
            assert child.stdout is not None
            for _ in range(chance.randint(1, 120)):
                told = int(child.stdout.readline())
            child.kill()
            told = max([told, *map(int, child.stdout.read().split()[:-1])])
        rows = asyncio.run(everything(tmp_path, seen))
        assert rows == log(seen + 1, seen + len(rows), at=2_000_000_000_000)
        seen += len(rows)
        assert seen >= told
    assert len(asyncio.run(everything(tmp_path))) == seen
    assert len(asyncio.run(sessions(tmp_path))) > 1
    assert not any(asyncio.run(verify_folder(tmp_path)).values())


@pytest.mark.parametrize(
    "end", ["raise SystemExit(3)", "sys.exit(3)", "kept.append(reader); raise SystemExit(3)"]
)
def test_a_forgotten_close_does_not_keep_the_interpreter(tmp_path: Path, end: str) -> None:
    code = f"""
        import asyncio, sys
        from pathlib import Path
        from console.recording.reader import Reader
        from console.recording.writer import Recording
        from tests.recording.rows import log
        kept = []

        async def main() -> None:
            recording = await Recording.open(Path(sys.argv[1]), initial=b"{{}}", clock=lambda: 1.0)
            kept.append(recording)
            reader = await Reader.open(recording.path)
            await recording.append(log(1, 3))
            {end}

        asyncio.run(main())
    """
    child = subprocess.run(script(code, tmp_path), capture_output=True, text=True, timeout=90, check=False)
    assert child.returncode == 3, child.stderr
    assert asyncio.run(everything(tmp_path)) == log(1, 3)
