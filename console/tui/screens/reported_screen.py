"""A screen that shows what the supervisor says of itself: asked for while it is in front, and never else."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Final

from console.tui.screens.acts import ActingScreen

if TYPE_CHECKING:
    from console.link.status import Heard

AGAIN: Final = 3_000
"""Milliseconds of the floor's time between two questions."""

OVER: Final = 10_000
"""Milliseconds over which records are counted."""

COUNTED: Final = 1_000
"""Milliseconds between two counts."""


class ReportedScreen(ActingScreen):
    """Base of Bus and Recorder. `heard` is the newest report, None before the first; `stale`: the last did not come."""

    def __init__(self) -> None:
        super().__init__()
        self.heard: Heard | None = None
        self.heard_at = 0
        self.stale = False
        self._asked_at: int | None = None
        self._asking = False
        self._seen: deque[tuple[int, int]] = deque()

    def want(self) -> None:
        """Ask for a report if it is time; call it once a frame."""
        now = self.view.now
        known = self._asked_at is not None and abs(now - self._asked_at) < AGAIN
        if known or self._asking or not self.is_mounted or not (self.view.live or self.view.replay):
            return
        self._asked_at, self._asking = now, True
        self.run_worker(self._hear(), name="ask how the supervisor does")

    def count(self) -> None:
        """Note how far the log is, for how fast it grows."""
        now, pos = self.view.now, self.floor.fleet.pos
        if self._seen and (now < self._seen[-1][0] or pos < self._seen[-1][1]):
            self._seen.clear()  # a replay went back
        if not self._seen or now - self._seen[-1][0] >= COUNTED:
            self._seen.append((now, pos))
        while len(self._seen) > 2 and now - self._seen[1][0] >= OVER:
            self._seen.popleft()

    def rate(self) -> float | None:
        """Records a second, as this console saw them; None before there is a second to count."""
        if len(self._seen) < 2:
            return None
        (began, first), (ended, last) = self._seen[0], self._seen[-1]
        return (last - first) * 1_000 / (ended - began)

    async def _hear(self) -> None:
        source = self.floor.source
        try:
            heard = await source.health() if source is not None else None
            self.stale = heard is None
            if heard is not None:
                self.heard, self.heard_at = heard, self.view.now
        finally:
            self._asking = False
            self.floor.draw_again()
