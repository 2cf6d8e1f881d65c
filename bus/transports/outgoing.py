"""What one link sends: publishes in order within a window, joined with the acknowledgements of a turn into one piece."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Final

from bus.transports import packets

IN_FLIGHT: Final = 512
"""Publishes sent but not acknowledged. More wait here, in order."""

BUNDLE_BYTES: Final = 65_536
"""Size from which what is to be sent is no longer joined to what follows: a slow link takes it piece by piece."""

LATER: Final = 0.005
"""Seconds that a few acknowledgements may wait for what is sent next: somebody may wait for what comes of the messages."""

_NUMBERS: Final = 65_535

Taken = Callable[[bool], None]


class Outgoing:
    """The sending half of a link. `hand_over` takes a piece to be written, `write` is to write what was handed over.

    Every `taken` is called exactly once, in a later turn of the loop.
    """

    def __init__(self, hand_over: Callable[[bytes], object], write: Callable[[], object]) -> None:
        self._loop = asyncio.get_running_loop()
        self._hand_over = hand_over
        self._write = write
        self._number = 0
        self._piece = bytearray()
        self._soon = False  # it is sent in the next turn of the loop
        self._later = False  # it is looked at in `LATER`
        self._inflight: dict[int, Taken | None] = {}
        self._waiting: deque[tuple[str, bytes, bool, Taken | None]] = deque()

    def publish(self, topic: str, payload: bytes, *, retain: bool, taken: Taken | None) -> None:
        """Send at QoS 1, after everything sent before. The link is open, so that no SUBSCRIBE could have the number."""
        if self._waiting or len(self._inflight) >= IN_FLIGHT:
            self._waiting.append((topic, payload, retain, taken))
        else:
            self._put(topic, payload, retain, taken)

    def acknowledged(self, number: int) -> None:
        """The broker has taken the publish of that number."""
        if number not in self._inflight:
            return
        self.settle(self._inflight.pop(number), done=True)
        while self._waiting and len(self._inflight) < IN_FLIGHT:
            self._put(*self._waiting.popleft())

    def queue(self, packet: bytes | bytearray) -> None:
        """Send in the next turn of the loop, when everything of this turn is there to go in one piece."""
        if not self._soon:
            self._soon = True
            self._loop.call_soon(self._flush)
        self._piece += packet
        if len(self._piece) >= BUNDLE_BYTES:
            self.bundle()

    def bundle(self) -> None:
        """Hand over what is to be sent."""
        if self._piece:
            piece, self._piece = bytes(self._piece), bytearray()
            self._hand_over(piece)

    def at_once(self, packet: bytes | bytearray) -> None:
        """Send now, behind what is queued."""
        self._piece += packet
        self.flush()

    def in_passing(self, packet: bytes | bytearray) -> None:
        """Send with what is sent next, or in `LATER`."""
        if not self._later:
            self._later = True
            self._loop.call_later(LATER, self._look)
        self._piece += packet

    def flush(self) -> None:
        """Send now what is queued."""
        if self._piece:
            self._flush()

    def _look(self) -> None:
        self._later = False
        self.flush()

    def lose(self) -> None:
        """Nothing will be acknowledged any more."""
        for taken in (*self._inflight.values(), *(taken for *_, taken in self._waiting)):
            self.settle(taken, done=False)
        self._inflight.clear()
        self._waiting.clear()

    def settle(self, taken: Taken | None, *, done: bool) -> None:
        """Tell whoever waits, later: this may be in the middle of a read, and whoever is told may send again."""
        if taken is not None:
            self._loop.call_soon(taken, done)

    def _put(self, topic: str, payload: bytes, retain: bool, taken: Taken | None) -> None:  # noqa: FBT001
        self._number = self._number % _NUMBERS + 1
        while self._number in self._inflight:
            self._number = self._number % _NUMBERS + 1
        self._inflight[self._number] = taken
        self.queue(packets.publish(topic.encode(), payload, self._number, retain=retain))

    def _flush(self) -> None:
        self._soon = False
        self.bundle()
        self._write()
