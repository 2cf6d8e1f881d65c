"""The least MQTT 3.1.1 client that keeps to QoS 1: what the broker itself allows. No session logic, no reconnect."""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import Callable, Sequence

from bus.url import BrokerUrl

CONNECT, CONNACK, PUBLISH, SUBACK = 0x10, 0x20, 0x30, 0x90


class Wire(asyncio.Protocol):
    """One connection. `heard` gets topic and payload of every message, which is acknowledged at once.

    `moved` is set whenever something came.
    """

    def __init__(self, heard: Callable[[str, bytes], None]) -> None:
        self.moved = asyncio.Event()
        self._heard = heard
        self._rest = b""
        self._mid = 0
        self._transport: asyncio.Transport | None = None
        self._answer: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    @staticmethod
    async def connect(
        url: BrokerUrl, name: str, filters: Sequence[str], heard: Callable[[str, bytes], None]
    ) -> Wire:
        loop = asyncio.get_running_loop()
        _, wire = await loop.create_connection(lambda: Wire(heard), url.host, url.port)
        client = name.encode()
        body = b"\x00\x04MQTT\x04\x02\x00\x3c" + struct.pack("!H", len(client)) + client
        await wire._ask(_packet(CONNECT, body))
        if filters:
            asked = [struct.pack("!H", len(text.encode())) + text.encode() + b"\x01" for text in filters]
            await wire._ask(_packet(0x82, b"\x00\x01" + b"".join(asked)))
        return wire

    def publish(self, topic: str, payload: bytes) -> None:
        self._mid = self._mid % 65_535 + 1
        name = topic.encode()
        self._write(
            _packet(PUBLISH | 2, struct.pack("!H", len(name)) + name + struct.pack("!H", self._mid) + payload)
        )

    def close(self) -> None:
        if self._transport is not None:
            self._transport.write(b"\xe0\x00")
            self._transport.close()

    async def _ask(self, packet: bytes) -> None:
        self._answer = asyncio.get_running_loop().create_future()
        self._write(packet)
        await asyncio.wait_for(self._answer, 10.0)

    def _write(self, packet: bytes) -> None:
        if self._transport is None:
            raise ConnectionError("not connected")
        self._transport.write(packet)

    def _acknowledge_quickly(self) -> None:
        # Else a broker without TCP_NODELAY waits 40 ms for the kernel's delayed acknowledgement. The kernel forgets it.
        quick = getattr(socket, "TCP_QUICKACK", None)
        if quick is not None and self._transport is not None:
            self._transport.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, quick, 1)

    # ---- asyncio.Protocol --------------------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._acknowledge_quickly()

    def data_received(self, data: bytes) -> None:
        self._acknowledge_quickly()
        data = self._rest + data
        at, end = 0, len(data)
        acks: list[bytes] = []
        while end - at >= 2:
            size, shift, head = 0, 0, at + 1
            while head < end:
                size |= (data[head] & 0x7F) << shift
                shift += 7
                head += 1
                if not data[head - 1] & 0x80:
                    break
            else:
                break
            if head + size > end:
                break
            kind = data[at] & 0xF0
            if kind == PUBLISH:
                length = struct.unpack_from("!H", data, head)[0]
                topic = data[head + 2 : head + 2 + length].decode()
                start = head + 2 + length
                if data[at] & 0x06:
                    acks.append(b"\x40\x02" + data[start : start + 2])
                    start += 2
                self._heard(topic, data[start : head + size])
            elif kind in (CONNACK, SUBACK) and not self._answer.done():
                self._answer.set_result(None)
            at = head + size
        self._rest = data[at:]
        self.moved.set()
        if acks:
            self._write(b"".join(acks))


def _packet(kind: int, body: bytes) -> bytes:
    size, length = len(body), b""
    while True:
        size, digit = divmod(size, 128)
        length += bytes([digit | (0x80 if size else 0)])
        if not size:
            return bytes([kind]) + length + body
