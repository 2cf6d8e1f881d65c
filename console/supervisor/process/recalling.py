"""Reading back what a run was told and has read, from the sessions of a folder."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from pathlib import Path

from bus import codec
from bus.codec import Record
from bus.records import ActionDecided
from console.core.fleet.state import Run
from console.recording.history import SessionInfo, history


async def events_of(
    folder: Path, known: Sequence[SessionInfo], run: Run, upto: int | None = None
) -> AsyncIterator[Record]:
    """Yield what a run's agent said and what was decided for it, from the session that the run began in, up to a position.

    Raises:
        RecordingError: a session that may hold some cannot be read, or is missing.
    """
    within = (info.first_pos - 1 for info in known if not info.problem and info.last_at >= run.started_at)
    async for row in history(folder, max(0, next(within, 0)), upto, subject=(run.agent, run.run)):
        record = codec.record(row.pos, row.at, codec.decode_envelope(row.event))
        if record.from_agent or isinstance(record.data, ActionDecided):
            yield record
