"""From an MCP server's HTTP answer to its client: nothing that the gate has not read, and all of it made anew.

Of the headers those pass that belong to the protocol, a login, or a server of many machines. None of them names a place
where a client could speak to the server past the proxy (`Location`, `Link`, `Alt-Svc`, `Refresh`).
"""

from __future__ import annotations

import logging
from collections.abc import AsyncGenerator, Callable, Container
from typing import Final

from bus.adapters.mcp import words
from bus.adapters.mcp.answering import Answering
from bus.adapters.mcp.events import Event, EventReader
from bus.adapters.mcp.gate import McpGate
from bus.adapters.mcp.upstream import Answer, Headers, UnreadableError, UpstreamError
from bus.adapters.mcp.words import Id, Message

log = logging.getLogger("watchfloor")

BODY_BYTES: Final = 16 * 1024 * 1024
"""Longest body, and longest event, of either side."""

PASS: Final = frozenset(
    (b"mcp-protocol-version", b"mcp-session-id", b"retry-after", b"set-cookie", b"www-authenticate")
)
"""Headers of a server that reach its client."""

EVENTS: Final = "text/event-stream"
STREAM: Final[Headers] = [(b"content-type", EVENTS.encode()), (b"cache-control", b"no-cache")]
ERRORS: Final = 400

Refuse = Callable[[Id, str], object]


class Relay:
    """Takes the answer to one request of a client to it. `elsewhere` holds what other requests of the session wait for.

    `refuse` tells the server that a request of its own cannot be answered.
    """

    def __init__(self, gate: McpGate, back: Answering, elsewhere: Container[Id], refuse: Refuse) -> None:
        self._gate = gate
        self._back = back
        self._elsewhere = elsewhere
        self._refuse = refuse
        self._request = back.awaited

    async def all_of(self, answer: Answer) -> None:
        """Pass it on. What cannot be read goes nowhere, and who waits for it is told so.

        Raises:
            UpstreamError: the server broke off, or wants to be spoken to elsewhere.
        """
        well = 200 <= answer.status < 300
        if not well and answer.status < ERRORS:
            raise UpstreamError(f"the MCP server answered {answer.status}, which is no answer")
        if not well:
            await self._error(answer)
        elif answer.kind == EVENTS:
            await self._stream(answer)
        elif self._request is not None:
            await self._one(answer, self._request)
        elif self._back.started:
            await self._back.more(b"", last=True)
        else:  # a notification, or the end of a session: nothing can follow
            await self._back.head(answer.status, passing(answer))
            await self._back.more(b"", last=True)

    async def _one(self, answer: Answer, request: Id) -> None:
        """The whole answer in one message. Nothing is begun of one that may break off."""
        try:
            message = words.decode(await answer.whole(BODY_BYTES))
            if words.answered_id(message) != request:
                raise words.NotMcpError("it is none to this request")
        except (UnreadableError, words.NotMcpError) as error:
            log.warning("the server's answer cannot be read: %s", error)
            message = words.failure(request, f"watchfloor: the server's answer cannot be read: {error}")
        if not await self._gate.from_server(message):
            message = words.failure(request, "watchfloor: nobody waits for this answer any more")
        await self._back.tell(message, headers=passing(answer))

    async def _error(self, answer: Answer) -> None:
        """An answer in HTTP that says no. Its status counts; of its text only what is an error in the protocol."""
        said: Message = {}
        try:
            if answer.kind == "application/json":
                said = words.decode(await answer.whole(BODY_BYTES))
        except (UnreadableError, words.NotMcpError) as error:
            log.warning("the server's answer cannot be read: %s", error)
        told = words.failure(self._request, f"watchfloor: the server answered with status {answer.status}")
        if isinstance(found := said.get("error"), dict):
            told["error"] = found
        await self._gate.from_server(told)
        await self._back.tell(told, answer.status, passing(answer))

    async def _stream(self, answer: Answer) -> None:
        back = self._back
        if not back.started:
            await back.head(answer.status, passing(answer) + STREAM)
        async for event in events(answer):
            message = await self._read(event)
            await back.more(event.anew(words.encode(message) if message is not None else None))
            back.told_id = back.told_id or bool(event.id)
            if message is not None:
                back.answered(message)
        if back.awaited is None or back.resumable:
            await back.more(b"", last=True)
            return
        told = words.failure(back.awaited, "watchfloor: the server ended its stream without an answer")
        await self._gate.from_server(told)
        await back.tell(told)

    async def _read(self, event: Event) -> Message | None:
        """What an event says, if it is for the client."""
        if event.kind == b"endpoint":
            raise UpstreamError(
                "the MCP server speaks the transport of 2024-11-05, in which it tells an address of its own; streamable HTTP"
                " is what can be supervised"
            )
        if not event.data or event.kind != b"message":
            return None
        try:
            message = words.decode(event.data)
        except words.NotMcpError as error:
            log.warning("the server wrote something that is no message: %s", error)
            found = words.stub(event.data)
            if "id" not in found:
                return None
            if "method" in found:  # a request of the server: it waits itself
                self._refuse(found["id"], f"watchfloor: {error}")
                return None
            message = words.failure(found["id"], f"watchfloor: the server's answer cannot be read: {error}")
        answered = words.answered_id(message)
        if answered is not None and not self._ours(answered):
            log.warning("the server answered another request than this stream is for; that goes nowhere")
            return None
        return message if await self._gate.from_server(message) else None

    def _ours(self, answered: Id) -> bool:
        """Whether an answer may stand in this stream: the one to its request, or to one whose own stream is over."""
        if self._request is not None:
            return answered == self._request
        return answered not in self._elsewhere


def passing(answer: Answer) -> Headers:
    """The headers of an answer that its client gets."""
    return [(name, value) for name, value in answer.headers if name in PASS]


async def events(answer: Answer) -> AsyncGenerator[Event]:
    """The events of an answer.

    Raises:
        UpstreamError: one is too long, or the server broke off.
    """
    reader = EventReader()
    async for piece in answer.read():
        for event in reader.feed(piece):
            yield event
        if reader.held > BODY_BYTES:
            raise UpstreamError(f"the server's event is longer than {BODY_BYTES} bytes")


async def messages(answer: Answer) -> AsyncGenerator[Message]:
    """The messages of an answer to a request of our own; what cannot be read is left out.

    Raises:
        NotMcpError: its only message cannot be read.
        UpstreamError: it is too long, or the server broke off.
    """
    if answer.kind != EVENTS:
        yield words.decode(await answer.whole(BODY_BYTES))
        return
    async for event in events(answer):
        try:
            yield words.decode(event.data or b"")
        except words.NotMcpError as error:
            if event.data:
                log.warning("the server wrote something that is no message: %s", error)
