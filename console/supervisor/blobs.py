"""Large values: puts blob parts together and checks them against their name, so that nothing unseen is approved."""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Final

from bus.events import BlobPart
from bus.limits import BLOB_BYTES

OPEN_KEPT: Final = 256
WHOLE_KEPT: Final = 8_192


@dataclass(slots=True)
class Assembly:
    """A blob on its way: parts so far and the hash over them."""

    parts: int = 0
    size: int = 0
    hash: hashlib._Hash = field(default_factory=hashlib.sha256)


class Blobs:
    """Which blobs of which run have arrived whole. Parts come in order, because a run's events do."""

    def __init__(self) -> None:
        self._open: OrderedDict[tuple[str, str], Assembly] = OrderedDict()
        self._whole: OrderedDict[tuple[str, str], None] = OrderedDict()

    def part(self, run: str, data: BlobPart) -> None:
        """Take one part. Parts out of order, too large or of the wrong hash leave the blob incomplete."""
        key = (run, data.sha256)
        if data.i == 0:
            self._open[key] = Assembly()
        assembly = self._open.get(key)
        if assembly is None or assembly.parts != data.i:
            return
        try:
            body = base64.b64decode(data.data, validate=True)
        except (binascii.Error, ValueError):
            del self._open[key]
            return
        assembly.parts += 1
        assembly.size += len(body)
        assembly.hash.update(body)
        if assembly.size > BLOB_BYTES:
            del self._open[key]
        elif assembly.parts == data.n:
            del self._open[key]
            if assembly.hash.hexdigest() == data.sha256:
                self._whole[key] = None
        while len(self._open) > OPEN_KEPT:
            self._open.popitem(last=False)
        while len(self._whole) > WHOLE_KEPT:
            self._whole.popitem(last=False)

    def whole(self, run: str, sha256: str) -> bool:
        """Whether the blob of this name arrived whole and unchanged in this run."""
        return (run, sha256) in self._whole
