"""Pause, hold and kill of one run: which commands count, what is in force, and what still waits to take effect."""

from __future__ import annotations

from typing import Literal

from bus.events import ControlLevel
from bus.messages import HoldCommand, KillCommand, PauseCommand, ResumeCommand
from bus.sdk.writer import EventWriter

Stop = Literal["pause", "hold", "kill", "resume"]
StopCommand = PauseCommand | HoldCommand | KillCommand | ResumeCommand


class Orders:
    """The stops and resumes that one run was told. Each counts once, and none that is older than one that counted.

    `latest` is the order of the last pause, hold or resume that counted.
    """

    def __init__(self, control: ControlLevel, writer: EventWriter) -> None:
        self.latest = 0
        self._control = control
        self._writer = writer
        self._taken: set[str] = set()  # not bounded: a resume forgotten here could be played back

    def accept(self, command: StopCommand) -> bool:
        """Acknowledge a command that is new. Return whether the run must obey it; if not, that is answered."""
        if command.id in self._taken:
            return False
        self._taken.add(command.id)
        self._writer.acknowledged(command.id)
        if self._control == "observed":
            self._writer.refused(command.id, "an observed run cannot be stopped")
            return False
        if isinstance(command, KillCommand):
            return True
        if command.order < self.latest:
            self._writer.refused(command.id, "superseded: a later pause, hold or resume was taken")
            return False
        self.latest = command.order
        return True


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

    @property
    def unsettled(self) -> bool:
        """Whether a stop has yet to take effect."""
        return bool(self._pending)

    def obey(self, command: StopCommand) -> None:
        """Press or release, as a command says."""
        match command:
            case PauseCommand():
                self.press("pause", command.id, command.reason)
            case HoldCommand():
                self.press("hold", command.id, command.reason)
            case KillCommand():
                self.press("kill", command.id, command.reason)
            case ResumeCommand():
                self.release(command.id)

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
