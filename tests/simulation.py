"""A small world with a seed: agents, a bus that loses and repeats, a supervisor that crashes, operators who answer late.

Everything in it is the real, pure code: `bus.agent_core.AgentCore` and `console.supervisor.desk.Desk`, driven by a fake
clock. Until `CALM` the bus drops, repeats, delays and reorders, links break, processes die. Then it heals, and what the
design promises must hold.
"""

from __future__ import annotations

import heapq
import random
from collections.abc import Callable
from functools import partial
from typing import Any, Final, cast

from bus import codec
from bus.agent_core import AgentCore
from bus.canonical import code, digest
from bus.decision import Action, RunKilled, RunRefusedError
from bus.events import Progress, StepFinished, StepStarted
from bus.identity import Identity as AgentIdentity
from bus.limits import LEASE_RENEW
from bus.messages import Intent, Signed, SupervisorState
from bus.signing import PrivateKey
from bus.spool import MemorySpool, Owner
from bus.topics import Topics
from console.core.reduce import reduce
from console.core.state import Fleet, decode, encode
from console.policy.load import Rulebook
from console.supervisor.desk import Desk, Identity
from console.supervisor.log import Entry
from console.supervisor.operators import Operators, Standing
from console.supervisor.outbox import Out

SITE: Final = "sim"
TOPICS: Final = Topics(SITE)
CALM: Final = 20.0
"""Seconds of the fake clock after which nothing breaks any more."""
END: Final = 400.0
RULES: Final = Rulebook(None, None)
TOOLS: Final = ("delete_file", "write_file", "read_file", "no_such_tool")


class Key:
    """Signs nothing: signatures have tests of their own, and ten thousand worlds need none."""

    class public:  # noqa: N801  (stands for a PublicKey)
        line = "ssh-ed25519 simulated"
        fingerprint = "SHA256:simulated"

    def sign(self, message: Signed) -> bytes:
        return codec.encode(message)


class Everybody(Operators):
    """Takes every intent for signed."""

    def standing(self, intent: Intent, payload: bytes) -> Standing:
        return "signed"


class Trusting:
    """Takes everything for the supervisor's."""

    def state(self, payload: bytes, state: SupervisorState) -> bool:
        return True

    def command(self, payload: bytes) -> bool:
        return True


class RememberingSpool(MemorySpool):
    """A spool on an undying disk that also remembers all it ever held."""

    def __init__(self, owner: Owner) -> None:
        super().__init__(owner)
        self.ever: list[bytes] = []

    def append(self, events: Any) -> None:
        self.ever.extend(events)
        super().append(events)


class Worker:
    """An agent process that works through actions, does them for real (in the ledger) and dies now and then."""

    def __init__(self, world: World, name: str, actions: int) -> None:
        self.world = world
        self.name = name
        self.left = actions
        self.lives = 0
        self.spool: RememberingSpool | None = None
        self.over = False
        self.core: AgentCore
        self.waiting = ""
        self.connected = False
        self.born()

    def born(self) -> None:
        self.lives += 1
        world = self.world
        incarnation = f"{self.name}-life{self.lives}"
        self.core = AgentCore(
            AgentIdentity(site=SITE, agent=self.name, incarnation=incarnation),
            trust=Trusting(),
            wall=lambda: f"t{world.now:.3f}",
            new_id=world.new_id,
        )
        if self.spool is None:
            self.spool = RememberingSpool(Owner(site=SITE, agent=self.name, run="r", incarnation=incarnation))
        self.waiting = ""
        self.connected = False
        if not self.over:
            self.core.start_run("r", self.spool, now=world.now, goal="simulate")
        else:
            self.core.send_rest(self.spool, world.now)
        world.at(world.chance.uniform(0, 0.5), self.connect)

    def connect(self) -> None:
        if self.connected:
            return
        self.connected = True
        self.core.link_up(self.world.new_id(), self.world.now)
        retained = self.world.retained.get(TOPICS.state)
        if retained:
            self.core.message(TOPICS.state, retained, retained=True, now=self.world.now)
        self.act()

    def cut(self) -> None:
        if self.connected:
            self.connected = False
            will = self.core.will(self.core.connection)
            self.core.link_down(self.world.now)
            self.world.publish(will.topic, will.payload, retain=True)
            self.world.at(self.world.chance.uniform(0.1, 2.0), self.connect)

    def die(self) -> None:
        if self.connected:
            will = self.core.will(self.core.connection)
            self.world.publish(will.topic, will.payload, retain=True)
        self.born()

    def act(self) -> None:
        """Do what can be done now, then send."""
        now = self.world.now
        try:
            if not self.over:
                self.work(now)
        except (RunKilled, RunRefusedError) as end:
            self.over = True
            self.core.finish_run("r", "killed" if isinstance(end, RunKilled) else "failed", "", now)
        self.send()

    def work(self, now: float) -> None:
        run = self.core.run("r")
        if self.waiting:
            decision = run.take(self.waiting, now)
            if decision is None:
                return
            if decision.approved:
                self.world.effect(self.name, decision.action, digest(decision.tool, decision.args))
                run.report(decision.action, done=True, text="ok", now=now)
            run.emit(StepFinished(step=self.left, ok=decision.approved), now)
            self.waiting = ""
            self.left -= 1
        if not run.checkpoint("step", now):
            return
        if self.left <= 0:
            self.over = True
            self.core.finish_run("r", "completed", "", now)
            return
        run.emit(StepStarted(step=self.left), now)
        for _ in range(self.world.chance.randrange(4)):
            run.emit(Progress(text="busy"), now)
        tool = self.world.chance.choice(TOOLS)
        self.waiting = run.propose(Action(tool, {"n": self.left}, decide_within=30.0), now)

    def send(self) -> None:
        for out in self.core.take_publishes():
            if self.connected:
                self.world.publish(out.topic, out.payload, retain=out.retain)
        self.core.take_notices()

    def receive(self, topic: str, payload: bytes) -> None:
        if self.connected:
            self.core.message(topic, payload, retained=False, now=self.world.now)
            self.act()

    def tick(self) -> None:
        self.core.tick(self.world.now)
        self.act()


