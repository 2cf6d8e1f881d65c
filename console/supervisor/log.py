"""The one log: gives every accepted record its position and time, applies it to the fleet, and stages it for the commit.

Staged records are not yet recorded: nothing about them may leave the house before `committed`, stop commands apart. The
fleet is ahead of the recording by exactly what is staged; a crash forgets both and the agents send again.
"""

from __future__ import annotations

from typing import Final

from msgspec import Raw, Struct

from bus import codec
from bus.codec import Record
from bus.events import Data, Envelope
from bus.limits import EVENT_BYTES, EVENT_DEPTH
from bus.records import RecordingStarted
from console.core.fleet.state import Fleet
from console.core.reducing.reduce import reduce
from console.supervisor.clock import Clock

URGENT: Final = frozenset(
    {
        "action.proposed",
        "action.assessed",
        "action.asked",
        "action.decided",
        "command.requested",
        "alarm.raised",
    }
)
"""Types that are committed at once; everything else waits a moment for company."""


class Entry(Struct, frozen=True, gc=False):
    """One record on its way to the recording. `event` are the bytes as sent."""

    pos: int
    at: int
    agent: str
    run: str
    seq: int
    from_agent: bool
    event: bytes


class Log:
    """Sequencer of a site. Not concurrent: one caller, one order. `not_before` (ms) holds time back from going back."""

    def __init__(self, fleet: Fleet, epoch: str, clock: Clock) -> None:
        """`clock` gives the time, which goes on from where the log left it."""
        self.fleet = fleet
        self.epoch = epoch
        self.staged: list[Entry] = []
        self.urgent = False
        self.not_before = 0
        self.clock = clock
        self._written = 0

    def now(self) -> int:
        """The time that the next record will carry."""
        return self.clock.now(max(self.fleet.at, self.not_before))

    def accept(self, payload: bytes, envelope: Envelope) -> Record:
        """Take an agent's event into the log.

        Raises:
            DecodeError: its source is no agent's run.
        """
        return self._append(payload, envelope)

    def write(self, data: Data, agent: str = "", run: str = "") -> Record:
        """Write a record of the supervisor about an agent, a run, or the site.

        Raises:
            IllegalTransitionError: the record contradicts the state tables; nothing was written.
            DecodeError: it is larger or deeper than a record may be, so nobody could read it; nothing was written.
        """
        self._written += 1
        envelope = Envelope(
            id=f"{self.epoch}.{self._written}",
            source=codec.SUPERVISOR_SOURCE,
            type=data.TYPE,
            subject=f"{agent}/{run}" if run else agent,
            incarnation=self.epoch,
            seq=self._written,
            data=Raw(codec.encode(data)),
        )
        payload = codec.encode(envelope)
        codec.check(payload, EVENT_BYTES, EVENT_DEPTH)
        return self._append(payload, envelope)

    def rotated(self, session: str, previous: str) -> None:
        """Say that a session file begins."""
        self.write(RecordingStarted(session=session, previous=previous))

    def take(self) -> list[Entry]:
        """Hand over what is staged, in order."""
        entries, self.staged = self.staged, []
        self.urgent = False
        return entries

    def _append(self, payload: bytes, envelope: Envelope) -> Record:
        record = codec.record(self.fleet.pos + 1, self.now(), envelope)
        reduce(self.fleet, record)
        self.staged.append(
            Entry(
                pos=record.pos,
                at=record.at,
                agent=record.agent,
                run=record.run,
                seq=record.seq,
                from_agent=record.from_agent,
                event=payload,
            )
        )
        self.urgent = self.urgent or envelope.type in URGENT
        return record
