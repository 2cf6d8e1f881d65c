"""PUBLISH and PUBACK between bytes and values: what was written is read, in whatever pieces it comes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bus.transports import packets

PUBLISHES = st.tuples(
    st.text(st.characters(codec="utf-8"), min_size=1, max_size=40).map(str.encode),
    st.one_of(st.binary(max_size=40), st.integers(100, 20_000).map(bytes)),
    st.integers(1, 65_535),
    st.booleans(),
)


class Reader:
    """Reads as a link does: what is left over is read again with what comes next."""

    def __init__(self) -> None:
        self.published: list[tuple[bytes, bytes, bool]] = []
        self.acknowledged: list[int] = []
        self.answers = bytearray()
        self.rest = b""
        self.short = False

    def feed(self, data: bytes) -> None:
        self.rest += data
        at, self.short = packets.read(self.rest, 0, self._publish, self.acknowledged.append, self.answers)
        self.rest = self.rest[at:]

    def _publish(self, topic: bytes, payload: bytes, retained: bool) -> None:
        self.published.append((topic, payload, retained))


def puback(number: int) -> bytes:
    return bytes([packets.PUBACK, 2]) + number.to_bytes(2, "big")


@given(st.lists(st.one_of(PUBLISHES, st.integers(1, 65_535))), st.integers(1, 300))
def test_what_was_written_is_read_whole_and_once_in_whatever_pieces_it_comes(
    sent: list[tuple[bytes, bytes, int, bool] | int], piece: int
) -> None:
    stream = b"".join(
        puback(packet)
        if isinstance(packet, int)
        else packets.publish(packet[0], packet[1], packet[2], retain=packet[3])
        for packet in sent
    )
    reader = Reader()
    for start in range(0, len(stream), piece):
        reader.feed(stream[start : start + piece])
        assert reader.short == bool(reader.rest)
    assert reader.rest == b""
    messages = [packet for packet in sent if not isinstance(packet, int)]
    assert reader.published == [(topic, payload, retain) for topic, payload, _, retain in messages]
    assert bytes(reader.answers) == b"".join(puback(number) for _, _, number, _ in messages)
    assert reader.acknowledged == [packet for packet in sent if isinstance(packet, int)]


def test_what_is_not_asked_to_be_acknowledged_is_not() -> None:
    reader = Reader()
    reader.feed(b"\x30\x05\x00\x01t" + b"hi")
    assert (reader.published, bytes(reader.answers)) == ([(b"t", b"hi", False)], b"")


@pytest.mark.parametrize(
    "other",
    [
        b"\xd0\x00",  # PINGRESP
        b"\x90\x03\x00\x01\x01",  # SUBACK
        b"\x34\x07\x00\x01t\x00\x01hi",  # PUBLISH at QoS 2
        b"\x36\x07\x00\x01t\x00\x01hi",  # and at QoS 3, which is none
        b"\x40\x03\x00\x01\x00",  # PUBACK of MQTT 5
        b"\x40\x01\x00",
        b"\x32\x01\x00",  # too short for a topic
        b"\x32\x04\x00\x00\x00\x01",  # without a topic
        b"\x32\x04\x00\x09t\x00",  # its topic is longer than itself
        b"\x32\x03\x00\x01t",  # without the number it must have
        b"\x32\xff\xff\xff\xff\x01",  # a length of five bytes
        b"\x32\x81\x80\x80\x01",  # too long to be waited for
    ],
)
def test_what_it_does_not_know_is_left_where_it_is(other: bytes) -> None:
    reader = Reader()
    reader.feed(puback(7) + other)
    assert (reader.acknowledged, reader.rest, reader.short) == ([7], other, False)
    assert reader.published == []


@given(st.binary(max_size=200))
def test_no_bytes_whatever_make_it_raise_or_go_beyond_their_end(data: bytes) -> None:
    reader = Reader()
    reader.feed(data)
    assert data.endswith(reader.rest)
