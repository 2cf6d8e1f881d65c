"""MqttTransport against real brokers. Hostile and broken ones are in test_transport_faults.py."""

import asyncio
import datetime as dt
import hashlib
import ipaddress
import socket
from base64 import b64encode
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from bus.limits import EVENTS_IN_FLIGHT, PAYLOAD_BYTES
from bus.transports import mqtt
from bus.transports.mqtt import MqttTransport
from bus.transports.outgoing import IN_FLIGHT
from bus.transports.transport import Item, LinkDown, LinkUp, Message, NotConnectedError, Will
from bus.url import BrokerUrl
from tests.fixtures.brokers import RunningBroker, embedded_broker, mosquitto_broker


def lost(connection: str) -> Will:
    return Will("status/a", connection.encode())


class Party:
    """A transport and what has arrived at it."""

    def __init__(self, transport: MqttTransport) -> None:
        self.transport = transport
        self._batches = transport.batches()
        self._items: list[Item] = []

    async def item(self) -> Item:
        while not self._items:
            self._items += await anext(self._batches)
        return self._items.pop(0)

    async def items(self, count: int) -> list[Item]:
        return [await self.item() for _ in range(count)]

    async def up(self) -> LinkUp:
        """Skip to the next LinkUp."""
        while not isinstance(item := await self.item(), LinkUp):
            pass
        return item


@asynccontextmanager
async def party(broker: RunningBroker, *subscriptions: str, **options: object) -> AsyncIterator[Party]:
    transport = MqttTransport(broker.url, client_id="test", subscriptions=subscriptions, **options)  # type: ignore[arg-type]
    async with transport:
        yield Party(transport)


def cut(transport: MqttTransport) -> None:
    """End the connection without a goodbye, as a dying process does."""
    assert transport._link is not None
    assert transport._link._socket is not None
    transport._link._socket.abort()


async def test_messages_arrive_in_order_and_every_one_is_acknowledged(broker: RunningBroker) -> None:
    count = 2_000
    answers: list[bool] = []
    async with party(broker, "a/#") as a, party(broker) as b:
        await a.up()
        await b.up()
        for start in range(0, count, 500):
            for number in range(start, start + 500):
                b.transport.send(f"a/{number % 7}", b"%d" % number, taken=answers.append)
            got = await a.items(500)
            assert got == [Message(f"a/{n % 7}", b"%d" % n) for n in range(start, start + 500)]
        await b.transport.publish("a", b"last")
        assert answers == [True] * count


async def test_more_than_may_be_in_flight_waits_its_turn(broker: RunningBroker) -> None:
    count = 4 * IN_FLIGHT
    order: list[int] = []

    def told(number: int) -> Callable[[bool], None]:
        return lambda done: order.append(number if done else -1)

    async with party(broker) as a:
        await a.up()
        for number in range(count):
            a.transport.send("a", b"", taken=told(number))
        await a.transport.publish("a", b"")
    assert order == list(range(count))


