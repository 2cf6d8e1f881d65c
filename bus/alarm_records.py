"""The record types about alarms. Written by the supervisor only, like the others in `bus.records`, which names them too."""

from __future__ import annotations

from typing import Annotated, ClassVar

from msgspec import Meta

from bus.events import Count, Data, Seq
from bus.limits import SHELVE_MOST


class AlarmRaised(Data, frozen=True, kw_only=True, omit_defaults=True):
    """A condition that needs a timely response. Priority 1 is the highest. Latched stays until reset with a reason."""

    TYPE: ClassVar[str] = "alarm.raised"
    alarm: Annotated[str, Meta(min_length=1, max_length=200)]
    kind: str
    priority: Annotated[int, Meta(ge=1, le=3)]
    text: str
    latched: bool = False
    count: Seq = 1


class AlarmAcknowledged(Data, frozen=True, kw_only=True, omit_defaults=True):
    """An operator has seen it."""

    TYPE: ClassVar[str] = "alarm.acknowledged"
    alarm: str
    by: str


class AlarmShelved(Data, frozen=True, kw_only=True, omit_defaults=True):
    """An operator hides it for `seconds`, at most eight hours; then it is restored."""

    TYPE: ClassVar[str] = "alarm.shelved"
    alarm: str
    by: str
    seconds: Annotated[float, Meta(gt=0.0, le=SHELVE_MOST)]
    reason: str = ""


class AlarmSuppressed(Data, frozen=True, kw_only=True, omit_defaults=True):
    """A rule of the site keeps it from people, and says why. It is counted."""

    TYPE: ClassVar[str] = "alarm.suppressed"
    alarm: str
    why: str


class AlarmRemoved(Data, frozen=True, kw_only=True, omit_defaults=True):
    """An operator takes it out of service until somebody puts it back."""

    TYPE: ClassVar[str] = "alarm.removed"
    alarm: str
    by: str
    reason: str


class AlarmRestored(Data, frozen=True, kw_only=True, omit_defaults=True):
    """Nothing hides it any more.

    `by` is an operator, `clock` at the end of a shelf, `policy` where a rule is gone, or `agent` where one is back that was
    not to come back.
    """

    TYPE: ClassVar[str] = "alarm.restored"
    alarm: str
    by: str


class AlarmQuieted(Data, frozen=True, kw_only=True, omit_defaults=True):
    """It chattered, and has neither come nor gone for a while: it is an alarm like others again."""

    TYPE: ClassVar[str] = "alarm.quieted"
    alarm: str


class AlarmEscalated(Data, frozen=True, kw_only=True, omit_defaults=True):
    """Half of its response window is over and nobody has acknowledged it."""

    TYPE: ClassVar[str] = "alarm.escalated"
    alarm: str


class AlarmFlood(Data, frozen=True, kw_only=True, omit_defaults=True):
    """More alarms come than the operators can answer; `raised` of them in ten minutes. 0: the flood is over."""

    TYPE: ClassVar[str] = "alarm.flood"
    raised: Count
    operators: Count = 1


class AlarmCleared(Data, frozen=True, kw_only=True, omit_defaults=True):
    """The condition is gone, or a latched alarm was reset by `by`."""

    TYPE: ClassVar[str] = "alarm.cleared"
    alarm: str
    by: str = ""
    reason: str = ""
