"""Accounts and access rules of examples/brokers on their brokers: what is allowed is enough, and the rest is not."""

import asyncio
import json
import os
import shutil
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import AbstractContextManager, asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from bus.topics import Topics
from bus.transports.mqtt import MqttTransport
from bus.transports.transport import Item, LinkDown, LinkUp, Message, NotConnectedError, Will
from bus.url import BrokerUrl
from tests import ROOT
from tests.fixtures.broker_kinds import (
    EXAMPLES,
    absent,
    example,
    nats_broker,
    nats_cluster,
    rabbitmq_broker,
    rabbitmq_cluster,
)
from tests.fixtures.brokers import MOSQUITTO, RunningBroker, free_port, program

TOPICS = Topics("harbour")
PASSWORDS = {"supervisor": "SECRET-1", "courier": "SECRET-2", "alice": "SECRET-3"}
PROGRAM = [sys.executable, "-m", "console.cli.main"]
ATTEMPTS = 30
REPEAT = 5.0
"""Seconds after which what was taken and not heard is said again."""
DEFINED = {"/etc/rabbitmq/definitions.json": str(EXAMPLES / "rabbitmq-definitions.json")}

pytestmark = [
    pytest.mark.broker,
    pytest.mark.xdist_group("broker accounts"),  # each worker would start brokers of its own
]


@dataclass(frozen=True)
class Guarded:
    """A broker that runs on an example with accounts, or a cluster of it with one node for each of them."""

    ports: list[int]

    def address(self, user: str) -> str:
        port = self.ports[list(PASSWORDS).index(user) % len(self.ports)]
        return f"mqtt://{user}:{PASSWORDS[user]}@127.0.0.1:{port}"

    async def lets_all_in(self) -> None:
        """Wait until each has been let in once: a cluster closes connections until it has chosen its leaders."""
        for user in PASSWORDS:
            url = BrokerUrl.parse(self.address(user))
            async with MqttTransport(url, client_id=user, subscriptions=[]) as transport:
                async for batch in transport.batches():
                    if any(isinstance(item, LinkUp) for item in batch):
                        break

    @asynccontextmanager
    async def party(
        self, user: str, *filters: str, will: Will | None = None, allowed: bool = True
    ) -> AsyncIterator[tuple[MqttTransport, "Heard"]]:
        """A linked client of a user, and what it hears. One that is `allowed` is let in in the end.

        Raises:
            PermissionError: the broker refuses one that may not be allowed.
        """
        transport = MqttTransport(
            BrokerUrl.parse(self.address(user)),
            client_id=user,
            subscriptions=filters,
            will=(lambda _: will) if will else None,
        )
        async with transport, asyncio.timeout(20 if len(self.ports) == 1 else 90):
            heard = Heard(transport)
            await (heard.up() if allowed else heard.link())
            yield transport, heard

    async def holds(self, user: str, topic: str, payload: bytes) -> None:
        """Wait until the node of a user has what is retained: a cluster hands it on in its own time."""
        known = False
        while not known:
            async with self.party(user, topic) as (_, heard):
                hearing = asyncio.create_task(heard.until(payload))
                await asyncio.wait({hearing}, timeout=REPEAT)
                known = hearing.done()
                hearing.cancel()
                await asyncio.wait({hearing})
            if known:
                hearing.result()


class Heard:
    """The messages of a transport, one after another."""

    def __init__(self, transport: MqttTransport) -> None:
        self._batches = transport.batches()
        self._waiting: list[Message] = []

    async def link(self) -> None:
        """Wait for the link.

        Raises:
            PermissionError: the broker refuses it.
        """
        for item in await anext(self._batches):
            match item:
                case LinkDown(reason=reason):
                    raise PermissionError(reason)
                case Message():
                    self._waiting.append(item)
                case LinkUp():
                    pass

    async def up(self) -> None:
        """Wait for the link, however often a cluster without a leader closes it before."""
        batch: Sequence[Item] = ()
        while not any(isinstance(item, LinkUp) for item in batch):
            batch = await anext(self._batches)
            self._waiting += [item for item in batch if isinstance(item, Message)]

    async def message(self) -> Message:
        """The next message, whatever becomes of the link."""
        while not self._waiting:
            self._waiting += [item for item in await anext(self._batches) if isinstance(item, Message)]
        return self._waiting.pop(0)

    async def until(self, payload: bytes) -> None:
        """Wait for a message that says this; another may come again after the link was down."""
        while (await self.message()).payload != payload:
            pass


