"""A ledger on disk of what demo tools really did, one JSON line an effect, to be joined with the recording."""

from __future__ import annotations

import json
import os
from pathlib import Path
from types import TracebackType
from typing import Self

from bus.sdk.decision import Decision


class EffectLedger:
    """Appends to a file; each line is on the disk when `write` returns. A context."""

    def __init__(self, path: Path) -> None:
        """Open the file for appending, mode 0600.

        Raises:
            OSError: it cannot be opened.
        """
        self._handle = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        os.close(self._handle)

    def write(self, agent: str, run: str, decision: Decision) -> None:
        """Do the effect: a line that says who did what by which decision."""
        line = {
            "agent": agent,
            "run": run,
            "action": decision.action,
            "tool": decision.tool,
            "digest": decision.digest,
            "decision": decision.command,
            "passed": decision.passed,
        }
        os.write(self._handle, (json.dumps(line) + "\n").encode())
        os.fsync(self._handle)
