"""Alarms and what they ask of operators, as parts of the fleet: see `console.core.fleet.state`, which names them too."""

from __future__ import annotations

from msgspec import Struct, field

from console.core.fleet.lifecycle import AlarmShown, AlarmState


class Alarm(Struct, kw_only=True, omit_defaults=True):
    """A condition that needs an operator. `raised_at` is the first time, `count` how often it was raised since.

    `since` is when it last began to want an answer, `pos` where it was last raised. What keeps it out of the active list is
    `shown`, with who (`hidden_by`), why and when; `shelved_until` is when a shelf ends. `first` names the alarm that this
    one follows from: it is folded under that. `chattering`: it comes and goes; whether it is so just now is `gone`.
    """

    id: str
    kind: str
    priority: int
    text: str
    agent: str = ""
    run: str = ""
    latched: bool = False
    state: AlarmState = "unacknowledged"
    raised_at: int = 0
    changed_at: int = 0
    since: int = 0
    pos: int = 0
    count: int = 1
    by: str = ""
    shown: AlarmShown = "shown"
    shelved_until: int | None = None
    hidden_by: str = ""
    hidden_why: str = ""
    hidden_at: int = 0
    first: str = ""
    chattering: bool = False
    gone: bool = False
    escalated_at: int | None = None


class Load(Struct, kw_only=True, omit_defaults=True):
    """What operators have had to bear of late. All times in ms; all lists are short and the oldest leave first.

    `raised` are the times of new alarms that were shown, `answered` [when, 1 if within its response window] of those
    acknowledged. `cycles` are the newest times at which an alarm began anew. `decisions` are, for each operator, [when, the
    longest that it can have been read (ms), severity, 1 if approved] of their decisions. `flood` is how many alarms began
    it, 0 outside one. `suppressed` counts alarms that a rule kept from people, `started_at` is when the
    supervisor took over from another, 0 if it did not.
    """

    raised: list[int] = field(default_factory=list)
    answered: list[tuple[int, int]] = field(default_factory=list)
    cycles: dict[str, list[int]] = field(default_factory=dict)
    decisions: dict[str, list[tuple[int, int, int, int]]] = field(default_factory=dict)
    flood: int = 0
    suppressed: int = 0
    started_at: int = 0
