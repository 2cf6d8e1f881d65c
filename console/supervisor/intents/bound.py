"""What an operator's word on arguments is bound to: those that were displayed, or those that he puts in their place."""

from __future__ import annotations

from typing import Any, Final, Literal

from bus import codec
from bus.canonical import NotCanonicalError, code, digest
from bus.codec import DecodeError
from bus.events import ActionProposed
from bus.limits import EVENT_BYTES, EVENT_DEPTH
from bus.messages import Intent
from console.core.fleet.state import Action, Fleet, Run
from console.supervisor.judging.gates import Gates

Refusal = Literal["stale", "conflict", "unsigned", "unknown-key", "replayed", "illegal", "closed"]

EDIT_BYTES: Final = EVENT_BYTES - 8_192
"""Room for edited arguments in the record of a decision and in the command that carries it."""


class RefusedError(Exception):
    """An intent that changes nothing."""

    def __init__(self, outcome: Refusal, reason: str) -> None:
        super().__init__(reason)
        self.outcome: Refusal = outcome


def waiting(fleet: Fleet, intent: Intent) -> tuple[Run, Action]:
    """The action that an intent decides, and its run.

    Raises:
        RefusedError: there is none, somebody decided before, or it does not wait.
    """
    run = fleet.run(intent.agent, intent.run)
    action = run.actions.get(intent.action) if run else None
    if run is None or action is None:
        raise RefusedError("conflict", f"no action {intent.agent}/{intent.run}/{intent.action}")
    if action.outcome is not None:
        raise RefusedError("conflict", f"{action.outcome} by {action.decided_by} before")
    if action.state != "asked":
        raise RefusedError("conflict", f"the action does not wait, it is {action.state}")
    return run, action


def check_bound(intent: Intent, action: Action) -> None:
    """See that an intent is about the very arguments that wait, and was confirmed as they need it.

    Raises:
        RefusedError: it is not.
    """
    if intent.digest != action.digest:
        raise RefusedError("stale", "the arguments are not those that were displayed")
    if action.gate == "hold" and intent.code != code(action.digest):
        raise RefusedError("illegal", "a hold needs its four-digit code")


def check_scope(intent: Intent) -> None:
    """See that only an approval covers more than the action that it is about.

    Raises:
        RefusedError: another verb is to.
    """
    if intent.scope == "run" and intent.verb != "approve":
        text = f"{intent.verb} decides this action alone: only an approval has a scope"
        raise RefusedError("illegal", text)


def edited(gates: Gates, intent: Intent, run: Run, action: Action) -> dict[str, Any]:
    """The arguments that an operator put in place of those that wait, and their digest.

    Raises:
        RefusedError: there are none, they cannot be recorded, or a person may not allow them in this way.
    """
    if intent.args is None:
        raise RefusedError("illegal", "an edit needs args")
    try:
        own = digest(action.exact_tool, intent.args)
    except NotCanonicalError as error:
        raise RefusedError("illegal", f"the edited arguments have {error}") from None
    try:
        codec.check(codec.encode([intent.args, intent.reason]), EDIT_BYTES, EVENT_DEPTH - 4)
    except DecodeError as error:
        raise RefusedError("illegal", f"the edited arguments cannot be recorded: {error}") from None
    if not gates.complete(run, intent.args):
        raise RefusedError("closed", "a large value of this action has not arrived whole")
    changed = ActionProposed(action=action.id, tool=action.exact_tool, args=intent.args, hints=action.hints)
    gate = gates.assess(run, changed, own)[0].gate
    if gate == "deny":
        raise RefusedError("illegal", "policy denies the edited action")
    if gate == "hold" and action.gate != "hold" and intent.code != code(own):
        raise RefusedError("illegal", "edited so it is a hold, which needs the four-digit code of the edit")
    return {"digest": own, "args": intent.args}
