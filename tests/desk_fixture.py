"""A supervisor's desk with a clock in the hand, for tests that say what comes in and look at what goes out."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import msgspec

from bus import codec
from bus.events import Data
from bus.messages import AgentStatus, Answer, AnyCommand, Intent, RunStanding
from bus.signing import PrivateKey
from bus.topics import Topics
from console.core.fleet.state import Action, Fleet, Run
from console.policy.load import Rulebook
from console.supervisor.desk import Desk, Identity
from console.supervisor.intents.operators import Operators
from console.supervisor.log import Entry
from console.supervisor.outbox import Out
from tests.strategies import envelope

TOPICS = Topics("site")
OPERATOR = PrivateKey.generate()
SUPERVISOR = PrivateKey.generate()


class Bench:
    """A desk, its clock, and what has left it. `sent` are the messages let go, in order."""

    def __init__(
        self,
        fleet: Fleet | None = None,
        epoch: str = "epoch1",
        rules: Rulebook | None = None,
        late: Sequence[str] = (),
    ) -> None:
        self.now = 1_000.0
        self.wall = 1_700_000_000_000
        self.ids = 0
        self.sent: list[Out] = []
        self.log: list[Entry] = []
        operators = Operators({"op-1": [OPERATOR.public], "op-2": [OPERATOR.public]})
        self.desk = Desk(
            fleet or Fleet(site="site"),
            Identity(TOPICS, epoch, f"instance-of-{epoch}", SUPERVISOR),
            (rules or Rulebook(None, None)).judge,
            operators,
            wall=lambda: self.wall,
            new_id=self.new_id,
        )
        self.desk.begin("session", self.now, late=late)
        self.desk.linked(self.now)
        self.commit()

    def new_id(self) -> str:
        self.ids += 1
        return f"id{self.ids}"

    def commit(self) -> None:
        """Commit what is staged and let go what waited for it."""
        entries = self.desk.take()
        self.log.extend(entries)
        self.desk.committed(entries, self.now)
        self.let_go()

    def let_go(self) -> None:
        """Take what may go out now, and tell the desk that the broker has it."""
        for out in self.desk.out():
            self.sent.append(out)
            self.desk.taken(out, delivered=True)

    def pass_time(self, seconds: float, step: float = 0.5) -> None:
        """Let the clock run."""
        end = self.now + seconds
        while self.now < end:
            self.now = min(end, self.now + step)
            self.wall += int(step * 1000)
            self.desk.tick(self.now)
            self.commit()

    def event(
        self, seq: int, data: Data, run: str = "r1", agent: str = "a", incarnation: str = "inc"
    ) -> None:
        """An agent's event comes in."""
        payload = codec.encode(envelope(data, seq, agent, run, incarnation))
        self.raw(TOPICS.events(agent, run), payload)

    def raw(self, topic: str, payload: bytes) -> None:
        """Any message comes in."""
        self.desk.receive(topic, payload, self.now)
        self.commit()

    def status(
        self, status: Any, incarnation: str = "inc", connection: str = "k1", runs: Sequence[RunStanding] = ()
    ) -> None:
        """An agent's status comes in."""
        message = AgentStatus(status=status, incarnation=incarnation, connection=connection, runs=list(runs))
        self.raw(TOPICS.status("a"), codec.encode(message))

    def intent(
        self, verb: Any, *, key: PrivateKey | None = OPERATOR, operator: str = "op-1", **fields: Any
    ) -> Answer:
        """An operator's intent comes in; returns its answer."""
        intent = Intent(
            **{
                "verb": verb,
                "id": self.new_id(),
                "operator": operator,
                "console": "con",
                "epoch": self.desk.identity.epoch,
            }
            | fields
        )
        return self.say(key.sign(intent) if key else codec.encode(intent), operator)

    def say(self, payload: bytes, operator: str = "op-1") -> Answer:
        """An intent's bytes come in; returns the answer that goes out."""
        before = len(self.sent)
        self.raw(TOPICS.intents(operator), payload)
        self.let_go()
        answers = [out for out in self.sent[before:] if out.topic == TOPICS.console("con")]
        answer = codec.decode_reply(answers[-1].payload)
        assert isinstance(answer, Answer)
        return answer

    def about(self, action: Action) -> dict[str, Any]:
        """The fields that name an action in an intent."""
        return {"agent": action.agent, "run": action.run, "action": action.id, "digest": action.digest}

    def commands(self, kind: type[AnyCommand] | None = None) -> list[Any]:
        """Commands that went out to agent `a`, of one kind or all."""
        found = [codec.decode_command(out.payload) for out in self.sent if out.topic == TOPICS.commands("a")]
        return [command for command in found if kind is None or isinstance(command, kind)]

    def types(self) -> list[str]:
        """Types of all committed records."""
        return [codec.decode_envelope(entry.event).type for entry in self.log]

    def last(self, kind: str) -> dict[str, Any]:
        """Data of the newest committed record of a type."""
        for entry in reversed(self.log):
            found = codec.decode_envelope(entry.event)
            if found.type == kind:
                data: dict[str, Any] = json.loads(bytes(found.data))
                return data
        raise AssertionError(f"no {kind} in {self.types()}")

    def run(self, name: str = "r1") -> Run:
        """A run of agent `a`."""
        return self.desk.fleet.runs[f"a/{name}"]

    def alarms(self) -> set[str]:
        """Kinds of the alarms that stand."""
        return {alarm.kind for alarm in self.desk.fleet.alarms.values()}


def args_of(entry: Entry) -> Any:
    """The data of a log entry."""
    return msgspec.json.decode(bytes(codec.decode_envelope(entry.event).data))
