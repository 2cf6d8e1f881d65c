"""Encoded fleets at positions near those that were looked at, so that going back costs no more than going on.

A waypoint keeps each run's bytes apart. Runs that did not change between two waypoints share theirs, and coming back to a
waypoint decodes only the runs that are different now.
"""

from __future__ import annotations

from bisect import bisect_right, insort
from collections.abc import Iterable
from typing import Final, NamedTuple

import msgspec

from bus.codec import Record
from console.core.fleet.state import Fleet, Run, decode, encode
from console.core.reducing.reduce import Change

BYTES_KEPT: Final = 64 * 1024 * 1024
"""How much all waypoints together may take, counting what is shared once."""

_ENCODER: Final = msgspec.msgpack.Encoder()
_DECODER: Final = msgspec.msgpack.Decoder(Run)


class Waypoint(NamedTuple):
    """The fleet at `pos`: its runs one by one, and the rest. `added` counts the bytes that no earlier waypoint had."""

    pos: int
    rest: bytes
    runs: dict[str, bytes]
    added: int


class Waypoints:
    """Keeps waypoints of one fleet that is changed by `reduce` alone; the least recently used go first."""

    def __init__(self, bytes_kept: int = BYTES_KEPT) -> None:
        self._bytes_kept = bytes_kept
        self._kept: dict[int, Waypoint] = {}  # the least recently used first
        self._order: list[int] = []
        self._bytes = 0
        self._encoded: dict[str, bytes] = {}  # runs of the fleet that are as these bytes say

    def touch(self, record: Record, changes: Iterable[Change]) -> None:
        """Note what a record changed. Runs that merely went are seen without it."""
        self._encoded.pop(f"{record.agent}/{record.run}", None)
        for kind, key in changes:
            if kind == "run":
                self._encoded.pop(key, None)
            elif kind == "action":
                self._encoded.pop(key.rpartition("/")[0], None)

    def forget_fleet(self) -> None:
        """The fleet was replaced by another."""
        self._encoded.clear()

    def nearest(self, pos: int) -> int | None:
        """The last waypoint at or before a position."""
        index = bisect_right(self._order, pos)
        return self._order[index - 1] if index else None

    def keep(self, fleet: Fleet) -> None:
        """Make a waypoint of the fleet as it is."""
        if fleet.pos in self._kept:
            self._kept[fleet.pos] = self._kept.pop(fleet.pos)
            return
        rest = encode(msgspec.structs.replace(fleet, runs={}))
        added, runs = len(rest), {}
        for key, run in fleet.runs.items():
            body = self._encoded.get(key)
            if body is None:
                body = self._encoded[key] = _ENCODER.encode(run)
                added += len(body)
            runs[key] = body
        self._kept[fleet.pos] = Waypoint(fleet.pos, rest, runs, added)
        insort(self._order, fleet.pos)
        self._bytes += added
        while self._bytes > self._bytes_kept and len(self._kept) > 1:
            self._drop(next(iter(self._kept)))

    def restore(self, pos: int, fleet: Fleet) -> list[Change]:
        """Bring the fleet to the waypoint at `pos`, in place. Returns what is different now."""
        waypoint = self._kept[pos] = self._kept.pop(pos)
        before = decode(waypoint.rest)
        changes = _differences(before, fleet)
        for key, body in waypoint.runs.items():
            run = fleet.runs.get(key)
            same = run is not None and self._encoded.get(key) == body  # quick: shared bytes are one object
            if run is None or not same:
                run = _DECODER.decode(body)
                changes.append(Change("run", key))
            before.runs[key] = run
        changes += [Change("run", key) for key in fleet.runs if key not in before.runs]
        self._encoded = dict(waypoint.runs)
        for name in fleet.__struct_fields__:
            setattr(fleet, name, getattr(before, name))
        return changes

    def _drop(self, pos: int) -> None:
        self._bytes -= self._kept.pop(pos).added
        self._order.remove(pos)


def _differences(one: Fleet, other: Fleet) -> list[Change]:
    """What differs between two fleets apart from their runs, with the runs that look different by it."""
    changes: list[Change] = []
    for key in other.commands | one.commands:
        found = one.commands.get(key), other.commands.get(key)
        if found[0] != found[1]:
            changes += [
                Change("command", key),
                *(Change("run", f"{it.agent}/{it.run}") for it in found if it),
            ]
    for key in other.alarms | one.alarms:
        raised = one.alarms.get(key), other.alarms.get(key)
        if raised[0] != raised[1]:
            changes += [Change("alarm", key), *(Change("run", f"{it.agent}/{it.run}") for it in raised if it)]
    agents, operators = other.agents | one.agents, other.operators | one.operators
    changes += [Change("agent", name) for name in agents if one.agents.get(name) != other.agents.get(name)]
    changes += [
        Change("operator", name) for name in operators if one.operators.get(name) != other.operators.get(name)
    ]
    return changes
