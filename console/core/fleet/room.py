"""How much of the arguments of actions the fleet keeps. A keyframe holds all of it, so it must have an end. Pure.

What is beyond the bounds stands in the log alone: its digest and position are kept, and nobody may approve it unseen.
"""

from __future__ import annotations

from typing import Any, Final

import msgspec

from console.core.fleet.kept import (
    ACTIONS_KEPT,
    ARGS_KEPT,
    ARGS_OF_RUN,
    ARGS_OF_SITE,
    COMMANDS_KEPT,
    UNGATED_KEPT,
)
from console.core.fleet.lifecycle import OPEN
from console.core.fleet.state import Action, Command, Fleet, Run
from console.core.judging.preview import Sides

COMMANDS_AT_ONCE: Final = 64
"""Commands beyond those kept that are let go together."""

OPEN_FACTOR: Final = 32
"""How many times as many commands are kept while none of them is settled."""


_ENCODER: Final = msgspec.msgpack.Encoder()


def kept_bytes(value: object) -> int | None:
    """The bytes that a JSON value takes in a keyframe, or None if it cannot stand there; integers beyond 64 bits cannot."""
    try:
        return len(_ENCODER.encode(value))
    except (OverflowError, TypeError, ValueError, RecursionError, msgspec.MsgspecError):
        return None


def keep_args(fleet: Fleet, run: Run, action: Action, args: dict[str, Any]) -> None:
    """Give a new action of a run its arguments, if there is room for them; else the log alone has them."""
    size = kept_bytes(args)
    if size is None:
        action.args_cut = True
        action.origins = []
        return
    if not _fits(fleet, run, size):
        for older in run.actions.values():  # what is over gives way first
            if older.state not in OPEN:
                cut(fleet, older)
        if not _fits(fleet, run, size):
            action.args_cut = True
            return
    action.args = args
    _count(fleet, action, size)


def keep_preview(fleet: Fleet, run: Run, action: Action, found: Sides | None) -> None:
    """Give a new action what it would change, if there is room for it after the arguments; else that something was said."""
    if found is None:
        return
    size = kept_bytes(found) or 0
    if _of_run(run) + action.args_bytes + size > ARGS_OF_RUN or fleet.args_bytes + size > ARGS_OF_SITE:
        found, size = Sides(of=found.of, cut=True), 0
    action.preview = found
    _count(fleet, action, size)


def keep_edit(fleet: Fleet, action: Action, args: dict[str, Any] | None) -> None:
    """Keep an operator's arguments beside the agent's. They are always kept: they must be sent until they arrive."""
    action.edited = args
    if args is not None:
        _count(fleet, action, kept_bytes(args) or 0)


def cut(fleet: Fleet, action: Action) -> None:
    """Let go of the arguments of an action that is over; the log keeps them."""
    action.preview = None
    if action.args or action.edited is not None:
        action.args = {}
        action.edited = None
        action.answer = ""
        action.args_cut = True
        action.origins = []
    _count(fleet, action, -action.args_bytes)


def forget_actions(fleet: Fleet, run: Run) -> None:
    """Keep the open actions and the newest closed ones: arguments of the last few, the rest without."""
    if len(run.actions) <= ARGS_KEPT:
        return
    closed = [action for action in run.actions.values() if action.state not in OPEN]
    for action in closed[:-ARGS_KEPT]:
        if action.args_bytes:
            cut(fleet, action)
    if len(run.actions) <= min(ACTIONS_KEPT, UNGATED_KEPT):
        return
    ungated = [action for action in run.actions.values() if action.state == "ungated"]
    for action in (*closed[:-ACTIONS_KEPT], *ungated[:-UNGATED_KEPT]):
        forget_action(fleet, run, action)


def forget_action(fleet: Fleet, run: Run, action: Action) -> None:
    """Let go of an action whole."""
    _count(fleet, action, -action.args_bytes)
    del run.actions[action.id]


def forget_run(fleet: Fleet, run: Run) -> None:
    """A run is let go, with all its actions."""
    fleet.args_bytes = max(0, fleet.args_bytes - _of_run(run))


def _fits(fleet: Fleet, run: Run, size: int) -> bool:
    return _of_run(run) + size <= ARGS_OF_RUN and fleet.args_bytes + size <= ARGS_OF_SITE


def _of_run(run: Run) -> int:
    return sum([action.args_bytes for action in run.actions.values()])


def _count(fleet: Fleet, action: Action, size: int) -> None:
    action.args_bytes += size
    fleet.args_bytes = max(0, fleet.args_bytes + size)


def keep_command(fleet: Fleet, command: Command) -> None:
    """Take a command into the fleet; settled ones go when there are too many."""
    fleet.commands[command.id] = command
    over = len(fleet.commands) - COMMANDS_KEPT
    # Now and then: where thousands are open at once, a look at all of them for each would take the square of that.
    if over <= 0 or over % COMMANDS_AT_ONCE:
        return
    settled = [
        name for name, kept in fleet.commands.items() if kept.state in ("effective", "refused", "failed")
    ]
    for name in settled[:over]:
        del fleet.commands[name]
    while len(fleet.commands) > COMMANDS_KEPT * OPEN_FACTOR:
        del fleet.commands[next(iter(fleet.commands))]
