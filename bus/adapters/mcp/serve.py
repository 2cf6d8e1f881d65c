"""The process of `watchfloor mcp --url`: an HTTP server on this machine, before an MCP server at a URL."""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import logging
import signal
import socket
from typing import Final

from bus.adapters.mcp.http import McpFront
from bus.adapters.mcp.upstream import Upstream
from bus.sdk.agent import Agent
from bus.sdk.decision import RunKilled

log = logging.getLogger("watchfloor")

CONNECTIONS: Final = 512


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
    return made


async def serve_http(
    agent: Agent,
    upstream: Upstream,
    listening: socket.socket,
    *,
    url: str,
    run_id: str | None,
    decide_within: float,
) -> int:
    """Answer until a signal ends it, exit code 0, or an operator ends the run, exit code 1."""
    import uvicorn  # type: ignore[import-not-found, unused-ignore] # an extra

    try:
        async with agent, agent.run(f"MCP server {url}", run_id=run_id) as run:
            front = McpFront(run, upstream, decide_within=decide_within)
            config = uvicorn.Config(
                front,
                lifespan="off",
                http="h11",
                ws="none",
                loop="none",
                log_config=None,
                access_log=False,
                server_header=False,
                limit_concurrency=CONNECTIONS,
                timeout_graceful_shutdown=1,
            )
            logging.getLogger("uvicorn").setLevel(logging.WARNING)
            server = uvicorn.Server(config)
            vars(server)["capture_signals"] = contextlib.nullcontext  # signals are ours
            for number in (signal.SIGINT, signal.SIGTERM):
                asyncio.get_running_loop().add_signal_handler(number, setattr, server, "should_exit", True)
            front.ended.add_done_callback(lambda _: setattr(server, "should_exit", True))
            await server.serve(sockets=[listening])
            await front.close()
            if front.ended.done():
                raise front.ended.result()
    except RunKilled as error:
        log.warning("an operator ended this run: %s", error)
        return 1
    return 0
