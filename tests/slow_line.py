"""A line that is far away and thin: a proxy on loopback that delays what passes and lets so many bits a second through."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack, suppress
from typing import Final, Self

PIECE: Final = 256
"""Bytes that pass at once."""


class SlowLine:
    """Between a free port of loopback and `port`: `delay` seconds and `rate` bits a second, each way. An async context.

    `passed` counts the bytes that came back. `cut` hangs up whoever is connected.
    """

    def __init__(self, port: int, *, delay: float, rate: int) -> None:
        self.port = 0
        self.passed = 0
        self._to, self._delay, self._rate = port, delay, rate
        self._stack = AsyncExitStack()
        self._lines: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        server = await asyncio.start_server(self._meet, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        self._stack.callback(server.close)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.cut()
        await self._stack.aclose()

    async def cut(self) -> None:
        """Take the line away from both ends."""
        for line in list(self._lines):
            line.cancel()
        if self._lines:
            await asyncio.wait(set(self._lines))

    async def _meet(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._lines.add(task)
        theirs: asyncio.StreamWriter | None = None
        try:
            back, theirs = await asyncio.open_connection("127.0.0.1", self._to)
            async with asyncio.TaskGroup() as both:
                both.create_task(self._carry(reader, theirs, back=False))
                both.create_task(self._carry(back, writer, back=True))
        except* (OSError, _EndedError):
            pass
        except* asyncio.CancelledError:
            pass
        finally:
            self._lines.discard(task)
            for end in (writer, theirs):
                if end is not None:
                    end.transport.abort()

    async def _carry(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter, *, back: bool) -> None:
        """Carry one way: every piece waits for the ones before it, and arrives `delay` after it went out."""
        loop = asyncio.get_running_loop()
        on_the_way: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue()

        async def deliver() -> None:
            while True:
                due, piece = await on_the_way.get()
                await asyncio.sleep(max(0.0, due - loop.time()))
                sink.write(piece)
                with suppress(OSError):
                    await sink.drain()
                if back:
                    self.passed += len(piece)

        delivering = asyncio.create_task(deliver())
        try:
            while piece := await source.read(PIECE):
                await asyncio.sleep(len(piece) * 8 / self._rate)
                on_the_way.put_nowait((loop.time() + self._delay, piece))
            raise _EndedError
        finally:
            delivering.cancel()


class _EndedError(Exception):
    """One side has hung up."""
