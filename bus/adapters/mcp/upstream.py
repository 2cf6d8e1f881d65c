"""One HTTP request to the MCP server behind a proxy, its answer read as it comes. h11 does the parsing."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import SplitResult, urljoin, urlsplit

Headers = list[tuple[bytes, bytes]]

CONNECT_WITHIN: Final = 10.0
"""Seconds that connecting may take."""

READ_BYTES: Final = 65_536

OURS: Final = frozenset(
    b"accept-encoding connection content-length expect host keep-alive proxy-authenticate proxy-authorization te"
    b" trailer transfer-encoding upgrade".split()
)
"""Headers that belong to one connection, in either direction."""

ABOUT_BODY: Final = frozenset((b"content-type", b"content-encoding"))
"""What a client says of its body: that one is made anew, in JSON and UTF-8, and no server may read another in its bytes."""

HOPS: Final = 5
"""Redirects that are followed for one request."""

SHOWN_CHARS: Final = 200
"""Of an address that a server names, as far as it is shown."""


class UpstreamError(Exception):
    """The server behind cannot be spoken to. The text says why."""


class UnreadableError(UpstreamError):
    """It answered, and nobody can read what."""


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

    async def read(self) -> AsyncIterator[bytes]:
        """The pieces of the body.

        Raises:
            UnreadableError: they are encoded, although the server was asked not to.
        """
        codings = b",".join(value for name, value in self.headers if name == b"content-encoding")
        found = codings.decode("latin-1").strip().lower()
        if found not in ("", "identity"):
            shown = found if found.isascii() and found.isprintable() else "?"
            raise UnreadableError(f"the body is encoded ({shown[:40]}), although a plain one was asked for")
        async for piece in self.pieces:
            yield piece

    async def whole(self, most: int) -> bytes:
        """The whole body.

        Raises:
            UnreadableError: it is encoded.
            UpstreamError: it is longer than `most` bytes.
        """
        body = b""
        async for piece in self.read():
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
        self._parts = parts
        self._port = parts.port or _port_of(parts.scheme)
        self._ssl = ssl.create_default_context() if parts.scheme == "https" else None
        self._authority = parts.netloc.encode("idna" if not parts.netloc.isascii() else "ascii")
        _target(parts)

    @contextlib.asynccontextmanager
    async def ask(
        self, method: str, headers: Sequence[tuple[bytes, bytes]], body: bytes
    ) -> AsyncIterator[Answer]:
        """Send a request; the answer is there when its head is. Leaving closes the connection.

        A redirect within the server's own origin is followed. No other one is, and none is an answer: whoever followed
        it would speak to the server past us.

        Raises:
            UpstreamError: nobody answers there, or not in HTTP, or it points elsewhere.
        """
        place = self._parts
        for _ in range(HOPS):
            async with self._once(place, method, headers, body) as answer:
                if not 300 <= answer.status < 400:
                    yield answer
                    return
                place = self._moved(place, method, answer)
        raise UpstreamError(f"the MCP server at {_shown(self._parts)} redirects more than {HOPS} times")

    def _moved(self, place: SplitResult, method: str, answer: Answer) -> SplitResult:
        """Where an answer points, if the same request may go there."""
        said = dict(answer.headers).get(b"location", b"").decode("latin-1")
        what = f"the MCP server at {_shown(place)} answered {answer.status}"
        if not said:
            raise UpstreamError(f"{what} and does not say where to go; give its right address as --url")
        try:
            to = urlsplit(urljoin(place.geturl(), said))
            port = to.port or _port_of(to.scheme)
            _target(to)
        except ValueError:
            raise UpstreamError(f"{what} and points to no address") from None
        same = (to.scheme, to.hostname, port) == (self._parts.scheme, self._parts.hostname, self._port)
        keeps = answer.status in (307, 308) or (method == "GET" and answer.status in (301, 302))
        if not same or not keeps or to.username is not None:
            raise UpstreamError(
                f"{what} and points to {_shown(to)}; if that is the server, start the proxy with it as --url"
            )
        return to

    @contextlib.asynccontextmanager
    async def _once(
        self, place: SplitResult, method: str, headers: Sequence[tuple[bytes, bytes]], body: bytes
    ) -> AsyncIterator[Answer]:
        import h11  # type: ignore[import-not-found, unused-ignore] # an extra

        try:
            async with asyncio.timeout(CONNECT_WITHIN):
                reader, writer = await asyncio.open_connection(
                    self._parts.hostname, self._port, ssl=self._ssl
                )
        except (OSError, TimeoutError) as error:
            raise UpstreamError(f"the MCP server cannot be reached: {str(error) or 'time-out'}") from None
        try:
            protocol = h11.Connection(h11.CLIENT)
            ours = OURS | ABOUT_BODY if body else OURS
            sent = [(name, value) for name, value in headers if name.lower() not in ours]
            sent += [(b"content-type", b"application/json")] if body else []
            sent += [
                (b"host", self._authority),
                (b"content-length", str(len(body)).encode()),
                (b"accept-encoding", b"identity"),
                (b"connection", b"close"),
            ]
            request = h11.Request(method=method, target=_target(place), headers=sent)
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


def _port_of(scheme: str) -> int:
    return 443 if scheme == "https" else 80


def _target(place: SplitResult) -> bytes:
    try:
        return ((place.path or "/") + (f"?{place.query}" if place.query else "")).encode("ascii")
    except UnicodeEncodeError:
        raise ValueError("an address of an MCP server has no letters beyond ASCII in its path") from None


def _shown(place: SplitResult) -> str:
    """An address without what may be secret in it, for people; a query is one, and a server may write anything there."""
    bare = f"{place.scheme}://{place.netloc.rpartition('@')[2]}{place.path}"
    return "".join(char if "!" <= char <= "~" else "?" for char in bare)[:SHOWN_CHARS]


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
