"""The state machines of the floor, each a literal table: run life-cycle, action at its gate, command, alarm.

Every transition of the system stands here and nowhere else. `advance` looks one up; what is not in a table is illegal,
raises, and changes nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final, Literal, TypeVar

if TYPE_CHECKING:
    from bus.events import RunState

S = TypeVar("S", bound=str)
E = TypeVar("E", bound=str)

RunEvent = Literal[
    "work", "ask", "answer", "pause", "pause-failed", "paused", "resumed",
    "lose", "find", "find-pausing", "find-paused",
    "completed", "failed", "canceled", "rejected", "killed",
]  # fmt: skip
ActionState = Literal[
    "proposed", "assessed", "asked", "allowed", "denied", "started", "done", "failed", "withdrawn", "ungated"
]
ActionEvent = Literal["assess", "ask", "allow", "deny", "start", "done", "failed", "withdraw", "not-run"]
CommandState = Literal["requested", "sent", "acknowledged", "effective", "refused", "failed"]
CommandEvent = Literal["send", "acknowledge", "effect", "refuse", "fail"]
AlarmState = Literal["unacknowledged", "acknowledged", "returned", "normal"]
AlarmEvent = Literal["raise", "acknowledge", "clear", "reset"]
AlarmShown = Literal["shown", "shelved", "suppressed", "out-of-service"]
ShownEvent = Literal["shelve", "suppress", "remove", "restore"]

ENDED: Final[frozenset[RunState]] = frozenset({"completed", "failed", "canceled", "rejected", "killed"})
"""Run states that nothing leaves."""


OPEN: Final[frozenset[ActionState]] = frozenset(
    {"proposed", "assessed", "asked", "allowed", "started", "ungated"}
)
"""States of an action that is not over."""

ALLOWS: Final = ("approved", "edited")
"""Outcomes of a decision that let the tool run."""

SUPERSEDED: Final = "superseded by a "
"""How the problem of a command begins that never arrived, and need not any more: a later word took its place."""


class IllegalTransitionError(ValueError):
    """An event that the present state does not allow. Nothing was changed."""


def _run_table() -> dict[tuple[RunState, RunEvent], RunState]:
    table: dict[tuple[RunState, RunEvent], RunState] = {
        ("submitted", "work"): "working",
        ("submitted", "ask"): "input-required",
        ("working", "work"): "working",
        ("working", "ask"): "input-required",
        ("working", "answer"): "working",
        ("working", "pause"): "pausing",
        ("working", "paused"): "paused",
        ("working", "resumed"): "working",
        ("input-required", "work"): "input-required",
        ("input-required", "ask"): "input-required",
        ("input-required", "answer"): "working",
        ("input-required", "pause"): "pausing",
        ("input-required", "paused"): "paused",
        ("input-required", "resumed"): "input-required",
        ("submitted", "pause"): "pausing",
        ("pausing", "work"): "pausing",
        ("pausing", "ask"): "pausing",
        ("pausing", "answer"): "pausing",
        ("pausing", "pause"): "pausing",
        ("pausing", "pause-failed"): "working",
        ("pausing", "paused"): "paused",
        ("pausing", "resumed"): "working",
        ("paused", "work"): "paused",
        ("paused", "ask"): "paused",
        ("paused", "answer"): "paused",
        ("paused", "pause"): "paused",
        ("paused", "paused"): "paused",
        ("paused", "resumed"): "working",
        ("lost", "find"): "working",
        ("lost", "find-pausing"): "pausing",
        ("lost", "find-paused"): "paused",
    }
    living: tuple[RunState, ...] = ("submitted", "working", "input-required", "pausing", "paused", "lost")
    ends: tuple[tuple[RunEvent, RunState], ...] = (
        ("completed", "completed"),
        ("failed", "failed"),
        ("canceled", "canceled"),
        ("rejected", "rejected"),
        ("killed", "killed"),
        ("lose", "lost"),
    )
    for state in living:
        for event, end in ends:
            table[state, event] = end
    return table


RUN: Final[Mapping[tuple[RunState, RunEvent], RunState]] = _run_table()
"""Run life-cycle. `ask` and `answer`: the first action waits for a person, the last one was answered."""

ACTION: Final[Mapping[tuple[ActionState, ActionEvent], ActionState]] = {
    ("proposed", "assess"): "assessed",
    ("assessed", "ask"): "asked",
    ("assessed", "allow"): "allowed",
    ("assessed", "deny"): "denied",
    ("asked", "allow"): "allowed",
    ("asked", "deny"): "denied",
    ("allowed", "start"): "started",
    ("started", "done"): "done",
    ("started", "failed"): "failed",
    ("allowed", "not-run"): "denied",
    ("denied", "not-run"): "denied",
    ("proposed", "withdraw"): "withdrawn",
    ("assessed", "withdraw"): "withdrawn",
    ("asked", "withdraw"): "withdrawn",
    ("allowed", "withdraw"): "withdrawn",
    ("denied", "withdraw"): "denied",
    ("withdrawn", "withdraw"): "withdrawn",
    ("withdrawn", "not-run"): "withdrawn",
    ("ungated", "done"): "done",
    ("ungated", "failed"): "failed",
}
"""An action at its gate. `not-run`: the agent says that it did not run the tool after all. `ungated` is entered by the
reducer alone, for a start that nothing allowed."""

COMMAND: Final[Mapping[tuple[CommandState, CommandEvent], CommandState]] = {
    ("requested", "send"): "sent",
    ("requested", "acknowledge"): "acknowledged",
    ("requested", "effect"): "effective",
    ("requested", "refuse"): "refused",
    ("requested", "fail"): "failed",
    ("sent", "send"): "sent",
    ("sent", "acknowledge"): "acknowledged",
    ("sent", "effect"): "effective",
    ("sent", "refuse"): "refused",
    ("sent", "fail"): "failed",
    ("acknowledged", "send"): "acknowledged",
    ("acknowledged", "effect"): "effective",
    ("acknowledged", "refuse"): "refused",
    ("acknowledged", "fail"): "failed",
    ("effective", "send"): "effective",
    ("effective", "refuse"): "effective",
    ("refused", "send"): "refused",
    ("refused", "refuse"): "refused",
    ("refused", "acknowledge"): "acknowledged",
    ("refused", "effect"): "effective",
    ("failed", "send"): "failed",
    ("failed", "acknowledge"): "acknowledged",
    ("failed", "effect"): "effective",
    ("failed", "refuse"): "refused",
}
"""The four facts. The broker's receipt may be seen after the agent's, and a failed command may still come true late.

