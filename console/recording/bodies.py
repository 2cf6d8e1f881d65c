"""What a session file holds, as values, and how bodies are packed: zstd with a dictionary that the file carries.

An event of 600 bytes is too short to compress by itself. A new file begins with a dictionary made of the contract's own
words; after a thousand bodies one is trained on those and added. A row names the dictionary it was packed with.
"""

from __future__ import annotations

import typing
from collections.abc import Iterator, Sequence
from typing import Any, Final, Literal, NamedTuple

import msgspec
import zstandard
from zstandard import DICT_TYPE_AUTO, ZstdCompressionDict, ZstdCompressor, ZstdDecompressor, ZstdError

from bus.codec import SUPERVISOR_SOURCE
from bus.events import AGENT_TYPES, SPEC_VERSION
from bus.limits import PAYLOAD_BYTES
from bus.records import SUPERVISOR_TYPES

KEYFRAME_BYTES: Final = 256 * 1024 * 1024
"""Largest keyframe before compression; what claims more is not unpacked."""

DICTIONARY_BYTES: Final = 32 * 1024
"""Size of a trained dictionary. Twice as much would save 5 % of a large session and cost every small one."""

DICTIONARY_BYTES_MAX: Final = 1024 * 1024
"""Largest dictionary that is believed when a file is read."""

SAMPLES: Final = 1_000
"""Bodies that a dictionary is trained on."""

SAMPLE_BYTES: Final = 4_096
"""How much of a body is a sample: long texts teach a dictionary nothing new at their ends."""

PLAIN: Final = 0
"""Dictionary of a body that is stored as it was sent, because packing would not make it smaller."""

_LEVEL: Final = 3
# Fixed, because the search for the best costs three times the training and gains nothing.
_SEGMENT: Final = 512
_DMER: Final = 8


class PackError(ValueError):
    """A stored body cannot be unpacked: damaged, made by a stranger, or larger than is allowed."""


class Row(NamedTuple):
    """One record of the log: its position, when it was accepted (ms since 1970 UTC), about whom, and what was sent."""

    pos: int
    at: int
    agent: str
    run: str
    event: bytes


class Keyframe(NamedTuple):
    """The encoded fleet as it was after the record at `pos`, which was accepted at `at` (ms since 1970 UTC)."""

    pos: int
    at: int
    body: bytes


class Bodies:
    """Packs and unpacks the bodies of one session file. For one thread at a time."""

    def __init__(self) -> None:
        self.dictionary = PLAIN
        """The dictionary that `pack` uses: the newest."""
        self._contents: dict[int, ZstdCompressionDict] = {}
        self._decompressors: dict[int, ZstdDecompressor] = {}
        self._compressor: ZstdCompressor | None = None

    def learn(self, dictionary: int, content: bytes) -> None:
        """Add a dictionary of the file, and pack with it from now on."""
        self._contents[dictionary] = ZstdCompressionDict(content, dict_type=DICT_TYPE_AUTO)
        self.dictionary, self._compressor = dictionary, None

    def forget(self, dictionary: int) -> None:
        """Take the newest dictionary back: the file does not have it after all."""
        del self._contents[dictionary]
        self._decompressors.pop(dictionary, None)
        self.dictionary, self._compressor = max(self._contents, default=PLAIN), None

    def pack(self, event: bytes) -> tuple[int, bytes]:
        """Return (dictionary, body): as sent under `PLAIN` where packing would not make it smaller."""
        if self.dictionary == PLAIN:
            return PLAIN, event
        if self._compressor is None:
            content = self._contents[self.dictionary]
            content.precompute_compress(_LEVEL)
            # The row names the dictionary; its id in each frame would be four bytes of a hundred.
            self._compressor = ZstdCompressor(level=_LEVEL, dict_data=content, write_dict_id=False)
        body = self._compressor.compress(event)
        return (self.dictionary, body) if len(body) < len(event) else (PLAIN, event)

    def unpack(self, dictionary: int, body: bytes) -> bytes:
        """Return what was packed.

        Raises:
            KeyError: the dictionary is not known (yet).
            PackError: damaged, or larger than a payload may be.
        """
        if dictionary == PLAIN:
            if len(body) > PAYLOAD_BYTES:
                raise PackError(f"{len(body)} bytes, at most {PAYLOAD_BYTES} are allowed")
            return body
        decompressor = self._decompressors.get(dictionary)
        if decompressor is None:
            decompressor = ZstdDecompressor(dict_data=self._contents[dictionary])
            self._decompressors[dictionary] = decompressor
        return _unpack(decompressor, body, PAYLOAD_BYTES)


