"""A whole site in one process and without a clock: the real desk of the supervisor, and an agent that does as scripted."""

from __future__ import annotations

import itertools
from collections import deque
from collections.abc import Sequence
from typing import Any

from msgspec import Raw

from bus import codec
from bus.canonical import digest
from bus.events import (
    ActionProposed,
    CommandAcknowledged,
    CommandEffective,
    CommandRefused,
    Confidence,
    Data,
    Envelope,
    Gate,
    RunFinished,
    RunStarted,
    StepFinished,
    StepStarted,
)
from bus.messages import AgentStatus, AnyCommand, DecisionCommand, KillCommand
from bus.records import Reason
from bus.signing import PrivateKey
from bus.topics import Topics
from bus.transports.memory import MemoryBus, MemoryTransport
from bus.transports.transport import Item, LinkUp, Message, Transport, WillFor
from console.core.fleet.state import Fleet
from console.core.judging.reach import Consequences, consequences
from console.core.judging.risk import Assessment
from console.core.provenance.suspicion import Suspicion
from console.core.provenance.trail import Trail
from console.supervisor.desk import Desk, Identity
from console.supervisor.intents.operators import Operators
from console.supervisor.log import Entry

SITE = "test"
TOPICS = Topics(SITE)
SUPERVISOR = PrivateKey.generate()
OPERATOR = PrivateKey.generate()


class ToolNames:
    """A judge that does what the tool's name says: `ask_...`, `hold_...`, `deny_...`, everything else is let run."""

    def judge(self, proposal: ActionProposed, **_facts: Any) -> Assessment:
        gate: Gate = "auto"
        for name, wanted in (("ask_", "ask"), ("hold_", "hold"), ("deny_", "deny")):
            if proposal.tool.startswith(name):
                gate = wanted  # type: ignore[assignment]
        reasons = [Reason(code="name", text="the tool's name says so")]
        return Assessment(severity=3, failure_bp=4_000, gate=gate, reasons=reasons)

    def consequences(self, proposal: ActionProposed) -> Consequences:
        return consequences(proposal.tool, proposal.args, None, proposal.hints)

    def pass_list(self, agent: str) -> list[str]:
        return []

    def pass_schemas(self, agent: str) -> dict[str, str]:
        return {}

    def changed(self, proposal: ActionProposed) -> bool:
        return False

    def reads(self, tool: str, schema: str | None, *, by_name: bool = False) -> tuple[bool, bool]:
        return False, False

    def effect(self, tool: str) -> str:
        return "write"

    def polls(self, tool: str, schema: str | None) -> bool:
        return False

    def suspect(
        self, trail: Trail, tool: str, args: dict[str, Any], *, schema: str | None = None
    ) -> Suspicion | None:
        return None


class _Party(MemoryTransport):
    """Somebody on the bus who acts at once on what arrives, one message after the other."""

    def __init__(self, bus: MemoryBus, name: str, subscriptions: Sequence[str]) -> None:
        super().__init__(bus, name, subscriptions)
        self._unread: deque[Message] = deque()
        self._busy = False
        self.bus = bus

    def receive(self, item: Item) -> None:
        if isinstance(item, LinkUp):
            return
        assert isinstance(item, Message)
        self._unread.append(item)
        if self._busy:
            return
        self._busy = True
        try:
            while self._unread:
                self.take(self._unread.popleft())
        finally:
            self._busy = False

    def take(self, message: Message) -> None:
        raise NotImplementedError


class Supervisor(_Party):
    """The desk on the bus. `deaf` lets it hear nothing, `mute` say nothing, `full` record nothing."""

    def __init__(self, bus: MemoryBus, epoch: str, fleet: Fleet, now: int) -> None:
        super().__init__(bus, "supervisor", [f"{TOPICS.root}/#"])
        ids = itertools.count(1)
        self.deaf = False
        self.mute = False
        self.full = False
        self.wall = now
        self.log: list[Entry] = []
        self.desk = Desk(
            fleet,
            Identity(TOPICS, epoch, f"instance-{epoch}", SUPERVISOR),
            ToolNames(),
            Operators({"op": [OPERATOR.public]}),
            wall=lambda: self.wall,
            new_id=lambda: f"cmd-{epoch}-{next(ids)}",
        )
        self.desk.begin("session-1", 0.0)
        self.desk.renew()

    def take(self, message: Message) -> None:
        ours = message.topic.startswith((TOPICS.journal, TOPICS.state, f"{TOPICS.root}/consoles"))
        if ours or self.deaf:
            return
        self.desk.receive(message.topic, message.payload, 0.0, retained=message.retained)
        self.pump()

    def pump(self) -> None:
        """Commit and publish until nothing is left to do."""
        while True:
            entries = [] if self.full else self.desk.take()
            self.log += entries
            self.desk.committed(entries, 0.0)
            ready = self.desk.out()
            if not entries and not ready:
                return
            for out in ready:
                if not self.mute:
                    self.bus.publish(out.topic, out.payload, retain=out.retain)
                self.desk.taken(out, delivered=True)


