"""The supervisor without its I/O: messages, time and commits in; records to commit and messages to publish out.

Pure apart from the ids it draws through `new_id` and the wall clock it reads through `wall`, so that the same code runs
in the service and, by the thousand, in the seeded simulation.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from bus import codec
from bus.codec import DecodeError, Invalid, Record
from bus.events import ActionFinished, ActionProposed, ActionStarted, BlobPart, RunFinished, RunStarted
from bus.messages import DecisionCommand, SupervisorState
from bus.records import RecordingStarted, SupervisorStarted
from bus.signing import PrivateKey
from bus.topics import Topics
from console.core.state import Fleet
from console.supervisor import publishing
from console.supervisor.agents import Agents
from console.supervisor.alarms import Alarms
from console.supervisor.arbiter import Arbiter
from console.supervisor.blobs import Blobs
from console.supervisor.consoles import Consoles
from console.supervisor.gates import Gates, Judging
from console.supervisor.ingest import Ingest
from console.supervisor.late import record_late
from console.supervisor.ledger import Ledger
from console.supervisor.log import Entry, Log
from console.supervisor.operators import Operators
from console.supervisor.outbox import Out, Outbox
from console.supervisor.passes import Passes
from console.supervisor.progress import Progress

ASLEEP: Final = 2.0
"""Seconds between two ticks after which this process was frozen and heard nobody."""

SECOND: Final = "second-supervisor"
"""The alarm that closes approvals until an operator resets it."""


@dataclass(frozen=True, slots=True)
class Identity:
    """Who this supervisor is: its site, this run of it, this process, its key."""

    topics: Topics
    epoch: str
    instance: str
    key: PrivateKey
    version: str = ""


class Desk:
    """Everything the supervisor decides. `commit` what `take` gives, then tell it by `committed`, then publish `out`."""

    def __init__(
        self,
        fleet: Fleet,
        identity: Identity,
        judge: Judging,
        operators: Operators,
        *,
        wall: Callable[[], int],
        new_id: Callable[[], str],
    ) -> None:
        self.identity = identity
        self.log = Log(fleet, identity.epoch, wall)
        self.outbox = Outbox(identity.topics, identity.key, lambda: self.log.fleet.pos)
        self.alarms = Alarms(self.log)
        self.ledger = Ledger(self.log, self.outbox, self.alarms, new_id)
        self.gates = Gates(self.log, self.ledger, self.alarms, judge, new_id)
        self.ingest = Ingest(self.log, self.outbox, self.alarms)
        self.passes = Passes(self.log, self.outbox, self.gates.pass_list)
        self.agents = Agents(self.log, self.alarms, self.ingest, self.ledger, self.gates, self.passes)
        self.arbiter = Arbiter(
            self.log, self.outbox, self.gates, self.ledger, self.alarms, operators, identity.topics
        )
        self.progress = Progress(self.log, self.alarms)
        self.consoles = Consoles(self.log, self.outbox, identity.topics, self.arbiter.enrolled)
        self.blobs = Blobs()
        self.gates.blob_ok = self.blobs.whole
        self.gates.could_hold = self.passes.could_hold
        self.gates.reissue = lambda agent: self.agents.reissue(only=agent)
        self.committed_pos = fleet.pos
        self.failing = False
        self.conflict = False
        self._lease = 0
        self._window = 0
        self._ticked: float | None = None

    @property
    def fleet(self) -> Fleet:
        """The state, staged records included."""
        return self.log.fleet

    def adopt(self, judge: Judging) -> None:
        """Put another judge in force: what agents may pass changes with it."""
        self.gates.judge = judge
        self.agents.reissue()

    def begin(self, session: str, now: float, *, late: Sequence[str] = ()) -> None:
        """Take over: a new epoch, and everything the recording left open. `late` are commands sent unrecorded before."""
        self.log.write(SupervisorStarted(epoch=self.identity.epoch, version=self.identity.version))
        if session != self.fleet.session:
            self.rotated(session, self.fleet.session)
        for number, line in enumerate(late, 1):
            about = f"{self.identity.epoch}.{number}"
            self.alarms.raise_("recorded-late", f"sent while the recording failed: {line}", about=about)
            command = record_late(self.log, line)
            if command is not None:
                self.ledger.highest = max(self.ledger.highest, command.order)
            if isinstance(command, DecisionCommand):
                self.gates.late[f"{command.agent}/{command.run}/{command.action}"] = command
        self.conflict = SECOND in self.fleet.alarms
        self._close()
        self.passes.tick(now)
        self.passes.interrupted()
        self.agents.restore(now)
        self.gates.restore(now)
        self.progress.restore(now)

    def linked(self, now: float) -> None:
        """The control link is up: renew the lease and send again what the broker may not have taken."""
        self._listen(now, deaf=False)
        self.ledger.send_unsent(now)
        self.renew()

    def unlinked(self, now: float) -> None:
        """The control link is down: nobody can be heard."""
        self._listen(now, deaf=True)

    def _listen(self, now: float, *, deaf: bool) -> None:
        self.agents.listen(now, deaf=deaf)
        self.progress.listen(now, deaf=deaf)
        self.consoles.listen(now, deaf=deaf)
        self.passes.tick(now)
        self.passes.interrupted()

    def rotated(self, session: str, previous: str) -> None:
        """Say in the log that a session file begins."""
        self.log.write(RecordingStarted(session=session, previous=previous))

    def receive(self, topic: str, payload: bytes, now: float, *, retained: bool = False) -> None:
        """Take one message of the bus. Never raises, whatever it is."""
        address = self.identity.topics.parse(topic)
        if address is None:
            return
        match address.kind:
            case "events":
                self.agents.heard(address.agent, now)
                record = self.ingest.event(address, payload, now)
                if record is not None:
                    self._follow(record, now)
            case "status":
                self.agents.status(address, payload, now, retained=retained)
            case "intents":
                intent = self.arbiter.intent(address, payload, now)
                if intent is not None:
                    self.consoles.intent(intent, payload, now)
            case "state":
                if not retained:  # a retained state is what an earlier supervisor left behind
                    self._other(payload)
            case _:
                return

    def _follow(self, record: Record, now: float) -> None:
        """What an accepted event of an agent brings about."""
        run = self.fleet.run(record.agent, record.run)
        if run is None:
            return
        self.progress.heard(run, now)
        match record.data:
            case RunStarted() as data:
                if data.control == "contained":
                    text = f"{run.key} claims to be contained; it counts as gated"
                    self.alarms.raise_("misdeed", text, run.agent, run.run)
                if data.continues is not None:
                    self.ledger.continued(run, now)
            case RunFinished():
                self.gates.ended(run, now)
            case ActionProposed() as data:
                self.gates.proposed(run, data, now)
            case ActionStarted() | ActionFinished() as data:
                self.gates.started(run, data.action)
            case Invalid(type="action.started" | "action.finished") as data:
                self.gates.ungated(
                    run, "unreadable", f"{run.key}: {data.type} cannot be read: {data.problem}"
                )
            case BlobPart() as data:
                self.blobs.part(run.key, data)
            case _:
                return

    def recall(self, record: Record) -> None:
        """Take up a large value that was recorded before this supervisor began."""
        if isinstance(record.data, BlobPart):
            self.blobs.part(f"{record.agent}/{record.run}", record.data)

    def _other(self, payload: bytes) -> None:
        """A supervisor's state on the bus: ours is ignored, another living one's is the worst news."""
        try:
            state = codec.decode(payload, SupervisorState)
        except DecodeError:
            return
        if state.instance == self.identity.instance or state.status != "up":
            return
        self.conflict = True
        self._close()
        self.alarms.raise_(SECOND, "another supervisor serves this site; approvals are closed")

    def tick(self, now: float) -> None:
        """Let time pass: deadlines, silences, timeouts, watermarks."""
        slept = now - (now if self._ticked is None else self._ticked)
        self._ticked = now
        self.passes.tick(now)
        if slept >= ASLEEP:
            self.agents.slept(slept)
            self.progress.slept(slept)
            self.consoles.slept(slept)
            self.ledger.slept(slept)
            self.passes.interrupted()
        if self.conflict and SECOND not in self.fleet.alarms:
            self.conflict = False  # an operator looked into it and reset the alarm
            self._close()
            self.renew()
        self.gates.tick(now)
        self.ledger.tick(now)
        self.agents.tick(now)
        self.progress.tick(now)
        self.consoles.tick(now)
        self.ingest.tick(now)
        window = self.agents.window
        if window != self._window:
            self._window = self.ingest.window = window
            if self._lease:
                self.renew()

    def take(self) -> list[Entry]:
        """Hand over what is to be committed next."""
        return self.log.take()

    def committed(self, entries: list[Entry], now: float) -> None:
        """These records are in the recording: publish them, and let go what waited for them."""
        if not entries:
            return
        self.committed_pos = entries[-1].pos
        for payload in publishing.journal(self.identity.epoch, entries):
            self.outbox.plain(self.identity.topics.journal, payload, self.committed_pos)
        self.ingest.committed(entries, now)
        self.ingest.tick(now)

    def recording(self, *, failing: bool) -> None:
        """The recording began to fail, or works again. While it fails, approvals are closed and stops go out at once."""
        if failing == self.failing:
            return
        self.failing = failing
        self.passes.interrupted()
        self._close()
        if failing:
            self.alarms.raise_("recording-failing", "the recording fails; approvals are closed")
        else:
            self.alarms.clear("recording-failing")
        self.renew()

    def _close(self) -> None:
        reasons = [
            "the recording fails" if self.failing else "",
            "two supervisors serve this site" if self.conflict else "",
        ]
        why = " and ".join(reason for reason in reasons if reason)
        self.arbiter.closed = self.gates.closed = f"approvals are closed: {why}" if why else ""

    def out(self) -> list[Out]:
        """Take what may be published now."""
        return self.outbox.ready(self.committed_pos, failing=self.failing)

    def taken(self, out: Out, *, delivered: bool) -> None:
        """The broker took a message, or the link failed before."""
        if out.command and delivered:
            self.ledger.taken(out.command)

    def renew(self) -> None:
        """Renew the lease: publish the state with the next counter."""
        self._lease += 1
        self.outbox.state(self.state("up"))

    def state(self, status: str) -> SupervisorState:
        """The supervisor's state as consoles and agents see it."""
        identity = self.identity
        return SupervisorState(
            status="up" if status == "up" else "stopped" if status == "stopped" else "lost",
            epoch=identity.epoch,
            instance=identity.instance,
            lease=self._lease,
            window=self.agents.window,
            public_key=identity.key.public.line,
            recording="failing" if self.failing else "ok",
            pos=self.committed_pos,
            conflict=self.conflict,
        )
