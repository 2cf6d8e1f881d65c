"""A supervisor by script, and an `AgentCore` wired to it without a loop: what the SDK's tests stand on."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from typing import Any

from bus.canonical import digest
from bus.codec import decode_data, decode_envelope, encode
from bus.events import ActionProposed, Data, Envelope
from bus.identity import Identity
from bus.messages import (
    Command,
    DecisionCommand,
    HoldCommand,
    KillCommand,
    PauseCommand,
    ResendCommand,
    ResumeCommand,
    Signed,
    StoredCommand,
    SupervisorState,
)
from bus.sdk.agent_core import AgentCore
from bus.sdk.decision import Action, Decision
from bus.sdk.era import Era
from bus.sdk.roster import Notice
from bus.sdk.run_core import RunCore
from bus.sdk.spool.store import Bounds, MemorySpool, Owner, Spool
from bus.signing import PrivateKey
from bus.topics import Topics
from bus.transports.memory import MemoryBus, MemoryTransport
from bus.transports.transport import LinkUp, Message, Transport

SITE, AGENT, RUN, EPOCH = "test", "janitor", "r1", "epoch-1"
TOPICS = Topics(SITE)
STOPS: dict[str, type[Command]] = {
    "pause": PauseCommand,
    "resume": ResumeCommand,
    "hold": HoldCommand,
    "kill": KillCommand,
}


class Believer:
    """Trusts whatever says so in its `key` field, so that core tests need no cryptography."""

    def state(self, payload: bytes, state: SupervisorState) -> bool:
        return b'"forged"' not in payload

    def command(self, payload: bytes) -> bool:
        return b'"forged"' not in payload


def events_of(payloads: Iterable[bytes]) -> list[tuple[Envelope, Data]]:
    envelopes = [decode_envelope(payload) for payload in payloads]
    return [(envelope, decode_data(envelope)) for envelope in envelopes]


class Ingest:
    """In-order ingest per run, go-back-N, as the contract wants it of a supervisor."""

    def __init__(self) -> None:
        self.records: dict[str, list[bytes]] = {}
        self.base: dict[str, int] = {}

    def take(self, run: str, payload: bytes) -> tuple[str, int]:
        """Return what the agent must be told: ("stored", seq) or ("resend", after)."""
        envelope = decode_envelope(payload)
        log = self.records.setdefault(run, [])
        have = self.base.setdefault(run, 0) + len(log)
        if envelope.seq == have + 1:
            log.append(payload)
            return "stored", have + 1
        return ("stored", have) if envelope.seq <= have else ("resend", have)


def renewal(fields: dict[str, Any], **own: Any) -> SupervisorState:
    """A supervisor's word that it is up, but for what `fields` say."""
    return SupervisorState(**{"status": "up", "instance": "i"} | own | fields)


