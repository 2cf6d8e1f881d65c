"""The bare clients to compare with, in processes of their own: two read with aiomqtt's iterator, `echo` answers.

`python -m tests.bench.bare count|times|echo HOST PORT EVENTS`; says `ready` once subscribed. `count` publishes how many
messages it has read each `EVERY`, which is what the windowed publisher waits for; `times` prints when each one came.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time

import aiomqtt

from bus.url import BrokerUrl
from tests.bench.load import BARE
from tests.bench.wire import Wire

EVERY = 128
PING, PONG = f"{BARE}/ping", f"{BARE}/pong"


async def count(host: str, port: int, events: int) -> None:
    """Read as fast as it goes."""
    await read(host, port, events, [])


async def times(host: str, port: int, events: int) -> None:
    """Read, and note when each message came."""
    came: list[float] = []
    await read(host, port, events, came)
    tell(json.dumps(came))


async def read(host: str, port: int, events: int, came: list[float]) -> None:
    telling: set[asyncio.Task[None]] = set()
    async with aiomqtt.Client(host, port) as client:
        await client.subscribe(f"{BARE}/agents/+/events/+", qos=1)
        tell("ready")
        async for _ in client.messages:
            came.append(time.monotonic())
            if len(came) % EVERY == 0 or len(came) == events:
                task = asyncio.create_task(client.publish(f"{BARE}/said", str(len(came)), qos=1))
                telling.add(task)
                task.add_done_callback(telling.discard)
            if len(came) == events:
                break
        await asyncio.gather(*telling)


async def echo(host: str, port: int, _events: int) -> None:
    """Send back what comes, until standard input ends."""
    wire: Wire | None = None

    def answer(_topic: str, payload: bytes) -> None:
        if wire is not None:
            wire.publish(PONG, payload)

    wire = await Wire.connect(BrokerUrl("mqtt", host, port), "bench-echo", [PING], answer)
    tell("ready")
    await asyncio.to_thread(sys.stdin.buffer.read)


def tell(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    job = {"count": count, "times": times, "echo": echo}[sys.argv[1]]
    asyncio.run(job(sys.argv[2], int(sys.argv[3]), int(sys.argv[4])))
