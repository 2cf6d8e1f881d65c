"""Pause, hold and kill of one run: what is in force, and which commands still wait to take effect."""

from __future__ import annotations

from typing import Literal

from bus.sdk.writer import EventWriter

Stop = Literal["pause", "hold", "kill", "resume"]


class Brake:
    """The stops of one run. What becomes of their commands is written as events.

    A pause takes effect when the run waits and no tool of it runs; a hold when the run waits at a gate; a kill when
    `RunKilled` is raised in it.
    """

    def __init__(self, writer: EventWriter) -> None:
        self.paused = False
        self.held = False
        self.killed = False
        self.reason = ""
        self._pending: list[tuple[Stop, str]] = []
        self._writer = writer

    @property
    def stopped(self) -> bool:
        """Whether a pause or a hold is in force: no gate opens and nothing begins."""
        return self.paused or self.held

    def press(self, stop: Stop, command: str, reason: str) -> None:
        """Put a stop in force from the next gate or checkpoint on. `settle` or `died` make it effective."""
        self._pending.append((stop, command))
        self.paused |= stop == "pause"
        self.held |= stop == "hold"
        if stop == "kill" and not self.killed:
            self.killed = True
            self.reason = reason

    def release(self, command: str) -> None:
        """Lift pause and hold; what had not taken effect never will."""
        self.paused = self.held = False
        self._end(("pause", "hold"), "resumed before it took effect")
        self._writer.effective(command)

    def settle(self, *, waiting: bool, at_gate: bool, running: bool) -> None:
        """Report the stops that are effective, given what the run is doing."""
        for stop, command in list(self._pending):
            if (stop == "pause" and waiting and not running) or (stop == "hold" and at_gate):
                self._pending.remove((stop, command))
                self._writer.effective(command)

    def died(self) -> None:
        """Report that the kill is effective: the run is being told now."""
        for stop, command in list(self._pending):
            if stop == "kill":
                self._pending.remove((stop, command))
                self._writer.effective(command)

    def ended(self) -> None:
        """Report that the run ended before what is still pending took effect."""
        self._end(("pause", "hold", "kill"), "the run ended before it took effect")

    def _end(self, stops: tuple[Stop, ...], reason: str) -> None:
        for stop, command in list(self._pending):
            if stop in stops:
                self._pending.remove((stop, command))
                self._writer.refused(command, reason)
