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
from console.core.text import plain

RETAINED_WITHIN: Final = 1.0
"""Seconds within which a broker delivers a retained message after the subscription."""

LOGGER: Final = logging.getLogger(__name__)


class UnusableError(Exception):
    """Why this supervisor must not start; one line for people."""


class Look:
    """Watches `supervisor/state` for as long as another instance may yet renew its lease.

    Only what our own `key` signed ends a start: everything else may be said by anybody who reaches the broker, and a site
    must not end by that. Somebody under another key is given the time of one lease to go, and no more: it may be the
    supervisor that serves the site, and is told of then, or may be nobody at all. What our key signed in an era that our
    recording has outlived may be played back, and counts for nothing. `era` is the highest that a supervisor with our key
    was seen in.
    """

    def __init__(self, topics: Topics, key: PublicKey, known: int) -> None:
        """`known` is the highest era that an instance with our recording can have had."""
        self.era = 0
        self._known = known
        self._topics = topics
        self._key = key
        self.stranger = ""
        """Which instance under another key says that it serves the site; empty if none does, or it said that it is gone."""
        self._strange_until: float | None = None
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
                        self._wait(time.monotonic() + RETAINED_WITHIN)
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
            self._strange(state, now, retained=item.retained)
            return
        self.era = max(self.era, state.era)
        if state.status != "up" or state.era <= self._known:
            return
        if not item.retained:
            msg = f"another supervisor (instance {state.instance}) serves this site on this broker; stop it first"
            raise UnusableError(msg)
        self._wait(now + LEASE_TTL)

    def _strange(self, state: SupervisorState, now: float, *, retained: bool) -> None:
        """Give who is not of this home the time of one lease, counted from the first word of anybody like that."""
        if state.status != "up":
            if state.instance == self.stranger:
                self.stranger = ""
            return
        if not retained:  # what the broker kept may be of one that has died
            self.stranger = state.instance
        if self._strange_until is None:
            self._strange_until = now + LEASE_TTL
            self._wait(self._strange_until)
            LOGGER.warning(
                "another supervisor (instance %s), with another key than this home's, says that it serves this site on "
                "this broker; waiting %g s for it to go. If it is not yours, somebody else can write to the broker",
                plain(state.instance),
                LEASE_TTL,
            )

    def _wait(self, until: float) -> None:
        self.until = until if self.until is None else max(self.until, until)
