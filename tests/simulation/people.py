"""Operators, who answer what they see: late, at the last moment, both at once, or not at all. And one who may do nothing."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, Final

import msgspec

from bus import codec
from bus.canonical import code, digest
from bus.inquiry import AnyReply
from bus.limits import INTENT_REPEAT, INTENT_TIMEOUT
from bus.messages import (
    Answer,
    DecisionCommand,
    Intent,
    PassListCommand,
    ResumeCommand,
    Signed,
    StoredCommand,
    SupervisorState,
)
from console.core.fleet.state import Action, Run
from console.core.fleet.turns import resumable
from tests.simulation.bus import TOPICS
from tests.simulation.keys import OPERATORS, tampered

if TYPE_CHECKING:
    from tests.simulation.world import World

DECISIONS: Final = ("approve", "edit", "reject", "respond")


class Operator:
    """One person at one console, which repeats an intent until it is answered."""

    def __init__(self, world: World, name: str) -> None:
        self.world = world
        self.name = name
        self.open: dict[str, bytes] = {}
        self.answers: dict[str, Answer] = {}
        world.bus.subscribe(TOPICS.console(f"con-{name}"), self)

    def asked(self, action: Action) -> None:
        """An action waits: answer it some time, or right at its deadline."""
        chance = self.world.chance
        if chance.random() < 0.3:
            self.world.at(chance.uniform(0.1, 5.0), self.look_at_alarms)
        if chance.random() < 0.35:
            return
        late = chance.random() < 0.3
        around = action.decide_within + chance.uniform(-0.1, 0.1)
        delay = around if late and action.decide_within < 5 else chance.uniform(0.05, 4.0)
        self.world.at(delay, partial(self.answer, action.key, action.digest))

    def answer(self, key: str, shown: str) -> None:
        """Decide on what was displayed, whatever happened to it since."""
        action = self.world.view.action(key)
        if action is None:
            return
        chance = self.world.chance
        verb = chance.choice(("approve", "approve", "approve", "reject", "edit", "respond"))
        args = {"n": -1} if verb == "edit" else None
        bound = digest(action.exact_tool, args) if args else shown
        self.say(
            verb,
            agent=action.agent,
            run=action.run,
            action=action.id,
            digest=shown,
            code=code(bound if args and action.gate != "hold" else shown) if chance.random() < 0.9 else "",
            args=args,
            reason="because" if verb == "respond" else "",
        )

    def look_at_alarms(self) -> None:
        """Do something with one of the alarms, sensible or not."""
        chance, alarms = self.world.chance, list(self.world.view.alarms.values())
        if alarms:
            alarm, verb = chance.choice(alarms), chance.choice(("acknowledge", "shelve", "remove", "restore"))
            hides = verb in ("shelve", "remove")
            self.say(
                verb,
                alarm=alarm.id,
                reason="because" if hides else "",
                seconds=chance.randrange(10) if verb == "shelve" else 0,
                group=verb == "acknowledge" and chance.random() < 0.5,
            )

    def say(self, verb: Any, **fields: Any) -> None:
        """Sign what is wanted and send it until it is answered."""
        world = self.world
        intent = Intent(
            verb=verb,
            id=world.new_id(),
            operator=self.name,
            console=f"con-{self.name}",
            epoch=world.view.epoch,
            pos=world.view.pos,
            **fields,
        )
        self.open[intent.id] = world.keys.intent(intent)
        self.send(intent.id, world.now + INTENT_TIMEOUT)

    def send(self, intent: str, until: float) -> None:
        """Send it, now and every second."""
        if intent in self.open and self.world.now < until:
            self.world.bus.publish(TOPICS.intents(self.name), self.open[intent])
            self.world.at(INTENT_REPEAT, partial(self.send, intent, until))

    def receive(self, topic: str, payload: bytes) -> None:
        """An answer: what is accepted must be so in the log already, stops apart."""
        reply: AnyReply = codec.decode_reply(payload)
        if not isinstance(reply, Answer):
            return
        self.open.pop(reply.intent, None)
        self.answers.setdefault(reply.intent, reply)
        self.world.checks.answered(self, reply)

    def tend(self) -> None:
        """In the end, let everybody go on: resume what is stopped, reset what keeps approvals closed, answer the rest."""
        view = self.world.view
        if resumable(view):
            self.say("resume")
        for run in view.runs.values():
            # What the hold of all stopped goes on by a word to all, or never.
            if not run.by_floor and (run.stop or run.held or run.state in ("paused", "pausing")):
                self.say("resume", agent=run.agent, run=run.run)
        if "second-supervisor" in view.alarms:
            self.say("reset", alarm="second-supervisor", reason="it is gone")
        for key in view.waiting:
            action = view.action(key)
            if action is not None and self.world.chance.random() < 0.5:
                self.answer(key, action.digest)


class Forger:
    """Reaches the broker and has no key that counts: makes things up, changes what was said, says it again."""

    def __init__(self, world: World) -> None:
        self.world = world

    def strike(self) -> None:
        """Try one thing."""
        moves = (
            self.unsigned,
            self.foreign,
            self.changed,
            self.again,
            self.command,
            self.twisted,
            self.state,
            self.earlier,
        )
        self.world.chance.choice(moves)()

    def _wish(self, operator: str) -> Intent | None:
        view, chance = self.world.view, self.world.chance
        waiting = [action for key in view.waiting if (action := view.action(key))]
        runs: list[Run] = list(view.runs.values())
        base: Any = {
            "operator": operator,
            "console": "con-mallory",
            "epoch": view.epoch,
            "id": self.world.new_id(),
        }
        if waiting and chance.random() < 0.7:
            action = chance.choice(waiting)
            verb: Any = chance.choice(("approve", "approve", "reject"))
            return Intent(
                verb=verb, agent=action.agent, run=action.run, action=action.id, digest=action.digest,
                code=code(action.digest), **base,
            )  # fmt: skip
        if not runs:
            return None
        run = chance.choice(runs)
        verb = chance.choice(("kill", "resume", "pause", "hold"))
        return Intent(verb=verb, agent=run.agent, run=run.run, **base)

    def unsigned(self) -> None:
        """Speak without a signature: stopping is allowed, nothing else."""
        intent = self._wish(self.world.chance.choice((*OPERATORS, "mallory")))
        if intent is not None:
            self.world.bus.publish(TOPICS.intents(intent.operator), codec.encode(intent))

    def hold_all(self) -> None:
        """Hold all without a signature: that is allowed."""
        intent = Intent(
            verb="hold",
            id=self.world.new_id(),
            operator="mallory",
            console="con-mallory",
            epoch=self.world.view.epoch,
        )
        self.world.bus.publish(TOPICS.intents("mallory"), codec.encode(intent))

    def foreign(self) -> None:
        """Sign with a key that nobody enrolled, in an operator's name."""
        intent = self._wish(self.world.chance.choice((*OPERATORS, "mallory")))
        if intent is not None:
            self.world.bus.publish(
                TOPICS.intents(intent.operator), self.world.keys.of("mallory").sign(intent)
            )

    def _overheard(self) -> tuple[str, bytes] | None:
        keys = self.world.keys
        if not keys.issued:
            return None
        intent = keys.issued[self.world.chance.choice(list(keys.issued))]
        return TOPICS.intents(intent.operator), keys.of(intent.operator).sign(intent)

    def changed(self) -> None:
        """Change what an operator signed."""
        heard = self._overheard()
        if heard is not None:
            topic, payload = heard
            fresh = payload.replace(b'"id":"id', b'"id":"x') if self.world.chance.random() < 0.7 else payload
            self.world.bus.publish(topic, tampered(fresh, self.world.chance))

    def again(self) -> None:
        """Play back what an operator signed, at any later time."""
        heard = self._overheard()
        if heard is not None:
            self.world.bus.publish(*heard)

    def command(self) -> None:
        """Give an agent orders."""
        view, chance = self.world.view, self.world.chance
        worker = chance.choice(self.world.workers)
        waiting = [action for key in view.waiting if (action := view.action(key))]
        fields: Any = {
            "epoch": view.epoch,
            "agent": worker.name,
            "run": worker.run,
            "id": self.world.new_id(),
        }
        made: list[Any] = [
            ResumeCommand(**fields, order=10**6),
            StoredCommand(**fields, runs={worker.run: 10**6}),
            PassListCommand(**fields, order=10**6, tools=["delete_file", "write_file"]),
        ]
        for action in waiting:
            fields |= {"agent": action.agent, "run": action.run}
            made += [
                DecisionCommand(**fields, action=action.id, outcome="approved", digest=action.digest)
            ] * 3
        forged = chance.choice(made)
        self.world.bus.publish(TOPICS.commands(forged.agent), self._seal(forged))

    def twisted(self) -> None:
        """Play back a genuine command, as it was or changed."""
        sent = self.world.keys.sent
        if sent:
            topic, payload = self.world.chance.choice(sent)
            twist = self.world.chance.random() < 0.4
            self.world.bus.publish(topic, tampered(payload, self.world.chance) if twist else payload)

    def state(self) -> None:
        """Pretend to be a supervisor that lives, or that has gone."""
        view, chance = self.world.view, self.world.chance
        epoch = chance.choice((view.epoch or "none", self.world.new_id()))
        status: Any = chance.choice(("up", "lost"))
        forged = SupervisorState(
            status=status, epoch=epoch, instance="mallory", lease=10**6, ttl=10**6, window=500
        )
        self.world.deceive()
        self.world.bus.publish(TOPICS.state, self._seal(forged))

    def earlier(self) -> None:
        """Play back what a supervisor of an earlier era truly said: that it is up, and what may pass."""
        world, chance = self.world, self.world.chance
        newest = max((era for _, era in world.told.values()), default=0)
        old = [
            (payload, epoch)
            for payload, (epoch, era) in world.told.items()
            if b'"up"' in payload and era < newest
        ]
        if not old:
            return
        payload, epoch = chance.choice(old)
        lists = [each for each in world.office.lists.items() if each[1][0] == epoch]
        world.deceive()
        world.bus.publish(TOPICS.state, payload)
        for allowed, _ in chance.sample(lists, min(len(lists), 3)):
            agent = codec.decode_command(allowed).agent
            world.at(0.01, partial(world.bus.publish, TOPICS.commands(agent), allowed))

    def _seal(self, message: Signed) -> bytes:
        if self.world.chance.random() < 0.5:
            return self.world.keys.of("mallory").sign(message)
        return codec.encode(msgspec.structs.replace(message, key=self.world.keys.pinned().fingerprint))
