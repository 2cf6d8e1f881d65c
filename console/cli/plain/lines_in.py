"""Lines that are typed or piped in, without a cursor, an editor, or a lock that an end of the process would wait for."""

from __future__ import annotations

import asyncio
import os
import threading
import time
from collections.abc import Iterator
from typing import Final

LINE_BYTES: Final = 65_536
"""Longest line. What is longer is not taken at all: half a line could mean something else."""

CHUNK: Final = 65_536


class Lines:
    """Bytes to lines. Feed it what comes; a line without an end counts once nothing more comes."""

    def __init__(self) -> None:
        self._rest = b""
        self._dropping = False

    def feed(self, part: bytes) -> Iterator[str | None]:
        """Yield each line that is complete, without its end; None for one that was too long."""
        *whole, self._rest = (self._rest + part).split(b"\n")
        for line in whole:
            yield self._taken(line)
        if len(self._rest) > LINE_BYTES:
            self._rest, self._dropping = b"", True

    def end(self) -> Iterator[str | None]:
        """Yield what stands after the last line end."""
        if self._rest or self._dropping:
            yield self._taken(self._rest)
            self._rest = b""

    def _taken(self, line: bytes) -> str | None:
        dropped, self._dropping = self._dropping or len(line) > LINE_BYTES, False
        return None if dropped else line.decode("utf-8", "replace").removesuffix("\r")


class Typed:
    """The lines of a file descriptor as they come, read by a thread of its own: files, pipes and terminals alike."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._queue: asyncio.Queue[tuple[float, str | EOFError | None]] = asyncio.Queue()
        self.ended_at = 0.0
        """When the line that came last was ended, by the monotonic clock: what was typed before something stood there."""

    def start(self) -> None:
        """Begin to read."""
        loop = asyncio.get_running_loop()
        # A daemon: nobody can take a thread back from a read, and the end of the process must not wait for a key.
        threading.Thread(target=self._read, args=(loop,), name="typed lines", daemon=True).start()

    async def next(self) -> str | None:
        """The next line; None for one that was too long.

        Raises:
            EOFError: there are no more.
        """
        self.ended_at, line = await self._queue.get()
        if isinstance(line, EOFError):
            self._queue.put_nowait((self.ended_at, line))
            raise line
        return line

    def _read(self, loop: asyncio.AbstractEventLoop) -> None:
        lines = Lines()
        while True:
            try:
                part = os.read(self._descriptor, CHUNK)
            except OSError:  # the terminal is gone
                part = b""
            found: list[str | EOFError | None] = [*(lines.feed(part) if part else lines.end())]
            ended = time.monotonic()
            if not part:
                found.append(EOFError("no more lines"))
            try:
                for line in found:
                    loop.call_soon_threadsafe(self._queue.put_nowait, (ended, line))
            except RuntimeError:  # the loop has ended, and with it who would read
                return
            if not part:
                return
