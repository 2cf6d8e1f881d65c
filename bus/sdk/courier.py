"""What gets events to the supervisor and keeps at it: window, watermark, go-back-N. No clock, no link of its own.

Each run has an `EventBox`: its spool, how far the supervisor has stored it, how far it was sent. The `Courier` keeps the
sum of what was sent and is not stored within the agent's window, serves runs in turn, and sends again from the watermark
when nothing moves. Times are seconds of the caller's monotonic clock, passed with every call.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

from bus.limits import RESEND_AFTER, WINDOW_DEFAULT
from bus.sdk.spool.store import Spool, SpoolError

PATIENCE_MOST: Final = 10.0
"""Longest wait before unstored events are sent again, in seconds; doubled from `limits.RESEND_AFTER`."""

RESEND_QUIET: Final = 0.2
"""Seconds in which the same request to send again is answered once: every event behind a hole may cause one."""


class Publish(NamedTuple):
    """A message that must be sent, in the order of their making."""

    topic: str
    payload: bytes
    retain: bool = False


class EventBox:
    """One run's events on their way. Changed by the courier only.

    `stored` is the watermark, `cursor` the last seq sent since the last return to it. `urgent` is the newest seq that
    somebody waits for. `probing`: nothing moved for a while, so one event is sent to find out whether anybody is there.
    """

    __slots__ = (
        "asked",
        "cursor",
        "patience",
        "probing",
        "resend_at",
        "run",
        "spool",
        "stored",
        "topic",
        "urgent",
    )

    def __init__(self, run: str, topic: str, spool: Spool) -> None:
        self.run = run
        self.topic = topic
        self.spool = spool
        self.stored = spool.stored
        self.cursor = spool.stored
        self.urgent = 0
        self.probing = False
        self.patience = RESEND_AFTER
        self.resend_at = math.inf
        self.asked = (-1, -math.inf)

    @property
    def in_flight(self) -> int:
        """Events sent and not stored."""
        return self.cursor - self.stored

    @property
    def empty(self) -> bool:
        """Whether everything ever appended is stored."""
        return self.stored >= self.spool.last

    @property
    def sendable(self) -> bool:
        """Whether there is something to send, and no wait for the answer to a probe."""
        return self.cursor < self.spool.last and not (self.probing and self.cursor > self.stored)


class Courier:
    """All outboxes of an agent under one window.

    `send` takes what must be published. `trouble` is the last thing that went wrong with reading a spool, for people.
    """

    def __init__(self, send: Callable[[Publish], object], window: int = WINDOW_DEFAULT) -> None:
        self.boxes: dict[str, EventBox] = {}  # in the order in which they are served next
        self.window = window
        self.up = False
        self.trouble = ""
        self._send = send
        self._in_flight = 0

    @property
    def in_flight(self) -> int:
        """Events sent and not stored, over all runs."""
        return self._in_flight

    def add(self, box: EventBox, now: float) -> None:
        """Take on a run; what its spool holds is sent.

        Raises:
            ValueError: there is one of that name.
        """
        if box.run in self.boxes:
            raise ValueError(f"run {box.run!r} has an outbox already")
        self.boxes[box.run] = box
        self._pump(now)

    def drop(self, run: str, now: float) -> None:
        """Let a run go; its share of the window is free."""
        box = self.boxes.pop(run, None)
        if box is not None:
            self._in_flight -= box.in_flight
            self._pump(now)

    def append(self, box: EventBox, events: Sequence[bytes], now: float, *, urgent: bool = False) -> None:
        """Keep events in the spool and, if link and window allow, send them.

        Raises:
            SpoolError: the spool refused them; nothing was sent.
        """
        caught_up = box.cursor == box.spool.last
        box.spool.append(events)
        if urgent:
            box.urgent = box.spool.last
        room = self.window - self._in_flight
        if not self.up or room <= 0:
            return
        if caught_up and not box.probing:
            # The common case without reading back: room in the window means that nobody else waits for it.
            for seq, event in enumerate(events[:room], box.spool.last - len(events) + 1):
                self._go(box, seq, event, now)
        else:
            self._pump(now)

    def stored(self, run: str, seq: int, now: float) -> bool:
        """Note that the supervisor has everything of a run up to `seq`. Return whether that is news.

        Raises:
            SpoolError: the spool cannot be written; the watermark holds in memory and the next one tries again.
        """
        box = self.boxes.get(run)
        if box is None:
            return False
        seq = min(seq, box.spool.last)
        if seq <= box.stored:
            return False
        self._move(box, stored=seq, cursor=max(box.cursor, seq))
        box.probing = False
        box.patience = RESEND_AFTER
        box.resend_at = now + box.patience if box.in_flight else math.inf
        box.spool.trim(seq)
        return True

    def resend(self, run: str, after: int, now: float) -> bool:
        """Go back to what follows seq `after`. Return whether that is no longer there (the supervisor must be told)."""
        box = self.boxes.get(run)
        if box is None:
            return False
        asked, at = box.asked
        if asked == after and now - at < RESEND_QUIET:
            return False
        box.asked = (after, now)
        box.probing = False
        self._move(box, stored=box.stored, cursor=min(box.cursor, max(after, box.stored)))
        self._pump(now)
        return after + 1 < box.spool.first

    def restart(self, now: float) -> None:
        """Send everything unstored again: there is a new link, or a new supervisor."""
        for box in self.boxes.values():
            self._back(box)
            box.probing = False
            box.patience = RESEND_AFTER
            box.asked = (-1, -math.inf)
        self._pump(now)

    def link(self, *, up: bool, now: float) -> None:
        """Note the state of the link. While it is down nothing is sent and no patience lost; up, everything is resent."""
        self.up = up
        if up:
            self.restart(now)

    def set_window(self, window: int, now: float) -> None:
        """Allow so many events in flight from now on."""
        self.window = window
        self._pump(now)

    def pump(self, now: float) -> None:
        """Send what the window allows. To be called after a round of `stored`."""
        self._pump(now)

    def tick(self, now: float) -> None:
        """Send again what has waited too long."""
        if not self.up:
            return
        late = [box for box in self.boxes.values() if box.resend_at <= now]
        for box in late:
            self._back(box)
            box.probing = True
            box.patience = min(2 * box.patience, PATIENCE_MOST)
        if late:
            self._pump(now)

    @property
    def deadline(self) -> float:
        """When `tick` is needed next; infinite if never."""
        return min((box.resend_at for box in self.boxes.values()), default=math.inf) if self.up else math.inf

    def _back(self, box: EventBox) -> None:
        self._move(box, stored=box.stored, cursor=box.stored)
        box.resend_at = math.inf

    def _move(self, box: EventBox, *, stored: int, cursor: int) -> None:
        self._in_flight += (cursor - stored) - box.in_flight
        box.stored, box.cursor = stored, cursor

    def _go(self, box: EventBox, seq: int, event: bytes, now: float) -> None:
        self._in_flight += seq - box.cursor
        box.cursor = seq
        if box.resend_at == math.inf:
            box.resend_at = now + box.patience
        self._send(Publish(box.topic, event))

    def _pump(self, now: float) -> None:
        unreadable: set[str] = set()
        while self.up and (room := self.window - self._in_flight) > 0:
            waiting = [box for box in self.boxes.values() if box.sendable and box.run not in unreadable]
            if not waiting:
                return
            waiting.sort(key=lambda box: box.urgent <= box.cursor)
            share = max(1, room // len(waiting))
            for box in waiting[:room]:
                self.boxes[box.run] = self.boxes.pop(box.run)
                events = self._read(box, 1 if box.probing else share)
                if not events:
                    unreadable.add(box.run)
                    box.resend_at = now + box.patience
                for seq, event in events:
                    self._go(box, seq, event, now)

    def _read(self, box: EventBox, limit: int) -> list[tuple[int, bytes]]:
        try:
            return box.spool.read(box.cursor, limit)
        except SpoolError as error:
            self.trouble = str(error)
            return []
