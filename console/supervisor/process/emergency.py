"""The emergency log: what was sent although it could not be recorded, kept on disk until it is.

Written only while the recording fails. After a crash in that state its lines are recorded late, under a latched alarm.
The disk may be what hangs: what must be written is only remembered here, and `work`, in a thread, writes it.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from console.supervisor.outbox import Out

LOGGER: Final = logging.getLogger(__name__)


class EmergencyLog:
    """One JSON line, flushed to the disk, for every command sent unrecorded."""

    def __init__(self, path: Path) -> None:
        self.path = path
        """The file; there only while it holds anything."""
        self._kept = path.exists()
        self._upto = 0
        self._lines: list[str] = []
        self._over = False
        self._working = threading.Lock()  # held while the disk is waited for
        self._memory = threading.Lock()  # never held for longer than it takes to look

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
            await asyncio.to_thread(self.work)

    def work(self) -> None:
        """Bring the file in line with what was noted and cleared; for a thread, because the disk may never answer.

        A disk that takes nothing at all is said in the service's log.
        """
        with self._working:
            with self._memory:
                over, self._over = self._over, False
                lines, self._lines = self._lines, []
            try:
                if over:  # what was noted since is about later positions
                    self.path.unlink(missing_ok=True)
                if lines:
                    self._append(lines)
            except OSError as error:
                for line in lines or ["(a log that is over stays)"]:
                    LOGGER.error(  # noqa: TRY400  (the trace says nothing more)
                        "%s: cannot keep an unrecorded command: %s: %s", self.path, error, line
                    )

    def left(self) -> list[str]:
        """Lines that an earlier supervisor left: commands that stand in no recording."""
        try:
            return self.path.read_text(encoding="utf-8").splitlines()
        except FileNotFoundError:
            return []

    def _append(self, lines: Sequence[str]) -> None:
        handle = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        with os.fdopen(handle, "a", encoding="utf-8") as file:
            file.write("".join(f"{line}\n" for line in lines))
            file.flush()
            os.fsync(file.fileno())
