"""Does a recording hold what it says? For `watchfloor doctor`, and for a file that came from elsewhere.

This finds damage and clumsy changes. Somebody who can write the file can make one that passes: it is not a signature.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from bus.codec import SUPERVISOR_SOURCE, DecodeError, decode_envelope, subject
from console.recording import schema
from console.recording.bodies import Row
from console.recording.history import SessionInfo, sessions
from console.recording.reader import Reader
from console.recording.schema import RecordingError

PROBLEMS: Final = 100
"""How many problems of one file are listed; a damaged file has no end of them."""


async def verify(reader: Reader) -> list[str]:
    """Read a session through and return what is wrong with it, at most `PROBLEMS` lines: nothing, if all is well."""
    try:
        found = await reader.query("PRAGMA integrity_check(10)")
        problems = [f"SQLite: {text}" for (text,) in found if text != "ok"]
        problems += [schema.wal_lost(reader.path)] if reader.wal_missing else []
        problems += await _keyframes(reader)
        problems += await _rows(reader)
    except RecordingError as error:
        return [str(error)]
    if len(problems) > PROBLEMS:
        problems[PROBLEMS - 1 :] = ["and more"]
    return problems


async def verify_folder(folder: Path) -> dict[str, list[str]]:
    """Verify all sessions of a folder and that their positions go on; return problems by session, in order.

    Raises:
        RecordingError: the folder cannot be read.
    """
    report: dict[str, list[str]] = {}
    before: SessionInfo | None = None
    for info in await sessions(folder):
        if info.problem:
            report[info.name] = [info.problem]
            continue
        async with await Reader.open(info.path) as reader:
            report[info.name] = await verify(reader)
            first = (await reader.first_keyframe()).pos
        if before is not None and first != before.last_pos:
            report[info.name].append(
                f"begins after position {first}, but session {before.name} ends at {before.last_pos}"
            )
        before = info
    return report


async def _keyframes(reader: Reader) -> list[str]:
    problems: list[str] = []
    extent = await reader.extent()
    for pos in await reader.keyframe_positions():
        try:
            await reader.keyframe_before(pos)
        except RecordingError as error:
            problems.append(str(error))
        if pos > extent.last_pos:
            problems.append(f"keyframe at position {pos}, but the log ends at {extent.last_pos}")
    return problems


async def _rows(reader: Reader) -> list[str]:
    problems: list[str] = []
    positions = await reader.keyframe_positions()
    extent = await reader.extent()
    pos, at = min([*positions, extent.first_pos - 1]), 0
    told: dict[str, int] = {}
    if not positions:
        problems.append("has no keyframe")
    elif pos < positions[0]:
        problems.append(f"the log begins at position {pos + 1}, before the first keyframe")
    while len(problems) <= PROBLEMS:
        try:
            async for rows in reader.batches(pos):
                for row in rows:
                    problems += _row(row, pos, at, told)
                    pos, at = row.pos, row.at
                if len(problems) > PROBLEMS:
                    break
            break
        except RecordingError as error:
            problems.append(str(error))
        # The reader gave up at a damaged row: go on after it.
        ((damaged,),) = await reader.query("SELECT min(pos) FROM log WHERE pos > ?", (pos,))
        if damaged is None:
            break
        pos = damaged
    return problems


def _row(row: Row, pos: int, at: int, told: dict[str, int]) -> list[str]:
    """What is wrong with a row after the one at `pos`. `told` is how far each source has counted, and is carried on."""
    problems: list[str] = []
    if row.pos != pos + 1:
        problems.append(f"positions {pos + 1} to {row.pos - 1} are missing")
    if row.at < at:
        problems.append(f"position {row.pos} was accepted at {row.at}, before {at}")
    try:
        envelope = decode_envelope(row.event)
        about = subject(envelope)
    except DecodeError as error:
        return [*problems, f"position {row.pos} is no record: {error}"]
    if about is None or about[:2] != (row.agent, row.run):
        problems.append(f"position {row.pos} is filed under {row.agent}/{row.run}, which it is not about")
    # A run counts for its whole life, a supervisor from its start; what comes twice is ingested once.
    source = (
        envelope.source
        if envelope.source != SUPERVISOR_SOURCE
        else f"{envelope.source} {envelope.incarnation}"
    )
    if envelope.seq <= (before := told.get(source, 0)):
        problems.append(f"position {row.pos} is number {envelope.seq} of {source}, after number {before}")
    told[source] = max(envelope.seq, before)
    return problems
