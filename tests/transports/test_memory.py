import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bus.limits import PAYLOAD_BYTES
from bus.transports.filters import covers
from bus.transports.memory import MemoryBus, MemoryTransport
from bus.transports.transport import Item, LinkDown, LinkUp, Message, NotConnectedError, Transport, Will


def lost(connection: str) -> Will:
    return Will("status/a", connection.encode())


async def arrived(transport: Transport) -> list[Item]:
    return list(await anext(transport.batches()))


@pytest.mark.parametrize(
    "pattern,topic,expected",
    [
        ("a/b", "a/b", True),
        ("a/+", "a/b", True),
        ("a/+", "a", False),
        ("a/+", "a/b/c", False),
        ("+/b", "a/b", True),
        ("#", "a/b", True),
        ("a/#", "a/b/c", True),
        ("a/#", "a", True),
        ("a/#", "ab", False),
        ("a/b", "a/b/c", False),
        ("a/b/c", "a/b", False),
        ("+", "", True),
    ],
)
def test_filters(pattern: str, topic: str, expected: bool) -> None:
    assert covers(pattern, topic) is expected


@given(st.lists(st.sampled_from(["a", "b", ""]), min_size=1, max_size=5), st.data())
def test_a_filter_made_from_a_topic_covers_it(levels: list[str], data: st.DataObject) -> None:
    pattern = [data.draw(st.sampled_from([level, "+"])) for level in levels]
    assert covers("/".join(pattern), "/".join(levels))
    keep = data.draw(st.integers(0, len(levels)))
    assert covers("/".join([*pattern[:keep], "#"]), "/".join(levels))


async def test_messages_come_after_the_link_and_in_order() -> None:
    bus = MemoryBus()
    async with MemoryTransport(bus, "a", ["x/+"]) as a, MemoryTransport(bus, "b", []) as b:
        for number in range(3):
            b.send("x/1", b"%d" % number)
        b.send("y/1", b"not ours")
        assert await arrived(a) == [LinkUp("connection-1"), *(Message("x/1", b"%d" % n) for n in range(3))]


async def test_overlapping_filters_deliver_once() -> None:
    bus = MemoryBus()
    async with MemoryTransport(bus, "a", ["x/#", "x/+"]) as a:
        await a.publish("x/1", b"1")
        assert (await arrived(a))[1:] == [Message("x/1", b"1")]


async def test_retained_messages_are_marked_only_for_who_comes_later() -> None:
    bus = MemoryBus()
    async with MemoryTransport(bus, "a", ["x"]) as a:
        await a.publish("x", b"old", retain=True)
        await a.publish("x", b"new", retain=True)
        assert (await arrived(a))[1:] == [Message("x", b"old"), Message("x", b"new")]
        async with MemoryTransport(bus, "b", ["x"]) as b:
            assert (await arrived(b))[1:] == [Message("x", b"new", retained=True)]
        await a.publish("x", b"", retain=True)
    assert bus.retained == {}


async def test_a_cut_link_publishes_its_will_and_comes_back_under_a_new_connection() -> None:
    bus = MemoryBus()
    async with MemoryTransport(bus, "a", [], lost) as a, MemoryTransport(bus, "b", ["status/+"]) as b:
        bus.cut("a", "pulled")
        answers: list[bool] = []
        a.send("x", b"", taken=answers.append)
        with pytest.raises(NotConnectedError):
            await a.publish("x", b"")
        bus.heal("a")
        bus.heal("a")
        a.send("x", b"", taken=answers.append)
        assert await arrived(a) == [LinkUp("connection-1"), LinkDown("pulled"), LinkUp("connection-3")]
        assert (await arrived(b))[1:] == [Message("status/a", b"connection-1")]
        assert bus.retained == {"status/a": b"connection-1"}
        await asyncio.sleep(0)
        assert answers == [False, True]


async def test_a_clean_end_publishes_no_will_and_ends_the_batches() -> None:
    bus = MemoryBus()
    async with MemoryTransport(bus, "a", [], lost) as a:
        pass
    assert [list(batch) async for batch in a.batches()] == [[LinkUp("connection-1")]]
    assert bus.retained == {}


async def test_whoever_is_cut_before_entering_waits_for_healing() -> None:
    bus = MemoryBus()
    bus.cut("a")
    async with MemoryTransport(bus, "a", []) as a:
        assert await arrived(a) == [LinkDown("cut")]
        bus.heal("a")
        assert await arrived(a) == [LinkUp("connection-1")]


async def test_a_bus_may_lose_what_it_took() -> None:
    bus = MemoryBus()
    bus.loses = lambda client_id, message: client_id == "a" and message.payload == b"1"
    async with MemoryTransport(bus, "a", ["#"]) as a:
        for number in range(3):
            await a.publish("x", b"%d" % number)
        assert (await arrived(a))[1:] == [Message("x", b"0"), Message("x", b"2")]


async def test_what_may_not_be_published() -> None:
    async with MemoryTransport(MemoryBus(), "a", []) as a:
        for topic in ("", "a/+", "#", "a\0"):
            with pytest.raises(ValueError, match="topic"):
                a.send(topic, b"")
        with pytest.raises(ValueError, match="65537 bytes"):
            a.send("a", b"x" * (PAYLOAD_BYTES + 1))


async def test_reading_before_entering_is_an_error() -> None:
    with pytest.raises(RuntimeError, match="enter"):
        await anext(MemoryTransport(MemoryBus(), "a", []).batches())
