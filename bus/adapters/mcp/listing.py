"""Asks an MCP server for its tools, once, with no client behind: what `watchfloor mcp --pins` shows."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import Any, Final

from bus.adapters.mcp import words
from bus.adapters.mcp.gate import PAGES
from bus.adapters.mcp.proxy import LINE_BYTES, ended
from bus.adapters.mcp.upstream import UnreadableError, Upstream, UpstreamError
from bus.adapters.mcp.words import Message

VERSION: Final = "2025-06-18"
"""The version of the protocol that is offered; the server's answer counts from then on."""

ANSWER_WITHIN: Final = 30.0
"""Seconds that a server may take to start and to answer."""

ENDED: Final = "the server ended before it answered"

Ask = Callable[[str, Message], Awaitable[Message]]


class NoListError(Exception):
    """The server did not list its tools. The text says why."""


async def tools_of(command: Sequence[str]) -> list[dict[str, Any]]:
    """Start a server, ask for its tools, and end it.

    Raises:
        OSError: it cannot be started.
        NoListError: it did not list them.
    """
    server = await asyncio.create_subprocess_exec(
        *command, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, limit=LINE_BYTES
    )
    assert server.stdin is not None  # noqa: S101 - asked for above
    assert server.stdout is not None  # noqa: S101
    writer, reader = server.stdin, server.stdout

    async def send(message: Message) -> None:
        writer.write(words.encode(message) + b"\n")
        await writer.drain()

    async def ask(method: str, params: Message) -> Message:
        await send(_message(method, params))
        async for message in _lines(reader):
            if words.answered_id(message) == method:
                return message
            if (request := words.request_id(message)) is not None:  # nobody is here who could answer
                await send(words.failure(request, "only the list of tools is wanted"))
        raise NoListError(ENDED)

    try:
        return await _within(_listed(ask, send))
    except ConnectionError:  # it had gone before it was asked; which of the two is seen first is chance
        raise NoListError(ENDED) from None
    except ValueError as error:
        raise NoListError(f"the server cannot be spoken to: {error}") from None
    finally:
        await ended(server)


async def tools_at(url: str) -> list[dict[str, Any]]:
    """Ask the server at a URL for its tools, by streamable HTTP.

    Raises:
        ValueError: that is no address.
        NoListError: it did not list them.
    """
    upstream = Upstream(url)
    headers = {
        b"accept": b"application/json, text/event-stream",
        b"content-type": b"application/json",
        b"mcp-protocol-version": VERSION.encode(),
    }

    async def post(message: Message) -> bytes:
        async with upstream.ask("POST", list(headers.items()), words.encode(message)) as answer:
            if session := dict(answer.headers).get(b"mcp-session-id"):
                headers[b"mcp-session-id"] = session
            body = await answer.whole(LINE_BYTES)
            if answer.status >= 400:
                raise NoListError(f"the server answered {answer.status}")
            return body

    async def ask(method: str, params: Message) -> Message:
        for line in (await post(_message(method, params))).splitlines():
            with contextlib.suppress(words.NotMcpError):
                message = words.decode(line.removeprefix(b"data:").strip())
                if words.answered_id(message) == method:
                    return message
        raise NoListError("the server's answer is none of MCP")

    try:
        return await _within(_listed(ask, post))
    except UnreadableError as error:
        raise NoListError(f"the server's answer cannot be read: {error}") from None
    except UpstreamError as error:
        raise NoListError(str(error)) from None


async def _within(listing: Awaitable[list[dict[str, Any]]]) -> list[dict[str, Any]]:
    try:
        async with asyncio.timeout(ANSWER_WITHIN):
            return await listing
    except TimeoutError:
        raise NoListError(f"the server did not answer in {ANSWER_WITHIN:g} s") from None


async def _listed(ask: Ask, tell: Callable[[Message], Awaitable[object]]) -> list[dict[str, Any]]:
    about = {"name": "watchfloor", "version": "0"}
    _result(await ask("initialize", {"protocolVersion": VERSION, "capabilities": {}, "clientInfo": about}))
    await tell({"jsonrpc": "2.0", "method": "notifications/initialized"})
    tools: list[dict[str, Any]] = []
    cursor: object = None
    for _ in range(PAGES):
        result = _result(await ask(words.LIST, {} if cursor is None else {"cursor": cursor}))
        page = result.get("tools")
        tools += [tool for tool in page if isinstance(tool, dict)] if isinstance(page, list) else []
        cursor = result.get("nextCursor")
        if cursor is None:
            break
    return tools


def _message(method: str, params: Message) -> Message:
    return {"jsonrpc": "2.0", "id": method, "method": method, "params": params}


def _result(message: Message) -> Message:
    result = message.get("result")
    if not isinstance(result, dict):
        raise NoListError(f"the server refused: {words.outcome(message)[1]}")
    return result


async def _lines(reader: asyncio.StreamReader) -> AsyncIterator[Message]:
    while line := await reader.readline():
        with contextlib.suppress(words.NotMcpError):
            yield words.decode(line)
