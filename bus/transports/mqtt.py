"""The transport over a broker: keeps one MQTT 3.1.1 link alive and reports what happens to it in the stream of items."""

from __future__ import annotations

import asyncio
import math
import random
import secrets
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Final, Self

from bus.limits import KEEPALIVE
from bus.transports.filters import check_publish
from bus.transports.mqtt_link import LinkFailedError, MqttLink
from bus.transports.transport import Item, LinkDown, LinkUp, Message, WillFor
from bus.transports.waiting import WaitingTransport
from bus.url import BrokerUrl

RETRY_FIRST: Final = 0.1
"""Seconds before the first new attempt; doubled after each."""

RETRY_MOST: Final = 5.0
"""Longest pause between attempts, in seconds."""

STEADY_AFTER: Final = 5.0
"""Seconds a link must have held for the next pause to be short again."""


def jittered(pause: float) -> float:
    """Return a random part of `pause`, at least half, so that a site's clients do not return all at once."""
    return pause * random.uniform(0.5, 1.0)  # noqa: S311 - no secret


class MqttTransport(WaitingTransport):
    """`bus.transports.transport.Transport` over a broker: clean sessions, QoS 1, a new client id and will for every CONNECT.

    Brokers close the older of two connections with one client id, and some then publish the will of the newer one; a
    suffix of the connection id keeps ours apart. NATS refuses a dot in a client id; what has one is sent with a `-` there.
    A dead link is noticed within two keep-alives.
    """

    def __init__(
        self,
        url: BrokerUrl,
        *,
        client_id: str,
        subscriptions: Sequence[str],
        will: WillFor | None = None,
        keepalive: int = KEEPALIVE,
        jitter: Callable[[float], float] = jittered,
    ) -> None:
        """Prepare; nothing is connected before entering. `keepalive` is in seconds.

        Raises:
            ValueError: `client_id` is empty or holds one of `/ + # $`, with which some brokers refuse it.
            BadBrokerUrlError: a TLS file of `url` cannot be used.
        """
        if not client_id or set(client_id) & set("/+#$"):
            raise ValueError(f"client id {client_id!r} is empty or holds one of / + # $")
        super().__init__()
        self._url = url
        self._tls = url.tls_context()
        self._client_id = client_id
        self._subscriptions = tuple(subscriptions)
        self._will = will
        self._keepalive = keepalive
        self._jitter = jitter
        self._link: MqttLink | None = None
        self._task: asyncio.Task[None] | None = None
        self._early: list[Item] = []
        self._down_for = ""
        self._up_since = math.inf
        self._closing = False

    async def __aenter__(self) -> Self:
        self._task = asyncio.create_task(self._stay_linked(), name=f"mqtt {self._client_id}")
        self._task.add_done_callback(lambda _: self._inbox.wake())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._closing = True
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait({self._task})
            # What the goodbye settled is told before we return.
            await asyncio.sleep(0)

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
        if self._link is not None:
            self._link.publish(topic, payload, retain=retain, taken=taken)
        elif taken is not None:
            asyncio.get_running_loop().call_soon(taken, False)

    def flush(self) -> None:
        """Send now; see `Transport.flush`."""
        if self._link is not None:
            self._link.flush()

    def _why_down(self) -> str:
        return self._down_for or "the link went down before the broker took the message"

    def _over(self) -> bool:
        if self._task is None:
            raise RuntimeError("enter the transport before reading from it")
        if not self._task.done():
            return False
        if not self._task.cancelled():
            self._task.result()  # ended without being asked to: raises what went wrong
        return True

    async def _stay_linked(self) -> None:
        loop = asyncio.get_running_loop()
        pause = RETRY_FIRST
        while True:
            self._up_since = math.inf
            reason = await self._link_once()
            if self._closing:
                return  # Python 3.11's wait_for, inside aiomqtt, can swallow the cancellation
            self._report_down(reason)
            if loop.time() - self._up_since > STEADY_AFTER:
                pause = RETRY_FIRST
            await asyncio.sleep(self._jitter(pause))
            pause = min(2 * pause, RETRY_MOST)

    async def _link_once(self) -> str:
        """Make a link, live with it until it ends, and say why it ended."""
        connection = secrets.token_hex(8)
        self._early = []
        link = MqttLink(
            self._url,
            self._tls,
            client_id=f"{self._client_id.replace('.', '-')}-{connection[:8]}",
            will=self._will(connection) if self._will else None,
            keepalive=self._keepalive,
            deliver=self._receive,
            delivered=self._inbox.hand_over,
        )
        try:
            await link.open(self._subscriptions)
            self._report_up(link, connection)
            return await link.lost()
        except LinkFailedError as error:
            return str(error)
        finally:
            self._link = None
            await link.close()

    def _receive(self, message: Message) -> None:
        if self._link is None:
            # Retained messages may overtake the SUBACK; nothing may overtake LinkUp.
            self._early.append(message)
        else:
            self._inbox.keep(message)

    def _report_up(self, link: MqttLink, connection: str) -> None:
        self._link = link
        self._up_since = asyncio.get_running_loop().time()
        self._down_for = ""
        self._inbox.put(LinkUp(connection), *self._early)
        self._early = []

    def _report_down(self, reason: str) -> None:
        if reason == self._down_for:
            return  # attempt after attempt fails in the same way: one item says it
        self._down_for = reason
        self._inbox.put(LinkDown(reason))
