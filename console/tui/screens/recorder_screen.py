"""Recorder: the file that everything stands in, how well it keeps up, and what happens when it does not."""

from __future__ import annotations

from collections.abc import Sequence

from console.tui.drawing.paint import BLANK, Line
from console.tui.rows import recorder_rows
from console.tui.screens.reported_screen import ReportedScreen


class RecorderScreen(ReportedScreen):
    """One page of facts; nothing on it can be chosen."""

    place = "recorder"

    def __init__(self) -> None:
        super().__init__()
        self._lines: list[Line] = []

    def trail(self) -> Sequence[str]:
        return ["Recorder"]

    def names(self) -> Sequence[str]:
        self.want()
        self.count()
        self._lines = recorder_rows.rows(
            self.heard, self.floor.fleet, self.view, self.rate(), stale=self.stale
        )
        return [""] * len(self._lines)

    def _load(self, names: Sequence[str]) -> bool:
        self._anew = True  # nothing here is chosen: what comes in may stand there at once
        return super()._load(names)

    def line(self, row: int) -> Line:
        return self._lines[row] if row < len(self._lines) else BLANK
