"""Holding the whole floor, runs that begin later too, and letting it go on. What is held is recorded, and outlives us."""

from __future__ import annotations

from bus.floor_records import FloorHeld, FloorReleased
from bus.messages import Intent
from console.core.deeds import UNSIGNED
from console.core.fleet.lifecycle import ENDED
from console.core.fleet.state import Run
from console.core.fleet.turns import resumable
from console.supervisor.intents.bound import RefusedError
from console.supervisor.ledger import Ledger
from console.supervisor.log import Log

REASON = "the floor is held: runs that begin wait, too"


def begin(log: Log, intent: Intent, by: str) -> None:
    """Put on record that all runs are held, or no longer. Where a resume of all was cut short, another may finish it.

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
    elif held is not None:
        log.write(FloorReleased(by=by, intent=intent.id))
    elif not resumable(log.fleet):
        raise RefusedError("conflict", "the floor is not held; name the run that is to go on")


def newcomer(log: Log, ledger: Ledger, run: Run, now: float) -> None:
    """Hold a run that began or came back while the floor is held, however that was heard, unless it was reckoned with."""
    held = log.fleet.held
    if held is None or run.floor == held.pos or run.control == "observed" or run.state in ENDED:
        return
    ledger.request("hold", run, held.by, REASON, "", now, floor=True)
