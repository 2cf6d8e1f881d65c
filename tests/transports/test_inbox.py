"""What came in over a link: by the batch, or in the turn in which it came, and always in order."""

import asyncio
from collections.abc import Sequence

import pytest

from bus.transports.inbox import SHORT, Inbox
from bus.transports.mqtt import MqttTransport
from bus.transports.transport import Item, LinkUp, Message
from tests.fixtures.brokers import RunningBroker


def messages(*names: str) -> list[Item]:
    return [Message(name, b"") for name in names]


class Consumer:
    """Reads an inbox, and notes what it got and in which way."""

    def __init__(self) -> None:
        self.got: list[tuple[str, list[Item]]] = []
        self.over = False
        self.inbox = Inbox(lambda: self.over)
        self.inbox.at_once(lambda items: self.got.append(("at once", list(items))))

    async def read(self) -> None:
        async for batch in self.inbox.batches():
            self.got.append(("batch", list(batch)))

    def arrive(self, *items: Item) -> None:
        for item in items:
            self.inbox.keep(item)
        self.inbox.hand_over()

    async def waits(self) -> None:
        """Give it time to wait for what comes."""
        while not self.inbox._idle:  # noqa: ASYNC110  (nobody tells)
            await asyncio.sleep(0)

    async def end(self, reading: asyncio.Task[None]) -> None:
        self.over = True
        self.inbox.wake()
        await reading


async def test_what_comes_while_the_consumer_waits_is_taken_before_the_call_returns() -> None:
    consumer = Consumer()
    reading = asyncio.create_task(consumer.read())
    await consumer.waits()
    consumer.arrive(*messages("a", "b"))
    assert consumer.got == [("at once", messages("a", "b"))]
    consumer.arrive(*messages("c"))
    assert consumer.got[1:] == [("at once", messages("c"))]
    await consumer.end(reading)
    assert len(consumer.got) == 2


async def test_nothing_is_taken_before_what_came_before_it() -> None:
    consumer = Consumer()
    consumer.arrive(*messages("a"))  # nobody reads yet
    reading = asyncio.create_task(consumer.read())
    await consumer.waits()
    consumer.inbox.put(LinkUp("c1"))
    consumer.arrive(*messages("b"))  # behind what the consumer is about to see
    await asyncio.sleep(0)
    await consumer.waits()
    consumer.arrive(*messages("c"))
    assert consumer.got == [
        ("batch", messages("a")),
        ("batch", [LinkUp("c1"), *messages("b")]),
        ("at once", messages("c")),
    ]
    await consumer.end(reading)


async def test_a_load_is_a_batch() -> None:
    consumer = Consumer()
    reading = asyncio.create_task(consumer.read())
    await consumer.waits()
    many = messages(*(f"m{number}" for number in range(SHORT + 1)))
    consumer.arrive(*many)
    assert consumer.got == []
    await consumer.end(reading)
    assert consumer.got == [("batch", many)]


async def test_what_comes_in_while_something_is_taken_comes_after_it() -> None:
    consumer = Consumer()

    def take(items: Sequence[Item]) -> None:
        if items == messages("a"):
            consumer.arrive(*messages("b"))
            assert consumer.got == []
        consumer.got.append(("at once", list(items)))

    consumer.inbox.at_once(take)
    reading = asyncio.create_task(consumer.read())
    await consumer.waits()
    consumer.arrive(*messages("a"))
    await consumer.end(reading)
    assert consumer.got == [("at once", messages("a")), ("batch", messages("b"))]


async def test_an_error_in_what_takes_is_the_consumers_and_not_the_links() -> None:
    consumer = Consumer()

    def fail(_: Sequence[Item]) -> None:
        raise ZeroDivisionError

    consumer.inbox.at_once(fail)
    reading = asyncio.create_task(consumer.read())
    await consumer.waits()
    consumer.arrive(*messages("a"))
    with pytest.raises(ZeroDivisionError):
        await reading


async def test_a_message_of_a_real_broker_is_taken_while_nobody_asks_for_a_batch(
    broker: RunningBroker,
) -> None:
    """Messages reach the one who waits without a batch, in their order, and whatever way they take none is missed."""
    count = 50
    got: list[bytes] = []
    at_once: list[bytes] = []
    there = asyncio.Event()

    def take(items: Sequence[Item]) -> None:
        bodies = [item.payload for item in items if isinstance(item, Message)]
        at_once.extend(bodies)
        note(bodies)

    def note(bodies: list[bytes]) -> None:
        got.extend(bodies)
        there.set()

    async with MqttTransport(broker.url, client_id="test", subscriptions=["a"]) as transport:
        transport.at_once(take)
        up = asyncio.Event()

        async def read() -> None:
            async for batch in transport.batches():
                if any(isinstance(item, LinkUp) for item in batch):
                    up.set()
                note([item.payload for item in batch if isinstance(item, Message)])

        reading = asyncio.create_task(read())
        await up.wait()
        for number in range(count):
            there.clear()
            await transport.publish("a", b"%d" % number)
            while len(got) <= number:
                await there.wait()
                there.clear()
        assert got == [b"%d" % number for number in range(count)]
        assert at_once
    await reading
