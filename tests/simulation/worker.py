"""An agent process that works through actions, does them for real (in the ledger), and dies, freezes or is cut off."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, Final

from bus.events import Progress, StepFinished, StepStarted
from bus.identity import Identity
from bus.sdk.agent_core import AgentCore
from bus.sdk.decision import Action, Decision, RunKilled, RunRefusedError
from bus.sdk.era import Era
from bus.sdk.run_core import RunCore
from bus.sdk.spool.store import MemorySpool, Owner
from bus.trust import Pin, PinnedTrust
from tests.simulation.bus import SITE, TOPICS
from tests.simulation.judges import TOOLS

if TYPE_CHECKING:
    from tests.simulation.office import Office
    from tests.simulation.world import World

DECIDE_WITHIN: Final = (12.0, 12.0, 12.0, 2.0, 1.0)
"""Seconds that actions wait; the short ones race the answers."""


class Disk(MemorySpool):
    """A spool on an undying disk that also remembers all it ever held."""

    def __init__(self, owner: Owner) -> None:
        super().__init__(owner)
        self.ever: list[bytes] = []

    def append(self, events: Any) -> None:
        self.ever.extend(events)
        super().append(events)


class Told:
    """What the supervisor truly told one process, kept for the checks: by epoch, its newest state and pass list."""

    def __init__(self, incarnation: str) -> None:
        self.incarnation = incarnation
        self.states: dict[str, tuple[int, bool]] = {}
        self.lists: dict[str, tuple[int, frozenset[str]]] = {}

    def note(self, payload: bytes, office: Office, epoch: str) -> None:
        """Take a genuine payload that is not older than the last; a list only if the process follows its supervisor."""
        state, listed = office.states.get(payload), office.lists.get(payload)
        if state is not None:
            self.states[state[0]] = max(self.states.get(state[0], (-1, True)), state[1:])
        if listed is not None and listed[0] == epoch and listed[1] >= self.lists.get(epoch, (0, ()))[0]:
            had = self.lists.get(epoch, (0, frozenset()))[1]
            tools = listed[2] if listed[3] == self.incarnation else listed[2] & had
            self.lists[epoch] = (listed[1], tools)


class Worker:
    """One agent name: its present process, and the spools of all runs that it ever lived."""

    def __init__(self, world: World, name: str, actions: int) -> None:
        self.world = world
        self.name = name
        self.actions = self.left = actions
        self.hands = world.chance.choice((1, 1, 2))
        self.lives = 0
        self.run = ""
        self.disks: dict[str, Disk] = {}
        self.over = False
        self.core: AgentCore
        self.waiting: dict[str, float] = {}
        self.busy = 0
        self.told = Told("")
        self.era = Era()  # on an undying disk, like the spools
        self.connected = False
        self.frozen: list[tuple[str, bytes]] | None = None
        world.bus.subscribe(TOPICS.state, self)
        world.bus.subscribe(TOPICS.commands(name), self)
        world.bus.subscribe(TOPICS.status(name), self)
        self.born("new")

    # ---- life --------------------------------------------------------------------------------------------------------

    def born(self, how: str) -> None:
        """Begin a process: with a `new` run, going on at once (`resume`) or after sending the rest (`late`)."""
        self.lives += 1
        world = self.world
        incarnation = f"{self.name}-life{self.lives}"
        self.core = AgentCore(
            Identity(site=SITE, agent=self.name, incarnation=incarnation),
            trust=PinnedTrust(Pin(world.keys.pinned(), "by the world", "")),
            wall=lambda: f"t{world.now:.3f}",
            new_id=world.new_id,
            era=self.era,
        )
        self.waiting = {}
        self.busy = 0
        self.told = Told(incarnation)
        self.connected = False
        self.frozen = None
        for run, disk in self.disks.items():
            if (run != self.run or how != "resume" or self.over) and not disk.removed:
                self.core.send_rest(disk, world.now)
        if how == "new":
            self.run = f"r{len(self.disks) + 1}"
            self.disks[self.run] = Disk(Owner(SITE, self.name, self.run, incarnation))
            self.left, self.over = self.actions, False
            self.start()
        elif how == "resume" and not self.over:
            self.start()
        elif not self.over:
            world.at(world.chance.uniform(0.1, 3.0), self.resume)
        world.at(world.chance.uniform(0, 0.5), self.connect)

    def start(self) -> None:
        """Begin the run, or go on with it."""
        self.core.start_run(self.run, self.disks[self.run], now=self.world.now, goal="simulate")

    def resume(self) -> None:
        """Go on with a run whose rest this process was sending."""
        if self.over or self.living:
            return
        if self.frozen is not None:
            self.world.at(1.0, self.resume)
            return
        self.core.release_rest(self.run, self.world.now)
        self.start()
        self.act()

    @property
    def living(self) -> bool:
        """Whether the present process lives the run."""
        try:
            self.core.run(self.run)
        except KeyError:
            return False
        return True

    def connect(self) -> None:
        """The link comes up; the broker delivers what it kept."""
        if self.connected:
            return
        self.connected = True
        self.core.link_up(self.world.new_id(), self.world.now)
        for topic in (TOPICS.state, TOPICS.status(self.name)):
            retained = self.world.bus.retained.get(topic)
            if retained:
                self.told.note(retained, self.world.office, self.core.lease.epoch)
                self.core.message(topic, retained, retained=True, now=self.world.now)
                self.world.checks.followed(self, retained)
        self.act()

    def cut(self) -> None:
        """The link breaks, and the will speaks."""
        if self.connected:
            self.connected = False
            will = self.core.presence.will(self.core.presence.connection)
            self.core.link_down(self.world.now)
            self.world.bus.publish(will.topic, will.payload, retain=True)
            self.world.at(self.world.chance.uniform(0.1, 2.0), self.connect)

    def die(self) -> None:
        """End without a word; another process comes at once."""
        if self.connected:
            will = self.core.presence.will(self.core.presence.connection)
            self.world.bus.publish(will.topic, will.payload, retain=True)
        self.born(self.world.chance.choices(("resume", "late", "new"), (6, 2, 1))[0])

    def freeze(self, seconds: float) -> None:
        """Stand still; what arrives lies in the socket."""
        if self.frozen is None:
            self.frozen = []
            life = self.lives
            self.world.at(seconds, lambda: self.thaw(life))

    def thaw(self, life: int) -> None:
        """Go on where it stood."""
        if life != self.lives or self.frozen is None:
            return
        kept, self.frozen = self.frozen, None
        for topic, payload in kept:
            self.receive(topic, payload)
        self.act()

    # ---- work --------------------------------------------------------------------------------------------------------

    def act(self) -> None:
        """Do what can be done now, then send."""
        now = self.world.now
        if self.frozen is not None:
            return
        try:
            if not self.over and self.living:
                self.work(self.core.run(self.run), now)
        except (RunKilled, RunRefusedError) as end:
            self.over = True
            self.core.finish_run(self.run, "killed" if isinstance(end, RunKilled) else "failed", "", now)
        self.send()

    def work(self, run: RunCore, now: float) -> None:
        """Take what was decided, then propose more as far as there are hands."""
        if self.hands == 1 and self.busy:
            return  # its only hand runs a tool: what it is told waits until that is done
        self.collect(run, now)
        while len(self.waiting) + self.busy < self.hands and run.checkpoint("step", now):
            if self.left <= len(self.waiting) + self.busy:
                break
            self.propose(run, now)
            before = len(self.waiting)
            self.collect(run, now)
            if len(self.waiting) == before:
                break
        if self.left <= 0 and not self.busy and run.checkpoint("end", now):
            self.over = True
            self.core.finish_run(self.run, "completed", "", now)

    def propose(self, run: RunCore, now: float) -> None:
        """Begin a step and ask for an action."""
        chance = self.world.chance
        run.emit(StepStarted(step=self.left), now)
        for _ in range(chance.randrange(3)):
            run.emit(Progress(text="busy"), now)
        replaced = next(iter(self.waiting), None) if chance.random() < 0.1 else None
        wanted = Action(
            chance.choice(TOOLS),
            {"n": self.left, "by": self.name},
            decide_within=chance.choice(DECIDE_WITHIN),
            supersedes=replaced,
        )
        patience = chance.uniform(0.2, 3.0) if chance.random() < 0.05 else float("inf")
        self.waiting[run.propose(wanted, now)] = now + patience

    def collect(self, run: RunCore, now: float) -> None:
        """Do what was allowed, note what was not, and give up what nobody waits for any more."""
        for token, until in list(self.waiting.items()):
            decision = run.take(token, now)
            if decision is not None:
                self.done(run, decision, now)
            elif now >= until:
                run.withdraw(token, now)
            else:
                continue
            del self.waiting[token]
            if decision is None or not decision.approved:
                self.left -= 1

    def done(self, run: RunCore, decision: Decision, now: float) -> None:
        """Run the tool if it may run; some take their time."""
        if not decision.approved:
            run.emit(StepFinished(step=self.left, ok=False), now)
            return
        self.world.checks.effect(self, decision)
        self.busy += 1
        if self.world.chance.random() < 0.3:
            self.world.at(self.world.chance.uniform(0.1, 3.0), partial(self.ran, self.lives, decision.action))
        else:
            self.ran(self.lives, decision.action, at_once=True)

    def ran(self, life: int, action: str, *, at_once: bool = False) -> None:
        """A tool returns, unless its process died meanwhile."""
        if life != self.lives:
            return
        if self.frozen is not None:
            self.world.at(0.5, partial(self.ran, life, action))
            return
        self.busy -= 1
        self.left -= 1
        if not self.over:
            run, now = self.core.run(self.run), self.world.now
            run.report(action, done=self.world.chance.random() < 0.9, text="ok", now=now)
            run.emit(StepFinished(step=self.left + 1, ok=True), now)
        if not at_once:
            self.act()

    # ---- the bus -----------------------------------------------------------------------------------------------------

    def send(self) -> None:
        """Publish what the core made."""
        for out in self.core.take_publishes():
            if self.connected:
                self.world.bus.publish(out.topic, out.payload, retain=out.retain)
        self.core.take_notices()

    def receive(self, topic: str, payload: bytes) -> None:
        """Take a message."""
        if not self.connected:
            return
        if self.frozen is not None:
            self.frozen.append((topic, payload))
            return
        self.told.note(payload, self.world.office, self.core.lease.epoch)
        self.core.message(topic, payload, retained=False, now=self.world.now)
        self.world.checks.followed(self, payload)
        self.act()

    def tick(self) -> None:
        """Let time pass."""
        if self.frozen is None:
            self.core.tick(self.world.now)
            self.act()

    @property
    def quiet(self) -> bool:
        """Whether it has done its work, and everything it made is stored."""
        return self.over and self.connected and self.frozen is None and self.core.unstored == 0
