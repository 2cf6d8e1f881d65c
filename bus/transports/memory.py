"""The transport inside one process: a small broker whose links are cut and healed by hand.

For tests, demos without a broker, and embedding. Deterministic: everything is delivered in the call that sends it,
in order, and nothing waits for a clock.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Self

from bus.transports.filters import check_publish, covers
from bus.transports.transport import Item, LinkDown, LinkUp, Message, Will, WillFor
from bus.transports.waiting import WaitingTransport


class MemoryBus:
    """Carries messages between the `MemoryTransport`s made on it, keeps retained ones and publishes wills.

    `loses`, if set, is asked about every delivery with the client id and the message; True drops it, as a broker with
    a full queue does: the sender is told that it was taken all the same.
    """

    def __init__(self) -> None:
        self.loses: Callable[[str, Message], bool] | None = None
        self.retained: dict[str, bytes] = {}
        self._links: list[MemoryTransport] = []
        self._entered: list[MemoryTransport] = []
        self._cut: dict[str, str] = {}
        self._connections = 0

    def cut(self, client_id: str, reason: str = "cut") -> None:
        """End the links of `client_id` and prevent new ones until `heal`. Their wills are published."""
        self._cut[client_id] = reason
        for link in [link for link in self._links if link.client_id == client_id]:
            self._links.remove(link)
            link.go_down(reason)
            if link.last_will is not None:
                self.publish(link.last_will.topic, link.last_will.payload, retain=link.last_will.retain)

    def heal(self, client_id: str) -> None:
        """Let `client_id` link again; those that were cut reconnect now. Healing what is whole changes nothing."""
        if self._cut.pop(client_id, None) is not None:
            for link in [link for link in self._entered if link.client_id == client_id]:
                self._connect(link)

    def publish(self, topic: str, payload: bytes, *, retain: bool = False) -> None:
        """Deliver to everybody linked whose subscriptions cover the topic, once each.

        Raises:
            ValueError: as in `bus.transports.filters.check_publish`.
        """
        check_publish(topic, payload)
        if retain and payload:
            self.retained[topic] = payload
        elif retain:
            self.retained.pop(topic, None)
        for link in list(self._links):
            self._offer(link, Message(topic, payload))

    def _enter(self, link: MemoryTransport) -> None:
        self._entered.append(link)
        reason = self._cut.get(link.client_id)
        if reason is None:
            self._connect(link)
        else:
            link.go_down(reason)

    def _leave(self, link: MemoryTransport) -> None:
        self._entered.remove(link)
        if link in self._links:
            self._links.remove(link)

    def _connect(self, link: MemoryTransport) -> None:
        self._connections += 1
        link.come_up(f"connection-{self._connections}")
        self._links.append(link)
        for topic, payload in self.retained.items():
            self._offer(link, Message(topic, payload, retained=True))

    def _offer(self, link: MemoryTransport, message: Message) -> None:
        if any(covers(pattern, message.topic) for pattern in link.subscriptions) and not (
            self.loses is not None and self.loses(link.client_id, message)
        ):
            link.receive(message)


class MemoryTransport(WaitingTransport):
    """A `Transport` over a `MemoryBus`. Several may share a client id; they are cut and healed together."""

    def __init__(
        self, bus: MemoryBus, client_id: str, subscriptions: Sequence[str], will: WillFor | None = None
    ) -> None:
        super().__init__()
        self.client_id = client_id
        self.subscriptions = tuple(subscriptions)
        self.last_will: Will | None = None
        self._bus = bus
        self._will = will
        self._entered = False
        self._closed = False
        self._linked = False

    async def __aenter__(self) -> Self:
        self._entered = True
        self._bus._enter(self)  # noqa: SLF001 - the two halves of one thing
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bus._leave(self)  # noqa: SLF001
        self._linked = False
        self._closed = True
        self._inbox.wake()
        await asyncio.sleep(0)

    def _over(self) -> bool:
        if not self._entered:
            raise RuntimeError("enter the transport before reading from it")
        return self._closed

    def send(
        self,
        topic: str,
        payload: bytes,
        *,
        retain: bool = False,
        taken: Callable[[bool], None] | None = None,
    ) -> None:
        """Publish without waiting; see `Transport.send`."""
        check_publish(topic, payload)
        if self._linked:
            self._bus.publish(topic, payload, retain=retain)
        if taken is not None:
            asyncio.get_running_loop().call_soon(taken, self._linked)

    def flush(self) -> None:
        """See `Transport.flush`: here everything was sent at once."""

    def _why_down(self) -> str:
        return "the link is down"

    def come_up(self, connection: str) -> None:
        """Called by the bus: a new connection, with the will that belongs to it."""
        self.last_will = self._will(connection) if self._will else None
        self._linked = True
        self.receive(LinkUp(connection))

    def go_down(self, reason: str) -> None:
        """Called by the bus: the link is cut."""
        self._linked = False
        self.receive(LinkDown(reason))

    def receive(self, item: Item) -> None:
        """Called by the bus: something arrived."""
        self._inbox.put(item)
