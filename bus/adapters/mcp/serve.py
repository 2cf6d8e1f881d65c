"""The process of `watchfloor mcp --url`: an HTTP server on this machine, before an MCP server at a URL."""

from __future__ import annotations

import asyncio
import ipaddress
import logging
import socket
from typing import Final

from bus import serving
from bus.adapters.mcp.http import McpFront
from bus.adapters.mcp.trials import Trials
from bus.adapters.mcp.upstream import Upstream
from bus.sdk.agent import Agent
from bus.sdk.decision import RunKilled

log = logging.getLogger("watchfloor")

CONNECTIONS: Final = 512
"""Connections at one time; who comes then is told 503."""

HEAD_BYTES: Final = 65_536
"""Largest head of a request: a client's tokens and cookies are sent on."""


def bound(listen: str) -> socket.socket:
    """Listen on `HOST:PORT` of this machine.

    Raises:
        ValueError: that is no address of this machine itself: whoever reaches the proxy acts through it.
        OSError: somebody else listens there.
    """
    host, _, port = listen.rpartition(":")
    name = "127.0.0.1" if host in ("", "localhost") else host.strip("[]")
    try:
        address = ipaddress.ip_address(name)
        number = int(port)
    except ValueError:
        raise ValueError(f"{listen!r} is no address to listen on: 127.0.0.1:PORT") from None
    if not address.is_loopback or not 0 <= number < 65_536:
        raise ValueError(
            f"{listen!r} is not on this machine alone: whoever reaches the proxy acts through it"
        )
    made = socket.socket(socket.AF_INET6 if address.version == 6 else socket.AF_INET)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    made.bind((name, number))
    made.listen()  # whoever comes before the first answer can be given waits for it
    return made


async def serve_http(
    agent: Agent,
    upstream: Upstream,
    listening: socket.socket,
    *,
    url: str,
    run_id: str | None,
    decide_within: float,
    trials: Trials | None = None,
) -> int:
    """Answer until a signal ends it, exit code 0, or an operator ends the run, exit code 1.

    Raises:
        NoServerError: uvicorn is not installed.
    """
    ended = asyncio.Event()
    try:
        async with agent, agent.run(f"MCP server {url}", run_id=run_id) as run:
            front = McpFront(run, upstream, decide_within=decide_within, trials=trials)
            front.ended.add_done_callback(lambda _: ended.set())
            await serving.serve(
                front, listening, extra="mcp", connections=CONNECTIONS, head_bytes=HEAD_BYTES, ended=ended
            )
            await front.close()
            if front.ended.done():
                raise front.ended.result()
    except RunKilled as error:
        log.warning("an operator ended this run: %s", error)
        return 1
    return 0
