"""examples/shell_agent.sh against a real supervisor and real brokers: a person decides, the shell obeys."""

import asyncio
import json
import os
import shutil
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

import psutil
import pytest

from bus.codec import encode
from bus.limits import INTENT_DUPLICATE_WITHIN
from bus.messages import Intent, Verb
from bus.signing import PrivateKey, PublicKey
from bus.topics import Topics
from bus.transports.mqtt import MqttTransport
from bus.transports.transport import LinkUp, Message
from bus.url import BrokerUrl
from tests import ROOT
from tests.fixtures.broker_kinds import running_broker
from tests.fixtures.brokers import free_port

AGENT = ROOT / "examples" / "shell_agent.sh"
PATIENCE = 60.0
TOPICS = Topics("local")

pytestmark = [
    pytest.mark.broker,
    pytest.mark.skipif(
        not (shutil.which("mosquitto_pub") and shutil.which("mosquitto_sub")), reason="no mosquitto clients"
    ),
]


@dataclass
class Site:
    """A site that is up: its broker, its folders, the keys of its operator and supervisor."""

    url: BrokerUrl
    home: Path
    process: subprocess.Popen[bytes]

    @property
    def operator(self) -> str:
        return (self.home / "config/local/operators").read_text("utf-8").split()[0]

    @property
    def key(self) -> PrivateKey:
        return PrivateKey.load(self.home / f"config/local/{self.operator}_ed25519")

    @property
    def supervisor_key(self) -> PublicKey:
        return PublicKey.parse((self.home / "config/local/supervisor_ed25519.pub").read_text("utf-8"))

    def supervisor(self) -> psutil.Process:
        for child in psutil.Process(self.process.pid).children():
            if "console.supervisor.process.serve" in child.cmdline():
                return child
        raise AssertionError("no supervisor")


@dataclass
class Heard:
    """One record of the journal, command, state or answer: `kind` is its type, `data` what is in it."""

    kind: str
    data: dict[str, Any]
    subject: str = ""
    raw: bytes = b""


@dataclass
class Floor:
    """A console and a listener: everything said on the bus since, and a way to state intents."""

    site: Site
    transport: MqttTransport
    agent: str
    run: str
    heard: list[Heard] = field(default_factory=list)
    news: asyncio.Event = field(default_factory=asyncio.Event)
    epoch: str = ""

    async def listen(self) -> None:
        async for batch in self.transport.batches():
            for item in batch:
                if isinstance(item, Message):
                    self.heard += _read(item)
            self.news.set()

    async def until(self, test: Callable[[Heard], bool]) -> Heard:
        """The first thing heard that passes the test, now or later."""
        async with asyncio.timeout(PATIENCE):
            while True:
                self.news.clear()
                for heard in self.heard:
                    if test(heard):
                        return heard
                await self.news.wait()

    async def record(self, kind: str, **fields: Any) -> dict[str, Any]:
        """The first record of a kind about our run with these fields."""
        heard = await self.until(
            lambda heard: (
                heard.kind == kind
                and heard.subject in {f"{self.agent}/{self.run}", self.agent}
                and fields.items() <= heard.data.items()
            )
        )
        return heard.data

    async def renewal(self) -> None:
        """Wait until the supervisor renews its lease once more."""
        seen = len(self.heard)
        await self.until(
            lambda heard: heard.kind == "state" and all(heard is not one for one in self.heard[:seen])
        )

    def kinds(self) -> list[str]:
        """Types of the records about our run so far."""
        return [heard.kind for heard in self.heard if heard.subject == f"{self.agent}/{self.run}"]

    async def asked(self) -> str:
        """Wait until the agent's action waits for a person. Return the supervisor's digest of it."""
        await self.record("action.asked", action="write")
        assessed = await self.record("action.assessed", action="write")
        digest: str = assessed["digest"]
        return digest

    async def decision(self) -> Heard:
        """The decision on the wire."""
        return await self.until(
            lambda heard: heard.kind == "command decision" and heard.data["run"] == self.run
        )

    def intent(self, verb: Verb, **fields: Any) -> Intent:
        given = {"epoch": self.epoch, "agent": self.agent, "run": self.run} | fields
        return Intent(verb=verb, id=uuid4().hex, operator=self.site.operator, console=self.agent, **given)

    async def say(self, intent: Intent, *, signed: bool = True) -> dict[str, Any]:
        """Publish an intent and return its answer."""
        return await self.send(self.site.key.sign(intent) if signed else encode(intent))

    async def send(self, payload: bytes) -> dict[str, Any]:
        before, intent = len(self.heard), json.loads(payload)["id"]
        await self.transport.publish(TOPICS.intents(self.site.operator), payload)
        answer = await self.until(
            lambda heard: (
                heard.kind == "answer"
                and heard.data["intent"] == intent
                and any(heard is one for one in self.heard[before:])
            )
        )
        return answer.data


