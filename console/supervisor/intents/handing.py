"""Intents that are settled in the log alone: verdicts, grants, alarms, and who looks into what or wants others to."""

from __future__ import annotations

from bus.messages import Intent
from bus.records import ActionClaimed, ActionEscalated
from console.supervisor.alarming.shelf import Shelf
from console.supervisor.intents.bound import Refusal, waiting
from console.supervisor.judging.gates import Gates
from console.supervisor.log import Log


def settle(log: Log, gates: Gates, shelf: Shelf, intent: Intent, by: str) -> tuple[Refusal, str] | None:
    """Carry out an intent that needs no command to anybody. Returns why not.

    Raises:
        RefusedError: it is about an action that does not wait.
    """
    match intent.verb:
        case "verify":
            return gates.verdict(intent, by)
        case "revoke":
            return gates.granting.revoke(intent, by)
        case "escalate" | "claim":
            return hand(log, intent, by)
        case _:
            return shelf.carry_out(intent, by)


def hand(log: Log, intent: Intent, by: str) -> tuple[Refusal, str] | None:
    """Escalate or claim the action that an intent names. Returns why not.

    Raises:
        RefusedError: it does not wait.
    """
    run, action = waiting(log.fleet, intent)
    if intent.verb == "claim":
        if action.care.claimed_by == by:
            return "conflict", "you have claimed it before"
        log.write(ActionClaimed(action=action.id, by=by, intent=intent.id), run.agent, run.run)
        return None
    if action.care.escalated_by:
        return "conflict", f"{action.care.escalated_by} has escalated it before"
    escalated = ActionEscalated(action=action.id, by=by, reason=intent.reason, intent=intent.id)
    log.write(escalated, run.agent, run.run)
    return None
