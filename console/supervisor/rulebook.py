"""Puts edits of `catalogue.toml` and `policy.toml` in force while the supervisor runs; a broken one raises an alarm."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from console.policy.load import Rulebook
from console.supervisor.desk import Desk

LOOK: Final = 1.0
"""Seconds between looks at the files."""


class RulebookWatch:
    """Reloads the rulebook when one of its files changed."""

    def __init__(self, rulebook: Rulebook, paths: Sequence[Path]) -> None:
        self._rulebook = rulebook
        self._paths = tuple(paths)
        self._seen = self._stamps()
        self._next = 0.0

    def tick(self, desk: Desk, now: float) -> None:
        """Look at the files now and then."""
        if now < self._next:
            return
        self._next = now + LOOK
        stamps = self._stamps()
        if stamps == self._seen:
            return
        self._seen = stamps
        if self._rulebook.reload():
            desk.adopt(self._rulebook.judge)
        if self._rulebook.problem:
            desk.alarms.raise_("policy-file", self._rulebook.problem)
        else:
            desk.alarms.clear("policy-file")

    def _stamps(self) -> list[tuple[int, int] | None]:
        stamps: list[tuple[int, int] | None] = []
        for path in self._paths:
            try:
                status = path.stat()
                stamps.append((status.st_mtime_ns, status.st_size))
            except OSError:
                stamps.append(None)
        return stamps
