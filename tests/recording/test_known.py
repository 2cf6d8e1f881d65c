"""The site database: a copy of what reliability is made of, which outlives the sessions and can be made of them again."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import msgspec
import pytest

from bus import codec
from bus.events import Data, Envelope, MessageSeen
from bus.records import AutonomyPromoted, OutcomeVerified
from console.core.fleet.state import Fleet, encode
from console.recording.bodies import Row
from console.recording.known import Known
from console.recording.schema import RecordingError
from console.recording.writer import Recording
from tests.fixtures.strategies import envelope

LATE = 4_000_000_000_000
"""A time after the making of any session in these tests, in ms."""


def verdict(pos: int, *, ok: bool = True) -> Row:
    return row(
        pos, OutcomeVerified(ok=ok, by="op", action=f"a{pos}", version="1", tool="pay", effect="write")
    )


def row(pos: int, data: Data, epoch: str = "e1") -> Row:
    sealed = Envelope(
        id=f"{epoch}.{pos}",
        source=codec.SUPERVISOR_SOURCE,
        type=data.TYPE,
        subject="a/r",
        incarnation=epoch,
        seq=pos,
        data=msgspec.Raw(codec.encode(data)),
    )
    return Row(pos, LATE + pos, "a", "r", codec.encode(sealed))


def chatter(pos: int) -> Row:
    return Row(
        pos, LATE + pos, "a", "r", codec.encode(envelope(MessageSeen(role="user"), pos, "a", "r", "inc"))
    )


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data" / "reliability.sqlite"


async def record(folder: Path, *rows: Row) -> None:
    async with await Recording.open(folder, initial=encode(Fleet(site="site"))) as recording:
        await recording.append(list(rows))


async def counted(path: Path) -> tuple[int, int]:
    async with await Known.open(path) as known:
        folded = await known.folded()
    return (
        sum(one.right for one in folded.strata.values()),
        sum(one.wrong for one in folded.strata.values()),
    )


async def test_it_keeps_verdicts_and_rungs_once_and_nothing_else(path: Path) -> None:
    promoted = row(3, AutonomyPromoted(stratum="a@1/pay/write", rung="proven-90"))
    async with await Known.open(path) as known:
        assert await known.append([verdict(1), chatter(2), promoted]) == 2
        await known.append([verdict(1)])
    async with await Known.open(path) as known:
        [standing] = (await known.folded()).strata.values()
        assert (standing.right, standing.rung) == (1, "proven-90")
        assert [one.pos async for one in known.rows()] == [1, 3]


async def test_an_agent_cannot_write_a_verdict_of_its_own(path: Path) -> None:
    words = MessageSeen(role="user", text='"outcome.verified"')
    forged = Row(1, 1, "a", "r", codec.encode(envelope(words, 1, "a", "r", "i")))
    own = codec.decode_envelope(verdict(2).event)
    claimed = codec.encode(msgspec.structs.replace(own, source="/agents/a/runs/r"))
    async with await Known.open(path) as known:
        assert await known.append([forged, Row(2, 2, "a", "r", claimed)]) == 0


async def test_it_takes_in_what_it_missed(path: Path, tmp_path: Path) -> None:
    sessions = tmp_path / "sessions"
    async with await Known.open(path) as known:
        assert await known.catch_up(sessions) == 0
        await record(sessions, verdict(1), chatter(2), verdict(3, ok=False))
        assert await known.catch_up(sessions) == 2
        assert await known.catch_up(sessions) == 0
    assert await counted(path) == (1, 1)


async def test_a_recording_that_was_begun_anew_adds_to_what_is_known(path: Path, tmp_path: Path) -> None:
    sessions, anew = tmp_path / "sessions", tmp_path / "anew"
    await record(sessions, verdict(1), verdict(2))
    failed = OutcomeVerified(ok=False, by="op", tool="pay", effect="write", version="1")
    await record(anew, row(1, failed, "e2"), row(2, failed, "e2"))
    async with await Known.open(path) as known:
        await known.catch_up(sessions)
        [old], [new] = sessions.glob("*.sqlite"), anew.glob("*.sqlite")
        old.unlink()
        new.rename(sessions / f"9{new.name[1:]}")
        await known.catch_up(sessions)
    assert await counted(path) == (2, 2)


async def test_rebuilding_gives_the_same_and_keeps_what_is_older_than_the_sessions(
    path: Path, tmp_path: Path
) -> None:
    sessions = tmp_path / "sessions"
    await record(sessions, verdict(1), verdict(2), verdict(3, ok=False))
    old = row(1, OutcomeVerified(ok=True, by="op", tool="pay", effect="write", version="1"), "e0")._replace(
        at=5
    )
    wrong = row(9, OutcomeVerified(ok=True, by="nobody", tool="pay", effect="write", version="1"), "e9")
    async with await Known.open(path) as known:
        await known.append([old, wrong])
        assert await known.rebuild(sessions) == (1, 3)
        assert await known.rebuild(sessions) == (1, 3)
    assert await counted(path) == (3, 1)


async def test_a_file_of_somebody_else_is_not_touched(path: Path) -> None:
    path.parent.mkdir(parents=True)
    with sqlite3.connect(path) as other:
        other.execute("CREATE TABLE theirs (x)")
    other.close()
    with pytest.raises(RecordingError, match="not a reliability database"):
        await Known.open(path)
