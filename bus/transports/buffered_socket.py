"""A socket for paho that moves many MQTT packets per system call.

paho reads every packet in four calls and writes every PUBACK in one. Behind this, one receive serves about a hundred
messages, and their acknowledgements leave in one send.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import ssl
from collections.abc import Callable
from typing import Final

_READ_BYTES: Final = 65_536
_HELD_BYTES: Final = 65_536
_QUICK_ACK: Final[int | None] = getattr(socket, "TCP_QUICKACK", None)


class BufferedSocket:
    """paho's `SocketLike`, and `pending`, at which aiomqtt looks to see whether it should go on reading.

    `more` says whether paho has further packets to write after the present one. Bytes are held back only while it
    does, so whatever is held is always followed by another `send`. `fault` says for people why the connection ended,
    empty as long as it has not.
    """

    def __init__(self, sock: socket.socket, *, more: Callable[[], bool]) -> None:
        self._sock = sock
        self._more = more
        self._read = b""
        self._at = 0
        self._short = False
        self._held = bytearray()
        self._aborted = False
        self.fault = ""

    def secure(self, context: ssl.SSLContext, host: str, timeout: float) -> None:
        """Speak TLS from here on. Blocks for at most `timeout` seconds per step of the handshake.

        Raises:
            OSError: the handshake failed (`ssl.SSLError` and `TimeoutError` among them).
        """
        self._sock.settimeout(timeout)
        self._sock = context.wrap_socket(self._sock, server_hostname=host, do_handshake_on_connect=False)
        if self._aborted:  # just now, when there was no socket to shut down
            raise ConnectionAbortedError(self.fault)
        self._sock.do_handshake()

    def recv(self, size: int) -> bytes:
        """Take up to `size` bytes; empty at the end of the connection.

        Raises:
            BlockingIOError: there are none yet (under TLS its `ssl` equivalents).
            OSError: the connection broke.
        """
        self._short = False  # whoever calls this has what is left, so that `pending` counts it
        start = self._at
        if start >= len(self._read):
            self._read = self._receive()
            start = 0
        chunk = self._read[start : start + size]
        self._at = start + len(chunk)
        return chunk

    def take(self, read: Callable[[bytes, int], tuple[int, bool]]) -> bool:
        """Let `read` have what has arrived: bytes, and where they begin.

        It says where it stopped, and whether it waits for more before it goes on. Returns whether the rest is its own: it
        took everything, or waits. If not, `recv` has what is left.

        Raises:
            OSError: as `recv`.
        """
        if self._short or self._at >= len(self._read):
            came = self._receive()
            self._read, self._at = self._read[self._at :] + came, 0
            if not came:
                self._short = False
                return False
        self._at, self._short = read(self._read, self._at)
        return self._short or self._at >= len(self._read)

    def _receive(self) -> bytes:
        if self._aborted:
            return b""
        try:
            data = self._sock.recv(_READ_BYTES)
        except (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
            raise
        except OSError as error:
            self.fault = self.fault or error.strerror or str(error)
            raise
        if _QUICK_ACK is not None:
            # A broker without TCP_NODELAY (mosquitto's default) holds its next small packet until we acknowledge
            # this one, which the kernel puts off by 40 ms. Linux forgets the setting, so it is renewed.
            with contextlib.suppress(OSError):
                self._sock.setsockopt(socket.IPPROTO_TCP, _QUICK_ACK, 1)
        if not data:
            self.fault = self.fault or "the broker closed the connection"
        return data

    def send(self, data: bytes | bytearray) -> int:
        """Take bytes to send and say how many were taken: at least one, or it raises.

        Raises:
            BlockingIOError: nothing of `data` was taken (under TLS its `ssl` equivalents).
            OSError: the connection broke.
        """
        if self._more() and len(self._held) < _HELD_BYTES:
            self._held += data
            return len(data)
        try:
            sent = self._sock.send(self._held + data if self._held else data)
        except (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
            raise
        except OSError as error:
            self.fault = self.fault or error.strerror or str(error)
            raise
        held = len(self._held)
        del self._held[:sent]
        if sent <= held:
            # paho loses a packet of which none was taken unless it is told so this way.
            raise BlockingIOError
        return sent - held

    def pending(self) -> int:
        """Count the bytes that can be read without asking the kernel."""
        inner = self._sock.pending() if isinstance(self._sock, ssl.SSLSocket) else 0
        return inner + (0 if self._short else len(self._read) - self._at)

    def abort(self) -> None:
        """End the connection in both directions and let its owner find out: the next read is the end."""
        self._aborted = True
        self.fault = self.fault or "closed"
        with contextlib.suppress(OSError):  # not connected any more
            # Not the TLS one: that would pull the session away from under a handshake in another thread.
            socket.socket.shutdown(self._sock, socket.SHUT_RDWR)

    def close(self) -> None:
        """Close. Again is fine."""
        self._sock.close()

    def fileno(self) -> int:
        """Return the descriptor, -1 once closed."""
        return self._sock.fileno()

    def setblocking(self, flag: bool) -> None:  # noqa: FBT001 - paho's signature
        """Set whether calls wait."""
        self._sock.setblocking(flag)


async def connect(host: str, port: int, timeout: float) -> socket.socket:
    """Connect TCP without a thread, so that closing never has to wait for one. `timeout` is in seconds per address.

    Raises:
        OSError: the name has no address, or none of them answers (`TimeoutError` among them).
    """
    loop = asyncio.get_running_loop()
    failure: OSError = OSError("the name has no address")
    for family, kind, proto, _, address in await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM):
        sock = socket.socket(family, kind, proto)
        try:
            sock.setblocking(False)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            async with asyncio.timeout(timeout):
                await loop.sock_connect(sock, address)
        except OSError as error:
            sock.close()
            # asyncio's own text is "Connect call failed" with the address, whatever the reason.
            failure = OSError(error.errno, os.strerror(error.errno)) if error.errno else error
        except BaseException:
            sock.close()
            raise
        else:
            return sock
    raise failure
