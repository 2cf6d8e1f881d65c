"""The recording as one log: which sessions a folder holds, and their rows as if there were one file."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Final

from msgspec import Struct

from console.recording.bodies import Row
from console.recording.files import has_wal, session_paths, size_of
from console.recording.reader import BATCH, Extent, Reader
from console.recording.schema import RecordingError, naming

GIVEN_MOST: Final = 10_000_000
"""More records than a session file can lack: a new one is due at 256 MiB, its WAL included. So many positions at the least
are passed over where records were lost."""

Told = Callable[[str], object]

_NOTHING = Extent(0, 0, 0, 0, 0)


class SessionInfo(Struct, frozen=True, kw_only=True):
    """One session file. Times are ms since 1970 UTC. Without records, `last_pos` and times are of its first keyframe."""

    name: str
    path: Path
    first_pos: int = 0
    last_pos: int = 0
    first_at: int = 0
    last_at: int = 0
    records: int = 0
    bytes: int = 0
    open: bool = False
    """It has a WAL: it is being written, or its writer was killed."""
    wal_missing: bool = False
    """Its writer was killed, and the WAL that it left is not there, or was not when a supervisor went on: the newest records
    may be lost."""
    problem: str = ""
    """Why it cannot be read, empty if it can. The numbers above are then unknown and zero."""


async def sessions(folder: Path) -> list[SessionInfo]:
    """Return the sessions of a folder in order, those that cannot be read with their problem. No folder, no sessions.

    Raises:
        RecordingError: the folder cannot be read.
    """
    with naming(folder):
        paths = session_paths(folder)
    return [await describe(path) for path in paths]


async def describe(path: Path) -> SessionInfo:
    """Return what there is to know about one session file without reading it through. Never raises."""
    extent, torn, problem = _NOTHING, False, ""
    try:
        async with await Reader.open(path) as reader:
            extent, torn = await reader.extent(), reader.wal_missing
    except RecordingError as error:
        problem = str(error)
    return SessionInfo(
        name=path.stem,
        path=path,
        first_pos=extent.first_pos,
        last_pos=extent.last_pos,
        first_at=extent.first_at,
        last_at=extent.last_at,
        records=extent.records,
        bytes=size_of(path),
        open=has_wal(path),
        wal_missing=torn,
        problem=problem,
    )


def torn_ends(infos: list[SessionInfo]) -> list[SessionInfo]:
    """Those of a folder's sessions whose WAL is missing, but where a supervisor went on: that, `history` tells."""
    later = [info.first_pos for info in infos[1:]]
    return [
        info
        for info, then in zip(infos, [*later, 0], strict=True)
        if info.wal_missing and then <= info.last_pos + GIVEN_MOST
    ]


async def find(folder: Path, pos: int) -> SessionInfo:
    """Return the session that holds a position, or the last one if the log has not come so far.

    Raises:
        RecordingError: there is none, or one that cannot be read may hold it.
    """
    found, *later = await _from(folder, pos)
    if later and found.last_pos < pos:
        raise RecordingError(later[0].problem or f"{folder}: position {pos} is missing between two sessions")
    return found


async def history(
    folder: Path,
    after_pos: int = 0,
    upto: int | None = None,
    *,
    subject: tuple[str, str] | None = None,
    batch: int = BATCH,
    lost: Told | None = None,
) -> AsyncIterator[Row]:
    """Yield rows over all sessions in order; see `Reader.batches`. It ends where the log ends now.

    Where the newest records of a session were lost, a supervisor went on beyond them: `lost` is told of it, a line, and what
    comes then is yielded, too.

    Raises:
        RecordingError: a session that may hold such rows cannot be read or is missing, or two hold the same positions; rows
            were lost, and nobody is to be told.
    """
    end = after_pos
    before = SessionInfo(name="", path=folder)
    for number, info in enumerate(await _from(folder, after_pos + 1, early=True)):
        if info.problem:
            raise RecordingError(info.problem)
        if number and info.first_pos <= end:
            raise RecordingError(
                f"{info.path}: repeats position {info.first_pos}; move the copy out of the folder"
            )
        if number and info.first_pos > end + 1:
            hole = f"{info.path}: positions {end + 1} to {info.first_pos - 1} are missing before it"
            if not _follows(before, info) or info.first_pos - before.last_pos <= GIVEN_MOST:
                raise RecordingError(hole)
            hole += f": the newest records of {before.name} were lost, and a supervisor went on beyond them"
            if lost is None:
                raise RecordingError(hole)
            lost(hole)
        async with await Reader.open(info.path) as reader:
            async for row in reader.rows(end, upto, subject=subject, batch=batch):
                yield row
        end, before = max(end, info.last_pos), info
        if upto is not None and end >= upto:
            return


def _follows(before: SessionInfo, info: SessionInfo) -> bool:
    """Whether no session was between two, by their numbers (`writer.name_after`)."""
    one, two = before.name.rpartition("-")[2], info.name.rpartition("-")[2]
    return one.isdecimal() and two.isdecimal() and int(two) == int(one) + 1


async def _from(folder: Path, pos: int, *, early: bool = False) -> list[SessionInfo]:
    """The session that holds a position and all later ones; `early`: if the log begins after it, all."""
    found: list[SessionInfo] = []
    for info in reversed(await sessions(folder)):
        found.insert(0, info)
        if not info.problem and info.first_pos <= pos:
            return found
    broken = next((info.problem for info in found if info.problem), "")
    if early or (found and pos == found[0].first_pos - 1 and not broken):
        return found
    begins = f"begins after position {pos}" if found else "is empty"
    raise RecordingError(broken or f"{folder}: the recording {begins}")
