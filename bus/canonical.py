"""The digest that binds a decision to exact arguments: SHA-256 over the RFC 8785 form of tool and arguments."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any, Final

import msgspec
import rfc8785

_EXACT: Final = 2**53 - 1
_ENCODER: Final = msgspec.json.Encoder(order="sorted")


class NotCanonicalError(ValueError):
    """Arguments without one canonical form, so that no decision can be bound to them."""


def canonical(value: Any) -> bytes:
    """Return the RFC 8785 form of a JSON value.

    Raises:
        NotCanonicalError: an integer beyond 2**53, a number that is not finite, a lone surrogate, or something not JSON.
    """
    try:
        return _ENCODER.encode(value) if _is_plain(value) else rfc8785.dumps(value)
    except (rfc8785.CanonicalizationError, RecursionError, UnicodeError) as error:
        msg = f"no canonical form: {error}"
        raise NotCanonicalError(msg) from None


def _is_plain(value: Any) -> bool:
    """Whether sorted JSON is the canonical form: no number with a fraction, and no key that UTF-16 might sort otherwise.

    An eighth of the time of the general way, which every call takes at both its ends and every command at its signature.
    """
    kind = type(value)
    if kind is dict:
        for key, item in value.items():
            if type(key) is not str or not key.isascii() or (type(item) is not str and not _is_plain(item)):
                return False
        return True
    if kind is int:
        return bool(-_EXACT <= value <= _EXACT)
    if kind is list:
        return all(map(_is_plain, value))
    return kind is str or kind is bool or value is None


def digest(tool: str, args: Mapping[str, Any]) -> str:
    """Return the digest of a call: 64 hexadecimal characters.

    Which run and which action it belongs to is bound by the signed decision that names both and the digest.

    Raises:
        NotCanonicalError: see `canonical`.
    """
    return hashlib.sha256(canonical({"tool": tool, "args": dict(args)})).hexdigest()


def code(digest_hex: str) -> str:
    """The four digits an operator types to approve a hold: derived from the digest, so they prove what was on screen."""
    return f"{int(digest_hex[:12], 16) % 10_000:04d}"
