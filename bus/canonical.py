"""The digest that binds a decision to exact arguments: SHA-256 over the RFC 8785 form of tool and arguments."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

import rfc8785


class NotCanonicalError(ValueError):
    """Arguments without one canonical form, so that no decision can be bound to them."""


def canonical(value: Any) -> bytes:
    """Return the RFC 8785 form of a JSON value.

    Raises:
        NotCanonicalError: an integer beyond 2**53, a number that is not finite, a lone surrogate, or something not JSON.
    """
    try:
        return rfc8785.dumps(value)
    except (rfc8785.CanonicalizationError, RecursionError, UnicodeError) as error:
        msg = f"no canonical form: {error}"
        raise NotCanonicalError(msg) from None


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
