"""What consoles get: the journal in batches that fit a payload, and keyframes in parts."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from typing import Final

import zstandard
from msgspec import Raw

from bus import codec
from bus.limits import PAYLOAD_BYTES
from bus.messages import JournalRecord, KeyframePart
from bus.seals import keyframe_seal, sealed_journal
from bus.signing import PrivateKey
from console.supervisor.log import Entry

PART_BYTES: Final = 36_000
"""Bytes of a keyframe part before base64."""

_WRAP: Final = 120
"""Bytes that the journal adds around one event, at most."""


_SEAL: Final = 600
"""Bytes that a batch has besides its records, at most: the epoch, and the seal with its hash, key and signature."""


def journal(key: PrivateKey, epoch: str, entries: list[Entry]) -> Iterator[bytes]:
    """Encode committed records as sealed payloads, in order, each within the bus's limit."""
    batch: list[JournalRecord] = []
    size = _SEAL
    for entry in entries:
        length = len(entry.event) + _WRAP
        if batch and size + length > PAYLOAD_BYTES:
            yield sealed_journal(key, epoch, batch)
            batch, size = [], _SEAL
        batch.append(JournalRecord(pos=entry.pos, at=entry.at, event=Raw(entry.event)))
        size += length
    if batch:
        yield sealed_journal(key, epoch, batch)


def compressed(encoded: bytes) -> bytes:
    """The body of a keyframe of an encoded fleet."""
    return zstandard.ZstdCompressor(level=3).compress(encoded)


def keyframe(key: PrivateKey, epoch: str, intent: str, pos: int, body: bytes) -> Iterator[bytes]:
    """Cut the body of a keyframe at `pos` into parts for the console that asked by `intent`."""
    parts = [body[start : start + PART_BYTES] for start in range(0, len(body), PART_BYTES)]
    seal = keyframe_seal(key, epoch, intent, pos, len(parts), body)
    for number, part in enumerate(parts):
        data = base64.b64encode(part).decode()
        yield codec.encode(
            KeyframePart(intent=intent, epoch=epoch, pos=pos, i=number, n=len(parts), data=data, seal=seal)
        )
