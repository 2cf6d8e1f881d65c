"""How runs end badly without saying so: success claimed over a failure, asks left open, lost in the middle of a change."""

from __future__ import annotations

from typing import Final

from console.core.fleet.state import Action, Run

_RAN: Final = frozenset({"done", "failed"})
_NOT_RUN: Final = frozenset({"denied", "withdrawn"})


def changes(action: Action) -> bool:
    """Whether an action was judged to change something; one that was never judged counts as one that does."""
    return action.severity is None or action.severity >= 1


def _unknown(action: Action) -> bool:
    """Whether no catalogue knows the tool: it was judged as if it changed something, and may only look."""
    return any(reason.code == "unknown-tool" for reason in action.reasons)


def _refused(action: Action) -> bool:
    """Whether a person decided that it must not run, or made something of it that does not fit the tool."""
    misfit = action.outcome == "edited" and action.state in _NOT_RUN
    return (action.outcome in ("rejected", "responded") or misfit) and action.decided_by != "policy"


def confident_failure(run: Run) -> str:
    """Why a run that says it has completed has not: the last thing it tried to change did not happen. Empty if it did.

    What a person said no to is no failure of the agent, nor is an edit that did not fit the tool and never ran: that person
    knows, and it may well be done with the rest.
    """
    over = [action for action in run.actions.values() if action.state in _RAN | _NOT_RUN]
    tried = [action for action in over if changes(action) and not _unknown(action) and not _refused(action)]
    if not tried or tried[-1].state == "done":
        return ""
    last = tried[-1]
    failed = sum(action.state != "done" for action in tried)
    how = "failed" if last.state == "failed" else "did not run"
    return f"it says completed, but its last change, {last.tool}, {how}; of its {len(tried)} changes {failed} did not happen"


def unverified(run: Run) -> str:
    """What nobody looked at: the changes since a run that says it has completed last read anything.

    Empty if it looked, or somebody verified it.
    """
    if run.verified or run.state != "completed":
        return ""
    ran = [action for action in run.actions.values() if action.state in _RAN]
    since = 0
    for action in reversed(ran):
        if not changes(action):
            break
        since += 1
    if not since:
        return ""
    things = "change" if since == 1 else "changes"
    return f"{since} {things} at the end ({ran[-1].tool} last), and nothing was read back since"


def open_asks(run: Run) -> str:
    """What a run left behind as it ended: actions that still wait for a person. Empty if there are none."""
    waiting = [action.tool for action in run.actions.values() if action.state == "asked"]
    if not waiting:
        return ""
    return f"it ended while {len(waiting)} of its actions waited for a person ({waiting[0]} first)"


def cut_short(run: Run) -> list[Action]:
    """Changes that had begun when the run was lost, and of which nobody knows whether they happened."""
    return [
        action
        for action in run.actions.values()
        if action.state in ("started", "ungated") and changes(action)
    ]