Side = tuple[MqttTransport, Heard]


async def carried(said: Side, heard: Side, topic: str, payload: bytes, *, retain: bool = False) -> None:
    """Say it until it is heard: a cluster that lost a leader closes connections, and forgets, until it has another."""
    hearing = asyncio.create_task(heard[1].until(payload))
    try:
        while not hearing.done():
            try:
                await said[0].publish(topic, payload, retain=retain)
            except NotConnectedError:
                await said[1].up()
            else:
                await asyncio.wait({hearing}, timeout=REPEAT)
    finally:
        hearing.cancel()
        await asyncio.wait({hearing})
    assert not hearing.cancelled()
    hearing.result()


@contextmanager
def mosquitto_with_accounts() -> Iterator[RunningBroker]:
    """Run mosquitto on its example."""
    port = free_port()
    with TemporaryDirectory(prefix="watchfloor-mosquitto-") as name:
        folder = Path(name)
        passwords = folder / "passwords"
        passwords.touch(mode=0o600)
        for user, password in PASSWORDS.items():
            subprocess.run(
                [program("mosquitto_passwd") or "mosquitto_passwd", "-b", passwords, user, password],
                check=True,
                capture_output=True,
            )
        rules = example("mosquitto.acl", folder)
        rules.chmod(0o600)
        changes = {"1883": str(port), "/etc/mosquitto/passwords": str(passwords)}
        changes["/etc/mosquitto/watchfloor.acl"] = str(rules)
        config = example("mosquitto.conf", folder, **changes)
        if os.geteuid() == 0:  # it would give up root and then not find its files here
            config.write_text(config.read_text("utf-8") + "user root\n", "utf-8")
        running = RunningBroker([MOSQUITTO or "mosquitto", "-c", str(config)], port)
        try:
            yield running
        finally:
            running.stop()


@pytest.fixture(
    scope="module",
    params=[
        pytest.param("mosquitto"),
        pytest.param("nats"),
        pytest.param("nats-cluster", marks=pytest.mark.slow),
        pytest.param("rabbitmq", marks=pytest.mark.slow),  # ten seconds before it lets anybody in
    ],
)
def guarded(request: pytest.FixtureRequest) -> Iterator[Guarded]:
    if why := absent(request.param.partition("-")[0]):
        pytest.skip(why)
    if request.param == "nats-cluster":
        with nats_cluster("nats-accounts.conf") as nodes:
            cluster = Guarded([node.port for node in nodes])
            asyncio.run(cluster.lets_all_in())
            yield cluster
    else:
        with _guarded(request.param) as running:
            yield Guarded([running.port])


def _guarded(kind: str) -> AbstractContextManager[RunningBroker]:
    if kind == "mosquitto":
        return mosquitto_with_accounts()
    if kind == "nats":
        return nats_broker("nats-accounts.conf")
    return rabbitmq_broker("rabbitmq-accounts.conf", **DEFINED)


def test_nobody_comes_in_without_a_password(guarded: Guarded) -> None:
    async def enter(url: str) -> None:
        async with MqttTransport(BrokerUrl.parse(url), client_id="x", subscriptions=[]) as transport:
            await Heard(transport).link()

    for user in ("", "supervisor:wrong@"):
        with pytest.raises(PermissionError, match="is refused: "):
            asyncio.run(enter(f"mqtt://{user}127.0.0.1:{guarded.ports[0]}"))


