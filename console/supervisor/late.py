"""What a supervisor sent while the recording failed, and died before it could record it: recorded late, by the next one."""

from __future__ import annotations

import contextlib
from typing import Final

import msgspec

from bus import codec
from bus.events import CommandKind
from bus.messages import AnyCommand, DecisionCommand, HoldCommand, KillCommand, PauseCommand
from bus.records import ActionDecided, CommandRequested
from console.core.lifecycle import IllegalTransitionError
from console.supervisor.log import Log

_KINDS: Final[dict[type, CommandKind]] = {PauseCommand: "pause", HoldCommand: "hold", KillCommand: "kill"}


def record_late(log: Log, line: str) -> int:
    """Record the command of one line of the emergency log, as far as the recording knows what it is about.

    The agent that obeyed it will say so. What cannot be recorded stands in the alarm that quotes the line. Returns the
    order of the command, 0 if the line has none: later commands must be above it.
    """
    try:
        kept = msgspec.json.decode(line, type=dict[str, str])
        command = codec.decode_command(kept.get("payload", "").encode())
    except (msgspec.MsgspecError, ValueError):  # the last line of a crash, or not ours
        return 0
    with contextlib.suppress(IllegalTransitionError):
        _record(log, command)
    return command.order


def _record(log: Log, command: AnyCommand) -> None:
    run = log.fleet.run(command.agent, command.run)
    if run is None or command.id in log.fleet.commands:
        return
    match command:
        case DecisionCommand():
            action = run.actions.get(command.action)
            if action is not None and action.outcome is None:
                decided = ActionDecided(
                    action=command.action,
                    outcome=command.outcome,
                    command=command.id,
                    by=command.by,
                    reason=command.text,
                )
                log.write(decided, run.agent, run.run)
        case PauseCommand(reason=reason) | HoldCommand(reason=reason) | KillCommand(reason=reason):
            requested = CommandRequested(
                command=command.id,
                kind=_KINDS[type(command)],
                by="recorded late",
                order=command.order,
                reason=reason,
            )
            log.write(requested, run.agent, run.run)
        case _:
            return
