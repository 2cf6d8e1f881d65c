"""What is worth stopping at in a recording: asks and holds, decisions about them, kills, alarms. Pure."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Collection, Iterable
from typing import Final, Literal, NamedTuple

from bus.alarm_records import AlarmRaised
from bus.codec import Record
from bus.events import ActionFinished
from bus.records import ActionAsked, ActionDecided, CommandRequested
from console.core.text import plain

MarkKind = Literal["alarm-1", "alarm-2", "alarm-3", "hold", "ask", "decided", "kill"]

TURNS: Final[frozenset[MarkKind]] = frozenset({"alarm-1", "alarm-2", "alarm-3", "decided", "kill"})
"""Marks at which something came of it: an alarm, a decision, a kill."""

TYPES: Final = tuple(
    kind.TYPE for kind in (AlarmRaised, ActionAsked, ActionDecided, ActionFinished, CommandRequested)
)
"""Record types that may be marks; no other needs decoding to find them."""

_ALARMS: Final[dict[int, MarkKind]] = {1: "alarm-1", 2: "alarm-2", 3: "alarm-3"}


class Mark(NamedTuple):
    """A record worth stopping at, and what it says in a few words."""

    pos: int
    at: int
    kind: MarkKind
    text: str


class MarkFinder:
    """Finds marks in a log that it is given in order. `waiting` are the keys of actions that wait at its beginning."""

    def __init__(self, waiting: Iterable[str] = ()) -> None:
        self._waiting = set(waiting)

    def find(self, record: Record) -> Mark | None:
        """Return the mark that a record is, or None. Decisions that nobody was asked for are none."""
        where = f"{record.agent}/{record.run}"
        if record.from_agent:
            return self._by_agent(record, where)
        match record.data:
            case AlarmRaised() as alarm:
                kind = _ALARMS.get(alarm.priority, "alarm-3")
                return Mark(record.pos, record.at, kind, f"alarm: {plain(alarm.text)}")
            case ActionAsked() as asked:
                self._waiting.add(f"{where}/{asked.action}")
                hold = asked.gate == "hold"
                return Mark(
                    record.pos, record.at, "hold" if hold else "ask", f"{asked.gate}: {where}/{asked.action}"
                )
            case ActionDecided() as decided:
                key = f"{where}/{decided.action}"
                if key not in self._waiting:
                    return None
                self._waiting.discard(key)
                text = f"{decided.outcome} by {plain(decided.by, 64)}: {key}"
                return Mark(record.pos, record.at, "decided", text)
            case CommandRequested(kind="kill") as command:
                return Mark(record.pos, record.at, "kill", f"kill by {plain(command.by, 64)}: {where}")
        return None

    def _by_agent(self, record: Record, where: str) -> Mark | None:
        """An ask ends, too, where its agent gives it up, by its own clock or for something else, or goes on without it."""
        if not isinstance(record.data, ActionFinished):
            return None
        key = f"{where}/{record.data.action}"
        if key not in self._waiting:
            return None
        self._waiting.discard(key)
        return Mark(record.pos, record.at, "decided", f"{record.data.outcome} by its agent: {key}")


class Marks:
    """The marks found so far, in order. `upto` is the last position that was looked at."""

    def __init__(self, base: int) -> None:
        self.upto = base
        self.found: list[Mark] = []

    def add(self, marks: Iterable[Mark], upto: int) -> None:
        """Take in what was found between the last call's `upto` and this one's."""
        self.found.extend(marks)
        self.upto = upto

    def after(self, pos: int, kinds: Collection[MarkKind] | None = None) -> Mark | None:
        """The first mark after a position, of some kinds or of any."""
        start = bisect_right(self.found, pos, key=_pos)
        return next((mark for mark in self.found[start:] if kinds is None or mark.kind in kinds), None)

    def before(self, pos: int, kinds: Collection[MarkKind] | None = None) -> Mark | None:
        """The last mark before a position, of some kinds or of any."""
        end = bisect_left(self.found, pos, key=_pos)
        return next(
            (mark for mark in reversed(self.found[:end]) if kinds is None or mark.kind in kinds), None
        )


def _pos(mark: Mark) -> int:
    return mark.pos
