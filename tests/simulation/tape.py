"""The recording of a simulated site: what survives the supervisor: sessions, keyframes, the emergency log."""

from __future__ import annotations

import json

from bus import codec
from bus.codec import Record
from console.core.fleet.state import Fleet, decode, encode
from console.core.reducing.reduce import reduce
from console.supervisor.log import Entry
from console.supervisor.outbox import Out


class Tape:
    """Committed entries, and keyframes by position; the newest keyframe is where a new supervisor begins to read.

    While `failing` nothing can be committed. `slow` commits take that many seconds longer. `resumed` counts the readings
    that began with a keyframe and went on with records.
    """

    def __init__(self, site: str) -> None:
        self.entries: list[Entry] = []
        self.sessions = ["s0001"]
        self.keyframes: list[tuple[int, bytes]] = [(0, encode(Fleet(site=site)))]
        self.failing = False
        self.slow = 0.0
        self.emergency: list[str] = []
        self.resumed = 0
        self._upto = 0

    @property
    def pos(self) -> int:
        """Position of the last committed record."""
        return len(self.entries)

    @property
    def session(self) -> str:
        """The session that is being written."""
        return self.sessions[-1]

    def rotate(self, keyframe: bytes) -> str:
        """Begin a session with a keyframe of the fleet as it is now. Returns the session before."""
        previous = self.session
        self.keyframes.append((self.pos, keyframe))
        self.sessions.append(f"s{len(self.sessions) + 1:04d}")
        return previous

    def restored(self, number: int = -1) -> Fleet:
        """The fleet as a new process reads it: a keyframe, and every record after it."""
        pos, body = self.keyframes[number]
        self.resumed += 0 < pos < self.pos
        fleet = decode(body)
        for entry in self.entries[pos:]:
            reduce(fleet, record_of(entry))
        return fleet

    def note(self, out: Out) -> None:
        """Keep a command that goes out unrecorded; see `console.supervisor.process.emergency`."""
        self._upto = max(self._upto, out.after)
        self.emergency.append(json.dumps({"topic": out.topic, "payload": out.payload.decode()}))

    def clear(self, committed: int) -> None:
        """Everything up to a position is recorded: forget the emergency log if that is all it holds."""
        if committed >= self._upto:
            self.emergency.clear()


def record_of(entry: Entry) -> Record:
    """A committed entry as the reducer takes it."""
    return codec.record(entry.pos, entry.at, codec.decode_envelope(entry.event))
