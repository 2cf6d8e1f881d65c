"""The console on a person's own terminal: it also rings, notifies and names the window."""

from __future__ import annotations

from typing import Any

from console.tui.apps.floor_app import FloorApp
from console.tui.terminal.calling import Caller, standing_of


class CallingApp(FloorApp, inherit_bindings=False):
    """A console with a caller. While the floor is not followed it calls for nothing: nobody knows what waits."""

    def __init__(self, *args: Any, caller: Caller, **how: Any) -> None:
        super().__init__(*args, **how)
        self._caller = caller

    def on_mount(self) -> None:
        """Have the terminal keep its title."""
        self._write(self._caller.begin())

    def on_unmount(self) -> None:
        """Give the title back."""
        self._write(self._caller.end())

    def draw(self) -> None:
        """Bring the screen up to date, and call for what is new."""
        super().draw()
        if not self.standing.live or self.front is None or self.stalled:
            return
        index, now = self.index, self._moment.now
        waiting = [(action, index.waits.level(action)) for action in index.waiting()]
        there = standing_of(waiting, self.fleet.alarms.values(), now)
        self._write(self._caller.look(there, self._clock()))

    def _write(self, sequence: str) -> None:
        if sequence and self._driver is not None:
            self._driver.write(sequence)
            self._driver.flush()
