"""The bridge as a process: an agent of ours, and an HTTP server in front of it."""

from __future__ import annotations

import asyncio
import ipaddress
import signal
import socket
from collections.abc import Callable
from typing import Final

from bus import serving
from bus.aap.requests import Requests
from bus.aap.web import Application
from bus.sdk.agent import Agent

CONNECTIONS: Final = 1_000
"""Connections at one time; who comes then is told 503."""

HEAD_BYTES: Final = 16_384
"""Largest head of a request."""

LOCAL: Final = frozenset({"127.0.0.1", "localhost", "[::1]"})


class ListenError(ValueError):
    """Nothing can be served there. The text says why."""


def listening(where: str, *, token: str) -> socket.socket:
    """A socket that listens at `ADDRESS:PORT`.

    Raises:
        ListenError: not an address and a port, not this machine's, or open to others without a token.
    """
    host, _, port = where.rpartition(":")
    try:
        address = ipaddress.ip_address(host.strip("[]"))
        number = int(port)
        if not 0 <= number <= 65_535:
            raise ValueError
    except ValueError:
        raise ListenError(f"--listen {where}: must be ADDRESS:PORT, for instance 127.0.0.1:8427") from None
    if not address.is_loopback and not token:
        raise ListenError(f"--listen {where}: others can reach it, so it needs a token: --token-file FILE")
    try:
        return socket.create_server(
            (str(address), number), family=socket.AF_INET6 if address.version == 6 else socket.AF_INET
        )
    except OSError as error:
        raise ListenError(f"--listen {where}: {error.strerror or error}") from None


async def serve(
    agent: Agent,
    sock: socket.socket,
    *,
    token: str = "",
    ready: Callable[[str], None],
    stopping: asyncio.Event | None = None,
) -> signal.Signals | None:
    """Serve until SIGINT or SIGTERM, which is returned, or until `stopping` is set.

    `ready` is told the base URL once it answers.

    Raises:
        NoServerError: uvicorn is not installed.
    """
    requests = Requests(agent)
    local = ipaddress.ip_address(sock.getsockname()[0]).is_loopback
    async with agent:
        tending = asyncio.create_task(requests.tend(), name="aap tend")
        try:
            return await serving.serve(
                Application(requests, token=token, hosts=LOCAL if local else frozenset()),
                sock,
                extra="aap",
                connections=CONNECTIONS,
                head_bytes=HEAD_BYTES,
                ended=stopping or asyncio.Event(),
                ready=lambda: ready(url(sock)),
                ending=requests.release,
            )
        finally:
            tending.cancel()
            await requests.close()


def url(sock: socket.socket) -> str:
    """The base URL of a listening socket."""
    host, port = sock.getsockname()[:2]
    return f"http://{f'[{host}]' if ':' in host else host}:{port}"
