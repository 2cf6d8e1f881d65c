"""That the whole floor is held, as a part of the fleet: by whom, since when, and whom it stops. Pure."""

from __future__ import annotations

from msgspec import Struct


class FloorHold(Struct, kw_only=True, omit_defaults=True):
    """A hold of all runs. `at` is when it began (ms since 1970 UTC), `by` who wanted it, unsigned or not, and `reason` why.

    `pos` is where it began in the log: a run that has no part in it (`Run.floor`) began or came back since.
    """

    at: int
    by: str
    reason: str = ""
    pos: int = 0


def told(held: FloorHold, since: str) -> str:
    """A hold of the floor in a line; `since` is its time as it is shown."""
    because = f": {held.reason}" if held.reason else ""
    return f"floor held by {held.by} since {since}, runs that begin too{because}"
