"""Ed25519 signatures of commands and intents, with keys in OpenSSH's file form.

A signature covers the RFC 8785 form of the message without `sig`, so any language with a JSON library can check it.
"""

from __future__ import annotations

import base64
import binascii
import contextlib
import hashlib
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from bus.canonical import NotCanonicalError, canonical
from bus.messages import Signed
from bus.new_file import write_new


class KeyFileError(ValueError):
    """A key file that cannot be used. The text names the file and what to do."""


@dataclass(frozen=True, slots=True)
class PublicKey:
    """A public key, its OpenSSH line (`ssh-ed25519 AAAA...`) and its fingerprint (`SHA256:...`, as ssh-keygen prints)."""

    line: str
    fingerprint: str
    _key: Ed25519PublicKey

    @staticmethod
    def parse(line: str) -> PublicKey:
        """Read one OpenSSH public key line; a comment behind it is dropped.

        Raises:
            KeyFileError: not an Ed25519 key in OpenSSH form.
        """
        words = line.split()
        try:
            if len(words) < 2 or words[0] != "ssh-ed25519":
                raise ValueError
            key = serialization.load_ssh_public_key(" ".join(words[:2]).encode())
            blob = base64.b64decode(words[1], validate=True)
        except (ValueError, UnsupportedAlgorithm, binascii.Error):
            msg = f"not an OpenSSH ed25519 public key: {line[:60]!r} (expected: ssh-ed25519 AAAA...)"
            raise KeyFileError(msg) from None
        if not isinstance(key, Ed25519PublicKey):  # the type word and the key behind it disagree
            msg = f"not an ed25519 key: {line[:60]!r}"
            raise KeyFileError(msg)
        mark = base64.b64encode(hashlib.sha256(blob).digest()).decode().rstrip("=")
        return PublicKey(line=" ".join(words[:2]), fingerprint=f"SHA256:{mark}", _key=key)

    def verifies(self, payload: bytes) -> bool:
        """Whether this key signed the JSON object in `payload`, as sent, unknown fields included. Never raises."""
        try:
            fields = msgspec.json.decode(payload, type=dict[str, Any])
            signature = base64.b64decode(fields.pop("sig"), validate=True)
            self._key.verify(signature, canonical(fields))
        except (InvalidSignature, NotCanonicalError, msgspec.MsgspecError, RecursionError):
            return False
        except (KeyError, TypeError, ValueError, binascii.Error):
            return False
        return True


@dataclass(frozen=True, slots=True)
class PrivateKey:
    """A private key and its public half."""

    public: PublicKey
    _key: Ed25519PrivateKey

    @staticmethod
    def generate() -> PrivateKey:
        """Make a new key."""
        return _private(Ed25519PrivateKey.generate())

    @staticmethod
    def load(path: Path) -> PrivateKey:
        """Read an OpenSSH private key file without passphrase.

        Raises:
            KeyFileError: absent, unreadable, readable by others, encrypted, or not Ed25519.
        """
        try:
            if os.name == "posix" and path.stat().st_mode & 0o077:
                msg = f"{path}: others can read this private key; run: chmod 600 {path}"
                raise KeyFileError(msg)
            key = serialization.load_ssh_private_key(path.read_bytes(), password=None)
        except OSError as error:
            msg = f"{path}: cannot read the private key: {error.strerror}"
            raise KeyFileError(msg) from None
        except (ValueError, TypeError, UnsupportedAlgorithm) as error:
            if isinstance(error, KeyFileError):
                raise
            msg = f"{path}: not an OpenSSH private key without passphrase"
            raise KeyFileError(msg) from None
        if not isinstance(key, Ed25519PrivateKey):
            msg = f"{path}: not an ed25519 key; make one with: watchfloor keys new"
            raise KeyFileError(msg)
        return _private(key)

    def save(self, path: Path) -> None:
        """Write the key, whole, durably, mode 0600, and its public half beside it as `.pub`. No file is ever replaced.

        Raises:
            FileExistsError: there is a key already.
        """
        path.parent.mkdir(parents=True, exist_ok=True)
        text = self._key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.OpenSSH, serialization.NoEncryption()
        )
        write_new(path, text)
        self.publish(path)

    def publish(self, path: Path) -> bool:
        """Write the public half beside the key file `path`, as `.pub`, if it is not there. Returns whether it was not.

        Raises:
            OSError: it cannot be written.
        """
        public = path.with_name(path.name + ".pub")
        if public.exists():
            return False
        with contextlib.suppress(FileExistsError):  # somebody else was faster
            write_new(public, f"{self.public.line}\n".encode("ascii"), mode=0o644)
        return True

    def sign(self, message: Signed) -> bytes:
        """Encode `message` as a JSON payload with `key` and `sig` filled in.

        Raises:
            NotCanonicalError: it holds a number that RFC 8785 cannot write.
        """
        named = msgspec.structs.replace(message, key=self.public.fingerprint, sig="")
        signature = base64.b64encode(self._key.sign(canonical(msgspec.to_builtins(named)))).decode()
        return msgspec.json.encode(msgspec.structs.replace(named, sig=signature))


def _private(key: Ed25519PrivateKey) -> PrivateKey:
    line = (
        key.public_key()
        .public_bytes(serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH)
        .decode()
    )
    return PrivateKey(public=PublicKey.parse(line), _key=key)
