"""Holding the whole floor, runs that begin later too, and letting it go on. What is held is recorded, and outlives us."""

from __future__ import annotations

from bus.floor_records import FloorHeld, FloorReleased
from bus.messages import Intent
from console.core.deeds import UNSIGNED
from console.core.fleet.state import Run
from console.supervisor.intents.bound import RefusedError
from console.supervisor.ledger import Ledger
from console.supervisor.log import Log

REASON = "the floor is held: runs that begin wait, too"


def begin(log: Log, intent: Intent, by: str) -> frozenset[str]:
    """Put on record that all runs are held, or no longer. Returns the runs that a command to all leaves as they are.

    Who holds it stays who held it first, but for a stranger: an operator's word takes the place of that.

    Raises:
        RefusedError: no such thing is said of all runs.
    """
    held = log.fleet.held
    if intent.agent or intent.verb not in ("hold", "resume"):
        raise RefusedError("illegal", f"{intent.verb} needs a run")
    if intent.verb == "hold":
        if held is None or (held.by.endswith(UNSIGNED) and not by.endswith(UNSIGNED)):
            log.write(FloorHeld(by=by, reason=intent.reason, intent=intent.id))
        return frozenset()
    if held is None:
        raise RefusedError("conflict", "the floor is not held; name the run that is to go on")
    log.write(FloorReleased(by=by, intent=intent.id))
    return frozenset(held.stopped)


def newcomer(log: Log, ledger: Ledger, run: Run, now: float) -> None:
    """Hold a run that began while the floor is held."""
    held = log.fleet.held
    if held is not None and run.control != "observed":
        ledger.request("hold", run, held.by, REASON, "", now)
