"""The supervisor with its I/O: two links, one recording, and the clock, around the pure `Desk`.

The control link carries intents, status, commands and the lease and is drained first; the bulk link carries events in
and the journal out. One task commits; while the recording fails it keeps trying, and only what stops things goes out.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Final

from bus.limits import LEASE_RENEW
from bus.transports.transport import Item, LinkDown, LinkUp, Message, Transport
from console.recording.bodies import Row
from console.recording.known import Known
from console.recording.schema import RecordingError
from console.recording.writer import Recording
from console.supervisor.alarming.guard import guarded
from console.supervisor.desk import Desk
from console.supervisor.log import Entry
from console.supervisor.outbox import Out
from console.supervisor.process.emergency import EmergencyLog
from console.supervisor.process.files import SiteFiles
from console.supervisor.process.goodbye import goodbye
from console.supervisor.process.keyframes import Keyframes
from console.supervisor.process.learning import learn
from console.supervisor.process.telling import Telling

TELEMETRY_WAIT: Final = 0.02
"""Seconds that telemetry waits for company before it is committed."""

COMPANY: Final = 64
"""Records that need not wait for more: agents have a window of unstored events, and it must not run empty meanwhile."""

TICK: Final = 0.05
"""Seconds between looks at the clock."""

SLOW: Final = 2.0
"""Seconds after which a commit that has not returned counts as failing."""

RETRY: Final = 0.5
"""Seconds between attempts to commit while the recording fails."""

CHUNK: Final = 64
"""Events taken before the control link is looked at again."""

LAST_WITHIN: Final = 4.0
"""Seconds that the disk has to take the last records before the last words are said: `up` kills who takes ten in all."""

LOGGER: Final = logging.getLogger(__name__)


class Service:
    """Runs a desk over two transports and a recording until told to stop."""

    def __init__(
        self,
        desk: Desk,
        recording: Recording,
        control: Transport,
        bulk: Transport,
        emergency: EmergencyLog,
        files: SiteFiles,
        stopping: asyncio.Event,
        known: Known | None = None,
    ) -> None:
        """`stopping` asks for a clean end: what is staged is committed, and the state says `stopped`."""
        self._desk = desk
        self._recording = recording
        self._control = control
        self._bulk = bulk
        self._emergency = emergency
        self._files = files
        self._keyframes = Keyframes(desk, recording, self._in_time)
        self._known = known
        self._committing: list[Entry] = []
        self._telling = Telling(desk, recording, known.path if known else None, emergency.path, self._flush)
        self._noted = asyncio.Event()
        self._staged = asyncio.Event()
        self._due = asyncio.Event()
        self._sweeping = False
        self._stopping = stopping
        self._linked: set[Transport] = set()
        self.ready = asyncio.Event()
        """Set once both links are there for the first time: from then on agents and consoles are served."""

    async def run(self) -> None:
        """Serve until `stopping` is set, or until a task fails, which raises."""
        async with self._control, self._bulk:
            tasks: list[asyncio.Task[object]] = [
                asyncio.create_task(self._listen(self._control, CHUNK * 16), name="control"),
                asyncio.create_task(self._listen(self._bulk, CHUNK), name="bulk"),
                asyncio.create_task(self._commit(), name="commit"),
                asyncio.create_task(self._keyframes.run(), name="keyframes"),
                asyncio.create_task(self._emergency.keep(self._noted), name="emergency"),
                asyncio.create_task(self._telling.run(), name="telling"),
                asyncio.create_task(self._clock(), name="clock"),
                asyncio.create_task(self._files.keeping(), name="files"),
                asyncio.create_task(self._lease(), name="lease"),
            ]
            self._kick()
            tasks.append(asyncio.create_task(self._stopping.wait(), name="stop"))
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in tasks:
                task.cancel()
            for failed in [task for task in done if task.exception()]:
                await asyncio.gather(*tasks, return_exceptions=True)
                failed.result()
            self._desk.sweeps.finish(time.monotonic())
            last = asyncio.create_task(self._last(tasks), name="last")
            await asyncio.wait([last], timeout=LAST_WITHIN)
            if not last.done():
                LOGGER.error("the recording has not answered for %g s at the end", LAST_WITHIN)
                self._desk.recording(failing=True)  # what stops things goes out all the same
            self._flush()
            await goodbye(self._desk, self._control, self._emergency)
            await last

    async def _last(self, tasks: list[asyncio.Task[object]]) -> None:
        """Store what is left, once all that was under way has ended: it may wait for a disk that hangs."""
        await asyncio.gather(*tasks, return_exceptions=True)
        taken = [*self._committing, *self._desk.take()]
        entries = [entry for entry in taken if entry.pos > self._recording.pos]
        try:
            await self._recording.append(rows(entries))
        except RecordingError as error:
            LOGGER.error("%d records could not be stored at the end: %s", len(entries), error)  # noqa: TRY400  (the trace says nothing more)
            self._desk.recording(failing=True)
        else:
            self._desk.committed(taken, time.monotonic())
            self._emergency.clear(self._recording.pos)

    async def _listen(self, transport: Transport, chunk: int) -> None:
        async for batch in transport.batches():
            for start in range(0, len(batch), chunk):
                self._receive(batch[start : start + chunk], transport)
                self._kick()
                await asyncio.sleep(0)

    def _receive(self, items: Sequence[Item], transport: Transport) -> None:
        now = time.monotonic()
        for item in items:
            if isinstance(item, Message):
                self._take(item, now)
            elif isinstance(item, LinkUp):
                if transport is self._control:
                    self._desk.linked(now)
                else:
                    self._desk.bulk(now, up=True)
                self._linked.add(transport)
                if len(self._linked) == 2:
                    self.ready.set()
            elif isinstance(item, LinkDown):
                LOGGER.warning("the link to the broker is down: %s", item.reason)
                if transport is self._control:
                    self._desk.unlinked(now)
                else:
                    self._desk.bulk(now, up=False)

    def _take(self, message: Message, now: float) -> None:
        """Let the desk have a message. An error of ours must not let one message end the supervision of all others."""
        try:
            self._desk.receive(message.topic, message.payload, now, retained=message.retained)
        except Exception as error:
            LOGGER.exception("a message on %s was not understood", message.topic)
            self._desk.alarms.raise_("internal-error", f"{message.topic}: {type(error).__name__}")

    def _kick(self) -> None:
        """Wake the committer if there is anything to commit, and let go what waits for nothing."""
        if self._desk.log.staged:
            self._staged.set()
            if self._desk.log.urgent or len(self._desk.log.staged) >= COMPANY:
                self._due.set()
        if self._desk.sweeps.under_way and not self._sweeping:
            self._sweeping = True
            asyncio.get_running_loop().call_soon(self._sweep)
        self._telling.look()
        self._flush()

    def _sweep(self) -> None:
        """Go on with what concerns all runs, by a slice at a turn of the loop, so that others have theirs."""
        self._sweeping = False
        self._desk.sweeps.step(time.monotonic())
        self._kick()

    def _flush(self) -> None:
        for out in self._desk.out():
            bulky = not out.command and not out.retain and not out.topic.endswith("/commands")
            try:
                (self._bulk if bulky else self._control).send(
                    out.topic, out.payload, retain=out.retain, taken=self._taken(out) if out.command else None
                )
            except ValueError as error:
                LOGGER.exception("a message on %s cannot be sent", out.topic)
                self._desk.alarms.raise_("internal-error", f"{out.topic}: {error}")
            # Sent first: the disk of this log may be the one that hangs, and a stop must not wait for it.
            if out.stops and out.after > self._desk.committed_pos:
                self._emergency.note(out)
        self._control.flush()
        self._bulk.flush()
        if self._emergency.due:
            self._noted.set()

    def _taken(self, out: Out) -> Callable[[bool], None]:
        def taken(delivered: bool) -> None:  # noqa: FBT001  (the transport's signature)
            self._desk.taken(out, delivered=delivered)
            self._kick()

        return taken

    async def _commit(self) -> None:
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

    async def _store(self) -> None:
        """Commit what is staged, then publish. Keyframes are taken where the fleet and the log agree."""
        entries = self._desk.take()
        if not entries:
            return
        keyframe = self._keyframes.due(entries[-1])
        self._committing = entries
        await self._append(entries)
        self._desk.stored(entries)
        self._flush()  # a decision is on its way before the journal is sealed
        self._desk.committed(entries, time.monotonic())
        self._committing = []
        self._flush()
        await learn(self._known, rows(entries))
        if keyframe is not None:
            await self._keyframes.take(keyframe)
            self._kick()

    async def _write(self, entries: list[Entry]) -> None:
        """Commit records. A disk that neither takes them nor refuses them in time counts as failing meanwhile.

        Without a task or a time-out around it: an approval waits for every turn of the loop.
        """
        with self._in_time(), self._telling.gauge.commit(len(entries)):
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
            if self._emergency.due:
                self._noted.set()
            return

    async def _clock(self) -> None:
        while True:
            await asyncio.sleep(TICK)
            now = time.monotonic()
            self._desk.tick(now)
            guarded(self._desk.alarms, "the site's files", self._files.tick, self._desk, now)
            self._kick()

    async def _lease(self) -> None:
        """Renew the lease through the recording, so that a supervisor that cannot reach its disk looks dead."""
        while True:
            try:
                await self._recording.probe()
            except RecordingError as error:
                LOGGER.error("the recording fails: %s", error)  # noqa: TRY400  (the trace says nothing more)
                self._desk.recording(failing=True)
            self._desk.renew()
            self._kick()
            await asyncio.sleep(LEASE_RENEW)


def rows(entries: Sequence[Entry]) -> list[Row]:
    """Log entries as rows of the recording."""
    return [Row(entry.pos, entry.at, entry.agent, entry.run, entry.event) for entry in entries]
