"""The recording of a site as its one writer sees it: append, keyframe, rotate, close."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from bus.limits import PAYLOAD_BYTES
from console.recording.bodies import Keyframe, Row
from console.recording.closing import Closing
from console.recording.files import SUFFIX, session_paths, tidy
from console.recording.schema import RecordingError, naming
from console.recording.session import Session
from console.recording.turns import Turns, UnderWay
from console.recording.wal import lay_out

SESSION_BYTES: Final = 256 * 1024 * 1024
"""Size of a session file at which a new one is due."""

KEYFRAME_RATIO: Final = 4
"""A keyframe is due when the log since the last one is this many times its size."""

KEYFRAME_FLOOR: Final = 64 * 1024
"""Bytes of log that never need a keyframe, however small the fleet."""

GROWN: Final = 2
"""A new session file must be this many times its first size before size alone makes another one due.

Its keyframe may be larger than a session should be: then every record would begin a file, the one that says so included."""

ROTATION_WITHIN: Final = 60.0
"""Seconds that a rotation may take while the recording still counts as alive. Beyond, its disk counts as wedged."""

_DAY_MS: Final = 86_400_000


class Recording(Closing):
    """The log of a site, in a folder of session files. One writer at a time: hold the site's lock (`lock.hold`).

    Calls take turns. A call that is cancelled finishes first and raises then: `pos` tells what it did. After a
    `RecordingError` nothing of that call is recorded, and the same call may be tried again.
    """

    def __init__(
        self, folder: Path, session: Session, clock: Callable[[], float], session_bytes: int
    ) -> None:
        self._folder = folder
        self._session = session
        self._clock = clock
        self._session_bytes = session_bytes
        self._turns = Turns()
        self._closed = False
        self._first_bytes = 0
        self._rotation_until: float | None = None
        self.wal_missing = False
        """Whether the newest session's writer was killed and the WAL it left was gone: its newest records may be lost."""

    @staticmethod
    async def open(
        folder: Path,
        *,
        initial: bytes,
        clock: Callable[[], float] = time.time,
        session_bytes: int = SESSION_BYTES,
    ) -> Recording:
        """Go on with the newest session of a folder, or begin the first one with `initial`, the encoded empty fleet.

        `clock` gives seconds since 1970 UTC. It names sessions and tells days; the times of records are the caller's.

        Raises:
            RecordingError: the folder or its newest session cannot be used.
        """
        with naming(folder):
            left, paths = _prepare(folder)
        if paths:
            session = await Session.resume(paths[-1])
        else:
            at = int(clock() * 1000)
            session = await Session.create(folder / (name_after("", at) + SUFFIX), Keyframe(0, at, initial))
        for path in left:
            if path != session.path:
                # An older session that is damaged stops nobody: listing the sessions names it.
                with suppress(RecordingError):
                    await (await Session.resume(path)).close()
        await lay_out(session.connection, session.path)
        recording = Recording(folder, session, clock, session_bytes)
        recording.wal_missing = session.wal_missing
        return recording

    @property
    def session(self) -> str:
        """Name of the present session: when it began and its number. Later sessions have later names."""
        return self._session.path.stem

    @property
    def path(self) -> Path:
        """The present session's file."""
        return self._session.path

    @property
    def pos(self) -> int:
        """Position of the last committed record, 0 before the first. Positions go on over sessions."""
        return self._session.pos

    @property
    def at(self) -> int:
        """When that was accepted, in ms since 1970 UTC; before the first record, when the session began."""
        return self._session.at

    @property
    def due_bytes(self) -> int:
        """The size at which a session file is full."""
        return max(self._session_bytes, GROWN * self._first_bytes)

    @property
    def keyframe_pos(self) -> int:
        """Position of the session's last keyframe."""
        return self._session.keyframe_pos

    @property
    def keyframe_bytes(self) -> int:
        """What that keyframe had before packing."""
        return self._session.keyframe_bytes

    @property
    def logged_bytes(self) -> int:
        """Bytes of events since that keyframe."""
        return self._session.log_bytes

    def should_rotate(self) -> bool:
        """Whether the session is of an earlier UTC day, or its file is full."""
        if int(self._clock() * 1000) // _DAY_MS > self._session.started // _DAY_MS:
            return True
        return self._session.growth.bytes >= self.due_bytes

    def should_keyframe(self, fleet_bytes: int = 0) -> bool:
        """Whether a keyframe is due. `fleet_bytes`: size of the encoded fleet now, if that is known."""
        size = max(fleet_bytes, self._session.keyframe_bytes)
        return self._session.log_bytes >= max(KEYFRAME_FLOOR, KEYFRAME_RATIO * size)

    async def append(self, rows: Sequence[Row]) -> None:
        """Commit records in one transaction. When this returns, they survive a loss of power.

        Raises:
            RecordingError: none of them is recorded (disk full, input/output, locked, closed).
            ValueError: they do not go on at `pos` + 1 one by one, their times go back, or one is too large.
        """
        if rows:
            await self._do(lambda: self._append(rows))

    def appending(self, rows: Sequence[Row], stored: Callable[[], None]) -> UnderWay:
        """Begin what `append` does before anybody waits for it, and call `stored` in the moment in which they are.

        The end raises what `append` does, or what `stored` did.
        """

        async def append_and_tell() -> None:
            await self._append(rows)
            stored()

        return self._begin_turn(append_and_tell)

    async def keyframe(self, pos: int, at: int, body: bytes) -> None:
        """Commit the encoded fleet as it was after the record at `pos`.

        It is packed while others take their turns. If a new session begins meanwhile, that has a keyframe of its own, and
        this one is dropped.

        Raises:
            RecordingError: it is not recorded.
            ValueError: `pos` is not recorded yet.
        """
        if pos > self.pos:
            raise ValueError(f"keyframe for {pos}, but the log ends at {self.pos}")
        session = self._session
        packed = await session.packed(body)
        await self._do(lambda: self._keyframe(session, Keyframe(pos, at, packed), len(body)))

    async def rotate(self, keyframe: bytes, *, above: int = 0) -> None:
        """Begin a new session with the encoded fleet as it is now, after `pos`, and close the old one.

        `above`: positions go on there, as those below were given and their records are lost. The fleet's is the same.

        Packing a large fleet and closing a large file take their time; `probe` answers meanwhile.

        Raises:
            RecordingError: if `session` is still the old one, that goes on; else the old file was left with its WAL.
        """
        await self._do(lambda: self._rotate(keyframe, above))

    async def probe(self) -> None:
        """Return once the recording has taken its turn and the disk a write: a wedged one never lets this return.

        A rotation is not waited for, as long as it takes no more than `ROTATION_WITHIN`.

        Raises:
            RecordingError: the disk refuses it, the file is not where it was, or the recording is closed.
        """
        if self._rotation_until is not None and asyncio.get_running_loop().time() < self._rotation_until:
            session = self._session
            with suppress(ValueError):  # the rotation has just closed it: its successor takes its turn
                await UnderWay(session.probe()).end()
                return
        await self._do(self._probe)

    async def close(self) -> None:
        """Close the session so that it is one file without a WAL. Closing twice is harmless.

        Raises:
            RecordingError: see `Session.close`.
        """
        if not self._closed:
            await self._do(self._close)

    async def _do(self, act: Callable[[], Coroutine[Any, Any, None]]) -> None:
        await self._begin_turn(act).end()

    def _begin_turn(self, act: Callable[[], Coroutine[Any, Any, None]]) -> UnderWay:
        async def unless_closed() -> None:
            if self._closed:
                raise RecordingError(f"{self.path}: the recording is closed")
            await act()

        return self._turns.begin(unless_closed)

    async def _keyframe(self, session: Session, packed: Keyframe, size: int) -> None:
        if session is self._session:
            await session.keyframe(packed, size)

    async def _probe(self) -> None:
        await self._session.probe()  # the one of now: it may have changed while this waited for its turn

    async def _append(self, rows: Sequence[Row]) -> None:
        pos, at = self.pos, self.at
        for row in rows:
            pos += 1
            if row.pos != pos:
                raise ValueError(f"position {row.pos} where {pos} is due")
            if row.at < at:
                raise ValueError(f"position {pos} was accepted at {row.at}, before {at}")
            if len(row.event) > PAYLOAD_BYTES:
                raise ValueError(
                    f"position {pos} has {len(row.event)} bytes, at most {PAYLOAD_BYTES} are allowed"
                )
            at = row.at
        await self._session.insert(rows)

    async def _rotate(self, keyframe: bytes, above: int) -> None:
        self._rotation_until = asyncio.get_running_loop().time() + ROTATION_WITHIN
        try:
            await self._begin(keyframe, above)
        finally:
            self._rotation_until = None

    async def _begin(self, keyframe: bytes, above: int) -> None:
        old = self._session
        at = max(old.at, old.started, int(self._clock() * 1000))
        path = self._folder / (name_after(old.path.stem, at) + SUFFIX)
        self._session = await Session.create(path, Keyframe(max(old.pos, above), at, keyframe))
        await lay_out(self._session.connection, path)
        # Records that were accepted while the file was made are older than its keyframe, and not out of order.
        self._session.at = old.at
        self._first_bytes = self._session.growth.bytes
        await old.close()

    async def _close(self) -> None:
        self._closed = True
        await self._session.close()


def name_after(previous: str, at: int) -> str:
    """Return the name of a session that begins at `at` (ms since 1970 UTC) after the session `previous`, if any.

    The number at its end orders sessions of one second; it counts the sessions of a site.
    """
    number = previous.rpartition("-")[2]
    ordinal = int(number) + 1 if number.isdecimal() else 1
    return f"{time.strftime('%Y%m%dT%H%M%SZ', time.gmtime(at // 1000))}-{ordinal:04d}"


def _prepare(folder: Path) -> tuple[list[Path], list[Path]]:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder.chmod(0o700)
    return tidy(folder), session_paths(folder)