async def test_each_may_do_what_it_has_to(guarded: Guarded) -> None:
    """Filters, wills and retained words of supervisor, agent and operator, as their clients use them."""
    control = (TOPICS.all_intents, TOPICS.all_status, TOPICS.state)
    status, commands = TOPICS.status("courier"), TOPICS.commands("courier")
    async with (
        guarded.party("supervisor", *control) as (supervisor, hears),
        guarded.party("supervisor", TOPICS.all_events) as (_, events),
    ):
        await supervisor.publish(TOPICS.state, b"up", retain=True)
        assert (await hears.message()).payload == b"up"
        for user in ("courier", "alice"):
            await guarded.holds(user, TOPICS.state, b"up")
        lost = Will(status, b"lost")
        async with (
            guarded.party("courier", commands, status, TOPICS.state, will=lost) as (agent, told),
            guarded.party(
                "alice",
                TOPICS.journal,
                TOPICS.console("c1"),
                TOPICS.state,
                will=Will(TOPICS.intents("alice"), b"bye", retain=False),
            ) as (operator, shown),
        ):
            assert (await told.message()) == Message(TOPICS.state, b"up", retained=True)
            assert (await shown.message()) == Message(TOPICS.state, b"up", retained=True)
            await agent.publish(status, b"online", retain=True)
            assert (await hears.message()) == Message(status, b"online")
            assert (await told.message()) == Message(status, b"online")
            await agent.publish(TOPICS.events("courier", "r1"), b"event")
            assert (await events.message()).payload == b"event"
            await operator.publish(TOPICS.intents("alice"), b"approve")
            assert (await hears.message()).payload == b"approve"
            for topic, heard in ((commands, told), (TOPICS.journal, shown), (TOPICS.console("c1"), shown)):
                await supervisor.publish(topic, b"word")
                assert (await heard.message()) == Message(topic, b"word")
            assert agent._link is not None
            assert agent._link._socket is not None
            agent._link._socket.abort()
            assert (await hears.message()) == Message(status, b"lost")


@pytest.mark.parametrize(
    "user, topic",
    [
        ("courier", TOPICS.commands("courier")),
        ("courier", TOPICS.status("other")),
        ("courier", TOPICS.events("other", "r1")),
        ("courier", TOPICS.intents("alice")),
        ("courier", TOPICS.intents("courier")),
        ("courier", TOPICS.state),
        ("courier", TOPICS.journal),
        ("alice", TOPICS.intents("bob")),
        ("alice", TOPICS.commands("courier")),
        ("alice", TOPICS.events("courier", "r1")),
        ("alice", TOPICS.status("courier")),
        ("alice", TOPICS.journal),
        ("alice", TOPICS.state),
    ],
)
async def test_what_is_not_its_own_reaches_nobody(guarded: Guarded, user: str, topic: str) -> None:
    async with guarded.party("supervisor", topic) as (supervisor, hears):
        async with guarded.party(user) as (transport, _):
            transport.send(topic, b"forged")
            # Where that ended the link this one fails; where it was dropped without a word it is taken.
            own = TOPICS.events("courier", "r1") if user == "courier" else TOPICS.intents("alice")
            transport.send(own, b"own")
        await supervisor.publish(topic, b"true")
        message = await hears.message()
        while message.retained:
            message = await hears.message()
        assert message.payload == b"true"


@pytest.mark.parametrize(
    "user, pattern, topic",
    [
        ("courier", "#", TOPICS.intents("alice")),
        ("courier", "$MQTT/sub/#", TOPICS.commands("other")),
        ("courier", "watchfloor/v1/harbour/agents/+/commands", TOPICS.commands("other")),
        ("courier", TOPICS.all_intents, TOPICS.intents("alice")),
        ("courier", TOPICS.journal, TOPICS.journal),
        ("courier", TOPICS.console("c1"), TOPICS.console("c1")),
        ("courier", "watchfloor/v1/harbour/consoles/#", TOPICS.console("c1")),
        ("alice", TOPICS.all_intents, TOPICS.intents("bob")),
        ("alice", TOPICS.commands("courier"), TOPICS.commands("courier")),
    ],
)
async def test_what_is_for_others_is_not_heard(guarded: Guarded, user: str, pattern: str, topic: str) -> None:
    try:
        async with (
            guarded.party(user, pattern, TOPICS.state, allowed=False) as (_, heard),
            guarded.party("supervisor") as (supervisor, _),
        ):
            await supervisor.publish(topic, b"secret")
            await supervisor.publish(TOPICS.state, b"end")
            message = await heard.message()
            while message.payload != b"end":
                assert message.topic != topic
                message = await heard.message()
    except PermissionError:
        pass  # refused as a whole: it hears nothing


