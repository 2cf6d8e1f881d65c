"""What came in over a link and waits for its one consumer."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence

from bus.transports.transport import Item


class Inbox:
    """Items in the order in which they came, handed over by the batch.

    `over` says whether nothing more will come; it may raise what went wrong. Whoever makes it true calls `wake`.
    """

    def __init__(self, over: Callable[[], bool]) -> None:
        self._over = over
        self._items: list[Item] = []
        self._arrived = asyncio.Event()

    def put(self, *items: Item) -> None:
        """Take what came in."""
        self._items += items
        self._arrived.set()

    def wake(self) -> None:
        """Have the consumer look whether it is over."""
        self._arrived.set()

    async def batches(self) -> AsyncIterator[Sequence[Item]]:
        """Yield what arrived since the last batch, until it is over and all was taken."""
        while True:
            if self._items:
                batch, self._items = self._items, []
                yield batch
            elif self._over():
                return
            else:
                self._arrived.clear()
                await self._arrived.wait()
