"""Signatures and digests: what is signed is what was sent, and a digest stands for exactly one call."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from shutil import which
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bus.canonical import NotCanonicalError, canonical, code, digest
from bus.codec import decode_command
from bus.messages import DecisionCommand
from bus.signing import KeyFileError, PrivateKey, PublicKey
from tests.fixtures.strategies import json_values

KEY = PrivateKey.generate()
COMMAND = DecisionCommand(
    epoch="e", agent="a", run="r", id="c", action="x", outcome="approved", digest="0" * 64
)


def test_a_signature_covers_every_field() -> None:
    """Changing, adding or removing anything breaks it."""
    payload = KEY.sign(COMMAND)
    assert KEY.public.verifies(payload)
    assert decode_command(payload).id == "c"
    fields = json.loads(payload)
    for name in fields:
        assert not KEY.public.verifies(json.dumps(fields | {name: "changed"}).encode())
        assert not KEY.public.verifies(
            json.dumps({key: fields[key] for key in fields if key != name}).encode()
        )
    assert not KEY.public.verifies(json.dumps(fields | {"more": 1}).encode())
    assert not PrivateKey.generate().public.verifies(payload)


def test_another_language_may_order_and_space_as_it_likes() -> None:
    """The canonical form is signed, not the bytes."""
    fields = json.loads(KEY.sign(COMMAND))
    assert KEY.public.verifies(json.dumps(dict(reversed(fields.items())), indent=2).encode())


@given(st.binary(max_size=200))
def test_any_bytes_are_merely_not_signed(payload: bytes) -> None:
    """Verification never raises."""
    assert not KEY.public.verifies(payload)


@given(st.dictionaries(st.text(max_size=5), json_values, max_size=3))
def test_a_digest_survives_the_wire(args: dict[str, Any]) -> None:
    """Both ends compute the same digest, however the arguments were written in between."""
    try:
        before = digest("tool", args)
    except NotCanonicalError:
        return
    assert digest("tool", json.loads(json.dumps(args))) == before
    assert digest("tool", dict(reversed(args.items()))) == before
    assert digest("other", args) != before
    assert len(code(before)) == 4


@pytest.mark.parametrize("value", [2**53 + 1, float("nan"), float("inf"), "\ud800", {"x": {1, 2}}])
def test_what_has_no_canonical_form_cannot_be_bound(value: Any) -> None:
    """One error for all of them."""
    with pytest.raises(NotCanonicalError, match="no canonical form"):
        canonical(value)


def test_canonical_form_is_that_of_the_standard() -> None:
    """A sample after RFC 8785, section 3.2."""
    value = {
        "numbers": [333333333.33333329, 1e30, 4.5, 2e-3, 1e-27],
        "literals": [None, True, False],
        "€": "\u0080",
    }
    assert canonical(value).decode() == (
        '{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],"€":"\u0080"}'
    )


def test_keys_are_files_of_openssh(tmp_path: Path) -> None:
    """Saved private, loaded again, and read by ssh-keygen where there is one."""
    path = tmp_path / "id"
    KEY.save(path)
    assert path.stat().st_mode & 0o777 == 0o600
    assert PrivateKey.load(path).public.fingerprint == KEY.public.fingerprint
    with pytest.raises(FileExistsError):
        KEY.save(path)
    if which("ssh-keygen"):
        printed = subprocess.run(
            ["ssh-keygen", "-lf", path], capture_output=True, text=True, check=True
        ).stdout
        assert KEY.public.fingerprint in printed


def test_key_files_that_cannot_be_used_say_why(tmp_path: Path) -> None:
    """Each error names the file and what to do."""
    path = tmp_path / "id"
    with pytest.raises(KeyFileError, match="id: cannot read"):
        PrivateKey.load(path)
    path.write_text("nonsense")
    path.chmod(0o644)
    with pytest.raises(KeyFileError, match="chmod 600"):
        PrivateKey.load(path)
    path.chmod(0o600)
    with pytest.raises(KeyFileError, match="not an OpenSSH private key"):
        PrivateKey.load(path)
    with pytest.raises(KeyFileError, match="not an OpenSSH ed25519 public key"):
        PublicKey.parse("ssh-rsa AAAA")
