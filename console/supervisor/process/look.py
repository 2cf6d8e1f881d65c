"""A look around before a supervisor starts: is the broker there, does another instance serve the site, in which era."""

from __future__ import annotations

import asyncio
import logging
import time
from typing import Final

from bus import codec
from bus.limits import LEASE_TTL
from bus.messages import SupervisorState
from bus.signing import PublicKey
from bus.topics import Topics
from bus.transports.mqtt import MqttTransport
from bus.transports.transport import LinkDown, LinkUp, Message
from bus.url import BrokerUrl

RETAINED_WITHIN: Final = 1.0
"""Seconds within which a broker delivers a retained message after the subscription."""

LOGGER: Final = logging.getLogger(__name__)


class UnusableError(Exception):
    """Why this supervisor must not start; one line for people."""


class Look:
    """Watches `supervisor/state` for as long as another instance may yet renew its lease.

    Only what our own `key` signed ends a start for good: everything else may be said by anybody who reaches the broker, and
    a site must not end by that. A supervisor under another key is waited for instead, as long as it renews its lease: it
    may be the one that serves the site, and two would close each other's approvals. What our key signed in an era that
    our recording has outlived may be played back, and counts for nothing. `era` is the highest that a supervisor with our
    key was seen in.
    """

    def __init__(self, topics: Topics, key: PublicKey, known: int) -> None:
        """`known` is the highest era that an instance with our recording can have had."""
        self.era = 0
        self._known = known
        self._topics = topics
        self._key = key
        self._warned = False
        self.until: float | None = None
        """When nobody can renew its lease any more, on the monotonic clock; None before there is a broker."""

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
            while self.until is None or time.monotonic() < self.until:
                left = None if self.until is None else self.until - time.monotonic()
                try:
                    async with asyncio.timeout(left):
                        batch = await anext(batches)
                except TimeoutError:
                    return
                for item in batch:
                    if isinstance(item, LinkUp):
                        self.until = time.monotonic() + RETAINED_WITHIN
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
            if state.status == "up":
                self._wait(state, now)
            return
        self.era = max(self.era, state.era)
        if state.status != "up" or state.era <= self._known:
            return
        if not item.retained:
            msg = f"another supervisor (instance {state.instance}) serves this site on this broker; stop it first"
            raise UnusableError(msg)
        self.until = now + LEASE_TTL

    def _wait(self, state: SupervisorState, now: float) -> None:
        """Wait for a supervisor that is not of this home, said once."""
        self.until = now + LEASE_TTL
        if not self._warned:
            self._warned = True
            LOGGER.warning(
                "another supervisor (instance %s), with another key than this home's, serves this site on this broker; "
                "waiting until it is gone. If it is not yours, somebody else can write to the broker",
                state.instance,
            )