One copy of a command may be refused (made under an old epoch, say) and the next, with the same id, be taken; a copy that
is refused after another took effect changes nothing."""

ALARM: Final[Mapping[tuple[AlarmState, AlarmEvent], AlarmState]] = {
    ("normal", "raise"): "unacknowledged",
    ("unacknowledged", "raise"): "unacknowledged",
    ("unacknowledged", "acknowledge"): "acknowledged",
    ("unacknowledged", "clear"): "returned",
    ("unacknowledged", "reset"): "normal",
    ("acknowledged", "raise"): "acknowledged",
    ("acknowledged", "acknowledge"): "acknowledged",
    ("acknowledged", "clear"): "normal",
    ("acknowledged", "reset"): "normal",
    ("returned", "raise"): "unacknowledged",
    ("returned", "acknowledge"): "normal",
    ("returned", "clear"): "returned",
    ("returned", "reset"): "normal",
}
"""The ISA-18.2 life as far as it needs an operator. A latched alarm ignores `clear` and needs `reset`."""

SHOWN: Final[Mapping[tuple[AlarmShown, ShownEvent], AlarmShown]] = {
    ("shown", "shelve"): "shelved",
    ("shown", "suppress"): "suppressed",
    ("shown", "remove"): "out-of-service",
    ("shelved", "shelve"): "shelved",
    ("shelved", "suppress"): "suppressed",
    ("shelved", "remove"): "out-of-service",
    ("shelved", "restore"): "shown",
    ("suppressed", "suppress"): "suppressed",
    ("suppressed", "restore"): "shown",
    ("out-of-service", "remove"): "out-of-service",
    ("out-of-service", "restore"): "shown",
}
"""What keeps an alarm out of the active list, beside its life, which goes on all the while: hiding is not disabling.

Shelved by an operator for a time, suppressed by a rule of the site, out of service until an operator puts it back (the
suppression states of ISA-18.2 and of OPC UA Part 9)."""


def advance(table: Mapping[tuple[S, E], S], state: S, event: E) -> S:
    """Return the state after `event`.

    Raises:
        IllegalTransitionError: the table has no such transition.
    """
    try:
        return table[state, event]
    except KeyError:
        msg = f"{event!r} is not possible in state {state!r}"
        raise IllegalTransitionError(msg) from None
