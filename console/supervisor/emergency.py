"""The emergency log: what was sent although it could not be recorded, kept on disk until it is.

Written only while the recording fails. After a crash in that state its lines are recorded late, under a latched alarm.
"""

from __future__ import annotations

import json
import logging
import os
from pathlib import Path
from typing import Final

from console.supervisor.outbox import Out

LOGGER: Final = logging.getLogger(__name__)


class EmergencyLog:
    """Appends one JSON line, flushed to the disk, for every command sent unrecorded."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._kept = path.exists()
        self._upto = 0

    def note(self, out: Out) -> None:
        """Keep what is being sent. A disk that takes nothing at all is said in the service's log, and sending goes on."""
        self._kept = True
        self._upto = max(self._upto, out.after)
        line = json.dumps({"topic": out.topic, "payload": out.payload.decode("utf-8", "replace")})
        try:
            handle = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
            with os.fdopen(handle, "a", encoding="utf-8") as file:
                file.write(line + "\n")
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            LOGGER.error(  # noqa: TRY400  (the trace says nothing more)
                "%s: cannot keep an unrecorded command: %s: %s", self._path, error, line
            )

    def left(self) -> list[str]:
        """Lines that an earlier supervisor left: commands that stand in no recording."""
        try:
            return self._path.read_text(encoding="utf-8").splitlines()
        except FileNotFoundError:
            return []

    def clear(self, committed: int) -> None:
        """Everything up to a position is recorded now: forget the log if that is all it holds."""
        if self._kept and committed >= self._upto:
            self._path.unlink(missing_ok=True)
            self._kept = False
