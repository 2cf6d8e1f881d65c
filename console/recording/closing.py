"""What every open file of a recording has in common: it is a context, and closed at its end."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Coroutine
from types import TracebackType
from typing import Any, Final, Self, TypeVar

T = TypeVar("T")

_GOING_ON: Final[set[asyncio.Future[Any]]] = set()
"""What nobody waits for any more; the event loop itself would not keep it."""


def start(work: Coroutine[Any, Any, T] | asyncio.Future[T]) -> asyncio.Future[T]:
    """Have something done that goes on to its end, whoever waits for it."""
    going = asyncio.ensure_future(work)
    _GOING_ON.add(going)
    going.add_done_callback(_ended)
    return going


async def uncut(work: Coroutine[Any, Any, T] | asyncio.Future[T]) -> T:
    """Await something that goes on to its end although whoever waits for it is cancelled."""
    return await asyncio.shield(start(work))


def _ended(going: asyncio.Future[Any]) -> None:
    _GOING_ON.discard(going)
    if not going.cancelled():
        going.exception()  # looked at: nobody may be there to take it


class Closing(ABC):
    """Something that is open from the moment it is made."""

    @abstractmethod
    async def close(self) -> None:
        """Let go of the file. Closing twice is harmless."""

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()
