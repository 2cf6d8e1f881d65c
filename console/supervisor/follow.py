"""What an accepted event of an agent brings about."""

from __future__ import annotations

from bus import codec
from bus.codec import DecodeError, Invalid, Record
from bus.events import (
    ActionFinished,
    ActionProposed,
    ActionStarted,
    BlobPart,
    CommandDirect,
    RunFinished,
    RunStarted,
)
from bus.messages import Containment
from bus.records import RunContained
from console.core.fleet.state import Run
from console.supervisor.alarming.alarms import Alarms
from console.supervisor.blobs import Blobs
from console.supervisor.intents.operators import Operators, voucher
from console.supervisor.intents.whole_floor import newcomer
from console.supervisor.judging.gates import Gates
from console.supervisor.ledger import Ledger
from console.supervisor.log import Log
from console.supervisor.watching.health import Health


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
        self.wrappers = Operators()
        """Whose word that a run is contained counts."""

    def __call__(self, record: Record, now: float) -> None:
        """What an accepted event of an agent brings about."""
        run = self._log.fleet.run(record.agent, record.run)
        if run is None:
            return
        self._health.heard(run, record, now)
        self._gates.heard(run.key, record.data)
        if isinstance(record.data, RunStarted):
            self._started(run, record, record.data, now)
        self._ledger.heard(run, now)
        newcomer(
            self._log, self._ledger, run, now
        )  # whatever is heard of it first, and before that is judged
        match record.data:
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
            case CommandDirect() as data if data.command in self._log.fleet.commands:
                text = f"{data.kind} of {run.key} by {data.by}, told to its wrapper past the supervisor"
                self._alarms.raise_("recorded-late", text, run.agent, run.run, about=data.command)
            case _:
                return

    def _started(self, run: Run, record: Record, data: RunStarted, now: float) -> None:
        if data.control == "contained":
            self._contained(run, record, data)
        if data.continues is not None:
            self._ledger.continued(run, now)

    def _contained(self, run: Run, record: Record, data: RunStarted) -> None:
        """Believe the claim of an enrolled wrapper about this very process, and nobody else's."""
        problem = "claims to be contained without a wrapper's proof"
        if data.proof:
            try:
                word = codec.decode(data.proof.encode("utf-8", "replace"), Containment)
            except DecodeError:
                word = None
            about = word and (word.agent, word.run, word.incarnation)
            if word is None or about != (run.agent, run.run, record.incarnation):
                problem = "claims to be contained by a proof that is not about it"
            elif name := voucher(self.wrappers, word, data.proof.encode("utf-8", "replace")):
                contained = RunContained(wrapper=name, incarnation=record.incarnation)
                self._log.write(contained, run.agent, run.run)
                return
            else:
                problem = f"claims to be contained by a wrapper whose key {word.key[:60]} is not enrolled"
        self._alarms.raise_("misdeed", f"{run.key} {problem}; it counts as gated", run.agent, run.run)
