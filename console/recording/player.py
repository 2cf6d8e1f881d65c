"""A session at any position: the nearest keyframe or waypoint before it, and the records from there through `reduce`.

There is no way from here to anything that could send: a player has a file and a fleet.
"""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections import OrderedDict
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Final

from bus import codec
from bus.codec import DecodeError, Record
from console.core.fleet.lifecycle import IllegalTransitionError
from console.core.fleet.state import Fleet, KeyframeError, decode, of_another_reducer
from console.core.reducing.reduce import Change, HoleInLogError, reduce
from console.core.replay.marks import TYPES, Mark, MarkFinder
from console.recording.bodies import Keyframe, Row
from console.recording.closing import Closing
from console.recording.files import session_paths
from console.recording.reader import Reader
from console.recording.schema import RecordingError
from console.recording.waypoints import Waypoints

CHUNK: Final = 512
"""Records that are read and decoded at a time."""

CHUNKS_KEPT: Final = 16

FAR: Final = 2_048
NEAR: Final = 128
"""A waypoint at every so many records of a long way, and of its last part: whoever arrives may turn back."""

LOAD_WORTH: Final = 256
"""Records that are rather reduced than a keyframe loaded instead."""

_TIMES: Final = 50_000
_WORDS: Final = tuple(f'"{name}"'.encode() for name in TYPES)


