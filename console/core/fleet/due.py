"""When the time of an ask is over. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from console.core.fleet.state import Action


def due_at(action: Action) -> int:
    """When a waiting action expires (ms since 1970 UTC)."""
    return (action.asked_at or action.proposed_at) + int(action.decide_within * 1000)
