"""The bridge as a process: an agent of ours, and uvicorn in front of it."""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import logging
import signal
import socket
from collections.abc import Callable, Iterator
from typing import Final

from bus.aap.requests import Requests
from bus.aap.web import Application
from bus.extras import cure
from bus.sdk.agent import Agent

CONNECTIONS: Final = 1_000
"""Connections at one time; who comes then is told 503."""

HEAD_BYTES: Final = 16_384
"""Largest head of a request."""

LOCAL: Final = frozenset({"127.0.0.1", "localhost", "[::1]"})


class NoServerError(Exception):
    """The HTTP server is not installed."""


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
) -> None:
    """Serve until SIGINT or SIGTERM, or until `stopping` is set. `ready` is told the base URL once it answers.

    Raises:
        NoServerError: uvicorn is not installed.
    """
    try:
        import uvicorn
    except ImportError:
        raise NoServerError(f"the HTTP server is not installed; {cure('aap')}") from None

    ended, requests = stopping or asyncio.Event(), Requests(agent)

    class Server(uvicorn.Server):
        """Leaves the signals to us, and says when it listens."""

        @contextlib.contextmanager
        def capture_signals(self) -> Iterator[None]:
            yield

        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            await super().startup(sockets)
            ready(url(sock))

        async def on_tick(self, counter: int) -> bool:
            if ended.is_set():
                requests.release()
            return ended.is_set() or await super().on_tick(counter)

    async with agent:
        local = ipaddress.ip_address(sock.getsockname()[0]).is_loopback
        config = uvicorn.Config(
            Application(requests, token=token, hosts=LOCAL if local else frozenset()),
            lifespan="off",
            http="h11",
            ws="none",
            loop="none",
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,
            limit_concurrency=CONNECTIONS,
            h11_max_incomplete_event_size=HEAD_BYTES,
            timeout_graceful_shutdown=2,
        )
        logging.getLogger("uvicorn").setLevel(logging.WARNING)
        tending = asyncio.create_task(requests.tend(), name="aap tend")
        try:
            with _signals(ended):
                await Server(config).serve(sockets=[sock])
        finally:
            tending.cancel()
            await requests.close()


@contextlib.contextmanager
def _signals(ended: asyncio.Event) -> Iterator[None]:
    """Let the usual signals end it in order."""
    loop, ours = asyncio.get_running_loop(), list[signal.Signals]()
    for one in (signal.SIGINT, signal.SIGTERM):
        with contextlib.suppress(NotImplementedError, ValueError, RuntimeError):
            loop.add_signal_handler(one, ended.set)
            ours.append(one)
    try:
        yield
    finally:
        for one in ours:
            loop.remove_signal_handler(one)


def url(sock: socket.socket) -> str:
    """The base URL of a listening socket."""
    host, port = sock.getsockname()[:2]
    return f"http://{f'[{host}]' if ':' in host else host}:{port}"
