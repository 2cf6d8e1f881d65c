"""`bus/asyncapi.yaml` says what the code does: types, limits, topics, retained flags."""

import json
from collections.abc import Iterator
from itertools import count
from typing import Any, get_args

import pytest
from jsonschema import Draft202012Validator

from bus.codec import encode
from bus.events import AGENT_TYPES, Confidence, StepStarted
from bus.identity import Identity as AgentIdentity
from bus.messages import Intent, SupervisorState, Verb
from bus.sdk.agent_core import AgentCore
from bus.sdk.decision import Action
from bus.sdk.spool.store import MemorySpool, Owner
from bus.signing import PrivateKey
from bus.topics import Address, Kind, Topics
from console.core.fleet.state import Fleet
from console.policy.load import Rulebook
from console.supervisor.clock import Clock
from console.supervisor.desk import Desk, Identity
from console.supervisor.intents.operators import Operators
from tests.contract.asyncapi_schemas import COMMANDS, FILE, ID_PATTERN, MARK, REPLIES, load, text

DOCUMENT = load()
TOPICS = Topics("site")
CHANNELS: dict[Kind, str] = {
    "state": "supervisorState",
    "status": "status",
    "events": "events",
    "commands": "commands",
    "journal": "journal",
    "intents": "intents",
    "console": "console",
}
IDS = {"site": "site", "agent": "agent", "run": "run", "operator": "name", "console": "name"}


def test_the_generated_half_is_what_the_code_says() -> None:
    assert FILE.read_text("utf-8").partition(MARK)[2] == text(), (
        "run: python -m tests.contract.asyncapi_schemas"
    )


def test_every_reference_leads_somewhere() -> None:
    def references(value: Any) -> Iterator[str]:
        match value:
            case {"$ref": str(reference)}:
                yield reference
            case dict():
                for item in value.values():
                    yield from references(item)
            case list():
                for item in value:
                    yield from references(item)

    led = set(references(DOCUMENT))
    for reference in led:
        found: Any = DOCUMENT
        for part in reference.removeprefix("#/").split("/"):
            found = found.get(part)
            assert found is not None, reference
    assert led


@pytest.mark.parametrize("kind", get_args(Kind))
def test_a_channel_is_a_topic(kind: Kind) -> None:
    channel = DOCUMENT["channels"][CHANNELS[kind]]
    topic = channel["address"].format(**IDS)
    ids = {"state": 0, "journal": 0, "events": 2}.get(kind, 1)
    assert set(channel["parameters"]) == {name for name in IDS if f"{{{name}}}" in channel["address"]}
    assert len(channel["parameters"]) == ids + 1
    assert TOPICS.parse(topic) == Address(
        kind,
        agent="agent" if "{agent}" in channel["address"] else "",
        run="run" if "{run}" in channel["address"] else "",
        name="name" if kind in {"intents", "console"} else "",
    )
    assert topic.count("/") <= 7


def test_there_is_no_other_channel() -> None:
    assert set(DOCUMENT["channels"]) == set(CHANNELS.values()) == {CHANNELS[kind] for kind in get_args(Kind)}
    assert {one["channel"]["$ref"].split("/")[-1] for one in DOCUMENT["operations"].values()} == set(
        CHANNELS.values()
    )


def test_channels_carry_every_type_there_is() -> None:
    carried = {name: set(channel["messages"]) for name, channel in DOCUMENT["channels"].items()}
    assert carried == {
        "supervisorState": {"supervisor-state"},
        "status": {"status"},
        "events": set(AGENT_TYPES),
        "commands": set(COMMANDS),
        "journal": {"journal"},
        "intents": {"intent"},
        "console": set(REPLIES),
    }
    for channel in DOCUMENT["channels"].values():
        for name, message in channel["messages"].items():
            assert message == {"$ref": f"#/components/messages/{name}"}


def test_ids_have_one_pattern() -> None:
    assert {one["x-pattern"] for one in DOCUMENT["components"]["parameters"].values()} == {ID_PATTERN}
    schemas = DOCUMENT["components"]["schemas"]
    assert schemas["Envelope"]["properties"]["incarnation"]["pattern"] == ID_PATTERN


def test_everything_is_qos_1() -> None:
    assert {one["bindings"]["mqtt"]["qos"] for one in DOCUMENT["operations"].values()} == {1}


class Everybody:
    """Trusts every signature: they are tested elsewhere."""

    def state(self, payload: bytes, state: SupervisorState) -> bool:
        return True

    def command(self, payload: bytes) -> bool:
        return True


