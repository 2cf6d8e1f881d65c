"""What line mode says of a replayed record, beside what waits and what alarms: runs that begin and end, commands. Pure."""

from __future__ import annotations

from bus.codec import Record
from bus.events import CommandEffective, CommandRefused, EventsDropped, RunFinished, RunStarted
from bus.records import (
    AgentLost,
    CommandFailed,
    CommandRequested,
    GapFound,
    OutcomeVerified,
    RecordingStarted,
    SupervisorStarted,
)
from console.core.fleet.state import Command, Fleet
from console.core.text import plain
from console.tui.drawing import figures
from console.tui.floor.attention import Level


def told(record: Record, fleet: Fleet) -> tuple[str, Level | None]:
    """A line about a record and how urgent it was; empty for one that is no news. `fleet` is that right after the record."""
    where = f"{record.agent} run {figures.shown(record.run)}" if record.run else record.agent
    match record.data:
        case RunStarted(continues=None) as data:
            return f"begins {where}: {plain(data.goal) or 'no goal was given'}", None
        case RunStarted():
            return f"goes on {where}, in a new process", None
        case RunFinished() as data:
            words = f": {plain(data.text)}" if data.text else ""
            level: Level | None = None if data.outcome == "completed" else "watch"
            return f"ends {where}: {_end(data.outcome)}{words}", level
        case AgentLost() as data:
            return f"lost {record.agent}: by {data.why}; what its runs did last is unknown", "act"
        case CommandRequested() as data if data.kind != "decision":
            because = f": {plain(data.reason)}" if data.reason else ""
            return f"{data.kind} {where} by {plain(data.by, 64)}{because}", None
        case CommandEffective(command=name) | CommandRefused(command=name) | CommandFailed(command=name):
            return _command(fleet.commands.get(name), record, where)
        case OutcomeVerified() as data:
            what = f"{where} action {data.action}" if data.action else where
            return f"verified {what}: {'went well' if data.ok else 'failed'}, says {plain(data.by, 64)}", None
    return _of_log(record, where)


def _of_log(record: Record, where: str) -> tuple[str, Level | None]:
    match record.data:
        case GapFound() as data:
            return f"gap {where}: events {data.first} to {data.last} are lost for ever", "act"
        case EventsDropped() as data:
            return f"dropped {where}: {data.count} pieces of telemetry", "watch"
        case SupervisorStarted() as data:
            return f"supervisor {plain(data.version) or 'of no known version'} takes over", None
        case RecordingStarted() as data:
            return f"recording: session {plain(data.session, 64)}", None
    return "", None


def _command(command: Command | None, record: Record, where: str) -> tuple[str, Level | None]:
    """The end of a command; that of a decision is told by what waits no more."""
    if command is None or command.kind == "decision":
        return "", None
    match record.data:
        case CommandEffective():
            return f"{command.kind} {where}: took effect", None
        case CommandRefused(reason=reason):
            return f"{command.kind} {where}: the agent refused it: {plain(reason)}", "act"
        case CommandFailed(reason=reason):
            return f"{command.kind} {where}: failed: {plain(reason)}", "act"
    return "", None


def _end(outcome: str) -> str:
    return "completed, by its own account" if outcome == "completed" else outcome
