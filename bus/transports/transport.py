"""What the rest of Watchfloor needs from a message bus: an interface with two implementations.

`bus.transports.mqtt` talks to a broker, `bus.transports.memory` connects parties inside one process. Everything is
at-least-once and in order per sender and topic (MQTT QoS 1); duplicates, losses across reconnects and restarts are the
contract's business.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Protocol, Self

from msgspec import Struct


class NotConnectedError(ConnectionError):
    """The link was down, or went down before the broker took the message. Nothing is known to have been delivered."""


class Message(Struct, frozen=True, gc=False):
    """One delivered message. `retained` is true when the broker kept it from before we subscribed."""

    topic: str
    payload: bytes
    retained: bool = False


@dataclass(frozen=True, slots=True)
class LinkUp:
    """The link is up and subscribed. `connection` is a fresh id, one per CONNECT: it is in the will of this link."""

    connection: str


@dataclass(frozen=True, slots=True)
class LinkDown:
    """The link went down, or could not be made. `reason` is for people."""

    reason: str


@dataclass(frozen=True, slots=True)
class Will:
    """What the broker publishes, at QoS 1, when this link dies without saying goodbye."""

    topic: str
    payload: bytes
    retain: bool = True


Item = Message | LinkUp | LinkDown
WillFor = Callable[[str], Will]
"""Makes the will of a connection from its id."""


class Transport(Protocol):
    """A self-healing link. Used from one event loop.

    Entering starts connecting in the background; it does not wait for the link. The link reconnects with jittered
    back-off for as long as the context is open, resubscribes, and reports every change in the stream of items.
    """

    async def __aenter__(self) -> Self: ...

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...

    def batches(self) -> AsyncIterator[Sequence[Item]]:
        """Yield what arrived since the last batch, in order; never an empty batch. Ends when the context closes."""

    def at_once(self, take: Callable[[Sequence[Item]], object]) -> None:
        """From now on a few items that come while the consumer waits for a batch may be given to `take` instead.

        That is in the turn of the loop in which they come, for whoever waits for what comes of them. What `take` raises is
        raised by `batches`.
        """

    def send(
        self,
        topic: str,
        payload: bytes,
        *,
        retain: bool = False,
        taken: Callable[[bool], None] | None = None,
    ) -> None:
        """Publish at QoS 1, in the order of the calls, without waiting.

        `taken` is called once on the event loop: True when the broker acknowledged, False when the link was or went
        down first. Calling `send` while the link is down is allowed and calls `taken(False)` soon.
        """

    def flush(self) -> None:
        """Send now what would leave in the next turn of the loop, together with what else this turn sends."""

    async def publish(self, topic: str, payload: bytes, *, retain: bool = False) -> None:
        """Publish at QoS 1 and return when the broker has taken it.

        Raises:
            NotConnectedError: the link was or went down first.
        """
