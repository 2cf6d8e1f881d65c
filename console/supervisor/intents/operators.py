"""Who may decide: the operators file, lines `NAME ssh-ed25519 AAAA...`, and what a signature is worth."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from bus.messages import Containment, Intent
from bus.signing import KeyFileError, PublicKey
from bus.topics import BadIdError, check_id

Standing = Literal["signed", "unsigned", "unknown-key"]


class OperatorsFileError(ValueError):
    """An operators file that cannot be used. The text names file and line."""


@dataclass(slots=True)
class Operators:
    """The public keys of each operator."""

    keys: dict[str, list[PublicKey]] = field(default_factory=dict)

    @staticmethod
    def load(path: Path) -> Operators:
        """Read the file; an absent one means that nobody may approve.

        Raises:
            OperatorsFileError: a line is not `NAME ssh-ed25519 AAAA...`, a key has two names, or the file cannot be read.
        """
        found = Operators()
        whose: dict[str, str] = {}
        for number, line in enumerate(_lines(path), 1):
            if not line.strip() or line.lstrip().startswith("#"):
                continue
            name, _, key = line.strip().partition(" ")
            try:
                public = PublicKey.parse(key)
                found.keys.setdefault(check_id(name, "operator"), []).append(public)
            except (BadIdError, KeyFileError) as error:
                msg = f"{path}:{number}: {error}; expected: NAME ssh-ed25519 AAAA..."
                raise OperatorsFileError(msg) from None
            if whose.setdefault(public.fingerprint, name) != name:
                msg = f"{path}:{number}: the key of {name} is that of {whose[public.fingerprint]}, too: who decided?"
                raise OperatorsFileError(msg)
        return found

    def standing(self, intent: Intent, payload: bytes) -> Standing:
        """What the signature of an intent is worth."""
        if not intent.sig:
            return "unsigned"
        for key in self.keys.get(intent.operator, ()):
            if key.fingerprint == intent.key and key.verifies(payload):
                return "signed"
        return "unknown-key"


def voucher(wrappers: Operators, word: Containment, payload: bytes) -> str:
    """Return under which name the key is enrolled that signed a wrapper's word; nothing if none did."""
    for name, keys in wrappers.keys.items():
        if any(key.fingerprint == word.key and key.verifies(payload) for key in keys):
            return name
    return ""


def _lines(path: Path) -> list[str]:
    try:
        if os.name == "posix" and path.stat().st_mode & 0o022:
            msg = f"{path}: others may write it, so anybody could enrol himself; run: chmod 644 {path}"
            raise OperatorsFileError(msg)
        return path.read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:  # at any moment: an editor may be about to put it back
        return []
    except (OSError, UnicodeDecodeError) as error:
        msg = f"{path}: cannot read it: {error}"
        raise OperatorsFileError(msg) from None
