"""What callers do one after the other, each to its end, whatever becomes of the caller."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import suppress
from typing import Any


class UnderWay:
    """Something that was begun and goes on to its end. `end` waits for it."""

    def __init__(self, act: Coroutine[Any, Any, None]) -> None:
        self._ended: asyncio.Future[BaseException | None] = asyncio.get_running_loop().create_future()
        self._task = asyncio.ensure_future(self._to_its_end(act))

    async def _to_its_end(self, act: Coroutine[Any, Any, None]) -> None:
        error = None
        try:
            await act
        except BaseException as failure:  # noqa: BLE001 - raised by whoever waits
            error = failure
        # Told by the act itself, for `asyncio.wait` hears of a task's end a turn of the loop later: approvals wait for this.
        if not self._ended.done():
            self._ended.set_result(error)

    async def end(self) -> None:
        """Wait for its end and raise what it raised. If the caller is cancelled meanwhile, raise that at its end."""
        try:
            error = await self._ended
        except asyncio.CancelledError:
            while not self._task.done():
                with suppress(asyncio.CancelledError):
                    await asyncio.wait([self._task])
            raise
        if error is not None:
            raise error


class Turns:
    """Lets acts take turns, in the order in which they were begun."""

    def __init__(self) -> None:
        self._lock = asyncio.Lock()

    def begin(self, act: Callable[[], Coroutine[Any, Any, None]]) -> UnderWay:
        """Do it as soon as it is its turn, which needs nobody to wait for it."""
        return UnderWay(self._in_turn(act))

    async def _in_turn(self, act: Callable[[], Coroutine[Any, Any, None]]) -> None:
        async with self._lock:
            await act()
