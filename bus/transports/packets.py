"""The two MQTT 3.1.1 packets that nearly all traffic consists of, PUBLISH and PUBACK, between bytes and values."""

from __future__ import annotations

from collections.abc import Callable
from struct import Struct
from typing import Final

PUBACK: Final = 0x40
PUBLISH_AT_ONCE: Final = 0x32
"""First byte of a PUBLISH at QoS 1 that is not retained."""

LONG: Final = 1 << 20
"""Bytes of a packet that is not waited for until it is whole: whoever reads it piece by piece does better."""

_AT_LEAST_ONCE: Final = 0x02
_EXACTLY_ONCE: Final = 0x04
_UNKNOWN: Final = -1  # the length is not all there yet
_NONE: Final = -2  # what stands in its place is none
_NUMBER: Final = Struct("!H")
_ACKNOWLEDGEMENT: Final = Struct("!BBH")

Published = Callable[[bytes, bytes, bool], object]
"""Told the topic, the payload, and whether it was retained."""


def publish(topic: bytes, payload: bytes, mid: int, *, retain: bool) -> bytes:
    """Encode a PUBLISH at QoS 1."""
    head = bytearray([PUBLISH_AT_ONCE | retain])
    length = 2 + len(topic) + 2 + len(payload)
    while length > 127:
        head.append(length & 127 | 128)
        length >>= 7
    head.append(length)
    return b"".join((head, _NUMBER.pack(len(topic)), topic, _NUMBER.pack(mid), payload))


def read(
    data: bytes, at: int, published: Published, acknowledged: Callable[[int], object], answers: bytearray
) -> tuple[int, bool]:
    """Take PUBLISH and PUBACK packets from `at` on, and put the acknowledgements that are due into `answers`.

    Returns where it stopped, and whether there is the beginning of a packet of which the rest is to be awaited. If not, it
    stopped at the end, or at a packet that is neither of the two, too long, or not as it should be: another's business.
    """
    end = len(data)
    while at < end:
        head = data[at]
        publishes = head & 0xF0 == 0x30 and not head & _EXACTLY_ONCE
        if not publishes and head != PUBACK:
            return at, False
        length, body = _length(data, at + 1, end)
        if length < 0:
            return at, length == _UNKNOWN
        after = body + length
        if after > end:
            return at, length <= LONG
        if length < 2 or (not publishes and length > 2):
            return at, False
        (number,) = _NUMBER.unpack_from(data, body)
        if publishes:
            name = body + 2
            text = name + number
            begin = text + (head & _AT_LEAST_ONCE)  # the packet's number, two bytes, at QoS 1 only
            if begin > after or text == name:
                return at, False
            published(data[name:text], data[begin:after], bool(head & 1))
            if begin > text:
                answers += _ACKNOWLEDGEMENT.pack(PUBACK, 2, _NUMBER.unpack_from(data, text)[0])
        else:
            acknowledged(number)
        at = after
    return at, False


def _length(data: bytes, at: int, end: int) -> tuple[int, int]:
    """A packet's length and where its body begins. Seven bits a byte, the lowest first; a fifth byte is not allowed."""
    length = 0
    for shift in (0, 7, 14, 21):
        if at == end:
            return _UNKNOWN, at
        byte = data[at]
        at += 1
        length |= (byte & 127) << shift
        if byte < 128:
            return length, at
    return _NONE, at
