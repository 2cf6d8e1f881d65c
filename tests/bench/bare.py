"""The bare clients to compare with, in processes of their own: `read` uses aiomqtt's iterator, `echo` answers.

`python -m tests.bench.bare read|echo HOST PORT EVENTS`; says `ready` once subscribed. `read` prints when each message came.
It says how far it is over a connection of its own: brokers lose what they have acknowledged when a reader is too slow, and
aiomqtt's own publish would wait behind its acknowledgements.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time

import aiomqtt

from bus.url import BrokerUrl
from tests.bench.load import BARE, SAID
from tests.bench.wire import Wire

QUIET = 3.0
"""Seconds without a message after which the rest counts as lost."""

EVERY = 64
"""Messages read between two words to the publisher."""

PING, PONG = f"{BARE}/ping", f"{BARE}/pong"


async def read(host: str, port: int, events: int) -> None:
    """Read as fast as it goes until all is there, or nothing came for `QUIET`, and note when each message came."""
    came: list[float] = []
    wire = await Wire.connect(BrokerUrl("mqtt", host, port), "bench-said", [], lambda *_: None)
    async with aiomqtt.Client(host, port) as client:
        await client.subscribe(f"{BARE}/agents/+/events/+", qos=1)
        tell("ready")
        reading = asyncio.create_task(_read(client, events, came, wire))
        seen = -1
        while not reading.done() and (seen != len(came) or not came):
            seen = len(came)
            await asyncio.wait([reading], timeout=QUIET)
        reading.cancel()
    tell(json.dumps(came))


async def _read(client: aiomqtt.Client, events: int, came: list[float], wire: Wire) -> None:
    async for _ in client.messages:
        came.append(time.monotonic())
        if len(came) % EVERY == 0 or len(came) == events:
            wire.publish(SAID, str(len(came)).encode())
        if len(came) == events:
            break


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
    job = {"read": read, "echo": echo}[sys.argv[1]]
    asyncio.run(job(sys.argv[2], int(sys.argv[3]), int(sys.argv[4])))