@pytest.mark.slow
@pytest.mark.skipif(not shutil.which("mosquitto_pub"), reason="no mosquitto clients")
def test_a_whole_site_with_accounts(guarded: Guarded, tmp_path: Path) -> None:
    """The supervisor, an agent of shell and an operator, each by its own account: asked, approved, done."""
    live_on(guarded, tmp_path)


@pytest.mark.slow
@pytest.mark.timeout(240)  # two Erlang machines, one after the other
@pytest.mark.skipif(not shutil.which("mosquitto_pub"), reason="no mosquitto clients")
def test_a_whole_site_on_two_nodes_of_rabbitmq(tmp_path: Path) -> None:
    """What is retained stays on the node of the supervisor; the agent's node hears the next renewal."""
    if why := absent("rabbitmq"):
        pytest.skip(why)
    with rabbitmq_cluster("rabbitmq-accounts.conf", DEFINED) as nodes:
        live_on(Guarded([node.port for node in nodes]), tmp_path)


def live_on(guarded: Guarded, tmp_path: Path) -> None:
    """Bring a site up, let an agent ask, approve, and look at what was done."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("WATCHFLOOR_")}
    environment |= {"WATCHFLOOR_HOME": str(tmp_path / "home"), "WATCHFLOOR_SITE": "harbour"}

    def run(*words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*PROGRAM, *words],
            cwd=ROOT,
            env=environment | {"WATCHFLOOR_BROKER": guarded.address("alice"), "WATCHFLOOR_OPERATOR": "alice"},
            capture_output=True,
            text=True,
            check=False,
        )

    assert run("keys", "new", "alice").returncode == 0
    up = subprocess.Popen(
        [*PROGRAM, "up"],
        cwd=ROOT,
        env=environment | {"WATCHFLOOR_BROKER": guarded.address("supervisor")},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert up.stdout is not None
    said: list[str] = []
    try:
        for line in up.stdout:
            said.append(line)
            if line == "watchfloor supervisor: up, site harbour\n":
                break
        added = run("keys", "add", "alice", *run("keys", "show", "alice").stdout.split()[1:3])
        assert added.returncode == 0, added.stderr
        agent = subprocess.Popen(
            ["sh", ROOT / "examples" / "shell_agent.sh", tmp_path / "done.txt"],
            env=environment
            | {"WATCHFLOOR_BROKER": guarded.address("courier"), "AGENT": "courier", "RUN": "r1"},
            stderr=subprocess.PIPE,
            text=True,
        )
        asks = next(asks for _ in range(ATTEMPTS) if (asks := json.loads(run("asks", "--json").stdout)))
        assert [ask["key"] for ask in asks] == ["courier/r1/write"]
        approved = run("approve", "courier/r1/write", "--yes")
        assert approved.returncode == 0, approved.stderr
        assert agent.communicate(timeout=60)[1] == ""
        assert (tmp_path / "done.txt").read_text("utf-8") == "written by r1"
    finally:
        up.terminate()
        said += up.communicate()
    assert up.returncode == 0, said


@pytest.mark.slow
@pytest.mark.timeout(240)  # a cluster takes its time to choose its leaders, the longer the busier the machine
async def test_two_nodes_of_three_go_on_without_the_third() -> None:
    if why := absent("nats"):
        pytest.skip(why)
    with nats_cluster("nats-accounts.conf") as nodes:
        cluster = Guarded([node.port for node in nodes])
        await cluster.lets_all_in()
        state, event = TOPICS.state, TOPICS.events("courier", "r1")
        async with (
            cluster.party("supervisor", TOPICS.all_events) as supervisor,
            cluster.party("courier", state) as agent,
        ):
            await carried(supervisor, agent, state, b"before", retain=True)
            nodes[2].kill()  # the operator's
            await carried(supervisor, agent, state, b"meanwhile", retain=True)
            await carried(agent, supervisor, event, b"event")
            nodes[2].restart()
            await cluster.lets_all_in()
            # What was retained while it was away it may never learn; what is said from now on is heard there.
            async with cluster.party("alice", state) as operator:
                await carried(supervisor, operator, state, b"again", retain=True)
