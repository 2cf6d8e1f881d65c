"""What an MCP server says of its tools: their definitions, as they were told last."""

from __future__ import annotations

import hashlib
from typing import Any

from bus.adapters.mcp import words
from bus.adapters.mcp.words import Message


class Tools:
    """The definitions of one session, by the server's answers to lists: the client's own, and the proxy's."""

    def __init__(self) -> None:
        self._now: dict[str, dict[str, Any]] = {}
        self._digests: dict[str, str | None] = {}
        self._told: dict[str, str | None] = {}

    def get(self, name: str) -> dict[str, Any] | None:
        """What the server said last of a tool."""
        return self._now.get(name)

    def digest(self, name: str) -> str | None:
        """The digest of a tool's definition, None where there is none.

        Where the client was told another one than the proxy, it is that of both: a server that shows each a face of its own
        matches no pin.
        """
        now = self._digests.get(name)
        told = self._told.get(name, now)
        if now is None or told is None or now == told:
            return now if told is not None else None
        return hashlib.sha256(f"{told} {now}".encode()).hexdigest()

    def learn(self, message: Message, *, told: bool) -> None:
        """Take in the server's answer to a list; `told` says that the client gets it."""
        result = message.get("result")
        tools = result.get("tools") if isinstance(result, dict) else None
        for tool in tools if isinstance(tools, list) else []:
            if isinstance(tool, dict) and isinstance(name := tool.get("name"), str):
                self._now[name] = tool
                self._digests[name] = words.schema_digest(tool)
                if told:
                    self._told[name] = self._digests[name]

    def stale(self) -> None:
        """The server says that its list has changed. What the client was told, its model may still have before it."""
        self._now.clear()
        self._digests.clear()
