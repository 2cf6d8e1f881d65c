"""When the recording gets a keyframe or a new session file, so that neither holds up what is committed and sent.

A keyframe is packed and written beside the commits that go on. A new session file begins between two commits, because
its keyframe must agree with where the old file ends.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Final

from console.core.fleet.state import encode
from console.recording.schema import RecordingError
from console.recording.writer import Recording
from console.supervisor.desk import Desk
from console.supervisor.log import Entry

AGAIN: Final = 30.0
"""Seconds after a keyframe or a rotation that failed before the next is tried: each encodes the whole fleet."""

KIND: Final = "keyframe-failing"
"""The alarm that says so."""

LOGGER: Final = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Due:
    """The encoded fleet as it is after a record, and what it is for."""

    pos: int
    at: int
    body: bytes
    rotating: bool


class Keyframes:
    """Takes keyframes where the fleet and the log agree, and rotates. `in_time` watches that the recording answers."""

    def __init__(
        self, desk: Desk, recording: Recording, in_time: Callable[[], AbstractContextManager[None]]
    ) -> None:
        self._desk = desk
        self._recording = recording
        self._in_time = in_time
        self._waiting: Due | None = None
        self._wanted = asyncio.Event()
        self._not_before = 0.0

    def due(self, last: Entry) -> Due | None:
        """The fleet after `last`, the newest record of all, if the recording wants it. Call it before time goes on."""
        if time.monotonic() < self._not_before:
            return None
        rotating = self._recording.should_rotate()
        # One at a time: until it is written the recording goes on asking for it.
        if not rotating and (self._waiting is not None or not self._recording.should_keyframe()):
            return None
        body = self._encoded()
        return Due(last.pos, last.at, body, rotating) if body else None

    async def take(self, due: Due) -> None:
        """Rotate with a keyframe, or hand it over to be written. Its record must be committed, and no later one."""
        if due.rotating:
            await self._rotate(due.body)
        else:
            self._waiting = due
            self._wanted.set()

    async def run(self) -> None:
        """Write the keyframes that were handed over, until cancelled."""
        while True:
            await self._wanted.wait()
            self._wanted.clear()
            due = self._waiting
            if due is None:
                continue
            try:
                with self._in_time():
                    await self._recording.keyframe(due.pos, due.at, due.body)
            except Exception as error:  # noqa: BLE001  (the records are safe, and commits go on)
                self._failed("no keyframe can be written", error)
            else:
                self._desk.alarms.clear(KIND)
            finally:
                self._waiting = None

    async def _rotate(self, body: bytes) -> None:
        previous = self._recording.session
        try:
            with self._in_time():  # what stops things must not wait for a large file to be closed
                await self._recording.rotate(body)
        except RecordingError as error:
            self._failed("no new session file can be made", error)
        else:
            self._desk.alarms.clear(KIND)
        if self._recording.session != previous:  # also where only closing the old one failed
            self._desk.log.not_before = self._recording.at
            self._desk.log.rotated(self._recording.session, previous)

    def _encoded(self) -> bytes:
        """The fleet as a keyframe. What cannot be encoded must never keep records from being committed."""
        try:
            return encode(self._desk.fleet)
        except Exception as error:
            LOGGER.exception("the fleet cannot be encoded")
            self._failed("the fleet cannot be encoded", error)
            return b""

    def _failed(self, what: str, error: Exception) -> None:
        """Say it, and leave the recording alone for a while. Its records are safe; starting from them takes longer."""
        self._not_before = time.monotonic() + AGAIN
        LOGGER.error("%s: %s", what, error)
        self._desk.alarms.raise_(KIND, f"{what}: {error}; tried again in {AGAIN:.0f} s")
