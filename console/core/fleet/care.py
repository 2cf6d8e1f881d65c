"""Who has taken up an action that waits, and who wants others to."""

from __future__ import annotations

from msgspec import Struct


class Care(Struct, frozen=True, omit_defaults=True):
    """`claimed_by` looks into it; `escalated_by` wants others to, in the words `why`. Empty: nobody."""

    claimed_by: str = ""
    escalated_by: str = ""
    why: str = ""
