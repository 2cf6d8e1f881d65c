"""What came in over a link and waits for its one consumer."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Final

from bus.transports.transport import Item

SHORT: Final = 4
"""Items that may be taken at once. More are a load, and that is worked off in turns."""


class Inbox:
    """Items in the order in which they came, handed over by the batch.

    `over` says whether nothing more will come; it may raise what went wrong. Whoever makes it true calls `wake`.
    """

    def __init__(self, over: Callable[[], bool]) -> None:
        self._over = over
        self._items: list[Item] = []
        self._arrived = asyncio.Event()
        self._idle = False  # the consumer waits for something to come
        self._take: Callable[[Sequence[Item]], object] | None = None
        self._fault: Exception | None = None

    def at_once(self, take: Callable[[Sequence[Item]], object]) -> None:
        """From now on `hand_over` may give a short batch to `take`, while the consumer waits for one."""
        self._take = take

    def put(self, *items: Item) -> None:
        """Take what came in."""
        self._items += items
        self._arrived.set()

    def keep(self, item: Item) -> None:
        """Take what came in, and `hand_over` when all that came with it is there."""
        self._items.append(item)

    def hand_over(self) -> None:
        """Let the consumer have what was kept: at once if it is little and nothing is before it, or as a batch."""
        if not self._items:
            return
        if self._take is None or not self._idle or self._arrived.is_set() or len(self._items) > SHORT:
            self._arrived.set()
            return
        batch, self._items = self._items, []
        self._idle = False  # what comes in meanwhile comes after
        try:
            self._take(batch)
        except Exception as error:  # noqa: BLE001 - the consumer's, and raised where it waits
            self._fault = error
            self._arrived.set()
        finally:
            self._idle = True

    def wake(self) -> None:
        """Have the consumer look whether it is over."""
        self._arrived.set()

    async def batches(self) -> AsyncIterator[Sequence[Item]]:
        """Yield what arrived since the last batch, until it is over and all was taken.

        Raises:
            Exception: what `take` raised, see `at_once`.
        """
        while True:
            if self._fault is not None:
                raise self._fault
            if self._items:
                batch, self._items = self._items, []
                yield batch
            elif self._over():
                return
            else:
                self._arrived.clear()
                self._idle = True
                try:
                    await self._arrived.wait()
                finally:
                    self._idle = False
