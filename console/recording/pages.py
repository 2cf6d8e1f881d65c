"""A run's records by page, from the newest back, over as many session files as there are."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final, NamedTuple

from bus import codec
from console.recording.bodies import Row
from console.recording.reader import Reader
from console.recording.schema import RecordingError

PAGE_RECORDS: Final = 256
PAGE_BYTES: Final = 40_000
"""Bytes of events in a page, at most, unless a single record is larger: a page travels in one message."""

LOOKED_THROUGH: Final = 16
"""Sessions in a row, without a record of the run, after which a page is given up: its name may be made up."""

_LAST: Final = """
    SELECT log.pos FROM log JOIN subjects ON subjects.id = log.subject
    WHERE subjects.agent = ? AND subjects.run = ? AND log.pos < ? ORDER BY log.pos DESC LIMIT ?"""


class Found(NamedTuple):
    """Rows in the order of the log; `more`: earlier ones of the run may stand before them."""

    rows: list[Row]
    more: bool


async def page(paths: Sequence[Path], agent: str, run: str, before: int) -> Found:
    """The newest rows of a run before a position, out of the sessions of a folder in order.

    They are of one session. A run that began in an earlier one has `more`.

    Raises:
        RecordingError: a session that may hold them cannot be read.
    """
    last = await _last_before(paths, before)
    for number in range(last, max(-1, last - LOOKED_THROUGH), -1):
        rows, more = await _of_session(paths[number], agent, run, before)
        if rows:
            return Found(rows, more or (number > 0 and not _begins(rows)))
    if last >= LOOKED_THROUGH:
        raise RecordingError(
            f"{paths[0].parent}: {LOOKED_THROUGH} sessions in a row hold nothing of {agent}/{run} before position {before}; "
            "if it is older, look with: watchfloor replay"
        )
    return Found([], more=False)


async def _last_before(paths: Sequence[Path], before: int) -> int:
    """The number of the last session that begins before a position, -1 if none does. Opens few, however many there are."""
    low, high = -1, len(paths) - 1
    number = high  # the newest: most pages are of it
    while low < high:
        async with await Reader.open(paths[number]) as reader:
            first = (await reader.extent()).first_pos
        low, high = (number, high) if first < before else (low, number - 1)
        number = (low + high + 1) // 2
    return low


async def _of_session(path: Path, agent: str, run: str, before: int) -> Found:
    async with await Reader.open(path) as reader:
        found = await reader.query(_LAST, (agent, run, before, PAGE_RECORDS + 1))
        if not found:
            return Found([], more=False)
        positions = [pos for (pos,) in found[:PAGE_RECORDS]]
        rows = [
            row
            async for row in reader.rows(min(positions) - 1, max(positions), subject=(agent, run), batch=64)
        ]
    size, kept = 0, 0
    for row in reversed(rows):
        size += len(row.event)
        if kept and size > PAGE_BYTES:
            break
        kept += 1
    return Found(rows[-kept:], more=len(found) > PAGE_RECORDS or kept < len(rows))


def _begins(rows: Sequence[Row]) -> bool:
    """Whether the first event of the run is among them."""
    for row in rows:
        try:
            envelope = codec.decode_envelope(row.event)
        except codec.DecodeError as error:
            raise RecordingError(f"damaged record at position {row.pos}: {error}") from None
        about = codec.subject(envelope)
        if about is not None and about[2]:
            return envelope.seq == 1
    return False
