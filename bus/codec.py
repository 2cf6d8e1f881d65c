"""Bytes to typed messages and back, with one way to fail.

Whatever bytes arrive, decoding returns a value or raises `DecodeError`; nothing else. Size and depth are checked before
any parser recurses (2,000 nested brackets make msgspec raise RecursionError). Records are decoded in two steps, envelope
then data, so that a type from a newer version is kept, shown as unknown, and replayable later.
"""

from __future__ import annotations

import re
from typing import Any, Final, TypeVar

import msgspec
from msgspec import Raw, Struct

from bus.breach import breach
from bus.events import AGENT_TYPES, Data, Envelope
from bus.inquiry import AnyReply, PageSeal
from bus.limits import DEPTH, EVENT_BYTES, EVENT_DEPTH, PAYLOAD_BYTES
from bus.messages import (
    AgentStatus,
    AnyCommand,
    Containment,
    Intent,
    Journal,
    KeyframeSeal,
    SupervisorState,
)
from bus.records import SUPERVISOR_TYPES

T = TypeVar("T")


class DecodeError(ValueError):
    """Bytes that are not a message of the contract. The text says what is wrong and where."""


class Unknown(Data, frozen=True, kw_only=True):
    """Data of a type this version does not know, kept as sent."""

    type: str
    raw: Raw


class Invalid(Data, frozen=True, kw_only=True):
    """Data of a known type that does not fit it, kept as sent, with what is wrong."""

    type: str
    problem: str
    raw: Raw


class Record(Struct, frozen=True, kw_only=True):
    """One record of the log, decoded: what `reduce` consumes.

    `at` is when the supervisor accepted it, in milliseconds since 1970 UTC, never decreasing. `agent` and `run` are whom it
    is about, empty where it is about none. `seq` is the run's for an agent's record, the supervisor's own counter else.
    """

    pos: int
    at: int
    agent: str
    run: str
    incarnation: str
    seq: int
    from_agent: bool
    data: Data


class Parts(Struct, frozen=True, kw_only=True):
    """The bytes, as sent, of what a seal is about."""

    seal: Raw = Raw(b"null")
    records: Raw = Raw(b"[]")


_ENVELOPE: Final = msgspec.json.Decoder(Envelope)
_ENCODER: Final = msgspec.json.Encoder()
_DATA: Final[dict[str, msgspec.json.Decoder[Any]]] = {
    name: msgspec.json.Decoder(kind) for name, kind in (AGENT_TYPES | SUPERVISOR_TYPES).items()
}
_DECODERS: Final[dict[object, msgspec.json.Decoder[Any]]] = {
    kind: msgspec.json.Decoder(kind)
    for kind in (
        AgentStatus,
        Containment,
        Intent,
        Journal,
        KeyframeSeal,
        PageSeal,
        SupervisorState,
    )
}
_COMMANDS: Final[msgspec.json.Decoder[AnyCommand]] = msgspec.json.Decoder(AnyCommand)
_REPLIES: Final[msgspec.json.Decoder[AnyReply]] = msgspec.json.Decoder(AnyReply)
_PARTS: Final = msgspec.json.Decoder(Parts)
_SOURCE: Final = re.compile(r"/agents/([A-Za-z0-9_.-]{1,64})/runs/([A-Za-z0-9_.-]{1,64})")
_ALIKE: Final = bytes.maketrans(b"{[]}", b"(())")
_NO_BRACKETS: Final = bytes(set(range(256)) - set(b"{[]}"))
SUPERVISOR_SOURCE: Final = "/supervisor"


def source(agent: str, run: str) -> str:
    """The CloudEvents source of a run's records."""
    return f"/agents/{agent}/runs/{run}"


def encode(value: object) -> bytes:
    """Encode a message, an envelope, or data as JSON."""
    return _ENCODER.encode(value)


def check(payload: bytes, limit: int = PAYLOAD_BYTES, deepest: int = DEPTH) -> None:
    """Check size, UTF-8 and nesting.

    Raises:
        DecodeError: more than `limit` bytes, not UTF-8, or nested deeper than `deepest`.
    """
    if len(payload) > limit:
        msg = f"{len(payload)} bytes, at most {limit} are allowed"
        raise DecodeError(msg)
    if not payload.isascii():
        # What msgspec leaves undecoded (`Raw`) it does not check either.
        try:
            payload.decode()
        except UnicodeDecodeError as error:
            msg = f"not UTF-8 at byte {error.start}"
            raise DecodeError(msg) from None
    if payload.count(b"{") + payload.count(b"[") > deepest and _deeper(_brackets(payload), deepest):
        msg = f"nested deeper than {deepest}"
        raise DecodeError(msg)