async def test_the_largest_payload_passes_and_a_larger_one_is_refused_here(broker: RunningBroker) -> None:
    async with party(broker, "a") as a:
        await a.up()
        payload = bytes(range(256)) * (PAYLOAD_BYTES // 256)
        for _ in range(20):
            await a.transport.publish("a", payload)
        assert await a.items(20) == [Message("a", payload)] * 20
        with pytest.raises(ValueError, match="65537 bytes"):
            a.transport.send("a", payload + b"x")


async def test_retained_messages_are_marked_and_come_after_the_link(broker: RunningBroker) -> None:
    async with party(broker, "a/+") as a:
        await a.up()
        await a.transport.publish("a/1", b"kept", retain=True)
        assert await a.item() == Message("a/1", b"kept")
        # By its exact name: RabbitMQ gives nothing that it kept to a wildcard, and nothing of ours asks it to.
        async with party(broker, "a/1", "b") as b:
            first, second = await b.items(2)
            assert isinstance(first, LinkUp)
            assert second == Message("a/1", b"kept", retained=True)


async def test_a_lost_link_publishes_the_will_of_its_own_connection(broker: RunningBroker) -> None:
    async with party(broker, "status/+") as watcher, party(broker, will=lost) as a:
        await watcher.up()
        for _ in range(2):
            up = await a.up()
            cut(a.transport)
            assert await watcher.item() == Message("status/a", up.connection.encode())
        await a.up()


async def test_a_goodbye_publishes_no_will(broker: RunningBroker) -> None:
    async with party(broker, "status/#", "end") as watcher:
        await watcher.up()
        async with party(broker, will=lost) as a:
            await a.up()
        await watcher.transport.publish("end", b"")
        assert await watcher.item() == Message("end", b"")
    assert [item async for batch in a.transport.batches() for item in batch] == []


async def test_a_restarted_broker_is_found_again_with_all_subscriptions(broker: RunningBroker) -> None:
    async with party(broker, "a", "b/#") as a:
        first = await a.up()
        broker.restart()
        down = await a.item()
        assert isinstance(down, LinkDown)
        assert down.reason
        second = await a.up()
        assert second.connection != first.connection
        await a.transport.publish("b/1", b"again")
        assert await a.item() == Message("b/1", b"again")


async def test_everything_unacknowledged_is_answered_once_when_the_broker_dies(broker: RunningBroker) -> None:
    count = 3 * IN_FLIGHT
    answers: dict[int, list[bool]] = {number: [] for number in range(count + 1)}
    async with party(broker) as a:
        await a.up()
        broker.freeze()
        for number in range(count):
            a.transport.send("a", b"x" * 600, taken=answers[number].append)
        waiting = asyncio.create_task(a.transport.publish("a", b""))
        broker.kill()
        assert isinstance(await a.item(), LinkDown)
        a.transport.send("a", b"", taken=answers[count].append)
        with pytest.raises(NotConnectedError):
            await waiting
        with pytest.raises(NotConnectedError):
            await a.transport.publish("a", b"")
    assert set(map(tuple, answers.values())) == {(False,)}


async def test_an_abandoned_publish_harms_nobody(broker: RunningBroker) -> None:
    async with party(broker) as a:
        await a.up()
        broker.freeze()
        waiting = asyncio.create_task(a.transport.publish("a", b""))
        await asyncio.sleep(0)
        waiting.cancel()
        broker.thaw()
        answers: list[bool] = []
        a.transport.send("a", b"next", taken=answers.append)
        await a.transport.publish("a", b"")
        assert answers == [True]
    assert waiting.cancelled()


async def test_closing_does_not_wait_for_a_frozen_broker(broker: RunningBroker) -> None:
    answers: list[bool] = []
    async with asyncio.timeout(8):  # aiomqtt alone waits ten seconds
        async with party(broker) as a:
            await a.up()
            broker.freeze()
            for _ in range(100):  # more than the kernel takes off our hands
                a.transport.send("a", b"x" * PAYLOAD_BYTES, taken=answers.append)
            await asyncio.sleep(0)
    assert answers == [False] * 100


async def test_a_broker_that_stops_answering_is_noticed(broker: RunningBroker) -> None:
    async with party(broker, keepalive=1) as a:
        await a.up()
        broker.freeze()
        assert isinstance(await a.item(), LinkDown)
        broker.thaw()
        await a.up()


async def test_a_broker_that_is_not_there_yet_is_reported_once_and_waited_for() -> None:
    pauses: list[float] = []
    enough = asyncio.Event()

    def jitter(pause: float) -> float:
        pauses.append(pause)
        if len(pauses) >= 8:
            enough.set()
        return 0.0

    with socket.socket() as placeholder:  # bound, not listening: nobody else can be there
        placeholder.bind(("127.0.0.1", 0))
        url = BrokerUrl.parse(f"mqtt://127.0.0.1:{placeholder.getsockname()[1]}")
        async with MqttTransport(url, client_id="test", subscriptions=[], jitter=jitter) as transport:
            await enough.wait()
            reports = await anext(transport.batches())
            assert reports == [LinkDown(f"cannot connect to {url}: Connection refused")]
    assert pauses[:8] == [0.1, 0.2, 0.4, 0.8, 1.6, 3.2, mqtt.RETRY_MOST, mqtt.RETRY_MOST]


def test_the_jitter_keeps_half() -> None:
    assert all(0.5 <= mqtt.jittered(1.0) <= 1.0 for _ in range(1_000))


@pytest.mark.broker
async def test_wrong_credentials_are_said_and_right_ones_work(tmp_path: Path) -> None:
    passwords = tmp_path / "passwords"
    salt = b"watchfloor12"
    digest = hashlib.pbkdf2_hmac("sha512", b"s3cret", salt, 101, 64)  # what mosquitto_passwd does
    passwords.write_text(f"alice:$7$101${b64encode(salt).decode()}${b64encode(digest).decode()}\n", "utf-8")
    passwords.chmod(0o600)
    with mosquitto_broker(f"password_file {passwords}", anonymous=False) as running:
        for user, expected in (
            ("", "a client without user name is refused: Not authorized"),
            ("alice:wrong@", "user 'alice' is refused: Not authorized"),
            ("alice:s3cret@", ""),
        ):
            url = BrokerUrl.parse(f"mqtt://{user}127.0.0.1:{running.port}")
            async with MqttTransport(url, client_id="test", subscriptions=["a"]) as transport:
                item = (await anext(transport.batches()))[0]
                if expected:
                    assert isinstance(item, LinkDown)
                    assert item.reason == f"cannot connect to {running.url}: {expected}"
                else:
                    assert isinstance(item, LinkUp)


def make_certificate(folder: Path) -> Path:
    """Write a self-signed certificate for 127.0.0.1 and its key into one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "broker")])
    now = dt.datetime.now(dt.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = folder / "broker.pem"
    path.write_bytes(
        certificate.public_bytes(serialization.Encoding.PEM)
        + key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    return path


@pytest.mark.broker
async def test_tls_carries_everything_and_an_unknown_authority_is_refused(tmp_path: Path) -> None:
    pem = make_certificate(tmp_path)
    with mosquitto_broker(f"certfile {pem}\nkeyfile {pem}\nmax_queued_messages 0") as running:
        url = BrokerUrl.parse(f"mqtts://127.0.0.1:{running.port}?ca={pem}")
        async with MqttTransport(url, client_id="test", subscriptions=["a"], will=lost) as transport:
            a = Party(transport)
            await a.up()
            sent = [Message("a", bytes([n % 256]) * (n * 331 % PAYLOAD_BYTES)) for n in range(400)]
            for message in sent:
                transport.send(message.topic, message.payload)
            assert await a.items(len(sent)) == sent
        stranger = BrokerUrl.parse(f"mqtts://127.0.0.1:{running.port}")
        async with MqttTransport(stranger, client_id="test", subscriptions=[]) as transport:
            item = (await anext(transport.batches()))[0]
            assert isinstance(item, LinkDown)
            assert "certificate verify failed" in item.reason


@pytest.mark.broker
async def test_two_hundred_clients_share_the_embedded_broker() -> None:
    with embedded_broker() as running:
        transports = [
            MqttTransport(running.url, client_id="same", subscriptions=["all", f"one/{n}"])
            for n in range(200)
        ]
        parties = [Party(transport) for transport in transports]
        async with asyncio.TaskGroup() as group:
            for transport in transports:
                group.create_task(transport.__aenter__())
        try:
            for each in parties:
                await each.up()
            for number, transport in enumerate(transports):
                transport.send(f"one/{number}", b"")
            for number, each in enumerate(parties):
                assert await each.item() == Message(f"one/{number}", b"")
            await transports[0].publish("all", b"x")
            assert [await each.item() for each in parties] == [Message("all", b"x")] * len(parties)
        finally:
            async with asyncio.TaskGroup() as group:
                for transport in transports:
                    group.create_task(transport.__aexit__(None, None, None))


async def test_a_window_of_events_survives_a_reader_that_pauses(broker: RunningBroker) -> None:
    """What EVENTS_IN_FLIGHT promises, with a subscriber that takes nothing meanwhile."""
    async with party(broker, "watchfloor/v1/s/agents/+/events/+") as slow, party(broker) as fast:
        await slow.up()
        await fast.up()
        assert slow.transport._link is not None
        assert slow.transport._link._socket is not None
        selector = asyncio.get_running_loop()._selector  # type: ignore[attr-defined]
        paused = selector.unregister(slow.transport._link._socket.fileno())
        for number in range(EVENTS_IN_FLIGHT):
            fast.transport.send("watchfloor/v1/s/agents/a/events/r", b"%05d" % number + b"x" * 600)
        await fast.transport.publish("end", b"")
        selector.register(paused.fd, paused.events, paused.data)
        got = [(await slow.item()) for _ in range(EVENTS_IN_FLIGHT)]
        assert [int(item.payload[:5]) for item in got if isinstance(item, Message)] == list(
            range(EVENTS_IN_FLIGHT)
        )


@pytest.mark.parametrize("client_id", ["", "a/b", "a+", "#", "$a"])
def test_a_client_id_that_some_broker_refuses_is_refused_here(client_id: str) -> None:
    with pytest.raises(ValueError, match="client id"):
        MqttTransport(BrokerUrl.parse("mqtt://h"), client_id=client_id, subscriptions=[])


async def test_reading_before_entering_is_an_error() -> None:
    transport = MqttTransport(BrokerUrl.parse("mqtt://h"), client_id="a", subscriptions=[])
    with pytest.raises(RuntimeError, match="enter"):
        await anext(transport.batches())


async def test_sending_before_the_link_is_answered_with_no() -> None:
    transport = MqttTransport(BrokerUrl.parse("mqtt://h"), client_id="a", subscriptions=[])
    answers: list[bool] = []
    transport.send("a", b"", taken=answers.append)
    transport.send("a", b"")
    await asyncio.sleep(0)
    assert answers == [False]
