"""Where a run's events wait until the supervisor has stored them: the interface, and the spool in memory.

The spool on disk is `bus.sdk.spool.on_disk`. A spool holds a contiguous range of seqs, `first` to `last`, of one run.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from bus.limits import EVENT_BYTES, SPOOL_BYTES, SPOOL_EVENTS, SPOOL_RESERVE


class SpoolError(Exception):
    """A spool that cannot be opened, read or written. The text names the file and what is wrong."""


class SpoolBusyError(SpoolError):
    """Another process, or another run of this one, is using the spool."""


class SpoolTornError(SpoolError):
    """A spool of which nothing can be read: it was left half made, or is damaged. No other spool is the worse for it."""


@dataclass(frozen=True, slots=True)
class Owner:
    """Whose events a spool holds. `incarnation` is the process that made the latest of them."""

    site: str
    agent: str
    run: str
    incarnation: str


@dataclass(frozen=True, slots=True)
class Bounds:
    """What a spool may hold before telemetry is dropped: `events` and `size` (bytes), less `reserve` events."""

    events: int = SPOOL_EVENTS
    size: int = SPOOL_BYTES
    reserve: int = SPOOL_RESERVE

    def room(self, spool: Spool, events: int, size: int) -> bool:
        """Whether so much more fits without touching the reserve."""
        return (
            spool.last - spool.stored + events <= self.events - self.reserve
            and spool.size + size <= self.size - min(self.reserve * EVENT_BYTES, self.size // 8)
        )


class Spool(Protocol):
    """One run's events from `first` to `last`; none if `first > last`. Not safe for use by two threads at once."""

    @property
    def owner(self) -> Owner:
        """Whose events these are."""

    @property
    def first(self) -> int:
        """The oldest seq still here; `last + 1` if there is none."""

    @property
    def last(self) -> int:
        """The newest seq ever appended, stored or not; 0 before the first."""

    @property
    def stored(self) -> int:
        """The watermark: the supervisor has everything up to here."""

    @property
    def size(self) -> int:
        """Bytes of the events still here."""

    @property
    def finished(self) -> bool:
        """Whether nothing will follow, so that the spool may go when everything is stored."""

    def append(self, events: Sequence[bytes]) -> None:
        """Keep events as `last + 1` and following: all of them or, if it fails, none.

        Raises:
            SpoolError: it cannot be written (a full disk, say); nothing changed.
        """

    def read(self, after: int, limit: int) -> list[tuple[int, bytes]]:
        """Return up to `limit` events that follow seq `after`, in order.

        Raises:
            SpoolError: it cannot be read.
        """

    def trim(self, upto: int) -> None:
        """Forget everything up to and including `upto`, and remember it as stored. Never goes back.

        Raises:
            SpoolError: it cannot be written; nothing changed.
        """

    def finish(self) -> None:
        """Remember that nothing will follow.

        Raises:
            SpoolError: it cannot be written.
        """

    def close(self) -> None:
        """Let go of it; what is in it stays. Closing twice is allowed."""

    def remove(self) -> None:
        """Close it and delete it for good."""


class MemorySpool:
    """A spool that dies with its process: for tests, simulations, and agents that may not write to disk."""

    def __init__(self, owner: Owner) -> None:
        self.owner = owner
        self.first = 1
        self.last = 0
        self.size = 0
        self.finished = False
        self.removed = False
        self._events: dict[int, bytes] = {}

    @property
    def stored(self) -> int:
        """See `Spool.stored`."""
        return self.first - 1

    def append(self, events: Sequence[bytes]) -> None:
        """See `Spool.append`."""
        for event in events:
            self.last += 1
            self._events[self.last] = event
            self.size += len(event)

    def read(self, after: int, limit: int) -> list[tuple[int, bytes]]:
        """See `Spool.read`."""
        start = max(after + 1, self.first)
        return [(seq, self._events[seq]) for seq in range(start, min(self.last, start + limit - 1) + 1)]

    def trim(self, upto: int) -> None:
        """See `Spool.trim`."""
        upto = min(upto, self.last)
        for seq in range(self.first, upto + 1):
            self.size -= len(self._events.pop(seq))
        self.first = max(self.first, upto + 1)

    def finish(self) -> None:
        """See `Spool.finish`."""
        self.finished = True

    def close(self) -> None:
        """See `Spool.close`."""

    def remove(self) -> None:
        """See `Spool.remove`."""
        self._events.clear()
        self.removed = True
