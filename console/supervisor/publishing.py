"""What consoles get: the journal in batches that fit a payload, and keyframes in parts."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from typing import Final

import zstandard
from msgspec import Raw

from bus import codec
from bus.limits import PAYLOAD_BYTES
from bus.messages import Journal, JournalRecord, KeyframePart
from console.supervisor.log import Entry

PART_BYTES: Final = 36_000
"""Bytes of a keyframe part before base64."""

_WRAP: Final = 120
"""Bytes that the journal adds around one event, at most."""


def journal(epoch: str, entries: list[Entry]) -> Iterator[bytes]:
    """Encode committed records as payloads, in order, each within the bus's limit."""
    batch: list[JournalRecord] = []
    size = _WRAP
    for entry in entries:
        length = len(entry.event) + _WRAP
        if batch and size + length > PAYLOAD_BYTES:
            yield codec.encode(Journal(epoch=epoch, records=batch))
            batch, size = [], _WRAP
        batch.append(JournalRecord(pos=entry.pos, at=entry.at, event=Raw(entry.event)))
        size += length
    if batch:
        yield codec.encode(Journal(epoch=epoch, records=batch))


def compressed(encoded: bytes) -> bytes:
    """The body of a keyframe of an encoded fleet."""
    return zstandard.ZstdCompressor(level=3).compress(encoded)


def keyframe(epoch: str, intent: str, pos: int, body: bytes) -> Iterator[bytes]:
    """Cut the body of a keyframe at `pos` into parts for the console that asked by `intent`."""
    parts = [body[start : start + PART_BYTES] for start in range(0, len(body), PART_BYTES)]
    for number, part in enumerate(parts):
        data = base64.b64encode(part).decode()
        yield codec.encode(
            KeyframePart(intent=intent, epoch=epoch, pos=pos, i=number, n=len(parts), data=data)
        )
