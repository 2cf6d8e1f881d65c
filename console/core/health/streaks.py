"""Errors that pile up, and calls that bring nothing new. High precision, low recall: they highlight and doubt, no more."""

from __future__ import annotations

from collections import deque
from typing import Final

from console.core.health.finding import Deed, Finding

IN_A_ROW: Final = 3
OF_LAST: Final = 5
LAST: Final = 10
"""Errors are a streak if the last three calls failed, or five of the last ten."""

NOTHING_NEW: Final = 5
"""Calls in a row that bring nothing new before a run makes no progress: ten steps, call and result counted apart."""

_SEEN: Final = 4_096


class Errors:
    """The error streak of one run."""

    def __init__(self) -> None:
        self._last: deque[bool] = deque(maxlen=LAST)
        self._row = 0

    def take(self, deed: Deed) -> Finding | None:
        """Look at a call that ended. Returns what is wrong now, or None."""
        self._last.append(deed.failed)
        self._row = self._row + 1 if deed.failed else 0
        if self._row >= IN_A_ROW:
            return Finding(kind="error-streak", text=f"the last {self._row} calls failed")
        if sum(self._last) >= OF_LAST and deed.failed:
            return Finding(
                kind="error-streak", text=f"{sum(self._last)} of the last {len(self._last)} calls failed"
            )
        return None


class Novelty:
    """Whether a run still learns or changes anything: a new call, or a new result of one made before."""

    def __init__(self) -> None:
        self._seen: dict[tuple[str, str, str], None] = {}
        self._stale = 0

    def take(self, deed: Deed) -> Finding | None:
        """Look at a call that ended. Returns what is wrong now, or None."""
        if not deed.args:
            return None
        key = (deed.tool, deed.args, deed.result)
        self._stale = self._stale + 1 if key in self._seen else 0
        self._seen[key] = None
        if len(self._seen) > _SEEN:
            del self._seen[next(iter(self._seen))]
        if self._stale >= NOTHING_NEW and not deed.polls:
            text = f"the last {self._stale} calls brought no result that it had not seen before"
            return Finding(kind="no-progress", text=text)
        return None
