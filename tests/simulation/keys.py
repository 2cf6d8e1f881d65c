"""Who signs what. Real Ed25519 costs more than all the rest of a schedule, so most worlds use a cheap seal instead.

A seal stands behind the same three calls (`sign`, `verifies`, `fingerprint`) and is as strict: one changed byte, another
key, or no seal at all, and it does not verify.
"""

from __future__ import annotations

import hashlib
import random
from dataclasses import dataclass, field
from functools import cache
from typing import Final, cast

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from bus import codec
from bus.messages import Intent, Signed
from bus.signing import PrivateKey, PublicKey, _private
from console.supervisor.intents.operators import Operators

OPERATORS: Final = ("ada", "bob")
_OPEN: Final = b'"sig":"'
_LENGTH: Final = 32


class Seal:
    """The public half of a cheap key."""

    def __init__(self, name: str) -> None:
        self.line = f"ssh-ed25519 {name}"
        self.fingerprint = f"SHA256:{name}"
        self._secret = name.encode()

    def mark(self, unsealed: bytes) -> bytes:
        """The seal of a payload that has none yet."""
        return hashlib.blake2b(unsealed, key=self._secret, digest_size=_LENGTH // 2).hexdigest().encode()

    def verifies(self, payload: bytes) -> bool:
        """Whether this key sealed these very bytes."""
        start = payload.find(_OPEN)
        if start < 0:
            return False
        end = start + len(_OPEN) + _LENGTH
        seal = payload[start + len(_OPEN) : end]
        return payload[end : end + 2] == b'",' and seal == self.mark(payload[:start] + payload[end + 2 :])


class SealKey:
    """A cheap private key."""

    def __init__(self, name: str) -> None:
        self.public = Seal(name)

    def sign(self, message: Signed) -> bytes:
        """Encode a message with `key` and `sig` filled in."""
        named = codec.encode(msgspec.structs.replace(message, key=self.public.fingerprint, sig=""))
        place = named.index(b'"key":')
        return named[:place] + _OPEN + self.public.mark(named) + b'",' + named[place:]


@cache
def _real(name: str) -> PrivateKey:
    """A real key, the same in every process, so that a seed is a seed."""
    return _private(Ed25519PrivateKey.from_private_bytes(hashlib.sha256(name.encode()).digest()))


@cache
def _cheap(name: str) -> PrivateKey:
    return cast("PrivateKey", SealKey(name))


@dataclass(slots=True)
class Keys:
    """The keys of a site, and of somebody who has none that counts. `issued` are all genuine intents, by id."""

    real: bool
    issued: dict[str, Intent] = field(default_factory=dict)
    sent: list[tuple[str, bytes]] = field(default_factory=list)

    @staticmethod
    def drawn(seed: int) -> Keys:
        """One world in fifty signs for real."""
        return Keys(real=seed % 50 == 0)

    def of(self, name: str) -> PrivateKey:
        """The private key of `supervisor`, of an operator, or of `mallory`."""
        return _real(name) if self.real else _cheap(name)

    def pinned(self) -> PublicKey:
        """The supervisor's public half, as agents have it."""
        return self.of("supervisor").public

    def operators(self) -> Operators:
        """The operators file: everybody but the forger."""
        return Operators({name: [self.of(name).public] for name in OPERATORS})

    def intent(self, intent: Intent) -> bytes:
        """An operator signs what he wants; it is remembered as genuine."""
        self.issued[intent.id] = intent
        return self.of(intent.operator).sign(intent)


def tampered(payload: bytes, chance: random.Random) -> bytes:
    """Change what a signed message says and leave its signature."""
    for old, new in ((b'"reject"', b'"approve"'), (b'"pause"', b'"resume"'), (b'"rejected"', b'"approved"')):
        if old in payload and chance.random() < 0.8:
            return payload.replace(old, new)
    return payload.replace(b'"epoch":"id', b'"epoch":"ie')
