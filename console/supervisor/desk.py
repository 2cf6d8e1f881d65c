"""The supervisor without its I/O: messages, time and commits in; records to commit and messages to publish out.

Pure apart from the ids it draws through `new_id` and the clocks it reads through `clock`, so that the same code runs
in the service and, by the thousand, in the seeded simulation.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from bus import codec
from bus.codec import DecodeError, Record
from bus.events import BlobPart
from bus.messages import SupervisorState
from bus.records import SupervisorStarted
from bus.signing import PrivateKey
from bus.topics import Topics
from console.core.fleet.state import Fleet
from console.supervisor import publishing
from console.supervisor.agents import Agents
from console.supervisor.alarming.alarm_watch import AlarmWatch
from console.supervisor.alarming.alarms import Alarms
from console.supervisor.alarming.guard import guarded
from console.supervisor.blobs import Blobs
from console.supervisor.clock import Clock
from console.supervisor.consoles import Consoles
from console.supervisor.eras import Era
from console.supervisor.follow import Follow
from console.supervisor.ingest import Ingest
from console.supervisor.intents.arbiter import Arbiter
from console.supervisor.intents.operators import Operators
from console.supervisor.intents.sweeps import Sweeps
from console.supervisor.judging.assessor import Judging
from console.supervisor.judging.autonomy import Autonomy
from console.supervisor.judging.gates import Gates
from console.supervisor.judging.passes import Passes
from console.supervisor.late import take_up
from console.supervisor.ledger import Ledger
from console.supervisor.log import Entry, Log
from console.supervisor.outbox import Out, Outbox
from console.supervisor.watching.health import Health

ASLEEP: Final = 2.0
"""Seconds between two ticks after which this process was frozen and heard nobody."""

SECOND: Final = "second-supervisor"
"""The alarm that closes approvals until an operator resets it."""

RIVAL: Final = "another supervisor serves this site; approvals are closed"


@dataclass(frozen=True, slots=True)
class Identity:
    """Who this supervisor is: its site, this run of it, this process, its key. `above` is the highest era seen before it.

    `stranger` is the instance under another key that says that it serves the site, too; empty if there is none.
    """

    topics: Topics
    epoch: str
    instance: str
    key: PrivateKey
    version: str = ""
    above: int = 0
    stranger: str = ""


class Desk:
    """Everything the supervisor decides. `commit` what `take` gives, then tell it by `committed`, then publish `out`."""

    def __init__(
        self,
        fleet: Fleet,
        identity: Identity,
        judge: Judging,
        operators: Operators,
        *,
        clock: Clock,
        new_id: Callable[[], str],
    ) -> None:
        self.identity = identity
        self._new_id = new_id
        self.log = Log(fleet, identity.epoch, clock)
        self.outbox = Outbox(identity.topics, identity.key, lambda: self.log.fleet.pos)
        self.alarms = Alarms(self.log)
        self.ledger = Ledger(self.log, self.outbox, self.alarms, new_id)
        self.sweeps = Sweeps(self.log, self.ledger, self.alarms)
        self.ledger.first = self.sweeps.first
        self.gates = Gates(self.log, self.ledger, self.alarms, judge, new_id)
        self.ingest = Ingest(self.log, self.outbox, self.alarms)
        self.passes = Passes(self.log, self.outbox, self.gates.pass_list, self.gates.pass_schemas)
        self.agents = Agents(self.log, self.alarms, self.ingest, self.ledger, self.gates, self.passes)
        self.autonomy = Autonomy(self.log, self.alarms, self.gates, new_id)
        self.arbiter = Arbiter(self.log, self.outbox, self.gates, self.sweeps, self.alarms, operators)
        self.health = Health(self.log, self.ledger, self.alarms, self.gates, self.autonomy, self.agents)
        self.consoles = Consoles(self.log, self.outbox, identity.topics, self.arbiter.enrolled, identity.key)
        self.ingest.senders = self.consoles.inquiries.senders
        self.alarm_watch = AlarmWatch(self.log, self.alarms)
        self.era = Era(identity.key.public)
        self.agents.claimed = self.era.claimed
        self.ingest.proven = self.ledger.proven
        self.blobs = Blobs(self.gates.named)
        self.follow = Follow(self.log, self.alarms, self.ledger, self.gates, self.health, self.blobs)
        self.gates.blob_ok = self.blobs.whole
        self.gates.could_hold = self.passes.could_hold
        self.gates.reissue = lambda agent: self.agents.reissue(only=agent)
        self.committed_pos = fleet.pos
        self.failing = False
        self.conflict = False
        self._eventless = False
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
        self.era.begin(self.log.now(), self.fleet.pos, self.identity.above)
        self.log.write(SupervisorStarted(epoch=self.identity.epoch, version=self.identity.version))
        if session != self.fleet.session:
            self.log.rotated(session, self.fleet.session)
        for number, line in enumerate(late, 1):
            about = f"{self.identity.epoch}.{number}"
            what = f"late command {number}"
            guarded(self.alarms, what, take_up, line, about, self.alarms, self.ledger, self.gates)
        if self.identity.stranger:
            self.alarms.raise_(SECOND, RIVAL)
        self.conflict = SECOND in self.fleet.alarms
        self._close()
        self.alarms.clear(
            "recording-failing"
        )  # of an earlier supervisor; this one has just read it, and will say
        self.passes.tick(now)
        self.passes.interrupted()
        for desk in (self.agents, self.gates, self.health.progress, self.health):
            guarded(self.alarms, f"take over {type(desk).__name__}", desk.restore, now)
        guarded(self.alarms, "word to all", self.sweeps.go_on, self._new_id(), self.arbiter.closed, now)

    def linked(self, now: float) -> None:
        """The control link is up: renew the lease and send again what the broker may not have taken."""
        self._listen(now, deaf=False)
        self.ledger.send_unsent(now)
        self.renew()

    def unlinked(self, now: float) -> None:
        """The control link is down: nobody can be heard."""
        self._listen(now, deaf=True)

    def bulk(self, now: float, *, up: bool) -> None:
        """The bulk link, which events come in by and the journal goes out, is up, or down: then no run can be heard."""
        if not up and self._eventless:
            return  # it is down for another reason now, which is the same loss
        self._eventless = not up
        self.consoles.inquiries.link("bulk", now, up=up)
        self.health.progress.listen(now, deaf=not up)
        self.alarms.when(not up, "bulk-link", "the link for events is down: no agent's events come in")

    def _listen(self, now: float, *, deaf: bool) -> None:
        self.agents.listen(now, deaf=deaf)
        self.health.progress.listen(now, deaf=deaf or self._eventless)
        self.consoles.listen(now, deaf=deaf)
        self.passes.tick(now)
        self.passes.interrupted()

    def receive(self, topic: str, payload: bytes, now: float, *, retained: bool = False) -> None:
        """Take one message of the bus, whatever it is. Raises only where our own code is wrong."""
        address = self.identity.topics.parse(topic)
        if address is None:
            return
        match address.kind:
            case "events":
                self.agents.heard(address.agent, now)
                self.sweeps.first(f"{address.agent}/{address.run}", now)
                record = self.ingest.event(address, payload, now)
                if record is not None:
                    self.follow(record, now)
            case "status":
                self.agents.status(address, payload, now, retained=retained)
            case "intents":
                intent = self.arbiter.intent(address, payload, now)
                if intent is not None:
                    self.consoles.intent(intent, payload, now)
            case "state":
                if not retained:  # a retained state is what an earlier supervisor left behind
                    self._other(payload, now)
            case _:
                return

    def recall(self, record: Record) -> None:
        """Take up what was recorded before this supervisor began: large values, and what runs were told and have read."""
        if isinstance(record.data, BlobPart):
            self.blobs.part(f"{record.agent}/{record.run}", record.data)
        self.gates.recall(f"{record.agent}/{record.run}", record.data)

    def _other(self, payload: bytes, now: float) -> None:
        """A supervisor's state on the bus: ours is ignored, another living one's is the worst news."""
        try:
            state = codec.decode(payload, SupervisorState)
        except DecodeError:
            return
        if state.instance == self.identity.instance:
            return
        self.era.met(payload, state, now)
        if state.status != "up":
            return
        self.conflict = True
        self._close()
        self.alarms.raise_(SECOND, RIVAL)

    def tick(self, now: float) -> None:
        """Let time pass: deadlines, silences, timeouts, watermarks."""
        slept = now - (now if self._ticked is None else self._ticked)
        self._ticked = now
        self.passes.tick(now)
        if slept >= ASLEEP:
            self.agents.slept(slept)
            self.health.progress.slept(slept)
            self.consoles.slept(slept)
            self.ledger.slept(slept)
            self.passes.interrupted()
        if self.conflict and SECOND not in self.fleet.alarms:
            self.conflict = False  # an operator looked into it and reset the alarm
            self._close()
            self.renew()
        for desk in (
            self.sweeps,
            self.gates,
            self.ledger,
            self.agents,
            self.health.progress,
            self.health,
            self.consoles,
            self.arbiter.shelf,
            self.alarm_watch,
            self.ingest,
        ):
            guarded(self.alarms, f"clock of {type(desk).__name__}", desk.tick, now)
        if self.era.tick(now):
            self.renew()
        window = self.agents.window
        if window != self._window:
            self._window = self.ingest.window = window
            if self._lease:
                self.renew()

    def take(self) -> list[Entry]:
        """Hand over what is to be committed next."""
        return self.log.take()

    def stored(self, entries: list[Entry]) -> None:
        """These records are in the recording: let go what waited for them. `committed` is to follow."""
        self.committed_pos = entries[-1].pos

    def committed(self, entries: list[Entry], now: float) -> None:
        """These records are in the recording: publish them, and say so to their agents."""
        if not entries:
            return
        self.stored(entries)
        for payload in publishing.journal(self.identity.key, self.identity.epoch, entries):
            self.outbox.journal(payload)
        self.ingest.committed(entries, now)
        self.ingest.tick(now)

    def recording(self, *, failing: bool) -> None:
        """The recording began to fail, or works again. While it fails, approvals are closed and stops go out at once."""
        if failing == self.failing:
            return
        self.failing = failing
        self.passes.interrupted()
        self._close()
        self.alarms.when(failing, "recording-failing", "the recording fails; approvals are closed")
        self.renew()

    def _close(self) -> None:
        self.arbiter.failing = self.failing
        closed = _closed(failing=self.failing, conflict=self.conflict)
        self.arbiter.closed = self.gates.closed = self.sweeps.closed = closed

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
            era=self.era.value,
        )


def _closed(*, failing: bool, conflict: bool) -> str:
    """Why approvals are closed; empty if they are not."""
    why = ["the recording fails"] * failing + ["two supervisors serve this site"] * conflict
    return f"approvals are closed: {' and '.join(why)}" if why else ""
