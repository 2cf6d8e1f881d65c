"""The recording as JSON lines, and back.

One line is `{"pos":1,"at":1790000000000,"event":{...}}`: the event as it was sent, but on one line, and with every
character that a terminal might act upon or hide written as an escape, so that `cat` of an export is safe. An event that is
no JSON text, or that escaping would make larger than an event may be, stands in base64 under `event64` instead.
"""

from __future__ import annotations

import base64
import binascii
import itertools
import re
from collections.abc import AsyncIterable, Iterator
from pathlib import Path
from typing import Annotated, BinaryIO, Final

import msgspec
from msgspec import Meta, Raw, Struct

from bus.codec import DecodeError, check, decode_envelope, subject
from bus.limits import EVENT_BYTES
from console.core.text import visible_json
from console.recording.bodies import Keyframe, Row
from console.recording.files import partial_of, publish, remove_partial
from console.recording.schema import RecordingError, naming
from console.recording.session import Session

LINE_BYTES: Final = 2 * EVENT_BYTES
"""Longest line of an export: an event in base64 and its position."""

_BATCH: Final = 1_000
_RAW: Final = msgspec.json.Decoder(Raw)
_SPACES: Final = re.compile(rb"[\x00-\x1f]")  # outside strings only: inside them JSON allows none


class Line(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One line of an export."""

    pos: Annotated[int, Meta(ge=1, le=2**63 - 1)]
    at: Annotated[int, Meta(ge=0, le=2**63 - 1)]
    event: Raw = Raw()
    event64: str = ""


_LINE: Final = msgspec.json.Decoder(Line)


def line(row: Row) -> bytes:
    """Return a row as one line, with its newline."""
    event = _safe(row.event)
    if event is None:
        return b'{"pos":%d,"at":%d,"event64":"%s"}\n' % (row.pos, row.at, base64.b64encode(row.event))
    return b'{"pos":%d,"at":%d,"event":%s}\n' % (row.pos, row.at, event)


async def export_jsonl(rows: AsyncIterable[Row], out: BinaryIO) -> int:
    """Write rows as JSON lines and return how many.

    Raises:
        OSError: `out` cannot be written.
    """
    count = 0
    async for row in rows:
        out.write(line(row))
        count += 1
    return count


async def import_jsonl(source: Path, target: Path, *, initial: bytes) -> int:
    """Make a session file out of an export and return how many records it has. `initial`: the encoded empty fleet.

    Raises:
        RecordingError: a line of `source` is wrong (its number is named), or `target` exists or cannot be written. There
            is no `target` then.
    """
    partial = partial_of(target)
    batches = _batches(source)
    first = next(batches, None)
    if first is None:
        raise RecordingError(f"{source}: has no records")
    count = 0
    with naming(target):
        _make_room(target, partial)
        try:
            session = await Session.create(partial, Keyframe(first[0].pos - 1, first[0].at, initial))
            try:
                for rows in itertools.chain([first], batches):
                    await session.insert(rows)
                    count += len(rows)
            finally:
                await session.close()
            publish(partial, target)
        finally:
            remove_partial(partial)
    return count


def _make_room(target: Path, partial: Path) -> None:
    if target.exists():
        raise RecordingError(f"{target}: exists already; move it out of the way")
    target.parent.stat()  # fails in the target's name, not in the unfinished file's
    remove_partial(partial)


def _batches(source: Path) -> Iterator[list[Row]]:
    rows: list[Row] = []
    pos, at = 0, 0
    with naming(source), source.open("rb") as file:
        for number, text in enumerate(iter(lambda: file.readline(LINE_BYTES + 1), b""), 1):
            try:
                row = _parse(text)
                if row.pos <= pos:
                    raise DecodeError(f"position {row.pos} after {pos}: positions must rise")
                if row.at < at:
                    raise DecodeError(f"time {row.at} after {at}: times must not go back")
            except DecodeError as error:
                raise RecordingError(f"{source}:{number}: {error}") from None
            pos, at = row.pos, row.at
            rows.append(row)
            if len(rows) == _BATCH:
                yield rows
                rows = []
    if rows:
        yield rows


def _parse(text: bytes) -> Row:
    if len(text) > LINE_BYTES:
        raise DecodeError(f"longer than {LINE_BYTES} bytes")
    try:
        found = _LINE.decode(text)
        if bool(bytes(found.event)) == bool(found.event64):
            raise DecodeError("one of event and event64 is needed")
        event = bytes(found.event) or base64.b64decode(found.event64, validate=True)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError, binascii.Error) as error:
        raise DecodeError(str(error)) from None
    about = subject(decode_envelope(event))
    if about is None:
        raise DecodeError("its source is neither an agent's run nor the supervisor")
    return Row(found.pos, found.at, about[0], about[1], event)


def _safe(event: bytes) -> bytes | None:
    try:
        check(event)
        _RAW.decode(event)
        text = event.decode("utf-8")
    except (DecodeError, msgspec.MsgspecError, RecursionError, UnicodeDecodeError):
        return None
    if _SPACES.search(event):
        text = msgspec.json.format(text, indent=-1)
    safe = visible_json(text.strip()).encode("utf-8")
    return safe if len(safe) <= EVENT_BYTES else None
