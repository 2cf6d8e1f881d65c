"""An HTTP server of this machine: one application on one socket, until a signal or its owner ends it."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import signal
import socket
from collections.abc import Callable, Iterator
from typing import Any, Final

from bus.extras import cure

GOODBYE: Final = 2
"""Seconds that requests under way have, once it ends."""


class NoServerError(Exception):
    """The HTTP server is not installed."""


async def serve(
    application: Any,
    sock: socket.socket,
    *,
    extra: str,
    connections: int,
    head_bytes: int,
    ended: asyncio.Event,
    ready: Callable[[], None] = lambda: None,
    ending: Callable[[], None] = lambda: None,
) -> signal.Signals | None:
    """Serve an ASGI `application` until SIGINT, SIGTERM or `ended`; both signals set it.

    `connections` are served at one time, whoever comes then is told 503; a request's head has `head_bytes` at most.
    `ready` is told when it answers, `ending` before it waits for requests under way.
    Returns the signal that ended it, if any.

    Raises:
        NoServerError: uvicorn is not installed; `extra` is the extra of ours that brings it.
    """
    try:
        import uvicorn
    except ImportError:
        raise NoServerError(f"the HTTP server is not installed; {cure(extra)}") from None

    class Server(uvicorn.Server):
        """Leaves the signals to us, and says when it listens."""

        @contextlib.contextmanager
        def capture_signals(self) -> Iterator[None]:
            yield

        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            await super().startup(sockets)
            ready()

        async def on_tick(self, counter: int) -> bool:
            if ended.is_set():
                ending()
            return ended.is_set() or await super().on_tick(counter)

    config = uvicorn.Config(
        application,
        lifespan="off",
        http="h11",
        ws="none",
        loop="none",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        limit_concurrency=connections,
        h11_max_incomplete_event_size=head_bytes,
        timeout_graceful_shutdown=GOODBYE,
    )
    logging.getLogger("uvicorn").setLevel(logging.WARNING)
    with _signals(ended) as caught:
        await Server(config).serve(sockets=[sock])
    return caught[0] if caught else None


@contextlib.contextmanager
def _signals(ended: asyncio.Event) -> Iterator[list[signal.Signals]]:
    """Let the usual signals end it in order; yields those that came."""
    caught: list[signal.Signals] = []

    def end(one: signal.Signals) -> None:
        caught.append(one)
        ended.set()

    loop, ours = asyncio.get_running_loop(), list[signal.Signals]()
    for one in (signal.SIGINT, signal.SIGTERM):
        with contextlib.suppress(NotImplementedError, ValueError, RuntimeError):
            loop.add_signal_handler(one, end, one)
            ours.append(one)
    try:
        yield caught
    finally:
        for one in ours:
            loop.remove_signal_handler(one)
