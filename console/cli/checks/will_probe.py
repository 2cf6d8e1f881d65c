"""A client that dies: connects with a will and drops the connection without a goodbye, as `doctor` needs it."""

from __future__ import annotations

import asyncio
import struct

from bus.url import BrokerUrl

_CONNACK = 4  # bytes


class RefusedByBrokerError(Exception):
    """The broker did not take the connection. The text says why."""


async def die_with_will(url: BrokerUrl, client_id: str, topic: str, payload: bytes) -> None:
    """Connect with a will of QoS 1, not retained, and cut the connection.

    Raises:
        RefusedByBrokerError: the broker refused.
        OSError: it cannot be reached.
    """
    reader, writer = await asyncio.open_connection(url.host, url.port, ssl=url.tls_context())
    try:
        writer.write(connect_packet(url, client_id, topic, payload))
        await writer.drain()
        answer = await reader.readexactly(_CONNACK)
        if answer[0] != 0x20 or answer[3]:
            raise RefusedByBrokerError(f"the broker answered {answer.hex()} to a connection with a will")
    except asyncio.IncompleteReadError:
        raise RefusedByBrokerError("the broker closed a connection with a will") from None
    finally:
        writer.transport.abort()


def connect_packet(url: BrokerUrl, client_id: str, topic: str, payload: bytes) -> bytes:
    """An MQTT 3.1.1 CONNECT: clean session, keep-alive 10 s, will at QoS 1, the address's user and password."""
    flags = 0b0000_1110
    body = _text(client_id) + _text(topic) + _bytes(payload)
    if url.username is not None:
        flags |= 0b1000_0000
        body += _text(url.username)
    if url.password is not None:
        flags |= 0b0100_0000
        body += _text(url.password)
    rest = _text("MQTT") + struct.pack("!BBH", 4, flags, 10) + body
    return b"\x10" + _length(len(rest)) + rest


def _text(text: str) -> bytes:
    return _bytes(text.encode())


def _bytes(value: bytes) -> bytes:
    return struct.pack("!H", len(value)) + value


def _length(count: int) -> bytes:
    digits = bytearray()
    while True:
        count, digit = divmod(count, 128)
        digits.append(digit | (0x80 if count else 0))
        if not count:
            return bytes(digits)
