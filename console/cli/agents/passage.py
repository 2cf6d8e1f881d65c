"""Passes a contained program's output on without ever waiting for whoever reads it: a thread and a queue a stream."""

from __future__ import annotations

import os
import queue
import threading
from typing import Final

from console.core.text import visible

PIECES: Final = 16
"""Pieces that wait for a slow reader; beyond that the program waits, as it would without us."""

_OUT: Final = {"stdout": 1, "stderr": 2}


class Passage:
    """Where output goes: as it is to files and pipes, made harmless for a terminal."""

    def __init__(self) -> None:
        self._queues: dict[str, queue.Queue[bytes]] = {}
        self._threads: list[threading.Thread] = []

    def take(self, stream: str, data: bytes) -> bool:
        """Take a piece of `stdout` or `stderr`; never waits. Return whether there is room for another one."""
        waiting = self._queues.get(stream)
        if waiting is None:
            waiting = self._queues[stream] = queue.Queue()
            thread = threading.Thread(target=_write, args=(_OUT[stream], waiting), daemon=True)
            thread.start()
            self._threads.append(thread)
        if data:
            waiting.put(data)
        return waiting.qsize() < PIECES

    def close(self) -> None:
        """Wait until everything is written, or nobody reads it any more."""
        for waiting in self._queues.values():
            waiting.put(b"")
        for thread in self._threads:
            thread.join()


def _write(descriptor: int, waiting: queue.Queue[bytes]) -> None:
    harmless = os.isatty(descriptor)
    read = True
    while data := waiting.get():
        if harmless:
            lines = data.decode("utf-8", "replace").split("\n")
            data = "\n".join(visible(line) for line in lines).encode()
        while data and read:
            try:
                data = data[os.write(descriptor, data) :]
            except OSError:
                read = False  # who went away ends nothing: the program is not his
