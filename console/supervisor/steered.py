"""The last words that steer each run, a pause, a hold or a resume, as long as they may still be on their way."""

from __future__ import annotations

from typing import Final

from console.core.fleet.state import Command, Fleet, Run

STEERING: Final = ("pause", "hold", "resume")

STEERED_SPARE: Final = 1_000
"""Runs beyond twice the commands of the floor that may be remembered as steered before those that are over are let go."""


class Steered:
    """Finds what steers a run and has not arrived, without a look at the commands of all others."""

    def __init__(self, fleet: Fleet) -> None:
        self._fleet = fleet
        self._by_run: dict[str, list[str]] = {}
        self._looked = False

    def newest(self, run: Run, name: str) -> None:
        """A command steers a run from now on, in the place of what did before."""
        self._by_run[run.key] = [name]

    def unheard(self, run: Run) -> list[Command]:
        """The commands that steer a run and that it has not acknowledged."""
        commands = self._fleet.commands
        if len(self._by_run) > 2 * len(commands) + STEERED_SPARE or not self._looked:
            self._look()
        found = (commands.get(name) for name in self._by_run.get(run.key, ()))
        return [command for command in found if command is not None and _unheard(command)]

    def _look(self) -> None:
        """Look through all commands: once for those that the recording left open, later to let go of what is over."""
        self._looked = True
        self._by_run = {}
        for command in self._fleet.commands.values():
            if _unheard(command):
                self._by_run.setdefault(f"{command.agent}/{command.run}", []).append(command.id)


def _unheard(command: Command) -> bool:
    return command.kind in STEERING and command.state in ("requested", "sent")
