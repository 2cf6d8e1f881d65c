"""Large values that agents sent apart, put together again out of the recording and checked against their names."""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import AsyncIterable, Collection

from bus import codec
from bus.codec import DecodeError
from bus.events import BlobPart
from bus.limits import BLOB_BYTES
from console.recording.bodies import Row

_LIKELY = BlobPart.TYPE.encode()


async def read_blobs(rows: AsyncIterable[Row], names: Collection[str]) -> dict[str, bytes]:
    """Return the contents of those blobs that are whole among the records of one run, by their SHA-256.

    Raises:
        RecordingError: a record is damaged.
    """
    found: dict[str, bytes] = {}
    under_way: dict[str, list[bytes]] = {}
    async for row in rows:
        part = _part(row)
        if part is None or part.sha256 not in names or part.sha256 in found:
            continue
        content = _joined(under_way.setdefault(part.sha256, []), part)
        if content is not None:
            found[part.sha256] = content
        if len(found) == len(set(names)):
            break
    return found


def _part(row: Row) -> BlobPart | None:
    if _LIKELY not in row.event:
        return None
    try:
        data = codec.record(row.pos, row.at, codec.decode_envelope(row.event)).data
    except DecodeError:
        return None
    return data if isinstance(data, BlobPart) else None


def _joined(pieces: list[bytes], part: BlobPart) -> bytes | None:
    """Add a part; parts come in order, and the first one begins anew. Returns the content once it is whole and right."""
    if part.i == 0:
        pieces.clear()
    if len(pieces) != part.i:
        return None
    try:
        pieces.append(base64.b64decode(part.data, validate=True))
    except (binascii.Error, ValueError):
        pieces.clear()
        return None
    if sum(map(len, pieces)) > BLOB_BYTES:
        pieces.clear()
        return None
    content = b"".join(pieces) if len(pieces) == part.n else b""
    whole = len(pieces) == part.n and hashlib.sha256(content).hexdigest() == part.sha256
    return content if whole else None
