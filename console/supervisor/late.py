"""What a supervisor sent while the recording failed, and died before it could record it: recorded late, by the next one."""

from __future__ import annotations

import contextlib
from typing import Final

import msgspec

from bus import codec
from bus.events import CommandKind
from bus.messages import AnyCommand, DecisionCommand, HoldCommand, KillCommand, PauseCommand
from bus.records import ActionDecided, CommandRequested
from console.core.fleet.lifecycle import IllegalTransitionError
from console.supervisor.alarming.alarms import Alarms
from console.supervisor.judging.gates import Gates
from console.supervisor.ledger import Ledger
from console.supervisor.log import Log

_KINDS: Final[dict[type, CommandKind]] = {PauseCommand: "pause", HoldCommand: "hold", KillCommand: "kill"}


def take_up(line: str, about: str, alarms: Alarms, ledger: Ledger, gates: Gates) -> None:
    """Record one line of the emergency log under an alarm of its own, and let what comes later know of it."""
    alarms.raise_("recorded-late", f"sent while the recording failed: {line}", about=about)
    command = record_late(alarms.log, line)
    if command is not None:
        ledger.highest = max(ledger.highest, command.order)
    if isinstance(command, DecisionCommand):
        gates.late[f"{command.agent}/{command.run}/{command.action}"] = command


def record_late(log: Log, line: str) -> AnyCommand | None:
    """Record the command of one line of the emergency log; returns it, or None if the line has none.

    The agent that obeyed it will say so, even where the recording does not know yet what it was about: the run and the
    action may have been lost with the supervisor that sent it, and are sent again.
    """
    try:
        kept = msgspec.json.decode(line, type=dict[str, str])
        command = codec.decode_command(kept.get("payload", "").encode())
    except (msgspec.MsgspecError, ValueError):  # the last line of a crash, or not ours
        return None
    with contextlib.suppress(IllegalTransitionError):
        _record(log, command)
    return command


def _record(log: Log, command: AnyCommand) -> None:
    if command.id in log.fleet.commands:
        return
    match command:
        case DecisionCommand():
            action = log.fleet.action(f"{command.agent}/{command.run}/{command.action}")
            if action is not None and action.outcome is None:
                decided = ActionDecided(
                    action=command.action,
                    outcome=command.outcome,
                    command=command.id,
                    by=command.by,
                    reason=command.text,
                )
                log.write(decided, command.agent, command.run)
            else:
                requested = CommandRequested(
                    command=command.id,
                    kind="decision",
                    by="recorded late",
                    action=command.action,
                    reason=command.text,
                )
                log.write(requested, command.agent, command.run)
        case PauseCommand(reason=reason) | HoldCommand(reason=reason) | KillCommand(reason=reason):
            requested = CommandRequested(
                command=command.id,
                kind=_KINDS[type(command)],
                by="recorded late",
                order=command.order,
                reason=reason,
            )
            log.write(requested, command.agent, command.run)
        case _:
            return
