"""What an accepted event of an agent brings about."""

from __future__ import annotations

from bus.codec import Invalid, Record
from bus.events import ActionFinished, ActionProposed, ActionStarted, BlobPart, RunFinished, RunStarted
from console.supervisor.alarms import Alarms
from console.supervisor.blobs import Blobs
from console.supervisor.gates import Gates
from console.supervisor.health import Health
from console.supervisor.ledger import Ledger
from console.supervisor.log import Log


class Follow:
    """Tells each part of the desk what a recorded event means to it."""

    def __init__(
        self, log: Log, alarms: Alarms, ledger: Ledger, gates: Gates, health: Health, blobs: Blobs
    ) -> None:
        self._log = log
        self._alarms = alarms
        self._ledger = ledger
        self._gates = gates
        self._health = health
        self._blobs = blobs

    def __call__(self, record: Record, now: float) -> None:
        """What an accepted event of an agent brings about."""
        run = self._log.fleet.run(record.agent, record.run)
        if run is None:
            return
        self._health.heard(run, record, now)
        self._gates.trails.follow(run.key, record.data)
        match record.data:
            case RunStarted() as data:
                if data.control == "contained":
                    text = f"{run.key} claims to be contained; it counts as gated"
                    self._alarms.raise_("misdeed", text, run.agent, run.run)
                if data.continues is not None:
                    self._ledger.continued(run, now)
            case RunFinished():
                self._gates.ended(run, now)
                self._blobs.forget(run.key)
            case ActionProposed() as data:
                self._gates.proposed(run, data, now)
            case ActionStarted() | ActionFinished() as data:
                self._gates.started(run, data.action)
            case Invalid(type="action.started" | "action.finished") as data:
                self._gates.ungated(
                    run, "unreadable", f"{run.key}: {data.type} cannot be read: {data.problem}"
                )
            case BlobPart() as data:
                self._blobs.part(run.key, data)
            case _:
                return
