"""The supervisor with its I/O: two links, one recording, and the clock, around the pure `Desk`.

The control link carries intents, status, commands and the lease and is drained first; the bulk link carries events in
and the journal out. One task commits; while the recording fails it keeps trying, and only what stops things goes out.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import Final

from bus.limits import LEASE_RENEW
from bus.transports.transport import Item, LinkDown, LinkUp, Message, Transport
from console.recording.known import Known
from console.recording.schema import RecordingError
from console.recording.writer import Recording
from console.supervisor.alarming.guard import guarded
from console.supervisor.desk import Desk
from console.supervisor.outbox import Out
from console.supervisor.process.committing import Committer
from console.supervisor.process.emergency import EmergencyLog
from console.supervisor.process.files import SiteFiles
from console.supervisor.process.goodbye import goodbye
from console.supervisor.process.telling import Telling

TICK: Final = 0.05
"""Seconds between looks at the clock."""

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
        self._telling = Telling(desk, recording, known.path if known else None, emergency.path, self._flush)
        self._committer = Committer(
            desk, recording, emergency, known, self._telling.gauge, flush=self._flush, kick=self._kick
        )
        self._noted = asyncio.Event()
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
                asyncio.create_task(self._committer.run(), name="commit"),
                asyncio.create_task(self._committer.keyframes.run(), name="keyframes"),
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
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._committer.finish()

    async def _listen(self, transport: Transport, chunk: int) -> None:
        transport.at_once(partial(self._work, transport))
        async for batch in transport.batches():
            for start in range(0, len(batch), chunk):
                self._work(transport, batch[start : start + chunk])
                await asyncio.sleep(0)

    def _work(self, transport: Transport, items: Sequence[Item]) -> None:
        self._receive(items, transport)
        self._kick()

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
        self._committer.look()
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
        used = set[Transport]()
        for out in self._desk.out():
            bulky = not out.command and not out.retain and not out.topic.endswith("/commands")
            link = self._bulk if bulky else self._control
            used.add(link)
            try:
                link.send(
                    out.topic, out.payload, retain=out.retain, taken=self._taken(out) if out.command else None
                )
            except ValueError as error:
                LOGGER.exception("a message on %s cannot be sent", out.topic)
                self._desk.alarms.raise_("internal-error", f"{out.topic}: {error}")
            # Sent first: the disk of this log may be the one that hangs, and a stop must not wait for it.
            if out.stops and out.after > self._desk.committed_pos:
                self._emergency.note(out)
        for link in (self._control, self._bulk):
            if link in used:
                link.flush()
        if self._emergency.due:
            self._noted.set()

    def _taken(self, out: Out) -> Callable[[bool], None]:
        def taken(delivered: bool) -> None:  # noqa: FBT001  (the transport's signature)
            self._desk.taken(out, delivered=delivered)
            self._kick()

        return taken

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