def _read(message: Message) -> list[Heard]:
    body = json.loads(message.payload)
    if message.topic == TOPICS.journal:
        return [
            Heard(
                (event := one["event"])["type"],
                event.get("data", {}),
                event.get("subject") or event["source"].removeprefix("/agents/").replace("/runs/", "/"),
            )
            for one in body["records"]
        ]
    if message.topic == TOPICS.state:
        return [Heard("state", body)]
    kind = "answer" if body["type"] == "answer" else f"command {body['type']}"
    return [Heard(kind, body, raw=message.payload)]


@contextmanager
def up(home: Path, broker: BrokerUrl | None) -> Iterator[Site]:
    port = free_port()
    url = broker or BrokerUrl.parse(f"mqtt://127.0.0.1:{port}")
    options = f"site=None, broker={str(broker) if broker else None!r}, listen='127.0.0.1', port={port}"
    code = f"from console.supervisor.process.up import run_up; raise SystemExit(run_up({options}))"
    process = subprocess.Popen(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env=clean_environment() | {"WATCHFLOOR_HOME": str(home)},
        stdin=subprocess.DEVNULL,
    )
    try:
        asyncio.run(wait_until_up(url))
        yield Site(url, home, process)
    finally:
        process.terminate()
        process.wait(PATIENCE)


def clean_environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith("WATCHFLOOR_")}


async def wait_until_up(url: BrokerUrl) -> None:
    async with (
        asyncio.timeout(2 * PATIENCE),
        MqttTransport(url, client_id="ready", subscriptions=[TOPICS.state]) as transport,
    ):
        async for batch in transport.batches():
            if any(isinstance(item, Message) and b'"status":"up"' in item.payload for item in batch):
                return