class ScriptedAgent(_Party):
    """An agent. `obeys` says how far commands get: `effective`, `acknowledged`, `refused`, or nothing at all."""

    def __init__(self, bus: MemoryBus, name: str) -> None:
        super().__init__(bus, name, [TOPICS.commands(name)])
        self.name = name
        self.obeys = "effective"
        self.commands: list[AnyCommand] = []
        self._seqs: dict[str, int] = {}

    def born(self) -> None:
        status = AgentStatus(status="online", incarnation="i", connection="c")
        self.bus.publish(TOPICS.status(self.name), codec.encode(status), retain=True)

    def report(self, run: str, *events: Data) -> None:
        for data in events:
            seq = self._seqs[run] = self._seqs.get(run, 0) + 1
            envelope = Envelope(
                id=f"i.{seq}",
                source=codec.source(self.name, run),
                type=data.TYPE,
                incarnation="i",
                seq=seq,
                data=Raw(codec.encode(data)),
            )
            self.bus.publish(TOPICS.events(self.name, run), codec.encode(envelope))

    def propose(self, run: str, action: str, tool: str, args: dict[str, Any], **more: Any) -> str:
        self.report(run, ActionProposed(action=action, tool=tool, args=args, **more))
        return digest(tool, args)

    def take(self, message: Message) -> None:
        command = codec.decode_command(message.payload)
        if not command.id:
            return
        self.commands.append(command)
        if self.obeys == "refused":
            self.report(command.run, CommandRefused(command=command.id, reason="not me"))
        if self.obeys in ("acknowledged", "effective"):
            self.report(command.run, CommandAcknowledged(command=command.id))
        if self.obeys == "effective":
            self.report(command.run, CommandEffective(command=command.id))
            if isinstance(command, KillCommand):
                self.report(command.run, RunFinished(outcome="killed"))

    def decisions(self) -> list[DecisionCommand]:
        return [command for command in self.commands if isinstance(command, DecisionCommand)]


class SiteInMemory:
    """Broker, supervisor and one agent, `refunds`, with a run `7q4f`."""

    def __init__(self, now: int) -> None:
        self.bus = MemoryBus()
        self.supervisor = Supervisor(self.bus, "epoch-1", Fleet(site=SITE), now)
        self.bus._enter(self.supervisor)
        self.supervisor.pump()
        self.agent = self.add("refunds")
        self.agent.report(
            "7q4f",
            RunStarted(goal="Refund order 88213", agent_version="2.3.1"),
            StepStarted(step=1, name="read_ticket", of=3, confidence=Confidence(value=0.93)),
            StepFinished(step=1, ok=True, text="read"),
            StepStarted(step=2, name="issue_refund", confidence=Confidence(value=0.64)),
        )

    def add(self, name: str) -> ScriptedAgent:
        agent = ScriptedAgent(self.bus, name)
        self.bus._enter(agent)
        agent.born()
        return agent

    @property
    def fleet(self) -> Fleet:
        return self.supervisor.desk.fleet

    def state_of(self, key: str) -> str:
        return self.fleet.runs[key].state

    def fill_disk(self) -> None:
        """From now on nothing can be recorded, and the supervisor has seen that."""
        self.supervisor.full = True
        self.supervisor.desk.recording(failing=True)
        self.supervisor.pump()

    def take_over(self, epoch: str) -> None:
        """Replace the supervisor by another one on the same log."""
        fleet, wall = self.fleet, self.supervisor.wall
        self.bus._leave(self.supervisor)
        self.supervisor = Supervisor(self.bus, epoch, fleet, wall)
        self.bus._enter(self.supervisor)
        self.supervisor.pump()

    def connect(self, client_id: str, subscriptions: Sequence[str], will: WillFor | None) -> Transport:
        return MemoryTransport(self.bus, client_id, subscriptions, will)
