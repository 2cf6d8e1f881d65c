"""The emergency log: what was sent although it could not be recorded, kept on disk until it is.

Written only while the recording fails, mostly because the disk is full: so its room is taken beforehand, in a file that is
written over in place and then takes the log's name. After a crash in that state its lines are recorded late, under a latched
alarm.

The disk may be what hangs: what must be written is only remembered here, and `work`, in a thread, writes it.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import threading
from collections.abc import Sequence
from contextlib import suppress
from itertools import accumulate
from pathlib import Path
from typing import Final

from console.supervisor.outbox import Out

RESERVED: Final = 1 << 20
"""Bytes of room taken beforehand: some two thousand commands. On file systems that write elsewhere what is overwritten
(btrfs, ZFS) it is worth as much as they keep back themselves.
"""

AGAIN: Final = 1.0
"""Seconds until what a disk refused is tried again."""

_BLANK: Final = b"\0"
"""What stands behind the last line of a log in its reserved room."""

LOGGER: Final = logging.getLogger(__name__)


class EmergencyLog:
    """One JSON line, flushed to the disk, for every command sent unrecorded."""

    def __init__(self, path: Path) -> None:
        self.path = path
        """The file; there only while it holds anything."""
        self._room = path.with_suffix(".reserved")
        self._kept = path.exists()
        self._upto = 0
        self._lines: list[str] = []
        self._over = False
        self._said: set[str] = set()  # lines of which the service's log has said that they could not be kept
        self._working = threading.Lock()  # held while the disk is waited for
        self._memory = threading.Lock()  # never held for longer than it takes to look

    def reserve(self) -> None:
        """Take the room for a log on the disk; if there is none the service's log says so.

        A log that stands there keeps its own. Room that is too short, because of a crash while it was taken, is filled up.
        """
        try:
            if self.path.exists() or (self._room.exists() and self._room.stat().st_size >= RESERVED):
                return
            _written(self._room, _BLANK * RESERVED, os.O_CREAT)
            _named(self._room.parent)
        except OSError as error:
            with suppress(OSError):
                self._room.unlink(missing_ok=True)
            LOGGER.warning("%s: no room for commands on a full disk: %s", self._room, error)

    @property
    def due(self) -> bool:
        """Whether there is `work` to do."""
        return self._over or bool(self._lines)

    def note(self, out: Out) -> None:
        """Have a command kept that was sent. Takes no time; `work` puts it on the disk."""
        line = json.dumps({"topic": out.topic, "payload": out.payload.decode("utf-8", "replace")})
        with self._memory:
            self._kept = True
            self._upto = max(self._upto, out.after)
            self._lines.append(line)

    def clear(self, committed: int) -> None:
        """Everything up to a position is recorded now: have the log forgotten if that is all it holds."""
        with self._memory:
            if self._kept and committed >= self._upto:
                self._lines = []
                self._over, self._kept = True, False

    async def keep(self, noted: asyncio.Event) -> None:
        """Keep on the disk what is sent unrecorded: all of it that came meanwhile at once, in a thread."""
        while True:
            await noted.wait()
            noted.clear()
            if not await asyncio.to_thread(self.work):
                await asyncio.sleep(AGAIN)

    def work(self) -> bool:
        """Bring the file in line with what was noted and cleared; for a thread, because the disk may never answer.

        Return whether the disk took it. If not, the service's log says so, once for each line, and all of it stays due.
        """
        with self._working:
            with self._memory:
                over, self._over = self._over, False
                lines, self._lines = self._lines, []
            try:
                if over:  # what was noted since is about later positions
                    self._forget()
                if lines:
                    self._append(lines)
            except OSError as error:
                with self._memory:
                    if not self._over:  # else the lines were cleared since
                        self._over, self._lines = over, lines + self._lines
                for line in lines or ["(a log that is over stays)"]:
                    if line in self._said:
                        continue
                    self._said.add(line)
                    LOGGER.error(  # noqa: TRY400  (the trace says nothing more)
                        "%s: cannot keep an unrecorded command: %s: %s", self.path, error, line
                    )
                return False
            self._said.clear()
            return True

    def left(self) -> list[str]:
        """Lines that an earlier supervisor left: commands that stand in no recording. What was written twice is one."""
        try:
            said = self.path.read_bytes().rstrip(_BLANK)
            return list(dict.fromkeys(said.decode("utf-8", "replace").splitlines()))
        except FileNotFoundError:
            return []

    def _append(self, lines: Sequence[str]) -> None:
        """Write lines behind those that stand there; the first of all into the reserved room, as many as fit."""
        said = [f"{line}\n".encode() for line in lines]
        if not self.path.exists() and self._room.exists():
            first = _fitting(said)
            # No more than is needed: a disk that is short of room, or slow, may take little and refuse much.
            _written(self._room, b"".join(said[:first]).ljust(used(self._room), _BLANK))
            self._room.replace(self.path)  # whole, or not at all
            _named(self.path.parent)
            said = said[first:]
        if said:
            before = self.path.read_bytes().rstrip(_BLANK) if self.path.exists() else b""
            torn = b"" if before.endswith(b"\n") or not before else b"\n"  # a line that a crash cut short
            _written(self.path, torn + b"".join(said), os.O_CREAT, at=len(before))

    def _forget(self) -> None:
        """What stands there is recorded: the room is free for the next time, or is taken anew."""
        if self.path.exists() and self.path.stat().st_size >= RESERVED:
            self.path.replace(self._room)
        else:
            self.path.unlink(missing_ok=True)
        _named(self.path.parent)
        self.reserve()


def used(path: Path) -> int:
    """Bytes of lines in a log, without the room behind them; 0 if there is none."""
    try:
        return len(path.read_bytes().rstrip(_BLANK))
    except FileNotFoundError:
        return 0


def _fitting(lines: Sequence[bytes]) -> int:
    """How many of the lines fit into the reserved room."""
    sizes = accumulate(len(line) for line in lines)
    return sum(size <= RESERVED for size in sizes)


def _named(folder: Path) -> None:
    """Wait until the disk has the names in a folder: without that a crash may undo what was renamed."""
    if os.name != "posix":  # there a folder cannot be opened, and names are durable
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _written(path: Path, content: bytes, how: int = 0, *, at: int = 0) -> None:
    """Write in place, from a position on, and wait for the disk."""
    handle = os.open(path, os.O_WRONLY | how, 0o600)
    try:
        os.lseek(handle, at, os.SEEK_SET)
        left = memoryview(content)
        while left:
            left = left[os.write(handle, left) :]
        os.fsync(handle)
    finally:
        os.close(handle)