class Floor:
    """A supervisor and an agent without I/O, and everything they and one operator say: (topic, payload, retained)."""

    def __init__(self) -> None:
        self.wire: list[tuple[str, bytes, bool]] = []
        self.now = 0.0
        ids = count(1)
        self.operator = PrivateKey.generate()
        self.desk = Desk(
            Fleet(site="site"),
            Identity(TOPICS, "epoch", "instance", PrivateKey.generate()),
            Rulebook(None, None).judge,
            Operators({"ann": [self.operator.public]}),
            clock=Clock(lambda: int(self.now * 1000), lambda: self.now),
            new_id=lambda: f"id-{next(ids)}",
        )
        self.agent = AgentCore(
            AgentIdentity(site="site", agent="agent", incarnation="incarnation"),
            trust=Everybody(),
            wall=lambda: "2026-01-01T00:00:00Z",
            new_id=lambda: f"action-{next(ids)}",
        )
        self.desk.begin("session", self.now)
        self.desk.linked(self.now)
        self.settle()

    def settle(self) -> None:
        """Deliver until nobody has anything to say."""
        quiet = 0
        while quiet < 2:
            before = len(self.wire)
            self.now += 0.1
            for sent in self.agent.take_publishes():
                self.wire.append((sent.topic, sent.payload, sent.retain))
                self.desk.receive(sent.topic, sent.payload, self.now)
            self.desk.tick(self.now)
            self.desk.committed(self.desk.take(), self.now)
            for out in self.desk.out():
                self.wire.append((out.topic, out.payload, out.retain))
                self.desk.taken(out, delivered=True)
                if out.topic in self.agent.subscriptions():
                    self.agent.message(out.topic, out.payload, retained=False, now=self.now)
            quiet = quiet + 1 if len(self.wire) == before else 0

    def intent(self, verb: Verb, **fields: Any) -> None:
        intent = Intent(
            verb=verb, id=f"intent-{verb}", operator="ann", console="console", epoch="epoch", **fields
        )
        payload = self.operator.sign(intent)
        self.wire.append((TOPICS.intents("ann"), payload, False))
        self.desk.receive(TOPICS.intents("ann"), payload, self.now)
        self.settle()


@pytest.fixture(scope="module")
def wire() -> list[tuple[str, bytes, bool]]:
    """What a supervisor, an agent and a console say to each other in the life of a run."""
    floor = Floor()
    agent, run = floor.agent, {"agent": "agent", "run": "run"}
    agent.link_up("connection", floor.now)
    agent.start_run(
        "run", MemorySpool(Owner("site", "agent", "run", "incarnation")), now=floor.now, goal="tidy up"
    )
    floor.settle()
    agent.run("run").emit(StepStarted(step=1, confidence=Confidence(value=0.5)), floor.now)
    floor.intent("keyframe", watching=True)
    action = agent.run("run").propose(Action("write_file", {"path": "a", "content": "x" * 20_000}), floor.now)
    floor.settle()
    waiting = floor.desk.fleet.action(f"agent/run/{action}")
    assert waiting is not None
    floor.intent("approve", action=action, digest=waiting.digest, **run)
    decision = agent.run("run").take(action, floor.now)
    assert decision is not None
    assert decision.approved
    agent.run("run").report(action, done=True, text="done", now=floor.now)
    for verb in ("pause", "resume", "hold", "kill"):
        floor.intent(verb, **run)
    agent.finish_run("run", "killed", "", floor.now)
    floor.settle()
    agent.tick(floor.now + 5)
    agent.stop(floor.now)
    floor.wire += [
        (out.topic, out.payload, out.retain)
        for out in (*agent.take_publishes(), agent.presence.will("connection"))
    ]
    return floor.wire


def channel_of(topic: str) -> str:
    address = TOPICS.parse(topic)
    assert address is not None
    return CHANNELS[address.kind]


def test_everything_said_fits_the_schema_of_its_channel(wire: list[tuple[str, bytes, bool]]) -> None:
    assert {channel_of(topic) for topic, _, _ in wire} == set(CHANNELS.values())
    validators = {
        name: Draft202012Validator(
            {
                "anyOf": [
                    DOCUMENT["components"]["messages"][message]["payload"] for message in channel["messages"]
                ],
                "components": DOCUMENT["components"],
            }
        )
        for name, channel in DOCUMENT["channels"].items()
    }
    for topic, payload, _ in wire:
        validators[channel_of(topic)].validate(json.loads(payload))


def test_nothing_else_fits(wire: list[tuple[str, bytes, bool]]) -> None:
    event = next(json.loads(payload) for topic, payload, _ in wire if channel_of(topic) == "events")
    schema = DOCUMENT["components"]["messages"][event["type"]]["payload"]
    validator = Draft202012Validator(schema | {"components": DOCUMENT["components"]})
    assert validator.is_valid(event)
    for broken in (
        {"incarnation": "no id"},
        {"seq": -1},
        {"specversion": "2.0"},
        {"data": {"control": "free"}},
    ):
        assert not validator.is_valid(event | broken)


def test_what_is_retained_is_said_to_be(wire: list[tuple[str, bytes, bool]]) -> None:
    said = set()
    for topic, payload, retained in wire:
        channel = channel_of(topic)
        status = json.loads(payload)["status"] if channel == "status" else ""
        said.add((channel, status, retained))
    documented = {
        (operation["channel"]["$ref"].split("/")[-1], status, operation["bindings"]["mqtt"]["retain"])
        for operation in DOCUMENT["operations"].values()
        for status in operation.get("x-status", [""])
    }
    assert said == documented


def test_limits_are_named() -> None:
    assert DOCUMENT["x-limits"]["EVENT_BYTES"] < DOCUMENT["x-limits"]["PAYLOAD_BYTES"]
    assert f"{DOCUMENT['x-limits']['PAYLOAD_BYTES']:,} bytes" in DOCUMENT["info"]["description"]
    assert f"at most {DOCUMENT['x-limits']['DEPTH']} deep" in DOCUMENT["info"]["description"]
    assert (
        f"Every {DOCUMENT['x-limits']['HEARTBEAT']:g} seconds"
        in DOCUMENT["operations"]["receiveHeartbeat"]["summary"]
    )
    assert encode(DOCUMENT["x-limits"])
