"""Who decided an action, in a word: the policy, you, another person by name, or nobody in time; and why. Pure."""

from __future__ import annotations

from console.core.fleet.state import Action


def decider(action: Action, operator: str) -> str:
    """Who decided, as `operator` reads it; empty while nobody has.

    `notify` is the policy, too: it let the action run and says so, and nobody was asked.
    """
    by = action.decided_by
    if by == "policy" and action.gate == "notify":
        return "notify"
    if operator and by == operator:
        return "you"
    return by


def decided(action: Action, operator: str, when: str = "") -> str:
    """What was decided, `when` and by whom, in words: a policy's approval must not read as a person's."""
    at = f" at {when}" if when else ""
    if action.outcome == "expired":
        return f"expired{at}: nobody answered"
    who = {"notify": "policy, with a notice", "policy": "policy, nobody was asked"}
    by = decider(action, operator)
    return f"{action.outcome}{at} by {who.get(by, by) if action.asked_at is None else by}"


def why(action: Action) -> str:
    """The name of an action's reasons. They do not explain an `auto`: it ran although they were noted."""
    return "noted" if action.gate == "auto" else f"why {action.gate or 'ask'}"
