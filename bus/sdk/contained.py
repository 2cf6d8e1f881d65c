"""A run whose process is held by a wrapper: its stops take effect when the wrapper says that they have, and not before."""

from __future__ import annotations

from typing import Literal, NamedTuple

from bus.events import CommandDirect, Data
from bus.messages import KillCommand, PauseCommand
from bus.sdk.brake import Brake, Stop, StopCommand
from bus.sdk.gate import Step
from bus.sdk.run_core import RunCore
from bus.sdk.writer import EventWriter

STOPS: str = "stops"
"""What waits for the next stop that the wrapper must carry out: a token of `ready`."""


class Wanted(NamedTuple):
    """A stop that the wrapper must carry out."""

    kind: Stop
    command: str
    reason: str


class EnforcedBrake(Brake):
    """As `Brake`, but a pause is effective when nothing runs, a resume when it runs again, a kill when all is dead."""

    def __init__(self, writer: EventWriter) -> None:
        super().__init__(writer)
        self.wanted: list[Wanted] = []

    def press(self, stop: Stop, command: str, reason: str) -> None:
        """See `Brake.press`. A hold stays as it is: it takes effect at a gate."""
        super().press(stop, command, reason)
        if stop != "hold":
            self.wanted.append(Wanted(stop, command, reason))

    def release(self, command: str) -> None:
        """Lift pause and hold; the wrapper has yet to let the process run."""
        self.paused = self.held = False
        self._end(("pause", "hold"), "resumed before it took effect")
        self._pending.append(("resume", command))
        self.wanted.append(Wanted("resume", command, ""))

    def settle(self, *, waiting: bool, at_gate: bool, running: bool) -> None:  # noqa: ARG002 - as in Brake
        """Report holds that are effective."""
        super().settle(waiting=False, at_gate=at_gate, running=True)

    @property
    def pending(self) -> list[tuple[Stop, str]]:
        """The commands that have yet to take effect."""
        return list(self._pending)

    def died(self) -> None:
        """A run that was told that it ends is not dead yet."""

    def confirm(self, stop: Stop) -> None:
        """The wrapper has seen it: every stop of that kind has taken effect."""
        for kind, command in list(self._pending):
            if kind == stop:
                self._pending.remove((kind, command))
                self._writer.effective(command)

    def ended(self) -> None:
        """Report that the run ended before what is still pending took effect."""
        self._end(("pause", "hold", "kill", "resume"), "the run ended before it took effect")


class ContainedRun(RunCore):
    """The protocol of a run under a wrapper."""

    _brake: EnforcedBrake

    def _make_brake(self, writer: EventWriter) -> Brake:
        return EnforcedBrake(writer)

    @property
    def stopped(self) -> Stop | None:
        """What is in force: a kill, a pause, a hold, or nothing."""
        if self._brake.killed:
            return "kill"
        return "pause" if self._brake.paused else "hold" if self._brake.held else None

    def take_stops(self) -> list[Wanted]:
        """Return the stops to be carried out, in their order; if none, wait for `ready` with `STOPS`."""
        wanted, self._brake.wanted = self._brake.wanted, []
        return wanted

    def stop(self, command: StopCommand, now: float) -> None:
        """Take in a pause, hold, kill or resume, and wake the wrapper."""
        super().stop(command, now)
        if self._brake.wanted:
            self._ready(STOPS)

    def direct(self, kind: Literal["pause", "kill"], command: str, by: str, reason: str, now: float) -> None:
        """Take in what somebody on this machine told the wrapper, past the supervisor."""
        self.fact(CommandDirect(command=command, kind=kind, by=by, reason=reason), now)
        box = self.writer.box
        make = KillCommand if kind == "kill" else PauseCommand
        self.stop(
            make(
                epoch="direct",
                agent="direct",
                run=box.run,
                id=command,
                order=self._orders.latest,
                reason=reason,
            ),
            now,
        )

    def confirm(self, stop: Stop, now: float) -> None:
        """Say that the stops of a kind have taken effect on the process."""
        self.writer.now = now
        self._brake.confirm(stop)

    def fact(self, data: Data, now: float) -> None:
        """Write something that may not be lost."""
        self.writer.now = now
        if not self.finished:
            self.writer.certain(data)

    def waits_for(self, command: str) -> bool:
        """Whether a command has yet to take effect."""
        return any(pending == command for _, pending in self._brake.pending)

    def abandon(self, action: str, text: str, now: float) -> None:
        """Whoever waited at a gate, or ran its tool, is gone: close the action."""
        self.writer.now = now
        try:
            gate = self._gates[action]
        except KeyError:
            return
        if gate.running and not self.finished:
            self._gates.report(gate, done=False, text=text)
        elif gate.waiting:
            self._gates.end(gate, Step.WITHDRAW, text)
            self._gates.forget(gate)
        self._settle()
