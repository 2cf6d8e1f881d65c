"""Who waits for what the core will say, in whichever thread, and what it said that nobody waits for."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from concurrent.futures import Future
from contextlib import suppress

from bus.sdk.roster import Notice


class Waiting:
    """Waiters by run and token. Not thread-safe: to be used under the shell's lock."""

    def __init__(self) -> None:
        self._waiters: dict[tuple[str, str], Future[None]] = {}
        self._words: list[str] = []

    def of(self, run: str, token: str) -> Future[None]:
        """What is done when asking the core again makes sense."""
        return self._waiters.setdefault((run, token), Future())

    def called(self, notices: Iterable[Notice]) -> list[Future[None]]:
        """Let go of whoever waited for what is ready by these notices; the words of others are kept."""
        waiters: list[Future[None]] = []
        for notice in notices:
            if notice.kind != "ready":
                self._words += [notice.words] if notice.words else []
            elif (waiter := self._waiters.pop((notice.run, notice.token), None)) is not None:
                waiters.append(waiter)
        return waiters

    def all(self) -> list[Future[None]]:
        """Let go of everybody: nothing will be said any more."""
        waiters, self._waiters = list(self._waiters.values()), {}
        return waiters

    def take_words(self) -> list[str]:
        """What people should know since the last call, in order."""
        words, self._words = self._words, []
        return words


async def told(waiter: Future[None]) -> None:
    """Wait for it on the loop that runs. Shorter than asyncio's way, on both threads: somebody waits for what follows."""
    loop = asyncio.get_running_loop()
    here: asyncio.Future[None] = loop.create_future()

    def tell(_: Future[None]) -> None:
        with suppress(RuntimeError):  # the loop is closed: nobody waits there any more
            loop.call_soon_threadsafe(_settle, here)

    waiter.add_done_callback(tell)
    await here


def _settle(here: asyncio.Future[None]) -> None:
    if not here.done():  # else whoever waited was cancelled
        here.set_result(None)


def release(waiters: Sequence[Future[None]]) -> None:
    """Wake them up. Without the lock: what they do next may need it."""
    for waiter in waiters:
        if waiter.set_running_or_notify_cancel():
            waiter.set_result(None)
