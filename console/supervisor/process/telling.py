"""Answers to what consoles ask: reads the log and measures the recording, one question at a time, beside the commits.

The disk may hang. What is measured is measured in a thread, for so long at most, and nothing waits for it but the answer.
"""

from __future__ import annotations

import asyncio
import logging
import shutil
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from msgspec import Raw, structs

from bus.inquiry import RecorderHealth
from bus.messages import Intent, JournalRecord
from bus.seals import sealed_page
from console.core.text import plain
from console.recording.files import session_paths, size_of
from console.recording.pages import page
from console.recording.schema import RecordingError
from console.recording.writer import Recording
from console.supervisor.desk import Desk
from console.supervisor.process.emergency import used

MEASURE_WITHIN: Final = 1.0
"""Seconds that a disk has to say how large and how full it is."""

READ_WITHIN: Final = 3.0
"""Seconds that a page of the log may take."""

APART: Final = 0.02
"""Seconds between two answers, so that no number of questions keeps the supervisor from its work."""

COMMITS: Final = 1_024
"""Newest commits whose time is remembered."""

LOGGER: Final = logging.getLogger(__name__)


class Gauge:
    """How many commits there were, how large, and how long the newest took."""

    def __init__(self) -> None:
        self.records = self.commits = 0
        self._took: deque[int] = deque(maxlen=COMMITS)

    @contextmanager
    def commit(self, records: int) -> Iterator[None]:
        """While so many records are committed. One that fails does not count."""
        began = time.monotonic()
        yield
        self.records += records
        self.commits += 1
        self._took.append(int((time.monotonic() - began) * 1_000_000))

    def share(self, share: float) -> int | None:
        """The microseconds within which so many of the newest commits returned; None before there was one."""
        took = sorted(self._took)
        return took[min(len(took) - 1, int(share * len(took)))] if took else None


class Telling:
    """Answers one console after the other. `flush` sends what was queued; `known` and `emergency` are files to look at."""

    def __init__(
        self, desk: Desk, recording: Recording, known: Path | None, emergency: Path, flush: Callable[[], None]
    ) -> None:
        self.gauge = Gauge()
        self._desk = desk
        self._recording = recording
        self._known = known
        self._emergency = emergency
        self._flush = flush
        self._asked = asyncio.Event()
        self._measuring: asyncio.Future[RecorderHealth] | None = None

    def look(self) -> None:
        """Wake up if anybody asks."""
        if self._desk.consoles.inquiries.waiting:
            self._asked.set()

    async def run(self) -> None:
        """Answer until cancelled."""
        while True:
            inquiries = self._desk.consoles.inquiries
            with suppress(TimeoutError):  # strangers wait for their turn; an operator's question ends that
                async with asyncio.timeout(
                    max(0.0, inquiries.rest(time.monotonic())) if inquiries.waiting else None
                ):
                    await self._asked.wait()
            self._asked.clear()
            while (intent := inquiries.take(began := time.monotonic())) is not None:
                try:
                    await (self._health(intent) if intent.verb == "health" else self._page(intent))
                except Exception as error:
                    LOGGER.exception("a %s was not answered", intent.verb)
                    self._desk.alarms.raise_("internal-error", f"{intent.verb}: {type(error).__name__}")
                self._flush()
                inquiries.spent(time.monotonic() - began, time.monotonic())
                await asyncio.sleep(APART)

    # ---- health ------------------------------------------------------------------------------------------------------

    async def _health(self, intent: Intent) -> None:
        desk = self._desk
        recorder = await self._recorder()
        report = desk.consoles.inquiries.report(
            intent,
            desk.identity.epoch,
            time.monotonic(),
            desk.agents.heard_at(),
            window=desk.agents.window,
            staged=desk.fleet.pos - desk.committed_pos,
            waiting=desk.consoles.waiting,
            holes=desk.ingest.holes,
            recorder=recorder,
        )
        desk.outbox.plain(
            desk.identity.topics.console(intent.console), desk.identity.key.sign(report), after=0
        )

    async def _recorder(self) -> RecorderHealth:
        """What is known of the recording without asking its disk, and what that said of itself if it did in time."""
        recording, gauge = self._recording, self.gauge
        own = RecorderHealth(
            session=recording.session,
            path=str(recording.path)[-4_096:],
            due=recording.due_bytes,
            pos=recording.pos,
            records=gauge.records,
            commits=gauge.commits,
            p50=gauge.share(0.5),
            p99=gauge.share(0.99),
            keyframe=recording.keyframe_pos,
            keyframe_size=recording.keyframe_bytes,
            logged=recording.logged_bytes,
        )
        if (
            self._measuring is None or self._measuring.done()
        ):  # one at a time: a disk that hangs keeps its thread
            self._measuring = asyncio.ensure_future(
                asyncio.to_thread(measured, own, recording.path, self._known, self._emergency)
            )
        with suppress(TimeoutError, OSError):
            async with asyncio.timeout(MEASURE_WITHIN):
                return await asyncio.shield(self._measuring)
        return own

    # ---- pages -------------------------------------------------------------------------------------------------------

    async def _page(self, intent: Intent) -> None:
        desk, records, more, problem = self._desk, [], False, ""
        before = min(intent.before or desk.committed_pos + 1, desk.committed_pos + 1)
        try:
            async with asyncio.timeout(READ_WITHIN):
                paths = await asyncio.to_thread(session_paths, self._recording.path.parent)
                rows, more = await page(paths, intent.agent, intent.run, before)
            records = [JournalRecord(pos=row.pos, at=row.at, event=Raw(row.event)) for row in rows]
        except TimeoutError:
            problem = f"the recording was not read within {READ_WITHIN:g} s"
        except (RecordingError, OSError) as error:
            problem = plain(str(error), 400)
        payload = sealed_page(
            desk.identity.key, desk.identity.epoch, intent.id, records, more=more, problem=problem
        )
        desk.outbox.plain(desk.identity.topics.console(intent.console), payload, after=0)


def measured(own: RecorderHealth, path: Path, known: Path | None, emergency: Path) -> RecorderHealth:
    """What the file system says of a session, its neighbours and its disk. Blocks as long as the disk does.

    Raises:
        OSError: the session's file or its folder cannot be looked at.
    """
    disk = shutil.disk_usage(path.parent)
    paths = session_paths(path.parent)
    return structs.replace(
        own,
        size=path.stat().st_size,
        wal=_size(path.with_name(path.name + "-wal")),
        free=disk.free,
        disk=disk.total,
        sessions=len(paths),
        sessions_size=sum(size_of(each) for each in paths),
        known=None if known is None else _size(known),
        emergency=used(emergency),
    )


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0
