"""What goes back to one HTTP request of a client: a head once, and nothing after it that would not fit behind it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, Final

from bus.adapters.mcp import words
from bus.adapters.mcp.upstream import Headers
from bus.adapters.mcp.words import Id, Message

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Scope]]
Send = Callable[[Scope], Awaitable[None]]

JSON: Final[Headers] = [(b"content-type", b"application/json")]


class Answering:
    """What goes back to one request of a client. `started` once its head is out: then only more of that kind can follow.

    `awaited` is the id of the message that it brought, until the answer to that is out; `told_id` once the client was
    given an event's id.
    """

    def __init__(self, send: Send) -> None:
        self._send = send
        self.started = False
        self.awaited: Id | None = None
        self.told_id = False

    @property
    def resumable(self) -> bool:
        """Whether the client may ask for its answer in a later stream."""
        return self.told_id and self.awaited is not None

    async def head(self, status: int, headers: Headers) -> None:
        """Send status and headers."""
        self.started = True
        await self._send({"type": "http.response.start", "status": status, "headers": headers})

    async def more(self, body: bytes, *, last: bool = False) -> None:
        """Send a piece of the body."""
        await self._send({"type": "http.response.body", "body": body, "more_body": not last})

    async def say(self, status: int, text: str) -> None:
        """Answer in words, which only stand where the head is not out yet; else end without any."""
        if not self.started:
            await self.head(status, [(b"content-type", b"text/plain")])
            await self.more(text.encode(), last=True)
        else:
            await self.more(b"", last=True)

    def answered(self, message: Message) -> None:
        """Note a message that went out: it may be the answer."""
        if self.awaited is not None and words.answered_id(message) == self.awaited:
            self.awaited = None

    async def fail(self, text: str) -> None:
        """Say that no answer will come; where it is out, end: no request has two."""
        if self.awaited is None:
            await self.more(b"", last=True)
        else:
            await self.tell(words.failure(self.awaited, text))

    async def tell(self, message: Message, status: int = 200, headers: Headers | None = None) -> None:
        """Answer with a message; where the head is out, as an event."""
        body = words.encode(message)
        if self.started:
            body = b"event: message\ndata: " + body + b"\n\n"
        else:
            await self.head(status, [*JSON, *(headers or [])])
        await self.more(body, last=True)
        self.answered(message)
