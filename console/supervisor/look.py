"""A look around before a supervisor starts: is the broker there, does another instance serve the site, in which era."""

from __future__ import annotations

import asyncio
import logging
import time
from typing import Final

from bus import codec
from bus.limits import LEASE_TTL
from bus.messages import SupervisorState
from bus.mqtt import MqttTransport
from bus.signing import PublicKey
from bus.topics import Topics
from bus.transport import LinkDown, LinkUp, Message
from bus.url import BrokerUrl

RETAINED_WITHIN: Final = 1.0
"""Seconds within which a broker delivers a retained message after the subscription."""

LOGGER: Final = logging.getLogger(__name__)


class UnusableError(Exception):
    """Why this supervisor must not start; one line for people."""


class Look:
    """Watches `supervisor/state` for as long as another instance may yet renew its lease.

    Only what our own `key` signed can keep us from starting: everything else may be said by anybody who reaches the
    broker, and a site must not end by that. Where such a stranger goes on, we start, meet it, and close approvals. The
    same holds for what our key signed in an era that our recording has outlived: it may be played back. `era` is the
    highest that a supervisor with our key was seen in.
    """

    def __init__(self, topics: Topics, key: PublicKey, known: int) -> None:
        """`known` is the highest era that an instance with our recording can have had."""
        self.era = 0
        self._known = known
        self._topics = topics
        self._key = key
        self._warned = False
        self._until: float | None = None

    async def around(self, url: BrokerUrl) -> None:
        """Wait for the broker, and make sure that no other supervisor serves the site.

        Raises:
            UnusableError: another instance with our key renews the lease.
        """
        watch = MqttTransport(
            url, client_id=f"watchfloor-{self._topics.site}-look", subscriptions=[self._topics.state]
        )
        async with watch:
            batches = aiter(watch.batches())
            while self._until is None or time.monotonic() < self._until:
                left = None if self._until is None else self._until - time.monotonic()
                try:
                    async with asyncio.timeout(left):
                        batch = await anext(batches)
                except TimeoutError:
                    return
                for item in batch:
                    if isinstance(item, LinkUp):
                        self._until = time.monotonic() + RETAINED_WITHIN
                    elif isinstance(item, LinkDown):
                        LOGGER.warning("waiting for the broker: %s", item.reason)
                    else:
                        self.at(item, time.monotonic())

    def at(self, item: Message, now: float) -> None:
        """Look at one state.

        Raises:
            UnusableError: another instance with our key renews the lease.
        """
        try:
            state = codec.decode(item.payload, SupervisorState)
        except codec.DecodeError:
            return
        if not self._key.verifies(item.payload):
            if state.status == "up" and not self._warned:
                self._warned = True
                LOGGER.warning(
                    "somebody without this site's key poses as its supervisor on this broker (instance %s); starting all "
                    "the same, and approvals will be closed while that goes on",
                    state.instance,
                )
            return
        self.era = max(self.era, state.era)
        if state.status != "up" or state.era <= self._known:
            return
        if not item.retained:
            msg = f"another supervisor (instance {state.instance}) serves this site on this broker; stop it first"
            raise UnusableError(msg)
        self._until = now + LEASE_TTL