@pytest.fixture(scope="module")
def site(broker_kind: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    home = tmp_path_factory.mktemp("home")
    if broker_kind == "embedded":
        with up(home, None) as running:
            yield running
    else:
        with running_broker(broker_kind) as broker, up(home, broker.url) as running:
            yield running


@pytest.fixture
async def floor(site: Site) -> AsyncIterator[Floor]:
    """A console of its own for each test, and a name and run for its agent."""
    name = f"shell-{uuid4().hex[:8]}"
    topics = [TOPICS.journal, TOPICS.console(name), TOPICS.commands(name), TOPICS.state]
    async with MqttTransport(site.url, client_id=name, subscriptions=topics) as transport:
        batches = transport.batches()
        linked = False
        floor = Floor(site, transport, agent=name, run=f"{name}-run")
        while not linked:
            for item in await anext(batches):
                linked = linked or isinstance(item, LinkUp)
                floor.heard += _read(item) if isinstance(item, Message) else []
        task = asyncio.create_task(floor.listen())
        floor.epoch = (await floor.until(lambda heard: heard.kind == "state")).data["epoch"]
        yield floor
        task.cancel()


@dataclass
class ShellAgent:
    """The agent at work. `ended` waits for it and gives its exit code and what it said on standard error."""

    file: Path
    ended: Callable[[], Awaitable[tuple[int | None, str]]]


@asynccontextmanager
async def shell_agent(
    floor: Floor, folder: Path, within: int = 40, **settings: str
) -> AsyncIterator[ShellAgent]:
    file = folder / "effect.txt"
    process = await asyncio.create_subprocess_exec(
        "sh",
        AGENT,
        file,
        env=clean_environment()
        | {"WATCHFLOOR_BROKER": str(floor.site.url), "AGENT": floor.agent, "RUN": floor.run}
        | {"DECIDE_WITHIN": str(within)}
        | settings,
        stdin=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )

    async def ended() -> tuple[int | None, str]:
        assert process.stderr is not None
        text = await asyncio.wait_for(process.stderr.read(), PATIENCE)
        return await process.wait(), text.decode()

    try:
        yield ShellAgent(file, ended)
    finally:
        if process.returncode is None:
            process.terminate()
            await process.wait()


async def quiet(floor: Floor) -> None:
    """Nothing that went well may raise an alarm."""
    await floor.record("agent.stopped")
    alarms = [
        heard for heard in floor.heard if heard.kind == "alarm.raised" and floor.agent in heard.data["alarm"]
    ]
    assert alarms == []


async def test_an_approved_action_is_done_and_every_fact_of_it_recorded(floor: Floor, tmp_path: Path) -> None:
    async with shell_agent(floor, tmp_path) as agent:
        digest = await floor.asked()
        assert not agent.file.exists()
        answer = await floor.say(floor.intent("approve", action="write", digest=digest))
        assert (answer["accepted"], answer["outcome"]) == (True, "approved")
        assert await agent.ended() == (0, "")
    assert agent.file.read_text("utf-8") == f"written by {floor.run}"
    decision = await floor.decision()
    assert (decision.data["outcome"], decision.data["digest"]) == ("approved", digest)
    assert floor.site.supervisor_key.verifies(decision.raw)
    proposed = await floor.record("action.proposed")
    assert proposed["digest"] == digest
    await quiet(floor)
    recorded = floor.kinds()
    assert sorted(set(recorded), key=recorded.index)[:5] == [
        "run.started",
        "action.proposed",
        "action.assessed",
        "action.asked",
        "action.decided",
    ]
    agents = [kind for kind in recorded if kind not in {"action.assessed", "action.asked", "command.sent"}]
    assert agents == [
        "run.started",
        "action.proposed",
        "action.decided",
        "command.acknowledged",
        "action.started",
        "command.effective",
        "action.finished",
        "run.finished",
    ]
    started = await floor.record("action.started")
    assert started == {"action": "write", "digest": digest, "decision": decision.data["id"]}
    await floor.record("action.finished", action="write", outcome="done")
    await floor.record("run.finished", outcome="completed")


async def test_a_rejected_action_is_not_done(floor: Floor, tmp_path: Path) -> None:
    async with shell_agent(floor, tmp_path) as agent:
        await floor.asked()
        answer = await floor.say(floor.intent("reject", action="write", reason="not today"))
        assert answer["outcome"] == "rejected"
        assert await agent.ended() == (3, "not written: rejected\n")
    decision = (await floor.decision()).data
    assert (decision["outcome"], decision["text"]) == ("rejected", "not today")
    await floor.record("action.finished", action="write", outcome="rejected")
    assert not agent.file.exists()
    await quiet(floor)


async def test_an_edit_is_bound_to_its_own_digest_and_refused_by_an_agent_that_cannot_edit(
    floor: Floor, tmp_path: Path
) -> None:
    args = {"path": "elsewhere", "content": '"outcome":"approved"', "outcome": "approved", "type": "stored"}
    async with shell_agent(floor, tmp_path) as agent:
        digest = await floor.asked()
        answer = await floor.say(floor.intent("edit", action="write", digest=digest, args=args))
        assert answer["outcome"] == "edited"
        assert await agent.ended() == (3, "not written: canceled\n")
    decision = (await floor.decision()).data
    assert (decision["outcome"], decision["args"]) == ("edited", args)
    assert decision["digest"] != digest
    await floor.record("command.refused", command=decision["id"])
    await floor.record("action.finished", action="write", outcome="refused")
    assert not agent.file.exists()
    await quiet(floor)


async def test_what_nobody_answers_expires_in_the_record_and_for_the_agent(
    floor: Floor, tmp_path: Path
) -> None:
    async with shell_agent(floor, tmp_path, within=2) as agent:
        assert await agent.ended() == (3, "not written: canceled\n")
    decided = await floor.record("action.decided", action="write")
    assert (decided["outcome"], decided["by"]) == ("expired", "clock")
    assert (await floor.decision()).data["outcome"] == "expired"
    await floor.record("action.finished", action="write", outcome="expired")
    assert not agent.file.exists()
    await quiet(floor)


@pytest.mark.parametrize(
    "wrong, outcome",
    [
        pytest.param({"signed": False}, "unsigned", id="unsigned"),
        pytest.param({"epoch": "another-epoch"}, "stale", id="another epoch"),
        pytest.param({"digest": "0" * 64}, "stale", id="other arguments"),
    ],
)
async def test_an_approval_that_may_not_count_is_refused_and_recorded(
    floor: Floor, tmp_path: Path, wrong: dict[str, Any], outcome: str
) -> None:
    async with shell_agent(floor, tmp_path) as agent:
        digest = await floor.asked()
        fields = {"action": "write", "digest": digest} | wrong
        signed = fields.pop("signed", True)
        refused = floor.intent("approve", **fields)
        answer = await floor.say(refused, signed=signed)
        assert (answer["accepted"], answer["outcome"]) == (False, outcome)
        record = await floor.record("intent.refused", intent=refused.id)
        assert (record["verb"], record["outcome"], record["action"]) == ("approve", outcome, "write")
        assert "action.decided" not in floor.kinds()
        await floor.say(floor.intent("reject", action="write"), signed=False)  # anybody may stop things
        assert (await agent.ended())[0] == 3
    decided = await floor.record("action.decided")
    assert (decided["outcome"], decided["by"]) == ("rejected", f"{floor.site.operator} (unsigned)")
    assert not agent.file.exists()


@pytest.mark.slow
async def test_a_replayed_approval_has_no_second_effect(floor: Floor, tmp_path: Path) -> None:
    async with shell_agent(floor, tmp_path) as agent:
        digest = await floor.asked()
        payload = floor.site.key.sign(floor.intent("approve", action="write", digest=digest))
        first = await floor.send(payload)
        assert await agent.ended() == (0, "")
    agent.file.unlink()
    assert await floor.send(payload) == first  # a console that heard no answer gets the same one again
    async with asyncio.timeout(INTENT_DUPLICATE_WITHIN + PATIENCE):
        while (last := await floor.send(payload)) == first:
            await floor.renewal()
    assert (last["accepted"], last["outcome"]) == (False, "replayed")
    await floor.record("intent.refused", intent=json.loads(payload)["id"], outcome="replayed")
    assert floor.kinds().count("action.decided") == 1
    assert len([heard for heard in floor.heard if heard.kind == "command decision"]) == 1
    assert not agent.file.exists()


async def test_a_paused_agent_begins_when_it_is_resumed(floor: Floor, tmp_path: Path) -> None:
    async with shell_agent(floor, tmp_path) as agent:
        digest = await floor.asked()
        pause = await floor.say(floor.intent("pause"))
        await floor.record("command.effective", command=pause["command"])
        approval = await floor.say(floor.intent("approve", action="write", digest=digest))
        await floor.record("command.acknowledged", command=approval["command"])
        assert "action.started" not in floor.kinds()
        await floor.say(floor.intent("resume"))
        assert await agent.ended() == (0, "")
    await floor.record("command.effective", command=approval["command"])
    assert agent.file.exists()
    await quiet(floor)


async def test_a_killed_agent_does_nothing_more(floor: Floor, tmp_path: Path) -> None:
    async with shell_agent(floor, tmp_path) as agent:
        await floor.asked()
        await floor.say(floor.intent("kill"))
        assert await agent.ended() == (3, "not written: killed\n")
    await floor.record("run.finished", outcome="killed")
    assert not agent.file.exists()
    await quiet(floor)


async def test_a_waiting_agent_outlives_a_supervisor_that_was_killed(floor: Floor, tmp_path: Path) -> None:
    async with shell_agent(floor, tmp_path) as agent:
        digest = await floor.asked()
        old = floor.epoch
        floor.site.supervisor().kill()
        state = await floor.until(lambda heard: heard.kind == "state" and heard.data["epoch"] != old)
        floor.epoch = state.data["epoch"]
        answer = await floor.say(floor.intent("approve", action="write", digest=digest))
        assert answer["outcome"] == "approved"
        assert await agent.ended() == (0, "")
    assert agent.file.exists()
    await floor.record("run.finished", outcome="completed")


async def test_a_run_id_is_not_used_twice(floor: Floor, tmp_path: Path) -> None:
    async with shell_agent(floor, tmp_path) as agent:
        await floor.asked()
        await floor.say(floor.intent("reject", action="write"))
        assert (await agent.ended())[0] == 3
    async with shell_agent(floor, tmp_path) as agent:
        code, text = await agent.ended()
    assert code == 1
    assert "belongs to another process" in text
    assert not agent.file.exists()


async def test_without_a_supervisor_nothing_is_done(tmp_path: Path) -> None:
    process = await asyncio.create_subprocess_exec(
        "sh",
        AGENT,
        tmp_path / "effect.txt",
        env=clean_environment() | {"WATCHFLOOR_BROKER": f"mqtt://127.0.0.1:{free_port()}"},
        stderr=subprocess.PIPE,
    )
    _, text = await asyncio.wait_for(process.communicate(), PATIENCE)
    assert process.returncode == 1
    assert b"no supervisor" in text
    assert not (tmp_path / "effect.txt").exists()
