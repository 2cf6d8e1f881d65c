"""A session read through once: how much of what stands in it, and who did what up to a position."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from bus import codec
from bus.alarm_records import AlarmRaised
from bus.codec import DecodeError, Record
from bus.operator_records import OperatorSigned
from bus.records import ActionAsked, ActionDecided, AgentLost, GapFound
from console.core.deeds import TYPES as DEED_TYPES
from console.core.deeds import Deed, deed_of
from console.core.fleet.state import KeyframeError, decode
from console.core.session_counts import SessionCounts
from console.recording.bodies import Row
from console.recording.reader import Reader
from console.recording.schema import RecordingError

BATCH: Final = 512
"""Records read at a time, so that whoever shows the floor meanwhile goes on."""

_COUNTED: Final = (ActionAsked, ActionDecided, AlarmRaised, AgentLost, GapFound)


async def counted(path: Path) -> SessionCounts:
    """Count a session. Never raises: damage is named, and what comes before it is counted."""
    counts, pos = SessionCounts(), None
    words = _words(kind.TYPE for kind in _COUNTED)
    try:
        async with await Reader.open(path) as reader:
            ((counts.runs,),) = await reader.query("SELECT count(*) FROM subjects WHERE run != ''")
            async for rows in reader.batches(0, batch=BATCH):
                for row in rows:
                    if pos is not None and row.pos != pos + 1 and not counts.problem:
                        counts.problem = f"positions {pos + 1} to {row.pos - 1} are missing"
                    pos = row.pos
                    if any(word in row.event for word in words):
                        _count(counts, _decoded(row))
    except (RecordingError, DecodeError) as error:
        counts.problem = f"cannot be read beyond position {pos}: {error}" if pos else str(error)
    return counts


def _count(counts: SessionCounts, record: Record) -> None:
    if record.from_agent:
        return
    match record.data:
        case ActionAsked():
            counts.asks += 1
        case ActionDecided(by=by) if by not in ("policy", "pass-list"):
            counts.decisions += 1
        case AlarmRaised():
            counts.alarms += 1
        case AgentLost():
            counts.lost += 1
        case GapFound(first=first, last=last):
            counts.missing += last - first + 1


async def deeds_in(path: Path, before: int, most: int) -> list[Deed]:
    """The last deeds of a session before a position, in order.

    Raises:
        RecordingError: the file is damaged.
    """
    found: deque[Deed] = deque(maxlen=most)
    words = _words(DEED_TYPES)
    async with await Reader.open(path) as reader:
        try:
            keys = dict(decode((await reader.first_keyframe()).body).audit.keys)
            async for rows in reader.batches(0, before - 1, batch=BATCH):
                for row in rows:
                    if not any(word in row.event for word in words):
                        continue
                    record = _decoded(row)
                    deed = deed_of(record, keys)
                    if deed is not None:
                        found.append(deed)
                    if isinstance(record.data, OperatorSigned) and not record.from_agent:
                        keys[record.data.operator] = record.data.key
        except (DecodeError, KeyframeError) as error:
            raise RecordingError(f"{path}: {error}; check it with: watchfloor doctor") from None
    return list(found)


def _words(types: Iterable[str]) -> tuple[bytes, ...]:
    return tuple(f'"{name}"'.encode() for name in types)


def _decoded(row: Row) -> Record:
    return codec.record(row.pos, row.at, codec.decode_envelope(row.event))
