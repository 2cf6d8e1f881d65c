"""The supervisor's process: the real desk between a lossy bus and the tape, as `process.service` runs it."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

from bus.codec import decode, decode_command
from bus.messages import DecisionCommand, PassListCommand, ResumeCommand, SupervisorState
from console.core.fleet.state import encode
from console.supervisor.clock import Clock
from console.supervisor.desk import Desk, Identity
from console.supervisor.log import Entry
from console.supervisor.outbox import Out
from tests.simulation.bus import TOPICS
from tests.simulation.tape import record_of

if TYPE_CHECKING:
    from tests.simulation.world import World

SLOW: Final = 2.0
"""Seconds after which a commit that has not returned counts as failing."""

RETRY: Final = 0.5
"""Seconds between attempts to commit while the recording fails."""


class Office:
    """At most one supervisor process at a time. `desk` is None while there is none."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.desk: Desk | None = None
        self.linked = False
        self.starting = False
        self.frozen: list[tuple[str, bytes]] | None = None
        self.states: dict[bytes, tuple[str, int, bool]] = {}
        self.lists: dict[bytes, tuple[str, int, frozenset[str], str]] = {}
        self.renewed = float("-inf")
        self._committing: list[Entry] = []
        self._will = b""
        world.bus.subscribe_kinds(self, "events", "status", "intents", "state")

    # ---- life --------------------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Read the recording and take over, as `console.supervisor.process.serve` does."""
        world, tape = self.world, self.world.tape
        self.starting = False
        above = self._seen()
        identity = Identity(TOPICS, world.new_id(), world.new_id(), world.keys.of("supervisor"), above=above)
        fleet = tape.restored()
        desk = Desk(
            fleet,
            identity,
            world.judge,
            world.keys.operators(),
            clock=Clock(world.wall, lambda: world.now),
            new_id=world.new_id,
        )
        desk.log.not_before = fleet.at
        desk.sweeps.slice = 1  # floors here are small, and something must come between
        self.desk = desk
        self._committing = []
        desk.begin(tape.session, world.now, late=list(tape.emergency))
        self.pump()
        self.link()

    def _seen(self) -> int:
        """The era of the state that the broker kept, if our key signed it."""
        kept = self.world.bus.retained.get(TOPICS.state, b"")
        return decode(kept, SupervisorState).era if self.world.keys.pinned().verifies(kept) else 0

    def crash(self, after: float, *, told: bool = True) -> None:
        """Die, and be started again `after` seconds. `told`: the broker notices and publishes the will."""
        if self.desk is None:
            return
        self.desk, self.linked, self.frozen = None, False, None
        if told:
            self.world.bus.publish(TOPICS.state, self._will, retain=True)
        self.starting = True
        self.world.at(after, self.start)

    def link(self) -> None:
        """The link comes up: the broker delivers what it kept."""
        desk = self.desk
        if desk is None or self.linked:
            return
        self.linked = True
        self._will = desk.outbox.signed_state(desk.state("lost"))
        desk.linked(self.world.now)
        for topic, payload in list(self.world.bus.retained.items()):
            desk.receive(topic, payload, self.world.now, retained=True)
        self.pump()

    def cut(self, after: float) -> None:
        """The link breaks; the will speaks, and everything sent meanwhile is lost."""
        if self.desk is None or not self.linked:
            return
        self.linked = False
        self.desk.unlinked(self.world.now)
        self.world.bus.publish(TOPICS.state, self._will, retain=True)
        self.world.at(after, self.link)

    def freeze(self, seconds: float) -> None:
        """Stand still: nothing is read, nothing is said, no time passes."""
        if self.desk is not None and self.frozen is None:
            self.frozen = []
            self.world.at(seconds, partial(self.thaw, self.desk))

    def thaw(self, desk: Desk) -> None:
        """Go on where it stood."""
        if desk is not self.desk or self.frozen is None:
            return
        kept, self.frozen = self.frozen, None
        for topic, payload in kept:
            self.receive(topic, payload)
        self.pump()

    # ---- the bus -----------------------------------------------------------------------------------------------------

    def receive(self, topic: str, payload: bytes) -> None:
        """Take a message of the bus."""
        if self.desk is None or not self.linked:
            return
        if self.frozen is not None:
            self.frozen.append((topic, payload))
            return
        closed, staged = self.desk.failing, len(self.desk.log.staged)
        self.desk.receive(topic, payload, self.world.now)
        for entry in self.desk.log.staged[staged:] if closed else ():
            self.world.checks.accepted_closed(record_of(entry))
        self.pump()

    def send(self, desk: Desk) -> None:
        """Publish what may go, and see that it may."""
        for out in desk.out():
            if out.after > desk.committed_pos:
                self._unrecorded(desk, out)
            if not self.linked:
                if out.command:
                    desk.taken(out, delivered=False)
                continue
            self._look(out)
            self.world.bus.publish(out.topic, out.payload, retain=out.retain)
            if out.command:
                self.world.handed.add(out.command)
                self.world.at(0.002, partial(self.taken, desk, out))

    def _unrecorded(self, desk: Desk, out: Out) -> None:
        """Only a stop may go out before its record is committed, only while that fails, and it is noted down."""
        self.world.tape.note(out)
        command = decode_command(out.payload) if out.command else None
        allows = isinstance(command, ResumeCommand) or (
            isinstance(command, DecisionCommand) and command.outcome in ("approved", "edited", "responded")
        )
        if command is None or allows or not desk.failing:
            self.world.problem(f"{out.topic} sent before its record was committed")

    def _look(self, out: Out) -> None:
        """Remember what agents were truly told, for the checks and for those who play it back."""
        if out.topic == TOPICS.state:
            state = decode(out.payload, SupervisorState)
            is_open = state.status == "up" and state.recording == "ok" and not state.conflict
            self.states[out.payload] = (state.epoch, state.lease, is_open)
            self.world.told[out.payload] = (state.epoch, state.era)
            if is_open:
                self.renewed = self.world.now
            return
        if not out.topic.endswith("/commands"):
            return
        self.world.keys.sent.append((out.topic, out.payload))
        if b'"pass-list"' in out.payload:
            command = decode_command(out.payload)
            assert isinstance(command, PassListCommand)
            tools = frozenset(command.tools)
            self.lists[out.payload] = (command.epoch, command.order, tools, command.incarnation)

    def taken(self, desk: Desk, out: Out) -> None:
        """The broker has it."""
        if desk is self.desk:
            desk.taken(out, delivered=True)
            self.pump()

    # ---- the recording -----------------------------------------------------------------------------------------------

    def pump(self) -> None:
        """Begin a commit if anything is staged and none is under way, and send what may go."""
        desk = self.desk
        if desk is None or self.frozen is not None:
            return
        chance, tape = self.world.chance, self.world.tape
        if desk.log.staged and not self._committing:
            entries = self._committing = desk.take()
            rotating = chance.random() < 0.02
            keyframe = encode(desk.fleet) if rotating or chance.random() < 0.04 else b""
            lasts = chance.uniform(0.0005, 0.01) + tape.slow
            self.world.at(lasts, partial(self.land, desk, entries, keyframe, rotating))
            if lasts > SLOW:
                self.world.at(SLOW, partial(self.wedged, desk, entries))
        self.send(desk)

    def wedged(self, desk: Desk, entries: list[Entry]) -> None:
        """The disk has not answered."""
        if desk is self.desk and self._committing is entries and self.frozen is None:
            desk.recording(failing=True)
            self.send(desk)

    def land(self, desk: Desk, entries: list[Entry], keyframe: bytes, rotating: bool) -> None:
        """The disk takes the records, or refuses them."""
        if desk is not self.desk:
            return
        if self.world.tape.failing:
            desk.recording(failing=True)
            self.send(desk)
            self.world.at(RETRY, partial(self.land, desk, entries, keyframe, rotating))
            return
        self.world.commit(entries)
        told = partial(self.told, desk, entries, keyframe, rotating)
        if self.world.chance.random() < 0.05:
            self.world.at(0.02, told)  # the process may die between the commit and its return
        else:
            told()

    def told(self, desk: Desk, entries: list[Entry], keyframe: bytes, rotating: bool) -> None:
        """The commit returned: publish, then take a keyframe or begin a session, as `Committer` does."""
        if desk is not self.desk:
            return
        if self.frozen is not None:
            self.world.at(0.1, partial(self.told, desk, entries, keyframe, rotating))
            return
        tape = self.world.tape
        if desk.failing:
            desk.recording(failing=False)
        tape.clear(entries[-1].pos)
        self._committing = []
        desk.committed(entries, self.world.now)
        self.send(desk)
        if rotating:
            previous = tape.rotate(keyframe)
            desk.log.rotated(tape.session, previous)
        elif keyframe:
            tape.keyframes.append((entries[-1].pos, keyframe))
        self.pump()

    # ---- time --------------------------------------------------------------------------------------------------------

    def tick(self) -> None:
        """Let time pass."""
        if self.desk is not None and self.frozen is None:
            self.desk.tick(self.world.now)
            self.pump()

    def renew(self) -> None:
        """Renew the lease."""
        if self.desk is not None and self.frozen is None:
            self.desk.renew()
            self.pump()

    @property
    def quiet(self) -> bool:
        """Whether everything is committed and nothing is closed."""
        desk = self.desk
        return (
            desk is not None
            and self.linked
            and self.frozen is None
            and not self._committing
            and not desk.log.staged
            and not desk.failing
            and not desk.conflict
        )
