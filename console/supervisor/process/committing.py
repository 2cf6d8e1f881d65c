"""The one task that commits: what is staged is stored, then published; while the disk fails it keeps trying."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from typing import Final, NamedTuple

from console.recording.bodies import Row
from console.recording.known import Known
from console.recording.schema import RecordingError
from console.recording.turns import UnderWay
from console.recording.writer import Recording
from console.supervisor.desk import Desk
from console.supervisor.log import Entry
from console.supervisor.process.emergency import EmergencyLog
from console.supervisor.process.keyframes import Due, Keyframes
from console.supervisor.process.learning import learn
from console.supervisor.process.telling import Gauge

TELEMETRY_WAIT: Final = 0.02
"""Seconds that telemetry waits for company before it is committed."""

COMPANY: Final = 64
"""Records that need not wait for more: agents have a window of unstored events, and it must not run empty meanwhile."""

SLOW: Final = 2.0
"""Seconds after which a commit that has not returned counts as failing."""

RETRY: Final = 0.5
"""Seconds between attempts to commit while the recording fails."""

LOGGER: Final = logging.getLogger(__name__)


class Begun(NamedTuple):
    """A commit that was begun, and the keyframe that is due behind it."""

    keyframe: Due | None
    writing: UnderWay


class Committer:
    """Stores what the desk has staged. `flush` sends what the desk has to say, `kick` looks at all there is to do."""

    def __init__(
        self,
        desk: Desk,
        recording: Recording,
        emergency: EmergencyLog,
        known: Known | None,
        gauge: Gauge,
        *,
        flush: Callable[[], None],
        kick: Callable[[], None],
    ) -> None:
        self._desk = desk
        self._recording = recording
        self._emergency = emergency
        self._known = known
        self._gauge = gauge
        self._flush = flush
        self._kick = kick
        self._staged = asyncio.Event()
        self._due = asyncio.Event()
        self.keyframes = Keyframes(desk, recording, self._in_time)
        self._begun: Begun | None = None
        self._idle = False
        self.under_way: list[Entry] = []
        """What is being stored."""

    def look(self) -> None:
        """Wake up if there is anything to commit; begin at once if it is urgent or much."""
        if self._desk.log.staged:
            self._staged.set()
            if self._desk.log.urgent or len(self._desk.log.staged) >= COMPANY:
                self._due.set()
                if self._idle:
                    self._begin()

    async def run(self) -> None:
        """Commit until cancelled."""
        while True:
            await self._something()
            await self._store()

    async def _something(self) -> None:
        """Wait until there is something to commit, and telemetry for company; what is urgent is begun meanwhile."""
        self._idle = True
        try:
            await self._staged.wait()
            self._staged.clear()
            if not self._due.is_set():
                # Not wait_for: before Python 3.12 it swallows a cancellation that meets its answer, and we never end.
                with suppress(TimeoutError):
                    async with asyncio.timeout(TELEMETRY_WAIT):
                        await self._due.wait()
            self._due.clear()
        finally:
            self._idle = False

    async def finish(self) -> None:
        """Store what is left, once all that was under way has ended: it may wait for a disk that hangs."""
        if self._begun is not None:
            with suppress(RecordingError):
                await self._begun.writing.end()
        taken = [*self.under_way, *self._desk.take()]
        entries = [entry for entry in taken if entry.pos > self._recording.pos]
        try:
            await self._recording.append(rows(entries))
        except RecordingError as error:
            LOGGER.error("%d records could not be stored at the end: %s", len(entries), error)  # noqa: TRY400  (the trace says nothing more)
            self._desk.recording(failing=True)
        else:
            self._desk.committed(taken, time.monotonic())
            self._emergency.clear(self._recording.pos)

    async def _store(self) -> None:
        """Commit what is staged, then publish. Keyframes are taken where the fleet and the log agree."""
        if self._begun is None:
            self._begin()
        begun, self._begun = self._begun, None
        if begun is None:
            return
        entries = self.under_way
        await self._append(entries, begun.writing)
        self._desk.committed(entries, time.monotonic())
        self.under_way = []
        self._flush()
        await learn(self._known, rows(entries))
        if begun.keyframe is not None:
            await self.keyframes.take(begun.keyframe)
            self._kick()

    def _begin(self) -> None:
        """Let the disk have what is staged, now: whoever waits for it waits for every turn of the loop, too."""
        self._idle = False
        entries = self._desk.take()
        if entries:
            keyframe = self.keyframes.due(entries[-1])
            self.under_way = entries
            self._begun = Begun(keyframe, self._write(entries))

    def _write(self, entries: list[Entry]) -> UnderWay:
        # In the turn after the one in which the disk gets its work: signatures are made while it does that.
        asyncio.get_running_loop().call_later(0, self._desk.outbox.sign)
        return self._recording.appending(rows(entries), partial(self._stored, entries))

    def _stored(self, entries: list[Entry]) -> None:
        """Send what waited for these, in the very turn in which the disk has them: the journal is sealed later."""
        self._desk.stored(entries)
        self._flush()

    async def _append(self, entries: list[Entry], writing: UnderWay) -> None:
        while True:
            try:
                await self._end(entries, writing)
            except RecordingError as error:
                if not self._desk.failing:
                    LOGGER.error("the recording fails: %s", error)  # noqa: TRY400  (the trace says nothing more)
                self._desk.recording(failing=True)
                self._flush()
                await asyncio.sleep(RETRY)
                writing = self._write(entries)
                continue
            if self._desk.failing:
                self._desk.recording(failing=False)
                self._kick()
            self._emergency.clear(entries[-1].pos)
            return

    async def _end(self, entries: list[Entry], writing: UnderWay) -> None:
        """Wait for a commit. A disk that neither takes them nor refuses them in time counts as failing meanwhile.

        Without a task or a time-out around it: an approval waits for every turn of the loop.
        """
        with self._in_time(), self._gauge.commit(len(entries)):
            await writing.end()

    @contextmanager
    def _in_time(self) -> Iterator[None]:
        """While the recording has not answered in time, it counts as failing."""
        overdue = asyncio.get_running_loop().call_later(SLOW, self._overdue)
        try:
            yield
        finally:
            overdue.cancel()

    def _overdue(self) -> None:
        LOGGER.error("the recording has not answered for %g s", SLOW)
        self._desk.recording(failing=True)
        self._flush()


def rows(entries: Sequence[Entry]) -> list[Row]:
    """Log entries as rows of the recording."""
    return [Row(entry.pos, entry.at, entry.agent, entry.run, entry.event) for entry in entries]
