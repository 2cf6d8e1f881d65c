"""How an ask ended that nobody decided, by the floor that the one reducer made. Pure."""

from __future__ import annotations

from console.core.fleet.lifecycle import ENDED
from console.core.fleet.state import Fleet


def how_closed(fleet: Fleet, key: str) -> tuple[str, str, str] | None:
    """Outcome, by whom and why, of an ask at `agent/run/action` at which nobody waits any more; None while somebody does."""
    run = fleet.runs.get(key.rpartition("/")[0])
    if run is None:
        return None if key in fleet.waiting else ("canceled", "agent", "its run is over")
    if run.state in ENDED:
        return "canceled", "agent", f"the run ended: {run.state}"
    if key in fleet.waiting:
        return None
    action = fleet.action(key)
    if action is not None and action.outcome == "expired":
        return "expired", action.decided_by, ""
    if action is not None and action.started_at is not None:
        return "ran undecided", "agent", "it began without a decision"
    return "withdrawn", "agent", ""
