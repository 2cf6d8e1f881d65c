"""What goes back to one HTTP request of a client: a head once, and nothing after it that would not fit behind it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, Final

from bus.adapters.mcp import words
from bus.adapters.mcp.upstream import Headers
from bus.adapters.mcp.words import Message

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Scope]]
Send = Callable[[Scope], Awaitable[None]]

JSON: Final[Headers] = [(b"content-type", b"application/json")]


class Answering:
    """What goes back to one request of a client. `started` once its head is out: then only more of that kind can follow."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self.started = False

    async def head(self, status: int, headers: Headers) -> None:
        """Send status and headers."""
        self.started = True
        await self._send({"type": "http.response.start", "status": status, "headers": headers})

    async def more(self, body: bytes, *, last: bool = False) -> None:
        """Send a piece of the body."""
        await self._send({"type": "http.response.body", "body": body, "more_body": not last})

    async def say(self, status: int, text: str) -> None:
        """Answer in words; where the head is out, end."""
        if not self.started:
            await self.head(status, [(b"content-type", b"text/plain")])
            await self.more(text.encode(), last=True)
        else:
            await self.more(b"", last=True)

    async def tell(self, message: Message) -> None:
        """Answer with a message; where the head is out, as an event."""
        body = words.encode(message)
        if self.started:
            body = b"event: message\ndata: " + body + b"\n\n"
        else:
            await self.head(200, JSON)
        await self.more(body, last=True)
