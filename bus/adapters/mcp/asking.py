"""One HTTP request of a client while it is answered: its headers go with its own message, and with no other."""

from __future__ import annotations

import base64
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Final

from bus.adapters.mcp import words
from bus.adapters.mcp.upstream import OURS, Headers
from bus.adapters.mcp.words import Message

SESSION: Final = b"mcp-session-id"

LOCAL: Final = frozenset({"127.0.0.1", "localhost", "[::1]"})
"""Hosts by which a page in a browser cannot be lured to us: any other name may be made to point here."""


@dataclass(slots=True)
class Asking:
    """A request. `headers` are those that may go on; `passed` is the message without an id that may go on with them."""

    method: str
    headers: Headers
    passed: Message | None = None

    @property
    def takes_events(self) -> bool:
        """Whether the client reads an answer in events."""
        return any(name == b"accept" and b"text/event-stream" in value for name, value in self.headers)

    @property
    def in_session(self) -> bool:
        """Whether it belongs to a session, whose gate outlives it."""
        return any(name == SESSION and value for name, value in self.headers)

    @property
    def of_a_list(self) -> Headers:
        """The headers of a list of tools that is asked for on the way."""
        kept = [(name, value) for name, value in self.headers if name not in (b"mcp-method", b"mcp-name")]
        return kept if len(kept) == len(self.headers) else [*kept, (b"mcp-method", words.LIST.encode())]

    @property
    def of_an_answer(self) -> Headers:
        """The headers of an answer to the server that is given in the client's place."""
        others = (b"accept", b"last-event-id", b"mcp-method", b"mcp-name")
        kept = [(name, value) for name, value in self.headers if name not in others]
        return [*kept, (b"accept", b"application/json, text/event-stream")]

    def agrees(self, message: Message) -> None:
        """See that the headers which repeat the message say the same: a server may go by them.

        Raises:
            NotMcpError: one says something else.
        """
        given = words.params(message)
        name = given.get("uri" if message.get("method") == "resources/read" else "name")
        for header, meant in ((b"mcp-method", message.get("method")), (b"mcp-name", name)):
            if any(_value(value) != meant for key, value in self.headers if key == header):
                raise words.NotMcpError(f"the header {header.decode()} is not what the message says")


def _value(raw: bytes) -> str | None:
    """What a header says; what is not ASCII is given in base64."""
    try:
        if raw.startswith(b"=?base64?") and raw.endswith(b"?="):
            return base64.b64decode(raw[9:-2], validate=True).decode()
        return raw.decode("ascii").strip()
    except ValueError:
        return None


asking: Final[ContextVar[Asking]] = ContextVar("watchfloor_mcp_asking")
"""The request that this task answers. A call that is held is a task of its request, and so has it, too."""


def asked(method: str, headers: Headers) -> Asking:
    """Take in a request; headers in lower case."""
    return Asking(method, [(name, value) for name, value in headers if name not in OURS])


def local(headers: Headers) -> bool:
    """Whether a request was meant for this machine: its Host and, from a browser, its Origin are local names."""
    told = dict(headers)
    host = told.get(b"host", b"").decode("latin-1")
    origin = told.get(b"origin", b"").decode("latin-1")
    return _name(host) in LOCAL and (not origin or _name(origin.partition("://")[2]) in LOCAL)


def _name(authority: str) -> str:
    return authority.partition("]")[0] + "]" if authority.startswith("[") else authority.partition(":")[0]