def pack_keyframe(body: bytes) -> bytes:
    """Pack an encoded fleet.

    Raises:
        PackError: larger than `KEYFRAME_BYTES`.
    """
    if len(body) > KEYFRAME_BYTES:
        raise PackError(f"a keyframe of {len(body)} bytes, at most {KEYFRAME_BYTES} are allowed")
    return ZstdCompressor(level=_LEVEL, write_checksum=True).compress(body)


def unpack_keyframe(body: bytes) -> bytes:
    """Return the encoded fleet.

    Raises:
        PackError: damaged, or larger than `KEYFRAME_BYTES`.
    """
    return _unpack(ZstdDecompressor(), body, KEYFRAME_BYTES)


def packed_size(body: bytes) -> int:
    """How large a packed value is when unpacked, by its first bytes; 0 if they do not say."""
    try:
        return max(0, zstandard.frame_content_size(body))
    except ZstdError:
        return 0


def train(samples: Sequence[bytes]) -> bytes | None:
    """Return a dictionary for bodies like these, or None if they have too little in common."""
    try:
        return zstandard.train_dictionary(DICTIONARY_BYTES, list(samples), k=_SEGMENT, d=_DMER).as_bytes()
    except ZstdError:
        return None


def contract_dictionary() -> bytes:
    """Return the dictionary that every new file begins with: one full example of each record type."""
    examples: list[bytes] = []
    for name, kind in (SUPERVISOR_TYPES | AGENT_TYPES).items():
        examples.append(
            msgspec.json.encode(
                {
                    "specversion": SPEC_VERSION,
                    "id": "0f1e2d3c4b5a6978.1",
                    "source": "/agents/agent/runs/run" if name in AGENT_TYPES else SUPERVISOR_SOURCE,
                    "type": name,
                    "subject": "agent/run",
                    "time": "2026-01-01T00:00:00.000000Z",
                    "incarnation": "0f1e2d3c4b5a6978",
                    "seq": 1,
                    "data": dict(_examples(kind)),
                }
            )
        )
    return b"\n".join(examples)


def _examples(kind: type[msgspec.Struct]) -> Iterator[tuple[str, object]]:
    hints = typing.get_type_hints(kind)
    for field in msgspec.structs.fields(kind):
        yield field.encode_name, list(_words(hints[field.name]))


def _words(hint: Any) -> Iterator[object]:
    if typing.get_origin(hint) is Literal:
        yield from typing.get_args(hint)
    elif isinstance(hint, type) and issubclass(hint, msgspec.Struct):
        yield dict(_examples(hint))
    else:
        for part in typing.get_args(hint):
            yield from _words(part)


def _unpack(decompressor: ZstdDecompressor, body: bytes, limit: int) -> bytes:
    try:
        # A frame that states its size makes the library ignore `max_output_size`, so the statement is judged first.
        size = zstandard.frame_content_size(body)
        if not 0 <= size <= limit:
            claim = f"{size} bytes" if size >= 0 else "an unstated size"
            raise PackError(f"claims to unpack to {claim}, at most {limit} bytes are allowed")
        return decompressor.decompress(body, max_output_size=limit)
    except (ZstdError, MemoryError) as error:
        raise PackError(f"cannot be unpacked: {error}") from None
