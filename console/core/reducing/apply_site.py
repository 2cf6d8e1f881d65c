"""What the records about the site do to the fleet: operators and their keys, policy, sessions, supervisors."""

from __future__ import annotations

from typing import Final

from bus.codec import Record
from bus.floor_records import FloorHeld, FloorReleased
from bus.operator_records import OperatorJoined, OperatorLeft, OperatorSigned
from bus.policy_records import PolicyAdopted
from bus.records import RecordingStarted, SupervisorStarted
from console.core.alarms.alarm_load import OPERATORS_KEPT
from console.core.fleet.floor_hold import FloorHold
from console.core.fleet.policy_state import adopt, begin_session
from console.core.fleet.state import Fleet
from console.core.fleet.turns import ApplySupervisor, Touched
from console.core.text import plain


def _joined(fleet: Fleet, record: Record, data: OperatorJoined) -> Touched:
    fleet.operators[data.console] = plain(data.operator, 64)
    return (("operator", data.console),)


def _left(fleet: Fleet, record: Record, data: OperatorLeft) -> Touched:
    fleet.operators.pop(data.console, None)
    return (("operator", data.console),)


def _signed(fleet: Fleet, record: Record, data: OperatorSigned) -> Touched:
    keys = fleet.audit.keys
    name = plain(data.operator, 64)
    keys.pop(name, None)
    keys[name] = plain(data.key, 64)
    while len(keys) > OPERATORS_KEPT:
        del keys[next(iter(keys))]
    return (("site", ""),)


def _adopted(fleet: Fleet, record: Record, data: PolicyAdopted) -> Touched:
    adopt(fleet.policy, data, record.at)
    return (("site", ""),)


def _recording(fleet: Fleet, record: Record, data: RecordingStarted) -> Touched:
    fleet.session = data.session
    begin_session(fleet.policy, record.at)
    return (("site", ""),)


def _supervisor(fleet: Fleet, record: Record, data: SupervisorStarted) -> Touched:
    fleet.epoch = data.epoch
    fleet.operators.clear()
    fleet.load.started_at = record.at if fleet.agents else 0  # the first of all takes nothing over
    return (("site", ""),)


def _held(fleet: Fleet, record: Record, data: FloorHeld) -> Touched:
    before = fleet.held  # the same hold goes on, by the word of another
    fleet.held = FloorHold(
        at=before.at if before else record.at,
        by=plain(data.by, 80),
        reason=plain(data.reason),
        pos=before.pos if before else record.pos,
    )
    if before is None:
        for run in fleet.runs.values():  # those that are away have to be told when they come back
            run.floor = record.pos
    return (("site", ""),)


def _released(fleet: Fleet, record: Record, data: FloorReleased) -> Touched:
    fleet.held = None
    return (("site", ""),)


APPLY_SITE: Final[dict[type, ApplySupervisor]] = {
    FloorHeld: _held,
    FloorReleased: _released,
    OperatorJoined: _joined,
    OperatorLeft: _left,
    OperatorSigned: _signed,
    PolicyAdopted: _adopted,
    RecordingStarted: _recording,
    SupervisorStarted: _supervisor,
}
