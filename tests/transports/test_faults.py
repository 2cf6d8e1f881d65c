"""MqttTransport against brokers that answer wrongly, late or not at all, and the socket under it."""

import asyncio
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bus.transports import mqtt_link, outgoing, packets
from bus.transports.buffered_socket import BufferedSocket
from bus.transports.mqtt import MqttTransport
from bus.transports.transport import Item, LinkDown, LinkUp, Message, Will
from bus.url import BrokerUrl

CONNACK = b"\x20\x02\x00\x00"
PATIENCE = 8.0
"""Seconds, well below a keep-alive, with which everything that was put off would leave."""

Script = Callable[["Peer"], Awaitable[None]]


class Peer:
    """The broker's end of a connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    async def packet(self) -> tuple[int, bytes]:
        """Read the next packet: its type and what follows the length."""
        kind = (await self._reader.readexactly(1))[0]
        length = shift = 0
        while True:
            byte = (await self._reader.readexactly(1))[0]
            length |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                return kind & 0xF0, await self._reader.readexactly(length)

    async def accept(self) -> None:
        """Take CONNECT and, if there is one, SUBSCRIBE, granting everything."""
        await self.packet()
        self.write(CONNACK)

    def write(self, data: bytes) -> None:
        self._writer.write(data)

    def break_off(self) -> None:
        self._writer.transport.abort()


@asynccontextmanager
async def scripted(*scripts: Script) -> AsyncIterator[BrokerUrl]:
    """A broker that treats its n-th connection by the n-th script, and any further one by the last."""
    connections = 0

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal connections
        script = scripts[min(connections, len(scripts) - 1)]
        connections += 1
        try:
            await script(Peer(reader, writer))
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield BrokerUrl.parse(f"mqtt://127.0.0.1:{server.sockets[0].getsockname()[1]}")
    finally:
        server.close()
        await server.wait_closed()


def transport(url: BrokerUrl, *subscriptions: str) -> MqttTransport:
    return MqttTransport(url, client_id="test", subscriptions=subscriptions, jitter=lambda _: 0.0)


async def first(url: BrokerUrl, *subscriptions: str) -> Item:
    async with transport(url, *subscriptions) as client:
        return (await anext(client.batches()))[0]


async def behave(peer: Peer) -> None:
    """Be a good broker to a client that subscribes to one filter and publishes nothing."""
    await peer.accept()
    kind, body = await peer.packet()
    if kind == 0x80:
        peer.write(b"\x90\x03" + body[:2] + b"\x01")
    await peer.packet()


async def test_a_refused_subscription_is_named_and_tried_again() -> None:
    async def refuse_second(peer: Peer) -> None:
        await peer.accept()
        _, body = await peer.packet()
        peer.write(b"\x90\x04" + body[:2] + b"\x01\x80")
        assert await peer.packet() == (0xE0, b"")

    async def grant(peer: Peer) -> None:
        await peer.accept()
        _, body = await peer.packet()
        peer.write(b"\x90\x04" + body[:2] + b"\x01\x01")
        await peer.packet()

    async with scripted(refuse_second, grant) as url, transport(url, "mine/#", "theirs/#") as client:
        batches = client.batches()
        assert await anext(batches) == [LinkDown(f"{url} refused the subscription to theirs/#")]
        assert isinstance((await anext(batches))[0], LinkUp)


async def test_a_client_id_is_sent_without_dots() -> None:
    """NATS refuses them, and ids of the contract may hold some."""
    seen: list[str] = []

    async def look(peer: Peer) -> None:
        _, body = await peer.packet()
        length = int.from_bytes(body[10:12], "big")
        seen.append(body[12 : 12 + length].decode())
        peer.write(CONNACK)
        await peer.packet()

    async with scripted(look) as url, MqttTransport(url, client_id="a.b.c", subscriptions=[]) as client:
        (up,) = await anext(client.batches())
        assert isinstance(up, LinkUp)
    assert seen == [f"a-b-c-{up.connection[:8]}"]


async def test_nothing_overtakes_the_link() -> None:
    async def eager(peer: Peer) -> None:
        await peer.accept()
        _, body = await peer.packet()
        peer.write(b"\x31\x04\x00\x01ax" + b"\x90\x03" + body[:2] + b"\x01" + b"\x30\x04\x00\x01ay")
        await peer.packet()

    async with scripted(eager) as url, transport(url, "a") as client:
        items: list[Item] = []
        batches = client.batches()
        while len(items) < 3:
            items += await anext(batches)
        assert isinstance(items[0], LinkUp)
        assert items[1:] == [Message("a", b"x", retained=True), Message("a", b"y")]


@pytest.mark.parametrize(
    "code,reason",
    [(1, "Unsupported protocol version"), (2, "Client identifier not valid"), (3, "Server unavailable")],
)
async def test_a_refusal_is_put_into_words(code: int, reason: str) -> None:
    async def refuse(peer: Peer) -> None:
        await peer.packet()
        peer.write(bytes([0x20, 2, 0, code]))
        await peer.packet()

    async with scripted(refuse) as url:
        item = await first(url)
        assert isinstance(item, LinkDown)
        assert item.reason.startswith(f"cannot connect to {url}: ")
        assert code == 1 or item.reason.endswith(reason)


@pytest.mark.parametrize("before", ["CONNECT", "CONNACK", "SUBACK"])
async def test_a_broker_that_hangs_up_is_reported_at_once(before: str) -> None:
    async def hang_up(peer: Peer) -> None:
        if before == "CONNACK":
            await peer.packet()
        elif before == "SUBACK":
            await peer.accept()
            await peer.packet()

    async with asyncio.timeout(8), scripted(hang_up) as url:
        item = await first(url, "a")
        assert isinstance(item, LinkDown)
        assert item.reason.startswith(f"cannot connect to {url}: ")


@pytest.mark.parametrize("silent_after", ["CONNECT", "SUBSCRIBE"])
async def test_closing_does_not_wait_for_an_answer_that_does_not_come(silent_after: str) -> None:
    reached = asyncio.Event()

    async def say_nothing(peer: Peer) -> None:
        if silent_after == "SUBSCRIBE":
            await peer.accept()
        await peer.packet()
        reached.set()
        while True:
            await peer.packet()

    async with asyncio.timeout(8), scripted(say_nothing) as url:
        async with transport(url, "a") as client:
            await reached.wait()
        assert [batch async for batch in client.batches()] in ([], [[LinkDown("closed")]])


@pytest.mark.parametrize(
    "garbage",
    [
        pytest.param(b"\x30\x01\x00", id="a topic without length"),
        pytest.param(b"\x30\x03\x00\x09a", id="a topic longer than its packet"),
        pytest.param(b"\x36\x05\x00\x01a\x00\x01", id="QoS 3"),
        pytest.param(b"\x00\x00", id="no packet type"),
        pytest.param(b"\x30\xff\xff\xff\xff\xff", id="a length without end"),
        pytest.param(b"\x20\x00", id="an empty CONNACK"),
        pytest.param(b"\x40\x01\x00", id="half a PUBACK"),
    ],
)
async def test_garbage_ends_the_link_and_the_next_one_works(garbage: bytes) -> None:
    async def talk_nonsense(peer: Peer) -> None:
        await peer.accept()
        _, body = await peer.packet()
        peer.write(b"\x90\x03" + body[:2] + b"\x01" + garbage)
        while True:
            await peer.packet()

    async with scripted(talk_nonsense, behave) as url, transport(url, "a") as client:
        kinds: list[type[Item]] = []
        batches = client.batches()
        while kinds[-2:] != [LinkDown, LinkUp]:
            kinds += [type(item) for item in await anext(batches)]
        assert kinds.count(LinkUp) == 2


async def test_a_topic_that_is_no_text_is_dropped_and_the_rest_arrives() -> None:
    async def spoil_one(peer: Peer) -> None:
        await peer.accept()
        _, body = await peer.packet()
        peer.write(b"\x90\x03" + body[:2] + b"\x01" + b"\x30\x04\x00\x01\xffx" + b"\x30\x04\x00\x01ay")
        await peer.packet()

    async with scripted(spoil_one) as url, transport(url, "a") as client:
        items: list[Item] = []
        batches = client.batches()
        while len(items) < 2:
            items += await anext(batches)
        assert items[1:] == [Message("a", b"y")]


async def test_a_lost_connection_answers_what_was_sent_and_what_waits() -> None:
    async def take_three(peer: Peer) -> None:
        await peer.accept()
        for _ in range(3):
            _, body = await peer.packet()
            (length,) = struct.unpack("!H", body[:2])
            peer.write(b"\x40\x02" + body[2 + length : 4 + length])
        await peer.packet()
        peer.break_off()

    answers: dict[int, list[bool]] = {number: [] for number in range(2_000)}
    async with scripted(take_three, behave) as url, transport(url) as client:
        batches = client.batches()
        await anext(batches)
        for told in answers.values():
            client.send("a", b"x" * 100, taken=told.append)
        while not isinstance((await anext(batches))[0], LinkDown):
            pass
    assert [told for told in answers.values() if len(told) != 1] == []
    taken = [told[0] for told in answers.values()]
    assert sum(taken) <= 3
    assert taken == sorted(taken, reverse=True)


async def test_every_connection_has_its_own_client_id_and_will() -> None:
    connects: list[bytes] = []

    async def note(peer: Peer) -> None:
        connects.append((await peer.packet())[1])
        peer.write(CONNACK)
        await peer.packet()

    ups: list[str] = []
    async with scripted(note) as url:
        client = MqttTransport(
            url,
            client_id="agent",
            subscriptions=[],
            will=lambda connection: Will("w", connection.encode()),
            jitter=lambda _: 0.0,
        )
        async with client:
            async for batch in client.batches():
                ups += [item.connection for item in batch if isinstance(item, LinkUp)]
                if len(ups) == 2:
                    break
                client.send("a", b"")  # upon which the script ends
    assert len(set(ups)) == 2
    for connect, connection in zip(connects, ups, strict=True):
        # protocol name and level, flags (will retained at QoS 1, clean), keep-alive
        assert connect[:10] == b"\x00\x04MQTT\x04\x2e\x00\x0a"
        client_id = f"agent-{connection[:8]}".encode()
        assert (
            connect[10:]
            == struct.pack("!H", len(client_id)) + client_id + b"\x00\x01w\x00\x10" + connection.encode()
        )


async def test_a_will_that_cannot_be_made_stops_the_reading_loudly() -> None:
    def fail(_: str) -> Will:
        raise ZeroDivisionError

    client = MqttTransport(BrokerUrl.parse("mqtt://127.0.0.1"), client_id="a", subscriptions=[], will=fail)
    async with client:
        with pytest.raises(ZeroDivisionError):
            await anext(client.batches())


class Pipe:
    """A socket that takes and gives as many bytes at a time as it is told to; 0 means "not now"."""

    def __init__(self, portions: list[int], incoming: bytes = b"") -> None:
        self._portions = portions
        self._incoming = incoming
        self.taken = b""

    def _portion(self) -> int:
        if not (portion := self._portions.pop(0) if self._portions else 1 << 20):
            raise BlockingIOError
        return portion

    def send(self, data: bytes) -> int:
        part = bytes(data[: self._portion()])
        self.taken += part
        return len(part)

    def setsockopt(self, *_: int) -> None:
        """Like a real one, accept it."""

    def recv(self, size: int) -> bytes:
        portion = min(size, self._portion())
        part, self._incoming = self._incoming[:portion], self._incoming[portion:]
        return part


@given(st.lists(st.binary(min_size=1, max_size=40)), st.lists(st.integers(0, 50)))
def test_however_little_the_kernel_takes_every_byte_leaves_once_and_in_order(
    sent: list[bytes], portions: list[int]
) -> None:
    waiting = list(sent)
    pipe = Pipe(portions)
    held = BufferedSocket(pipe, more=lambda: bool(waiting))  # type: ignore[arg-type]
    while waiting:  # what paho does
        packet = waiting.pop(0)
        try:
            took = held.send(packet)
        except BlockingIOError:
            waiting.insert(0, packet)
            continue
        assert took > 0, "paho loses a packet of which nothing was sent"
        if packet[took:]:
            waiting.insert(0, packet[took:])
    assert pipe.taken == b"".join(sent)


@given(st.binary(max_size=300), st.lists(st.integers(0, 50)), st.lists(st.integers(1, 20), min_size=1))
def test_however_it_comes_every_byte_is_read_once_and_in_order(
    data: bytes, portions: list[int], sizes: list[int]
) -> None:
    sock = BufferedSocket(Pipe(portions, data), more=lambda: False)  # type: ignore[arg-type]
    read = b""
    turn = 0
    while True:
        try:
            chunk = sock.recv(sizes[turn % len(sizes)])
        except BlockingIOError:
            assert sock.pending() == 0
            continue
        turn += 1
        if not chunk:
            break
        read += chunk
    assert read == data
    assert sock.fault == "the broker closed the connection"


def a_publish(payload: bytes, number: int, *, first: int = 0x32) -> bytes:
    packet = packets.publish(b"t", payload, number, retain=False)
    return bytes([first]) + packet[1:]


async def test_messages_of_every_kind_come_in_order_in_whatever_pieces_and_are_acknowledged() -> None:
    payloads = [b"one", b"two" * 1_000_000, b"three", b"", b"five" * 9_000, b"six"]
    stream = b"".join(a_publish(payload, number) for number, payload in enumerate(payloads, 1))
    acknowledged: list[bytes] = []
    heard = asyncio.Event()

    async def send_in_pieces(peer: Peer) -> None:
        await peer.accept()
        _, body = await peer.packet()
        peer.write(b"\x90\x03" + body[:2] + b"\x01")
        begins = [0, 1, 2, 4, 7, 9, 3_000_020, 3_000_027, 3_000_033, 3_000_050, 3_030_000, len(stream)]
        for start, end in pairwise(begins):
            peer.write(stream[start:end])
            for _ in range(3):
                await asyncio.sleep(0)  # so that it comes as a piece; nothing hangs on whether it does
        while len(acknowledged) < len(payloads):
            acknowledged.append(await one(peer, 0x40))
        peer.write(a_publish(b"exactly once", 7, first=0x34))
        assert await one(peer, 0x50) == b"\x00\x07"
        peer.write(b"\x62\x02\x00\x07")
        assert await one(peer, 0x70) == b"\x00\x07"
        await heard.wait()

    async with scripted(send_in_pieces) as url, transport(url, "t") as client:
        came: list[bytes] = []
        async for batch in client.batches():
            came += [item.payload for item in batch if isinstance(item, Message)]
            if len(came) == 7:
                break
        heard.set()
        assert came == [*payloads, b"exactly once"]
        assert acknowledged == [bytes([0, number]) for number in range(1, 7)]


async def one(peer: Peer, kind: int) -> bytes:
    got, body = await peer.packet()
    assert got == kind
    return body


@pytest.mark.parametrize("follows", [b"", b"\xd0\x00"], ids=["nothing", "what paho reads"])
async def test_a_lone_message_is_acknowledged_whatever_follows_it(follows: bytes) -> None:
    acknowledged = asyncio.Event()

    async def one_message(peer: Peer) -> None:
        await peer.accept()
        _, body = await peer.packet()
        peer.write(b"\x90\x03" + body[:2] + b"\x01" + packets.publish(b"a", b"x", 7, retain=False) + follows)
        assert await peer.packet() == (packets.PUBACK, b"\x00\x07")
        acknowledged.set()
        await peer.packet()

    async with scripted(one_message) as url, transport(url, "a"), asyncio.timeout(PATIENCE):
        await acknowledged.wait()


async def test_under_load_every_message_is_acknowledged_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    put_off: list[bytes] = []
    monkeypatch.setattr(mqtt_link, "QUIET", 3_600.0)
    monkeypatch.setattr(outgoing, "LATER", 3_600.0)  # what is put off is never sent
    done = asyncio.Event()

    async def one_at_a_time(peer: Peer) -> None:
        await peer.accept()
        _, body = await peer.packet()
        peer.write(b"\x90\x03" + body[:2] + b"\x01")
        for number in (1, 2):  # the first is put off, as it is quiet, and leaves with the second
            peer.write(packets.publish(b"a", b"x", number, retain=False))
            await messages.acquire()
        for number in (1, 2):
            assert await peer.packet() == (packets.PUBACK, number.to_bytes(2, "big"))
        done.set()
        await peer.packet()

    messages = asyncio.Semaphore(0)
    async with scripted(one_at_a_time) as url, transport(url, "a") as client, asyncio.timeout(PATIENCE):
        async for batch in client.batches():
            for item in batch:
                if isinstance(item, Message):
                    put_off.append(item.payload)
                    messages.release()
            if len(put_off) == 2:
                break
        await done.wait()