class Player(Closing):
    """Holds the fleet of one session at a position of it. `times` are those of its records, the first at `base + 1`."""

    def __init__(self, reader: Reader, first: Keyframe, fleet: Fleet, keyframes: list[int]) -> None:
        self.fleet = fleet
        """Changed in place, and replaced when a keyframe of the file is nearest."""
        self.base = first.pos
        self.began = first.at
        self.times: array[int] = array("q")
        self.of_another = False
        """Whether a keyframe beyond the first was found to be of another reducer: then the way begins at the first one."""
        self._waiting = tuple(fleet.waiting)
        self._reader = reader
        self._keyframes = keyframes
        self._chunks: OrderedDict[int, list[Record]] = OrderedDict()
        self._waypoints = Waypoints()

    @staticmethod
    async def open(path: Path) -> Player:
        """Open a session where it begins; what is appended to it from now on is not seen.

        Raises:
            RecordingError: the file cannot be read, or what it begins with is damaged.
        """
        reader = await Reader.open(path)
        try:
            first = await reader.first_keyframe()
            player = Player(reader, first, _decoded(path, first), await reader.keyframe_positions())
            await player._load_times()
        except BaseException:
            await reader.close()
            raise
        return player

    async def close(self) -> None:
        """Close the file. Closing twice is harmless."""
        await self._reader.close()

    @property
    def path(self) -> Path:
        """The file."""
        return self._reader.path

    @property
    def last(self) -> int:
        """The position of the last record."""
        return self.base + len(self.times)

    @property
    def wal_missing(self) -> bool:
        """Whether its writer was killed and the WAL that it left is not there: the newest records may be lost."""
        return self._reader.wal_missing

    def keyframe_before(self, pos: int) -> int:
        """Position of the last keyframe at or before one."""
        return self._keyframes[max(0, bisect_right(self._keyframes, pos) - 1)]

    async def go(self, pos: int) -> list[Change]:
        """Bring the fleet to a position of the session, and say what changed; `site` stands for everything.

        Raises:
            RecordingError: something on the way is damaged; the fleet is as it was right before that.
        """
        pos = max(self.base, min(pos, self.last))
        changes = await self._start_towards(pos)
        while self.fleet.pos < pos:
            number = (self.fleet.pos - self.base) // CHUNK
            chunk = await self._chunk(number)
            done = self.fleet.pos - self.base - number * CHUNK
            for record in chunk[done : done + pos - self.fleet.pos]:
                changes += self._reduce(record)
                every = NEAR if pos - record.pos < 4 * NEAR else FAR
                if (record.pos - self.base) % every == 0:
                    self._waypoints.keep(self.fleet)
        return changes

    async def record(self, pos: int) -> Record:
        """The record at a position of the session.

        Raises:
            RecordingError: it is damaged, or one near it is.
        """
        number, place = divmod(pos - self.base - 1, CHUNK)
        return (await self._chunk(number))[place]

    async def marks(self) -> AsyncIterator[tuple[int, list[Mark]]]:
        """Look through the session once: what is worth stopping at, and up to which position that is all.

        Raises:
            RecordingError: a record is damaged.
        """
        finder = MarkFinder(self._waiting)
        async for rows in self._reader.batches(self.base, self.last, batch=CHUNK):
            likely = [row for row in rows if any(word in row.event for word in _WORDS)]
            found = [mark for row in likely if (mark := finder.find(self._decode(row))) is not None]
            yield rows[-1].pos, found

    def neighbour(self, by: int) -> Path | None:
        """The session before (-1) or after (1) this one in its folder, if there is one."""
        try:
            paths = session_paths(self.path.resolve().parent)
            index = paths.index(self.path.resolve()) + by
        except (OSError, ValueError):
            return None
        return paths[index] if 0 <= index < len(paths) else None

    # ---- the way there -----------------------------------------------------------------------------------------------

    async def _start_towards(self, pos: int) -> list[Change]:
        """Take the best start: the fleet as it is, a waypoint, or a keyframe of the file."""
        here = self.fleet.pos if self.fleet.pos <= pos else -1
        waypoint = self._waypoints.nearest(pos)
        known = max(here, -1 if waypoint is None else waypoint)
        keyframe = self._keyframes[bisect_right(self._keyframes, pos) - 1]
        if known < self.base or keyframe > known + LOAD_WORTH:
            try:
                found = await self._reader.keyframe_before(keyframe)
                if keyframe != self.base and of_another_reducer(found.body):
                    self.of_another = True
                    self._keyframes = [self.base]
                    return await self._start_towards(pos)
                self.fleet = _decoded(self.path, found)
            except RecordingError:
                if keyframe == self.base:
                    raise
                self._keyframes.remove(keyframe)  # damaged: the records have it all
                return await self._start_towards(pos)
            self._waypoints.forget_fleet()
            self._waypoints.keep(self.fleet)
        elif waypoint is not None and known != here:
            return self._waypoints.restore(waypoint, self.fleet)
        else:
            return []
        return [Change("site", "")]

    def _reduce(self, record: Record) -> list[Change]:
        try:
            changes = reduce(self.fleet, record)
        except (HoleInLogError, IllegalTransitionError) as error:
            raise _damaged(self.path, f"record at position {record.pos}: {error}") from None
        self._waypoints.touch(record, changes)
        return changes

    async def _chunk(self, number: int) -> list[Record]:
        chunk = self._chunks.get(number)
        if chunk is None:
            after = self.base + number * CHUNK
            upto = min(after + CHUNK, self.last)
            rows = [row async for row in self._reader.rows(after, upto, batch=CHUNK)]
            if [row.pos for row in rows] != list(range(after + 1, upto + 1)):
                raise _damaged(self.path, f"records are missing after position {after}")
            chunk = self._chunks[number] = [self._decode(row) for row in rows]
            if len(self._chunks) > CHUNKS_KEPT:
                self._chunks.popitem(last=False)
        self._chunks.move_to_end(number)
        return chunk

    def _decode(self, row: Row) -> Record:
        try:
            return codec.record(row.pos, row.at, codec.decode_envelope(row.event))
        except DecodeError as error:
            raise _damaged(self.path, f"record at position {row.pos}: {error}") from None

    async def _load_times(self) -> None:
        last = self.base
        while found := await self._reader.query(
            "SELECT pos, at FROM log WHERE pos > ? ORDER BY pos LIMIT ?", (last, _TIMES)
        ):
            if found[-1][0] != last + len(found):
                raise _damaged(self.path, f"records are missing after position {last}")
            last = found[-1][0]
            try:
                self.times.extend(at for _, at in found)
            except (TypeError, OverflowError):
                raise _damaged(self.path, f"a record before position {last} has no time") from None


def _decoded(path: Path, keyframe: Keyframe) -> Fleet:
    try:
        fleet = decode(keyframe.body)
    except KeyframeError as error:
        raise _damaged(path, f"keyframe at position {keyframe.pos}: {error}") from None
    if fleet.pos != keyframe.pos:
        raise _damaged(path, f"keyframe at position {keyframe.pos}: it is of position {fleet.pos}")
    return fleet


def _damaged(path: Path, what: str) -> RecordingError:
    return RecordingError(f"{path}: {what}; check it with: watchfloor doctor")
