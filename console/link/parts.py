"""Keyframe parts to a fleet, whatever arrives in whatever order, in bounded memory. Pure."""

from __future__ import annotations

import base64
import binascii
from typing import Final, NamedTuple

import zstandard

from bus.messages import KeyframePart
from console.core.state import Fleet, KeyframeError, decode

FLEET_BYTES: Final = 256 * 1024 * 1024
"""Largest encoded fleet; what would unpack to more is refused."""

PARTS: Final = 4_096
"""Most parts of one keyframe."""

SETS: Final = 2
"""Keyframes that are collected side by side: the one asked for last, and one before it that may be nearly whole."""


class Joined(NamedTuple):
    """A complete keyframe: the supervisor epoch it was made under, and the fleet as it stood at its `pos`."""

    epoch: str
    fleet: Fleet


class KeyframeParts:
    """Collects parts; those of one keyframe share intent, epoch, position and count."""

    def __init__(self) -> None:
        self._sets: dict[tuple[str, str, int, int], dict[int, str]] = {}

    def clear(self) -> None:
        """Forget everything that is incomplete."""
        self._sets.clear()

    def add(self, part: KeyframePart) -> Joined | None:
        """Take one part. Returns the keyframe that it completes.

        Raises:
            KeyframeError: the part, or the keyframe that it completes, is not one.
        """
        if part.i >= part.n or part.n > PARTS:
            raise KeyframeError(f"keyframe part {part.i} of {part.n}; at most {PARTS} are allowed")
        name = (part.intent, part.epoch, part.pos, part.n)
        have = self._sets.setdefault(name, {})
        have[part.i] = part.data
        while len(self._sets) > SETS:
            del self._sets[next(iter(self._sets))]
        if len(have) < part.n:
            return None
        self._sets.pop(name, None)
        fleet = decode(_unpack([have[number] for number in range(part.n)]))
        if fleet.pos != part.pos:
            raise KeyframeError(f"keyframe of position {fleet.pos} announced as {part.pos}")
        return Joined(part.epoch, fleet)


def _unpack(parts: list[str]) -> bytes:
    try:
        packed = b"".join(base64.b64decode(part, validate=True) for part in parts)
        # Reading from a stream is bounded whatever size the frame claims for itself.
        with zstandard.ZstdDecompressor().stream_reader(packed) as stream:
            body = stream.read(FLEET_BYTES + 1)
    except (binascii.Error, ValueError, zstandard.ZstdError) as error:
        raise KeyframeError(f"keyframe cannot be unpacked: {error}") from None
    if len(body) > FLEET_BYTES:
        raise KeyframeError(f"keyframe of more than {FLEET_BYTES} bytes")
    return body
