"""What stands in a recorded session, counted: what a recording finds, and a screen shows."""

from __future__ import annotations

from msgspec import Struct


class SessionCounts(Struct):
    """Counts of a session that was read through. `lost` are agents, `missing` events that are lost for ever.

    `problem` is what is wrong with it and from where on, empty if nothing is; the counts are then of what can be read.
    """

    runs: int = 0
    asks: int = 0
    decisions: int = 0
    alarms: int = 0
    lost: int = 0
    missing: int = 0
    problem: str = ""
