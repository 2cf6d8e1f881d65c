"""What the gate asks the server for itself, beside what passes between it and the client."""

from __future__ import annotations

import asyncio
import secrets
import uuid
from collections.abc import Awaitable, Callable
from typing import Final

from bus.adapters.mcp.words import Id, Message

FIRST: Final = 1_000_000
BEYOND: Final = 2_000_000_000
"""Between them lie our numbers: clients count from zero, and each language holds these exactly."""

LATE: Final = 64
"""Requests of ours whose answers are taken for ours although nobody waits for them any more."""


class OwnRequests:
    """Requests under ids that no client has, and who waits for their answers.

    The ids are of the kind that the client's are, and nothing in them says whose they are: a server that knew our list
    from the client's could tell each another one.
    """

    def __init__(self, to_server: Callable[[Message], Awaitable[None]]) -> None:
        self._to_server = to_server
        self._asked: dict[Id, asyncio.Future[Message]] = {}
        self._late: dict[Id, None] = {}
        self._words = False

    def like(self, request: Id) -> None:
        """Take in how the client numbers its requests."""
        self._words = isinstance(request, str)

    def knows(self, request: Id) -> bool:
        """Whether an id is one of ours."""
        return request in self._asked or request in self._late

    async def ask(self, method: str, wanted: Message, meta: object) -> Message:
        """Ask something, with what the client's own request, `meta`, says about itself. Return the whole answer."""
        about = meta if isinstance(meta, dict) else {}
        about = {key: value for key, value in about.items() if key != "progressToken"}
        own: Id = str(uuid.uuid4()) if self._words else FIRST + secrets.randbelow(BEYOND - FIRST)
        answer: asyncio.Future[Message] = asyncio.get_running_loop().create_future()
        self._asked[own] = answer
        params = wanted | ({"_meta": about} if about else {})
        try:
            await self._to_server({"jsonrpc": "2.0", "id": own, "method": method, "params": params})
            return await answer
        finally:
            self._asked.pop(own, None)
            if answer.cancelled():
                self._late[own] = None
                if len(self._late) > LATE:
                    self._late.pop(next(iter(self._late)))

    def answered(self, request: Id, message: Message) -> bool:
        """Take an answer. Return whether it is to a request of ours, also to one that nobody waits for any more."""
        asked = self._asked.get(request)
        if asked is None:
            return self._late.pop(request, request) is None
        if not asked.done():
            asked.set_result(message)
        return True