class Floor:
    """A core with a clock that is moved by hand. Publishes collect in `sent` until `serve` plays the supervisor."""

    def __init__(
        self,
        *,
        bounds: Bounds | None = None,
        spool: Spool | None = None,
        era: Era | None = None,
        **identity: Any,
    ) -> None:
        self.now = 100.0
        self.ids = itertools.count(1)
        self.commands = itertools.count(1)
        self.epoch = EPOCH
        self.lease = 0
        self.ingest = Ingest()
        self.sent: list[tuple[str, bytes, bool]] = []
        self.notices: list[Notice] = []
        self.core = AgentCore(
            Identity(SITE, AGENT, "inc-1", **identity),
            trust=Believer(),
            wall=lambda: "2026-01-01T00:00:00.000Z",
            new_id=lambda: f"a{next(self.ids)}",
            bounds=bounds,
            era=era,
        )
        self.spool = spool or MemorySpool(Owner(SITE, AGENT, RUN, "inc-1"))

    @property
    def run(self) -> RunCore:
        return self.core.run(RUN)

    def up(self, connection: str = "c1") -> None:
        self.core.link_up(connection, self.now)
        self.collect()

    def state(self, *, retained: bool = False, **fields: Any) -> None:
        self.lease += 1
        payload = encode(renewal(fields, epoch=self.epoch, lease=self.lease))
        self.core.message(TOPICS.state, payload, retained=retained, now=self.now)
        self.collect()

    def started(self, **fields: Any) -> Floor:
        """Link, supervisor and one run, everything stored so far."""
        self.up()
        self.state()
        self.core.start_run(RUN, self.spool, now=self.now, **fields)
        self.serve()
        return self

    def collect(self) -> None:
        self.sent += self.core.take_publishes()
        self.notices += self.core.take_notices()

    def command(self, command: Command, *, retained: bool = False) -> None:
        self.core.message(TOPICS.commands(AGENT), encode(command), retained=retained, now=self.now)
        self.collect()

    def order(self, kind: type[Command], **fields: Any) -> str:
        """Send a command; return its id."""
        values: dict[str, Any] = {
            "epoch": self.epoch,
            "agent": AGENT,
            "run": RUN,
            "id": f"d{next(self.commands)}",
        }
        values |= fields
        self.command(kind(**values))
        return str(values["id"])

    def stop(self, verb: str, **fields: Any) -> str:
        return self.order(STOPS[verb], **fields)

    def decide(self, action: str, outcome: str, **fields: Any) -> str:
        """Decide with the right digest unless told otherwise."""
        proposal = self.proposal(action)
        if outcome == "approved":
            fields = {"digest": proposal.digest} | fields
        elif outcome == "edited":
            fields = {"digest": digest(proposal.tool, fields["args"])} | fields
        return self.order(DecisionCommand, action=action, outcome=outcome, **fields)

    def serve(self) -> None:
        """Deliver what was sent to the ingest and answer, until there is nothing more."""
        self.collect()
        while self.sent:
            batch, self.sent = self.sent, []
            for topic, payload, _ in batch:
                address = TOPICS.parse(topic)
                assert address is not None
                if address.kind != "events":
                    continue
                answer, seq = self.ingest.take(address.run, payload)
                if answer == "stored":
                    self.command(StoredCommand(epoch=self.epoch, agent=AGENT, runs={address.run: seq}))
                else:
                    self.command(ResendCommand(epoch=self.epoch, agent=AGENT, run=address.run, after=seq))

    def tick(self, seconds: float) -> None:
        self.now += seconds
        self.core.tick(self.now)
        self.collect()

    def gate(self, tool: str = "delete", args: dict[str, Any] | None = None, **fields: Any) -> str:
        action = self.run.propose(
            Action(tool, {"path": "a.txt"} if args is None else args, **fields), self.now
        )
        self.serve()
        return action

    def take(self, action: str) -> Decision | None:
        try:
            return self.run.take(action, self.now)
        finally:
            self.serve()

    def data(self, run: str = RUN) -> list[Data]:
        """What the supervisor has recorded of a run."""
        self.serve()
        return [data for _, data in events_of(self.ingest.records.get(run, []))]

    def types(self, run: str = RUN) -> list[str]:
        return [data.TYPE for data in self.data(run)]

    def proposal(self, action: str) -> ActionProposed:
        return next(
            data for data in self.data() if isinstance(data, ActionProposed) and data.action == action
        )


