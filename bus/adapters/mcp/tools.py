"""What an MCP server says of its tools: their definitions, all that it ever told."""

from __future__ import annotations

import hashlib
from typing import Any, Final

from bus.adapters.fitting import by_schema
from bus.adapters.mcp import words
from bus.adapters.mcp.trials import Trials
from bus.adapters.mcp.words import Message

DEFINITIONS: Final = 8
"""Different definitions of one name that are kept apart; it fits no pin from the second one on."""


class Tools:
    """The definitions of one session, by the server's answers to lists: the client's own, and the proxy's."""

    def __init__(self, trials: Trials) -> None:
        self._trials = trials
        self._now: dict[str, dict[str, Any]] = {}
        self._told: dict[str, dict[str | None, None]] = {}

    def get(self, name: str) -> dict[str, Any] | None:
        """What the server said last of a tool."""
        return self._now.get(name)

    def digest(self, name: str) -> str | None:
        """The digest of a tool's definition, None where there is none.

        Where the session was told more than one, in one list or after another, to the client or to the proxy, it is that of
        all of them: the model may have any of them before it, so they match no pin together.
        """
        told = self._told.get(name, {}) if name in self._now else {}
        digests = sorted(one for one in told if one is not None)
        if len(digests) < max(len(told), 1):
            return None
        return digests[0] if len(digests) == 1 else hashlib.sha256(" ".join(digests).encode()).hexdigest()

    def learn(self, message: Message) -> None:
        """Take in the server's answer to a list, whoever asked for it."""
        result = message.get("result")
        tools = result.get("tools") if isinstance(result, dict) else None
        for tool in tools if isinstance(tools, list) else []:
            if isinstance(tool, dict) and isinstance(name := tool.get("name"), str):
                self._now[name] = tool
                told = self._told.setdefault(name, {})
                if len(told) < DEFINITIONS:
                    told[words.schema_digest(tool)] = None
        if isinstance(tools, list) and isinstance(result, dict) and result.get("nextCursor") is None:
            self._trials.compare(self.get)

    def stale(self) -> None:
        """The server says that its list has changed. What was told, the model may still have before it."""
        self._now.clear()


def fits(tool: dict[str, Any] | None, args: dict[str, Any]) -> None:
    """Hold an operator's edit against a tool.

    Raises:
        ValueError: it does not fit; the text says why.
    """
    schema = tool.get("inputSchema") if tool else None
    by_schema(schema if isinstance(schema, dict) else None)(args)
