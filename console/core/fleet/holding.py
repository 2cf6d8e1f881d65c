"""A hold that has not taken effect: who goes on although it was wanted, in the one sentence that every screen says. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from console.core.fleet.state import Command, Fleet, Run

_AT_WORK: Final = ("submitted", "working")


def goes_on(run: Run) -> bool:
    """Whether a run works on until it asks, were it held now: it can be stopped, and neither waits nor stands still."""
    return run.control != "observed" and run.state in _AT_WORK and not run.held


def is_holding(run: Run) -> bool:
    """Whether a hold of a run is on its way, or acknowledged, while the run works on: it takes effect at its next gate."""
    return run.holding and run.state in _AT_WORK


def hold_changed(run: Run, command: Command) -> None:
    """Keep in mind whether a hold is still to take effect, after a fact about a command."""
    if command.kind == "hold":
        under_way = command.state in ("requested", "sent", "acknowledged")
        run.holding = under_way and run.stop == "hold" and not run.held


def until_a_gate(runs: Iterable[Run]) -> str:
    """Say how many of these runs go on until they ask, and what stops one at once; nothing if there are none."""
    going = list(runs)
    if not going:
        return ""
    words = (
        "1 goes on until its next gate" if len(going) == 1 else f"{len(going)} go on until their next gate"
    )
    contained = any(run.control == "contained" for run in going)
    return words + ("; a pause freezes a contained one" if contained else "")


def floor_told(fleet: Fleet, since: str) -> str:
    """Say that the floor is held, by whom and since when, and how many runs go on all the same; nothing if it is not."""
    if fleet.held is None:
        return ""
    from console.core.fleet.floor_hold import told  # late: it brings what a first paint can do without

    on = until_a_gate(run for run in fleet.runs.values() if is_holding(run))
    return told(fleet.held, since) + (f"; {on}" if on else "")