class Supervisor:
    """The same over a `MemoryBus`: records, renews when told, and decides by `decide(proposal)` if that is set."""

    def __init__(self, bus: MemoryBus, key: PrivateKey | None = None, agent: str = AGENT) -> None:
        self.bus = bus
        self.key = key or PrivateKey.generate()
        self.agent = agent
        self.ingest = Ingest()
        self.lease = 0
        self.epoch = EPOCH
        self.decide: Callable[[str, ActionProposed], DecisionCommand | None] = lambda run, proposal: None
        self.storing = True
        self.statuses: list[bytes] = []
        self._ids = itertools.count(1)
        self._seen = asyncio.Condition()
        self._transport: Transport = MemoryTransport(
            bus, "supervisor", [TOPICS.all_events, TOPICS.all_status]
        )
        self._publish: Callable[[str, bytes, bool], None] = lambda topic, payload, retain: bus.publish(
            topic, payload, retain=retain
        )
        self._linked = asyncio.Event()

    def over(self, transport: Transport) -> None:
        """Use another transport than the memory bus."""
        self._transport = transport
        self._publish = lambda topic, payload, retain: transport.send(topic, payload, retain=retain)

    async def linked(self) -> None:
        await self._linked.wait()

    async def live(self) -> None:
        async with self._transport as transport:
            async for batch in transport.batches():
                for item in batch:
                    if isinstance(item, Message):
                        self._take(item)
                    elif isinstance(item, LinkUp):
                        self._linked.set()
                async with self._seen:
                    self._seen.notify_all()

    def undecided(self) -> list[ActionProposed]:
        """Decide nothing by itself from now on: proposals stand in this list as they come."""
        found: list[ActionProposed] = []
        self.decide = lambda _run, proposal: found.append(proposal)
        return found

    async def until(self, seen: Callable[[Supervisor], bool]) -> None:
        async with self._seen:
            await self._seen.wait_for(lambda: seen(self))

    def renew(self, **fields: Any) -> None:
        self.lease += 1
        state = renewal(fields, epoch=self.epoch, lease=self.lease, public_key=self.key.public.line)
        self._publish(TOPICS.state, self.key.sign(state), True)

    def send(self, command: Signed) -> None:
        self._publish(TOPICS.commands(self.agent), self.key.sign(command), False)

    def order(self, kind: type[Command], run: str, **fields: Any) -> None:
        self.send(self.made(kind, run, **fields))

    def made(self, kind: type[Command], run: str, **fields: Any) -> Any:
        return kind(
            **{"epoch": self.epoch, "agent": self.agent, "run": run, "id": f"d{next(self._ids)}"} | fields
        )

    def answer(self, run: str, proposal: ActionProposed, outcome: str, **fields: Any) -> DecisionCommand:
        if outcome == "approved":
            fields = {"digest": proposal.digest} | fields
        if outcome == "edited":
            fields = {"digest": digest(proposal.tool, fields["args"])} | fields
        decision: DecisionCommand = self.made(
            DecisionCommand, run, action=proposal.action, outcome=outcome, **fields
        )
        return decision

    def data(self, run: str) -> list[Data]:
        return [data for _, data in events_of(self.ingest.records.get(run, []))]

    def types(self, run: str) -> list[str]:
        return [data.TYPE for data in self.data(run)]

    def _take(self, message: Message) -> None:
        address = TOPICS.parse(message.topic)
        assert address is not None
        if address.kind == "status":
            self.statuses.append(message.payload)
            return
        have = len(self.ingest.records.get(address.run, []))
        answer, seq = self.ingest.take(address.run, message.payload)
        if answer == "resend":
            self.order(ResendCommand, address.run, after=seq)
            return
        if self.storing:
            self.order(StoredCommand, "", runs={address.run: seq})
        for _, data in events_of(self.ingest.records[address.run][have:]):
            if isinstance(data, ActionProposed) and not data.passed:
                decision = self.decide(address.run, data)
                if decision is not None:
                    self.send(decision)


@asynccontextmanager
async def living(bus: MemoryBus | None = None) -> AsyncIterator[Supervisor]:
    """A supervisor that lives and renews its lease once, until the end of the context."""
    supervisor = Supervisor(bus or MemoryBus())
    task = asyncio.create_task(supervisor.live())
    supervisor.renew()
    try:
        yield supervisor
    finally:
        task.cancel()
        await asyncio.wait({task})
