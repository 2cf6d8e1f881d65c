"""What a record of the supervisor is about, looked up before it is applied; what is not there any more changes nothing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from bus.codec import Record
from console.core.fleet.alarm_state import Alarm
from console.core.fleet.state import Action, Command, Fleet, Run
from console.core.fleet.turns import ApplySupervisor, Touched

ToAction = Callable[[Fleet, Run, Action, Record, Any], Touched]
ToAlarm = Callable[[Fleet, Alarm, Record, Any], None]
ToCommand = Callable[[Fleet, Command, Record, Any], None]

Named = TypeVar("Named", Alarm, Command)


def to_action(apply: ToAction) -> ApplySupervisor:
    """Apply to the action that the data name, of the run that the record is about."""

    def applied(fleet: Fleet, record: Record, data: Any) -> Touched:
        run = fleet.run(record.agent, record.run)
        action = run.actions.get(data.action) if run else None
        return apply(fleet, run, action, record, data) if run and action else ()

    return applied


def to_alarm(apply: ToAlarm) -> ApplySupervisor:
    """Apply to the alarm that the data name, which is touched by it."""
    return _to("alarm", lambda fleet, data: fleet.alarms.get(data.alarm), apply)


def to_command(apply: ToCommand) -> ApplySupervisor:
    """Apply to the command that the data name, which is touched by it."""
    return _to("command", lambda fleet, data: fleet.commands.get(data.command), apply)


def _to(
    kind: str, find: Callable[[Fleet, Any], Named | None], apply: Callable[[Fleet, Named, Record, Any], None]
) -> ApplySupervisor:
    def applied(fleet: Fleet, record: Record, data: Any) -> Touched:
        subject = find(fleet, data)
        if subject is None:
            return ()
        apply(fleet, subject, record, data)
        return ((kind, subject.id),)

    return applied
