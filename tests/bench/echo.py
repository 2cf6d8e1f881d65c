"""The near end of the echo process: a bare round trip through the broker."""

from __future__ import annotations

import asyncio
import time

from bus.url import BrokerUrl
from tests.bench.bare import PING, PONG
from tests.bench.wire import Wire


class Echo:
    """Sends a message to the echo process and waits for it to come back."""

    def __init__(self) -> None:
        self._wire: Wire | None = None
        self._back: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    @staticmethod
    async def connect(url: BrokerUrl) -> Echo:
        echo = Echo()
        echo._wire = await Wire.connect(url, "bench-ping", [PONG], lambda *_: echo._back.set_result(None))
        return echo

    async def ping(self) -> float:
        """Return how long it took, in seconds."""
        assert self._wire is not None
        await asyncio.sleep(0.005)
        self._back = asyncio.get_running_loop().create_future()
        began = time.perf_counter()
        self._wire.publish(PING, b"x" * 400)
        async with asyncio.timeout(10.0):
            await self._back
        return time.perf_counter() - began

    def close(self) -> None:
        if self._wire is not None:
            self._wire.close()
