"""What the gate asks the server for itself, beside what passes between it and the client."""

from __future__ import annotations

import asyncio
import itertools
import secrets
from collections.abc import Awaitable, Callable

from bus.adapters.mcp.words import Id, Message


class OwnRequests:
    """Requests under ids that no client has, and who waits for their answers."""

    def __init__(self, to_server: Callable[[Message], Awaitable[None]]) -> None:
        self._to_server = to_server
        self._mark = f"watchfloor-{secrets.token_hex(4)}-"
        self._ids = (f"{self._mark}{number}" for number in itertools.count(1))
        self._asked: dict[Id, asyncio.Future[Message]] = {}

    async def ask(self, method: str, wanted: Message, meta: object) -> Message:
        """Ask something, with what the client's own request, `meta`, says about itself. Return the whole answer."""
        about = meta if isinstance(meta, dict) else {}
        about = {key: value for key, value in about.items() if key != "progressToken"}
        own = next(self._ids)
        answer: asyncio.Future[Message] = asyncio.get_running_loop().create_future()
        self._asked[own] = answer
        params = wanted | ({"_meta": about} if about else {})
        try:
            await self._to_server({"jsonrpc": "2.0", "id": own, "method": method, "params": params})
            return await answer
        finally:
            self._asked.pop(own, None)

    def answered(self, request: Id, message: Message) -> bool:
        """Take an answer. Return whether it is to a request of ours, also to one that nobody waits for any more."""
        if not isinstance(request, str) or not request.startswith(self._mark):
            return False
        asked = self._asked.pop(request, None)
        if asked is not None and not asked.done():
            asked.set_result(message)
        return True
