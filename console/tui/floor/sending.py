"""Why an intent cannot be stated now, whatever it is about. Pure."""

from __future__ import annotations

from typing import Final

from console.tui.source import Standing

NEEDS_COMMIT: Final = frozenset({"approve", "edit", "respond", "resume", "shelve", "remove"})
"""Verbs that nobody may promise while nothing can be recorded."""

UNSIGNED_MAY: Final = ("reject", "pause", "hold")
"""Verbs that need no key."""


def unsendable(verb: str, standing: Standing, *, signed: bool) -> str:
    """Why no intent of this verb can be stated now, or nothing when it can."""
    if standing.bus != "up":
        return "the bus is lost, nothing can be sent" if standing.bus == "down" else "not connected yet"
    if not standing.joined:
        return "the floor is not joined yet"
    if not signed and verb not in UNSIGNED_MAY:
        return "you have no key; watchfloor keys new makes one"
    if verb in NEEDS_COMMIT:
        if standing.supervisor != "up":
            return f"the supervisor is {standing.supervisor}"
        if standing.conflict:
            return "closed while two supervisors claim this site"
        if not standing.recording:
            return "closed while the recording fails"
    return ""
