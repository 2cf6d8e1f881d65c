"""Numbers, encodes and spools the events of one run, and decides what may be dropped when the spool is full.

Three manners: telemetry may be dropped and is counted; a proposal is written with its blobs or not at all; facts about
commands and outcomes are never lost: when the disk refuses them they wait in memory, in order, before anything else. A
fact that no event can hold goes with its texts cut, so that nothing ever waits behind what can never be written.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from itertools import chain
from typing import Final

from msgspec import Raw
from msgspec.structs import asdict, replace

from bus.codec import encode, source
from bus.events import (
    CommandAcknowledged,
    CommandEffective,
    CommandRefused,
    Data,
    Envelope,
    EventsDropped,
)
from bus.limits import EVENT_BYTES, LABEL_CHARS, TEXT_CHARS
from bus.sdk.courier import Courier, EventBox
from bus.sdk.spool.store import Bounds, SpoolError
from bus.sdk.values import clip

SOON: Final = 0.01
"""Seconds that a fact may wait to be written together with the one that nearly always follows it."""

_FULL: Final = "the spool was full"
_TOO_LARGE: Final = f"it was larger than the {EVENT_BYTES} bytes of an event"


class EventWriter:
    """The events of one run. `now` is set by whoever has just heard what time it is.

    `trouble` is what is wrong with the spool, empty if nothing is. `due` is when `catch_up` is to write what waits for
    company; infinite if nothing does.
    """

    def __init__(
        self,
        *,
        agent: str,
        incarnation: str,
        box: EventBox,
        courier: Courier,
        wall: Callable[[], str],
        bounds: Bounds,
    ) -> None:
        self.now = 0.0
        self.due = math.inf
        self.box = box
        self.trouble = ""
        self._muted = False
        self._source = source(agent, box.run)
        self._incarnation = incarnation
        self._courier = courier
        self._wall = wall
        self._bounds = bounds
        self._late: deque[Data] = deque()
        self._dropped = 0
        self._why = ""  # the latest write that failed did so because of this

    @property
    def behind(self) -> bool:
        """Whether something waits in memory, for the spool or for company."""
        return bool(self._late)

    def mute(self) -> None:
        """Write nothing any more: nobody will ever accept it."""
        self._muted = True
        self._late.clear()

    def telemetry(self, data: Data) -> int:
        """Write what may be dropped. Return its seq, 0 if it was dropped."""
        if self._late or self._dropped:
            self.catch_up()
        if self._late or self._dropped or not self._try([data], bounded=True):
            self._dropped += 1
            return 0
        return self.box.spool.last

    def certain(self, data: Data) -> None:
        """Write what may not be lost, now or as soon as the spool takes it."""
        if self._late:
            self.catch_up()
        if self._late or not self._kept(data):
            self._late.append(data)

    def soon(self, data: Data) -> None:
        """Write what may not be lost with whatever is written next, within `SOON` seconds."""
        self._late.append(data)
        self.due = min(self.due, self.now + SOON)

    def acknowledged(self, command: str) -> None:
        """Write that the agent has a command."""
        self.certain(CommandAcknowledged(command=command))

    def effective(self, command: str) -> None:
        """Write that a command has taken effect."""
        self.certain(CommandEffective(command=command))

    def refused(self, command: str, reason: str) -> None:
        """Write that a command will not be carried out."""
        self.certain(CommandRefused(command=command, reason=clip(reason)[0]))

    def proposal(self, events: Sequence[Data]) -> bool:
        """Write all of it, ahead of other runs' events, or nothing. Return whether it was written."""
        if self._late or self._dropped:
            self.catch_up()
        return not self._late and self._try(events, bounded=True, urgent=True)

    def now_or_never(self, events: Sequence[Data]) -> bool:
        """Write all of it behind what waits, if need be into the reserve, or nothing. Return whether it was written."""
        if not self._try([*self._late, *events], bounded=False, urgent=True):
            return False
        self._late.clear()
        self.due = math.inf
        return True

    def catch_up(self) -> None:
        """Write what waited, then how much was dropped, as far as it goes."""
        self.due = math.inf
        while self._late and self._kept(self._late[0]):
            self._late.popleft()
        if self._dropped and not self._late:
            data = EventsDropped(count=self._dropped, reason=self.trouble or self._why or _FULL)
            if self._try([data], bounded=True):
                self._dropped = 0

    def _kept(self, fact: Data) -> bool:
        """Write a fact, shorter if no event can hold it; dropped and counted if it cannot be. False: not now."""
        for data in chain((fact,), _shorter(fact)):
            if self._try([data], bounded=False):
                return True
            if self._why is not _TOO_LARGE:
                return False
        self._dropped += 1
        return True

    def _try(self, events: Sequence[Data], *, bounded: bool, urgent: bool = False) -> bool:
        if self._muted:
            return not urgent  # a gate must stay shut; the rest is gone either way
        spool = self.box.spool
        time = self._wall()
        payloads = [self._encode(seq, time, data) for seq, data in enumerate(events, spool.last + 1)]
        if max(map(len, payloads)) > EVENT_BYTES:
            self._why = _TOO_LARGE
            return False
        if bounded and not self._bounds.room(spool, len(payloads), sum(map(len, payloads))):
            self._why = _FULL
            return False
        try:
            self._courier.append(self.box, payloads, self.now, urgent=urgent)
        except SpoolError as error:
            self._why = self.trouble = str(error)
            return False
        self.trouble = ""
        return True

    def mark_end(self) -> None:
        """Note in the spool that nothing follows."""
        if not self.box.spool.finished:
            try:
                self.box.spool.finish()
            except SpoolError as error:
                self.trouble = str(error)

    def _encode(self, seq: int, time: str, data: Data) -> bytes:
        return encode(
            Envelope(
                id=f"{self._incarnation}.{seq}",
                source=self._source,
                type=data.TYPE,
                time=time,
                incarnation=self._incarnation,
                seq=seq,
                data=Raw(encode(data)),
            )
        )


def _shorter(fact: Data) -> Iterator[Data]:
    """A fact with its texts cut, then cut more. Ids are shorter than any of it."""
    texts = {name: text for name, text in asdict(fact).items() if isinstance(text, str)}
    for limit in (TEXT_CHARS, LABEL_CHARS):
        yield replace(fact, **{name: clip(text, limit)[0] for name, text in texts.items()})
