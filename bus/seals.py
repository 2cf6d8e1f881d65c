"""One signature for much: the supervisor's seal on a batch of the journal, on a page of the log and on a keyframe.

A seal is a small signed object that names the SHA-256 of what it stands for, so that nobody needs a canonical form of 64
kilobytes. What is hashed are bytes: the `records` array as it was sent, and the body of a keyframe.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from msgspec import Raw, Struct

from bus import codec
from bus.inquiry import HistoryPage, PageSeal
from bus.messages import Journal, JournalRecord, JournalSeal, KeyframePart, KeyframeSeal
from bus.signing import PrivateKey, PublicKey


class _Batch(Struct, frozen=True, kw_only=True):
    """A `Journal` whose parts are still bytes."""

    epoch: str
    seal: Raw
    records: Raw


class _Page(Struct, frozen=True, kw_only=True):
    """A `HistoryPage` whose parts are still bytes."""

    type: str
    intent: str
    epoch: str
    seal: Raw
    records: Raw


def sealed_journal(key: PrivateKey, epoch: str, records: Sequence[JournalRecord]) -> bytes:
    """Encode a batch of at least one record, under its seal."""
    raw = codec.encode(records)
    seal = JournalSeal(
        epoch=epoch, first=records[0].pos, last=records[-1].pos, sha256=hashlib.sha256(raw).hexdigest()
    )
    return codec.encode(_Batch(epoch=epoch, seal=Raw(key.sign(seal)), records=Raw(raw)))


def sealed_page(
    key: PrivateKey,
    epoch: str,
    intent: str,
    records: Sequence[JournalRecord],
    *,
    more: bool,
    problem: str = "",
) -> bytes:
    """Encode a page of a run's records for the console that asked by `intent`, under its seal."""
    raw = codec.encode(records)
    seal = PageSeal(
        page=intent, epoch=epoch, more=more, problem=problem, sha256=hashlib.sha256(raw).hexdigest()
    )
    page = _Page(type="page", intent=intent, epoch=epoch, seal=Raw(key.sign(seal)), records=Raw(raw))
    return codec.encode(page)


def seals_page(key: PublicKey, payload: bytes, page: HistoryPage) -> bool:
    """Whether the holder of `key` gave this page to the console that asked for it. `page` is `payload`, decoded."""
    seal, raw = page.seal, codec.parts(payload)
    return (
        seal is not None
        and (seal.page, seal.epoch) == (page.intent, page.epoch)
        and hashlib.sha256(raw.records).hexdigest() == seal.sha256
        and key.verifies(bytes(raw.seal))
    )


def keyframe_seal(key: PrivateKey, epoch: str, intent: str, pos: int, n: int, body: bytes) -> KeyframeSeal:
    """The seal of a keyframe's body in `n` parts."""
    seal = KeyframeSeal(keyframe=intent, epoch=epoch, pos=pos, n=n, sha256=hashlib.sha256(body).hexdigest())
    return codec.decode(key.sign(seal), KeyframeSeal)


def seals_journal(key: PublicKey, payload: bytes, journal: Journal) -> bool:
    """Whether the holder of `key` published this batch. `journal` is `payload`, decoded."""
    seal, records = journal.seal, journal.records
    if seal is None or not records or seal.epoch != journal.epoch:
        return False
    raw = codec.parts(payload)
    return (
        (seal.first, seal.last) == (records[0].pos, records[-1].pos)
        and hashlib.sha256(raw.records).hexdigest() == seal.sha256
        and key.verifies(bytes(raw.seal))
    )


def seals_keyframe(key: PublicKey, payload: bytes, part: KeyframePart) -> bool:
    """Whether the holder of `key` made a keyframe of such parts. Whether this is one of them the whole body's hash says."""
    seal = part.seal
    return (
        seal is not None
        and (seal.keyframe, seal.epoch, seal.pos, seal.n) == (part.intent, part.epoch, part.pos, part.n)
        and key.verifies(bytes(codec.parts(payload).seal))
    )
