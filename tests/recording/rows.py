"""What the recording's tests record. Child processes import it, so it needs neither pytest nor hypothesis."""

import shutil
import sqlite3
from collections.abc import Sequence
from pathlib import Path

import msgspec

from bus.codec import decode_data, decode_envelope, source
from bus.codec import encode as encoded
from bus.events import Envelope, Progress
from console.core.fleet.state import Fleet, encode
from console.recording.bodies import Row
from console.recording.history import history
from console.recording.reader import Reader
from console.recording.verify import verify
from console.recording.writer import Recording

DAY = 86_400.0
NOON = 1_795_262_400.0  # 2026-11-21 12:00:00 UTC
NOON_MS = int(NOON) * 1000
EMPTY = b'{"fleet":{}}'


class Clock:
    """A clock that stands until it is set, in seconds since 1970 UTC."""

    def __init__(self, now: float = NOON) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


def event(seq: int, agent: str = "planner", run: str = "r1", text: str = "looking around") -> bytes:
    data = encoded({"step": seq, "text": text})
    return encoded(
        Envelope(
            id=f"0011223344556677.{seq}",
            source=source(agent, run),
            type="progress",
            time="2026-11-21T12:00:00Z",
            incarnation="0011223344556677",
            seq=seq,
            data=msgspec.Raw(data),
        )
    )


def log(first: int, last: int, *, at: int = NOON_MS, runs: int = 3) -> list[Row]:
    """Rows of several runs, ten milliseconds apart."""
    return [
        Row(pos, at + 10 * pos, "planner", f"r{pos % runs}", event(pos, "planner", f"r{pos % runs}"))
        for pos in range(first, last + 1)
    ]


async def recorded(folder: Path, rows: Sequence[Row] = ()) -> Path:
    """Make a closed recording of one session and return its file."""
    async with await Recording.open(folder, initial=EMPTY, clock=Clock()) as recording:
        await recording.append(rows)
        return recording.path


async def torn(folder: Path, target: Path) -> Path:
    """A session of 57 records of which the disk kept no more than was moved out of its WAL: the file alone."""
    initial = encode(Fleet(site="s"))
    async with await Recording.open(folder, initial=initial, clock=Clock()) as recording:
        await recording.append(log(1, 20))
        with sqlite3.connect(recording.path) as other:  # moves what there is
            other.execute("PRAGMA wal_checkpoint(PASSIVE)")
        other.close()
        await recording.append(log(21, 57))
        target.mkdir(parents=True)  # noqa: ASYNC240  (a test waits for nobody)
        copy = target / recording.path.name
        shutil.copy(recording.path, copy)
    return copy


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


async def everything(folder: Path, after_pos: int = 0) -> list[Row]:
    return [row async for row in history(folder, after_pos)]


def poke(path: Path, *statements: str) -> None:
    """Change a session file behind our back."""
    database = sqlite3.connect(path)
    with database:
        for statement in statements:
            database.execute(statement)
    database.close()


async def problems_of(path: Path) -> list[str]:
    async with await Reader.open(path) as reader:
        return await verify(reader)


def test_an_event_of_these_tests_is_an_event() -> None:
    assert decode_data(decode_envelope(event(7))) == Progress(step=7, text="looking around")
