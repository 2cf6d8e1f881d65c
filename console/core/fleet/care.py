"""Who has taken up an action that waits, and who wants others to."""

from __future__ import annotations

from msgspec import Struct


class Care(Struct, frozen=True, omit_defaults=True):
    """`claimed_by` looks into it; `escalated_by` wants others to, in the words `why`. Empty: nobody."""

    claimed_by: str = ""
    escalated_by: str = ""
    why: str = ""


def in_hand(care: Care, *, by_time: bool) -> str:
    """Who looks into an ask, or who wants others to; `by_time`: half of its time is over. Empty: nobody yet."""
    if care.claimed_by:
        return f"{care.claimed_by} looks"
    if care.escalated_by:
        return f"{care.escalated_by} asks"
    return "escalated" if by_time else ""
