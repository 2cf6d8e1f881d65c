"""One HTTP request to the MCP server behind a proxy, its answer read as it comes. h11 does the parsing."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

Headers = list[tuple[bytes, bytes]]

CONNECT_WITHIN: Final = 10.0
"""Seconds that connecting may take."""

READ_BYTES: Final = 65_536

OURS: Final = frozenset(
    b"accept-encoding connection content-length expect host keep-alive proxy-authenticate proxy-authorization te"
    b" trailer transfer-encoding upgrade".split()
)
"""Headers that belong to one connection, in either direction."""


class UpstreamError(Exception):
    """The server behind cannot be spoken to. The text says why."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A server's answer: its body comes in pieces."""

    status: int
    headers: Headers
    pieces: AsyncIterator[bytes]

    @property
    def kind(self) -> str:
        """The media type, without parameters."""
        found = dict(self.headers).get(b"content-type", b"")
        return found.decode("latin-1").partition(";")[0].strip().lower()

    async def whole(self, most: int) -> bytes:
        """The whole body.

        Raises:
            UpstreamError: it is longer than `most` bytes.
        """
        body = b""
        async for piece in self.pieces:
            body += piece
            if len(body) > most:
                raise UpstreamError(f"the server's answer is longer than {most} bytes")
        return body


class Upstream:
    """The server at a URL. Each request has a connection of its own, so that one that is given up is closed."""

    def __init__(self, url: str) -> None:
        """Look at the URL.

        Raises:
            ValueError: it is none of http or https.
        """
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.username or parts.fragment:
            raise ValueError(f"{url!r} is no address of an MCP server: http://HOST:PORT/PATH, or https")
        self._host = parts.hostname
        self._port = parts.port or (443 if parts.scheme == "https" else 80)
        self._ssl = ssl.create_default_context() if parts.scheme == "https" else None
        self._authority = parts.netloc.encode("idna" if not parts.netloc.isascii() else "ascii")
        self._target = ((parts.path or "/") + (f"?{parts.query}" if parts.query else "")).encode("ascii")

    @contextlib.asynccontextmanager
    async def ask(
        self, method: str, headers: Sequence[tuple[bytes, bytes]], body: bytes
    ) -> AsyncIterator[Answer]:
        """Send a request; the answer is there when its head is. Leaving closes the connection.

        Raises:
            UpstreamError: nobody answers there, or not in HTTP.
        """
        import h11  # type: ignore[import-not-found, unused-ignore] # an extra

        try:
            async with asyncio.timeout(CONNECT_WITHIN):
                reader, writer = await asyncio.open_connection(self._host, self._port, ssl=self._ssl)
        except (OSError, TimeoutError) as error:
            raise UpstreamError(f"the MCP server cannot be reached: {str(error) or 'time-out'}") from None
        try:
            protocol = h11.Connection(h11.CLIENT)
            sent = [(name, value) for name, value in headers if name.lower() not in OURS]
            sent += [
                (b"host", self._authority),
                (b"content-length", str(len(body)).encode()),
                (b"accept-encoding", b"identity"),
                (b"connection", b"close"),
            ]
            request = h11.Request(method=method, target=self._target, headers=sent)
            out = [protocol.send(one) for one in (request, h11.Data(data=body), h11.EndOfMessage())]
            writer.write(b"".join(piece for piece in out if piece))
            await writer.drain()
            events = _events(protocol, reader)
            head = await anext(events)
            while isinstance(head, h11.InformationalResponse):
                head = await anext(events)
            if not isinstance(head, h11.Response):
                raise UpstreamError("the MCP server gave no answer")
            told = [(bytes(name), bytes(value)) for name, value in head.headers if bytes(name) not in OURS]
            yield Answer(head.status_code, told, _data(events))
        except (h11.ProtocolError, ConnectionError, StopAsyncIteration) as error:
            raise UpstreamError(f"the MCP server broke off: {error}") from None
        finally:
            writer.close()


async def _events(protocol: Any, reader: asyncio.StreamReader) -> AsyncIterator[Any]:
    import h11  # type: ignore[import-not-found, unused-ignore] # an extra

    while True:
        event = protocol.next_event()
        if event is h11.NEED_DATA:
            protocol.receive_data(await reader.read(READ_BYTES))
            continue
        if isinstance(event, h11.EndOfMessage | h11.ConnectionClosed) or event is h11.PAUSED:
            return
        yield event


async def _data(events: AsyncIterator[Any]) -> AsyncIterator[bytes]:
    async for event in events:
        if isinstance(data := getattr(event, "data", None), bytes | bytearray):
            yield bytes(data)
