"""Keyframe parts to a fleet, whatever arrives in whatever order, in bounded memory. Pure."""

from __future__ import annotations

import base64
import binascii
import hashlib
from typing import Final, NamedTuple

import zstandard

from bus.messages import KeyframePart
from console.core.fleet.state import REDUCER, Fleet, KeyframeError, decode, reducer_of

FLEET_BYTES: Final = 256 * 1024 * 1024
"""Largest encoded fleet; what would unpack to more is refused."""

PARTS: Final = 4_096
"""Most parts of one keyframe."""

SETS: Final = 2
"""Keyframes that are collected side by side: the one asked for last, and one before it that may be nearly whole."""


class ForgedKeyframeError(KeyframeError):
    """Parts that are not those of the keyframe whose seal they carry."""


class OtherReducerError(KeyframeError):
    """A whole keyframe of a supervisor that makes other states of the same records than this console would."""


class Joined(NamedTuple):
    """A complete keyframe: the supervisor epoch it was made under, and the fleet as it stood at its `pos`."""

    epoch: str
    fleet: Fleet


class KeyframeParts:
    """Collects parts; those of one keyframe share intent, epoch, position, count and hash.

    Whose seal they carry is for the caller to check; here they must add up to what it says.
    """

    def __init__(self) -> None:
        self._sets: dict[tuple[str, str, int, int, str], dict[int, str]] = {}
        self.misfit = ""
        """Why the last keyframe that was whole was not taken: it is another reducer's."""

    def clear(self) -> None:
        """Forget everything that is incomplete, and that anything did not fit."""
        self.misfit = ""
        self._sets.clear()

    def add(self, part: KeyframePart) -> Joined | None:
        """Take one part. Returns the keyframe that it completes.

        Raises:
            ForgedKeyframeError: the keyframe that it completes is not the one that was sealed.
            OtherReducerError: it is another reducer's, so that what the journal makes of it here may be wrong.
            KeyframeError: the part, or the keyframe that it completes, is not one.
        """
        if part.seal is None:
            raise ForgedKeyframeError("a keyframe part without a seal")
        if part.i >= part.n or part.n > PARTS:
            raise KeyframeError(f"keyframe part {part.i} of {part.n}; at most {PARTS} are allowed")
        name = (part.intent, part.epoch, part.pos, part.n, part.seal.sha256)
        have = self._sets.setdefault(name, {})
        have[part.i] = part.data
        while len(self._sets) > SETS:
            del self._sets[next(iter(self._sets))]
        if len(have) < part.n:
            return None
        self._sets.pop(name, None)
        body = _unpack([have[number] for number in range(part.n)], part.seal.sha256)
        theirs = reducer_of(body)
        if theirs not in (None, REDUCER):
            self.misfit = _other(theirs or 0)
            raise OtherReducerError(self.misfit)
        fleet = decode(body)
        if fleet.pos != part.pos:
            raise KeyframeError(f"keyframe of position {fleet.pos} announced as {part.pos}")
        return Joined(part.epoch, fleet)


def _other(theirs: int) -> str:
    older = "this console" if theirs > REDUCER else "the supervisor"
    return (
        f"the supervisor makes states of version {theirs}, this console of version {REDUCER}: upgrade {older}; "
        "until then nothing is shown here, because it might be wrong"
    )


def _unpack(parts: list[str], sha256: str) -> bytes:
    try:
        packed = b"".join(base64.b64decode(part, validate=True) for part in parts)
    except (binascii.Error, ValueError):
        packed = b""
    if hashlib.sha256(packed).hexdigest() != sha256:
        raise ForgedKeyframeError("a keyframe is not the one that was sealed")
    try:
        # Reading from a stream is bounded whatever size the frame claims for itself.
        with zstandard.ZstdDecompressor().stream_reader(packed) as stream:
            body = stream.read(FLEET_BYTES + 1)
    except (ValueError, zstandard.ZstdError) as error:
        raise KeyframeError(f"keyframe cannot be unpacked: {error}") from None
    if len(body) > FLEET_BYTES:
        raise KeyframeError(f"keyframe of more than {FLEET_BYTES} bytes")
    return body
