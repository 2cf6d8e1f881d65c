"""The one task that commits: what is staged is stored, then published; while the disk fails it keeps trying."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Final

from console.recording.bodies import Row
from console.recording.known import Known
from console.recording.schema import RecordingError
from console.recording.writer import Recording
from console.supervisor.desk import Desk
from console.supervisor.log import Entry
from console.supervisor.process.emergency import EmergencyLog
from console.supervisor.process.keyframes import Keyframes
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
        self.under_way: list[Entry] = []
        """What is being stored."""

    def look(self) -> None:
        """Wake up if there is anything to commit; at once if it is urgent or much."""
        if self._desk.log.staged:
            self._staged.set()
            if self._desk.log.urgent or len(self._desk.log.staged) >= COMPANY:
                self._due.set()

    async def run(self) -> None:
        """Commit until cancelled."""
        while True:
            await self._staged.wait()
            self._staged.clear()
            if not self._due.is_set():
                # Not wait_for: before Python 3.12 it swallows a cancellation that meets its answer, and we never end.
                with suppress(TimeoutError):
                    async with asyncio.timeout(TELEMETRY_WAIT):
                        await self._due.wait()
            self._due.clear()
            await self._store()

    async def finish(self) -> None:
        """Store what is left, once all that was under way has ended: it may wait for a disk that hangs."""
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
        entries = self._desk.take()
        if not entries:
            return
        keyframe = self.keyframes.due(entries[-1])
        self.under_way = entries
        await self._append(entries)
        self._desk.stored(entries)
        self._flush()  # a decision is on its way before the journal is sealed
        self._desk.committed(entries, time.monotonic())
        self.under_way = []
        self._flush()
        await learn(self._known, rows(entries))
        if keyframe is not None:
            await self.keyframes.take(keyframe)
            self._kick()

    async def _append(self, entries: list[Entry]) -> None:
        while True:
            try:
                await self._write(entries)
            except RecordingError as error:
                if not self._desk.failing:
                    LOGGER.error("the recording fails: %s", error)  # noqa: TRY400  (the trace says nothing more)
                self._desk.recording(failing=True)
                self._flush()
                await asyncio.sleep(RETRY)
                continue
            if self._desk.failing:
                self._desk.recording(failing=False)
                self._kick()
            self._emergency.clear(entries[-1].pos)
            return

    async def _write(self, entries: list[Entry]) -> None:
        """Commit records. A disk that neither takes them nor refuses them in time counts as failing meanwhile.

        Without a task or a time-out around it: an approval waits for every turn of the loop.
        """
        # In the turn after the one in which the disk gets its work: signatures are made while it does that.
        asyncio.get_running_loop().call_later(0, self._desk.outbox.sign)
        with self._in_time(), self._gauge.commit(len(entries)):
            await self._recording.append(rows(entries))

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
