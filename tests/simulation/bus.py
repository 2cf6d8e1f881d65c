"""The broker of a simulated world: keeps what is retained, loses, repeats, delays and reorders the rest."""

from __future__ import annotations

import random
from collections.abc import Callable
from functools import partial
from typing import Final, Protocol

from bus.topics import Topics

SITE: Final = "sim"
TOPICS: Final = Topics(SITE)
DELAY_MOST: Final = 1.5
"""Longest delay of a message, in seconds."""

At = Callable[[float, Callable[[], object]], None]
"""Does something so many seconds from now."""


class Listener(Protocol):
    """Whoever is subscribed to something."""

    def receive(self, topic: str, payload: bytes) -> None: ...


class Bus:
    """Delivers to listeners by topic. `rough` is the chance of each misfortune of one message."""

    def __init__(self, chance: random.Random, at: At) -> None:
        self.retained: dict[str, bytes] = {}
        self.rough = 0.0
        self.taken = 0
        self._chance = chance
        self._at = at
        self._listeners: dict[str, list[Listener]] = {}
        self._kinds: dict[str, Listener] = {}

    def subscribe(self, topic: str, listener: Listener) -> None:
        """Deliver one topic to a listener."""
        self._listeners.setdefault(topic, []).append(listener)

    def subscribe_kinds(self, listener: Listener, *kinds: str) -> None:
        """Deliver every topic of some kinds to a listener."""
        for kind in kinds:
            self._kinds[kind] = listener

    def publish(self, topic: str, payload: bytes, *, retain: bool = False) -> None:
        """Take a message. It may arrive never, late, or twice."""
        if retain:
            self.retained[topic] = payload
        if topic == TOPICS.journal:
            return  # `World.view` follows the recording itself
        chance, rough = self._chance, self.rough
        copies = 1
        if rough:
            copies = 0 if chance.random() < rough else 2 if chance.random() < rough else 1
        for _ in range(copies):
            late = rough and chance.random() < rough
            self._at(
                chance.uniform(0.001, DELAY_MOST) if late else 0.001, partial(self._deliver, topic, payload)
            )

    def _deliver(self, topic: str, payload: bytes) -> None:
        address = TOPICS.parse(topic)
        assert address is not None
        listener = self._kinds.get(address.kind)
        if listener is not None:
            listener.receive(topic, payload)
        for other in self._listeners.get(topic, ()):
            other.receive(topic, payload)
