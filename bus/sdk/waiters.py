"""Whoever waits, in any thread, until it makes sense to ask the core again."""

from __future__ import annotations

from collections.abc import Iterable
from concurrent.futures import Future

from bus.sdk.roster import Notice


class Waiters:
    """Who waits for which action or checkpoint. Not thread-safe: it is used under a lock, and `wake` without it."""

    def __init__(self) -> None:
        self._waiting: dict[tuple[str, str], Future[None]] = {}

    def join(self, run: str, token: str) -> Future[None]:
        """Return what is done when this is ready; all who wait for the same share it."""
        return self._waiting.setdefault((run, token), Future())

    def called(self, notices: Iterable[Notice]) -> list[Future[None]]:
        """Let go, and return, whoever waits for what is `ready` by these notices."""
        keys = [(notice.run, notice.token) for notice in notices if notice.kind == "ready"]
        return [self._waiting.pop(key) for key in dict.fromkeys(keys) if key in self._waiting]

    def all(self) -> list[Future[None]]:
        """Let go, and return, all of them."""
        waiting, self._waiting = list(self._waiting.values()), {}
        return waiting


def wake(waiting: Iterable[Future[None]]) -> None:
    """Wake them, but for those that were cancelled."""
    for waiter in waiting:
        if waiter.set_running_or_notify_cancel():
            waiter.set_result(None)