def _brackets(payload: bytes) -> bytes:
    """The brackets outside of texts, as round ones, without looking at the bytes one by one.

    A text that never ends makes the payload no JSON, and no parser comes as far as what is in it; nor behind a backslash
    outside of a text.
    """
    if b"\\" in payload:
        payload = payload.replace(b"\\\\", b"").replace(b'\\"', b"")
    return b"".join(payload.split(b'"')[::2]).translate(_ALIKE, _NO_BRACKETS)


def _deeper(brackets: bytes, deepest: int) -> bool:
    left = brackets
    for _ in range(deepest):  # each time the innermost pairs go
        if not left:
            return False
        left = left.replace(b"()", b"")
    depth = 0
    for bracket in brackets:  # deeper, or not balanced: hardly ever
        depth += 1 if bracket == ord("(") else -1
        if depth > deepest:
            return True
    return False


def decode(payload: bytes, kind: type[T], limit: int = PAYLOAD_BYTES) -> T:
    """Decode a message of one of the contract's kinds.

    Raises:
        DecodeError: not JSON, not this kind, too large, or too deep.
    """
    check(payload, limit)
    value: T = _decode(payload, _DECODERS[kind])
    return value


def decode_command(payload: bytes) -> AnyCommand:
    """Decode what a supervisor sent to an agent.

    Raises:
        DecodeError: not JSON, not a command, too large, or too deep.
    """
    check(payload)
    return _decode(payload, _COMMANDS)


def decode_reply(payload: bytes) -> AnyReply:
    """Decode what a supervisor sent to a console.

    Raises:
        DecodeError: not JSON, not a reply, too large, or too deep.
    """
    check(payload)
    return _decode(payload, _REPLIES)


def parts(payload: bytes) -> Parts:
    """The bytes of the seal and the records of a sealed message that was decoded before.

    Raises:
        DecodeError: not a JSON object.
    """
    return _decode(payload, _PARTS)


def decode_envelope(payload: bytes) -> Envelope:
    """Decode the outer form of a record and leave its data alone.

    Raises:
        DecodeError: not JSON, not an envelope, too large, or too deep.
    """
    check(payload, EVENT_BYTES, EVENT_DEPTH)
    return _decode(payload, _ENVELOPE)


def decode_data(envelope: Envelope) -> Data:
    """Decode the data of an envelope: a known type, `Unknown`, or `Invalid`. Never raises."""
    decoder = _DATA.get(envelope.type)
    if decoder is None:
        return Unknown(type=envelope.type, raw=envelope.data)
    try:
        data: Data = _decode(bytes(envelope.data), decoder)
    except DecodeError as error:
        return Invalid(type=envelope.type, problem=str(error), raw=envelope.data)
    return data


def subject(envelope: Envelope) -> tuple[str, str, bool] | None:
    """Whom a record is about, as (agent, run, sent by the agent), or None if its source is neither kind."""
    if envelope.source == SUPERVISOR_SOURCE:
        agent, _, run = envelope.subject.partition("/")
        return agent, run, False
    match = _SOURCE.fullmatch(envelope.source)
    return (match[1], match[2], True) if match else None


def record(pos: int, at: int, envelope: Envelope) -> Record:
    """Make the record that stands at `pos` of the log out of its envelope.

    Raises:
        DecodeError: the source is neither an agent's run nor the supervisor.
    """
    about = subject(envelope)
    if about is None:
        msg = f"source {envelope.source!r} is neither /agents/AGENT/runs/RUN nor {SUPERVISOR_SOURCE}"
        raise DecodeError(msg)
    agent, run, from_agent = about
    return Record(
        pos=pos,
        at=at,
        agent=agent,
        run=run,
        incarnation=envelope.incarnation,
        seq=envelope.seq,
        from_agent=from_agent,
        data=decode_data(envelope),
    )


def _decode(payload: bytes, decoder: msgspec.json.Decoder[T]) -> T:
    try:
        return decoder.decode(payload)
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError, ValueError) as error:
        text = breach(str(error)) or type(error).__name__
        raise DecodeError(text) from None
