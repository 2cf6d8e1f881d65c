"""What a transport does whatever its link is: it hands over what came in, and waits for what it sent."""

from __future__ import annotations

import asyncio
from abc import abstractmethod
from collections.abc import AsyncIterator, Callable, Sequence

from bus.transports.inbox import Inbox
from bus.transports.transport import Item, NotConnectedError, Transport


class WaitingTransport(Transport):
    """The half of a transport that waits; what enters, ends and sends at once is its subclass's."""

    def __init__(self) -> None:
        self._inbox = Inbox(self._over)

    def batches(self) -> AsyncIterator[Sequence[Item]]:
        """Yield what arrived since the last batch; see `Transport.batches`. For one consumer.

        Raises:
            RuntimeError: the transport was not entered.
        """
        return self._inbox.batches()

    def at_once(self, take: Callable[[Sequence[Item]], object]) -> None:
        """Give short batches to `take`; see `Transport.at_once`."""
        self._inbox.at_once(take)

    async def publish(self, topic: str, payload: bytes, *, retain: bool = False) -> None:
        """Publish and wait until it is taken; see `Transport.publish`.

        Raises:
            NotConnectedError: the link was or went down first.
            ValueError: as in `send`.
        """
        answer: asyncio.Future[bool] = asyncio.get_running_loop().create_future()

        def told(done: bool) -> None:  # noqa: FBT001 - the interface's signature
            if not answer.done():  # else whoever waited has been cancelled
                answer.set_result(done)

        self.send(topic, payload, retain=retain, taken=told)
        if not await answer:
            raise NotConnectedError(self._why_down())

    @abstractmethod
    def _over(self) -> bool:
        """Whether nothing more will come in; raises RuntimeError before the transport was entered."""

    @abstractmethod
    def _why_down(self) -> str:
        """Why the link does not take anything, for people."""
