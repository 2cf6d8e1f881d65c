"""The socket behind TLS, where what has arrived and what can be read are two things."""

from __future__ import annotations

import socket
import ssl
import threading
from pathlib import Path

import pytest

from bus.transports import packets
from bus.transports.buffered_socket import BufferedSocket
from tests.transports.test_mqtt import make_certificate

LARGE, NEXT = (
    packets.publish(b"a", b"x" * 30_000, 1, retain=False),
    packets.publish(b"a", b"d", 2, retain=False),
)


class Broker:
    """The other end of a TLS connection; the test says how much of what it encrypted the network has brought so far."""

    def __init__(self, folder: Path) -> None:
        pem = make_certificate(folder)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(pem)
        near, self._far = socket.socketpair()
        self._in, self._out = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls = context.wrap_bio(self._in, self._out, server_side=True)
        self.socket = BufferedSocket(near, more=lambda: False)
        entering = threading.Thread(
            target=self.socket.secure, args=(ssl.create_default_context(cafile=str(pem)), "127.0.0.1", 30.0)
        )
        entering.start()
        done = False
        while not done:
            try:
                self._tls.do_handshake()
                done = True
            except ssl.SSLWantReadError:
                pass
            self._far.sendall(self._out.read())
            if not done:
                self._in.write(self._far.recv(65_536))
        entering.join()
        self.socket.setblocking(False)

    def encrypt(self, data: bytes) -> bytes:
        """The records of what is sent."""
        self._tls.write(data)
        return self._out.read()

    def bring(self, data: bytes) -> None:
        """Let these bytes arrive."""
        self._far.sendall(data)

    def close(self) -> None:
        self._far.close()
        self.socket.close()


def read_packets(sock: BufferedSocket, got: list[int]) -> bool:
    """What the link does first with what came."""

    def took(_topic: bytes, payload: bytes, _retained: bool) -> None:
        got.append(len(payload))

    return sock.take(lambda data, at: packets.read(data, at, took, lambda _: None, bytearray()))


def test_what_comes_behind_a_record_that_was_cut_in_half_is_seen_at_once(tmp_path: Path) -> None:
    """Then paho goes on in the middle of the packet and reads only that; what lies behind it is counted as there."""
    broker = Broker(tmp_path)
    try:
        got: list[int] = []
        sent = broker.encrypt(LARGE) + broker.encrypt(NEXT)
        cut = len(sent) - 9_000  # within the second record of the large packet
        broker.bring(sent[:cut])
        assert read_packets(broker.socket, got)  # waits for the rest
        with pytest.raises(ssl.SSLWantReadError):
            read_packets(broker.socket, got)  # half a record is nothing
        assert broker.socket.pending() == 0
        head = broker.socket.recv(len(LARGE))  # paho tries the same, and goes on from here
        with pytest.raises(ssl.SSLWantReadError):
            broker.socket.recv(len(LARGE) - len(head))
        broker.bring(sent[cut:])
        while len(head) < len(LARGE):
            head += broker.socket.recv(len(LARGE) - len(head))
        assert (head, got) == (LARGE, [])
        while broker.socket.pending():  # what aiomqtt looks at
            read_packets(broker.socket, got)
        # The decision may stand in a record of its own that the kernel still has: then the loop is woken for it.
        if not got:
            read_packets(broker.socket, got)
        assert got == [1]
    finally:
        broker.close()


def test_packets_of_one_record_are_all_counted_after_the_cut_one(tmp_path: Path) -> None:
    broker = Broker(tmp_path)
    try:
        got: list[int] = []
        whole = broker.encrypt(LARGE[:100])
        rest = broker.encrypt(LARGE[100:16_000])
        last = broker.encrypt(LARGE[16_000:] + NEXT + NEXT)
        broker.bring(whole)
        assert read_packets(broker.socket, got)
        broker.bring(rest[:50])
        with pytest.raises(ssl.SSLWantReadError):
            read_packets(broker.socket, got)
        head = broker.socket.recv(len(LARGE))
        broker.bring(rest[50:] + last)
        while len(head) < len(LARGE):
            head += broker.socket.recv(len(LARGE) - len(head))
        assert broker.socket.pending() == 2 * len(NEXT)
        assert read_packets(broker.socket, got)
        assert got == [1, 1]
    finally:
        broker.close()