class World:
    """One schedule. `ledger` is what agents really did: agent, action, digest."""

    def __init__(self, seed: int, workers: int = 2, actions: int = 4) -> None:
        self.chance = random.Random(seed)
        self.now = 0.0
        self.queue: list[tuple[float, int, Callable[[], None]]] = []
        self.count = 0
        self.retained: dict[str, bytes] = {}
        self.committed: list[Entry] = []
        self.ledger: list[tuple[str, str, str]] = []
        self.problems: list[str] = []
        self.answered: set[str] = set()
        self.desk: Desk | None = None
        self.view = Fleet(site=SITE)
        self.rough = self.chance.choice([0.0, 0.02, 0.1, 0.3])
        self.start_desk()
        self.workers = [Worker(self, f"w{number}", actions) for number in range(workers)]
        for _ in range(self.chance.randrange(6)):
            self.at(self.chance.uniform(0.1, CALM), self.break_something)

    def new_id(self) -> str:
        self.count += 1
        return f"id{self.count}"

    def at(self, delay: float, what: Callable[[], None]) -> None:
        self.count += 1
        heapq.heappush(self.queue, (self.now + delay, self.count, what))

    # ---- the bus -----------------------------------------------------------------------------------------------------

    def publish(self, topic: str, payload: bytes, *, retain: bool = False) -> None:
        if retain:
            self.retained[topic] = payload
        rough = self.rough if self.now < CALM else 0.0
        copies = 0 if self.chance.random() < rough else 2 if self.chance.random() < rough else 1
        for _ in range(copies):
            delay = 0.001 if self.chance.random() >= rough else self.chance.uniform(0.001, 1.5)
            self.at(delay, lambda: self.deliver(topic, payload))

    def deliver(self, topic: str, payload: bytes) -> None:
        address = TOPICS.parse(topic)
        assert address is not None
        if address.kind in ("events", "status", "intents") and self.desk is not None:
            self.desk.receive(topic, payload, self.now)
            self.pump()
        if address.kind == "state":
            for worker in self.workers:
                worker.receive(topic, payload)
        if address.kind in ("commands", "status"):
            for worker in self.workers:
                if worker.name == address.agent:
                    worker.receive(topic, payload)

    # ---- the supervisor ----------------------------------------------------------------------------------------------

    def start_desk(self) -> None:
        fleet = Fleet(site=SITE)
        for entry in self.committed:
            reduce(fleet, codec.record(entry.pos, entry.at, codec.decode_envelope(entry.event)))
        identity = Identity(TOPICS, self.new_id(), self.new_id(), cast("PrivateKey", Key()))
        wall = lambda: int(self.now * 1000)  # noqa: E731  (a clock)
        self.desk = Desk(fleet, identity, RULES.judge, Everybody(), wall=wall, new_id=self.new_id)
        self.desk.begin("session", self.now)
        for topic, payload in self.retained.items():
            self.desk.receive(topic, payload, self.now, retained=True)
        self.desk.linked(self.now)
        self.pump()

    def pump(self) -> None:
        """Begin a commit if anything is staged, and send what may go."""
        desk = self.desk
        if desk is None:
            return
        if desk.log.staged:
            entries = desk.take()
            self.at(self.chance.uniform(0.0005, 0.01), lambda: self.commit(desk, entries))
        self.send(desk)

    def send(self, desk: Desk) -> None:
        for out in desk.out():
            if out.after > desk.committed_pos:
                self.problems.append(f"{out.topic} sent before its record was committed")
            self.publish(out.topic, out.payload, retain=out.retain)
            if out.command:
                self.at(0.002, partial(self.taken, desk, out))

    def taken(self, desk: Desk, out: Out) -> None:
        if desk is self.desk:
            desk.taken(out, delivered=True)

    def commit(self, desk: Desk, entries: list[Entry]) -> None:
        if desk is not self.desk:
            return
        have = self.committed[-1].pos if self.committed else 0
        if entries[0].pos != have + 1:
            self.at(0.001, lambda: self.commit(desk, entries))  # commits are taken in order
            return
        self.committed.extend(entries)
        for entry in entries:
            reduce(self.view, codec.record(entry.pos, entry.at, codec.decode_envelope(entry.event)))
        desk.committed(entries, self.now)
        self.pump()

    # ---- trouble and operators ---------------------------------------------------------------------------------------

    def break_something(self) -> None:
        worker = self.chance.choice(self.workers)
        match self.chance.randrange(5):
            case 0:
                worker.cut()
            case 1:
                worker.die()
            case 2:
                self.desk = None
                self.at(self.chance.uniform(0.1, 3.0), self.start_desk)
            case 3:
                self.say(self.chance.choice(["pause", "hold"]), agent=worker.name, run="r")
                self.at(self.chance.uniform(0.1, 5.0), lambda: self.say("resume", agent=worker.name, run="r"))
            case _:
                if self.chance.random() < 0.3:
                    self.say("kill", agent=worker.name, run="r")

    def say(self, verb: Any, **fields: Any) -> None:
        if self.desk is None:
            return
        intent = Intent(
            verb=verb,
            id=self.new_id(),
            operator="op",
            console="con",
            epoch=self.desk.identity.epoch,
            **fields,
        )
        self.publish(TOPICS.intents("op"), codec.encode(intent))

    def answer(self) -> None:
        """Operators answer what they see, late, twice, or not at all. In the end they let everybody go on."""
        if self.now > CALM:
            for run in self.view.runs.values():
                if run.held or run.state in ("paused", "pausing"):
                    self.say("resume", agent=run.agent, run=run.run)
        for key in self.view.waiting:
            action = self.view.action(key)
            if action is None or self.chance.random() < 0.5:
                continue
            verb = self.chance.choice(["approve", "approve", "reject", "edit"])
            self.say(
                verb,
                agent=action.agent,
                run=action.run,
                action=action.id,
                digest=action.digest,
                code=code(action.digest),
                args={"n": -1} if verb == "edit" else None,
            )

    def effect(self, agent: str, action: str, done: str) -> None:
        """A tool runs. At this very moment its decision must stand in the committed log, for exactly this digest."""
        known = self.view.action(f"{agent}/r/{action}")
        if known is None or known.outcome not in ("approved", "edited") or known.decided_digest != done:
            self.problems.append(f"{agent} did {action} undecided")
        if (agent, action) in {(who, what) for who, what, _ in self.ledger}:
            self.problems.append(f"{agent} did {action} twice")
        self.ledger.append((agent, action, done))

    # ---- running -----------------------------------------------------------------------------------------------------

    def clock(self) -> None:
        if self.desk is not None:
            self.desk.tick(self.now)
            self.pump()
        for worker in self.workers:
            worker.tick()
        self.answer()
        self.at(0.5, self.clock)

    def lease(self) -> None:
        if self.desk is not None:
            self.desk.renew()
            self.pump()
        self.at(LEASE_RENEW, self.lease)

    def quiet(self) -> bool:
        return (
            self.now > CALM + 5
            and self.desk is not None
            and not self.desk.log.staged
            and self.desk.committed_pos == self.desk.fleet.pos
            and all(worker.over and worker.core.unstored == 0 and worker.connected for worker in self.workers)
        )

    def run(self) -> list[str]:
        """Live until all is done, then check. Returns what is wrong."""
        self.at(0.5, self.clock)
        self.at(LEASE_RENEW, self.lease)
        while self.queue and not self.quiet():
            self.now, _, what = heapq.heappop(self.queue)
            if self.now > END:
                self.problems.append(f"not done after {END:.0f} s")
                break
            what()
        self.check()
        return self.problems

    def check(self) -> None:
        if [entry.pos for entry in self.committed] != list(range(1, len(self.committed) + 1)):
            self.problems.append("positions have holes")
        for worker in self.workers:
            assert worker.spool is not None
            stored = [
                entry.event for entry in self.committed if entry.from_agent and entry.agent == worker.name
            ]
            if stored != worker.spool.ever:
                self.problems.append(
                    f"{worker.name} made {len(worker.spool.ever)} events, {len(stored)} are recorded, or in another order"
                )
        if self.desk is not None and not self.desk.log.staged:
            if encode(self.view) != encode(self.desk.fleet):
                self.problems.append("the recording does not reduce to the live state")
            if encode(decode(encode(self.view))) != encode(self.view):
                self.problems.append("a keyframe is not the state")
        for alarm in self.view.alarms.values():
            if alarm.kind in (
                "ungated-action",
                "gap",
                "misdeed",
                "bad-input",
                "run-refused",
                "events-dropped",
            ):
                self.problems.append(f"alarm {alarm.id}: {alarm.text}")
