"""What `watchfloor doctor` can tell by using the bus: what the broker can do, and whether a supervisor is there."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import statistics
from collections.abc import Awaitable
from types import TracebackType
from typing import Final, Self

from bus import codec
from bus.codec import DecodeError
from bus.limits import EVENT_BYTES, LEASE_RENEW
from bus.messages import SupervisorState
from bus.topics import Topics
from bus.transports.transport import LinkDown, LinkUp, Message, NotConnectedError
from console.cli import printing
from console.cli.checks.finding import Finding, fail, ok, warn
from console.cli.checks.will_probe import RefusedByBrokerError, die_with_will
from console.cli.exits import NOT_LET_IN, REFUSED
from console.cli.options import Place
from console.core.amounts import size
from console.link.floor import Floor, NoAnswerError
from console.link.reaching import Connect, over_mqtt

PATIENCE: Final = 3.0
"""Seconds that one look may take; a lease may take a renewal's time longer."""

TRIPS: Final = 20
SLOW: Final = 0.1
"""Seconds of a round trip from which on an operator feels it."""

CLOCK_OFF: Final = 2_000
"""Milliseconds by which two clocks may differ unnoticed: ages on the screen are that wrong."""


class Probe:
    """A client of the bus that sends to itself. It uses a topic of its own under `consoles/`."""

    def __init__(self, connect: Connect, topics: Topics, *, joint: str = "-") -> None:
        """`joint` is a character of its topic's last level."""
        name = f"doctor{joint}{secrets.token_hex(4)}"
        self.topic = topics.console(name)
        self.states: list[Message] = []
        self.down = ""
        self._state = topics.state
        self._transport = connect(name, (self.topic, topics.state), None)
        self._heard: dict[bytes, asyncio.Future[bool]] = {}
        self._up = asyncio.Event()
        self._renewed = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        await self._transport.__aenter__()
        self._task = asyncio.create_task(self._listen())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait({self._task})
        await self._transport.__aexit__(kind, error, trace)

    async def linked(self) -> bool:
        """Wait for the link. `down` says why there is none."""
        return await _within(self._up.wait(), PATIENCE)

    async def renewed(self) -> bool:
        """Wait for a supervisor's state that the broker did not keep from before."""
        return await _within(self._renewed.wait(), LEASE_RENEW + PATIENCE)

    def expect(self, payload: bytes) -> asyncio.Future[bool]:
        """Return what will tell, when `payload` comes, whether it was retained."""
        self._heard[payload] = asyncio.get_running_loop().create_future()
        return self._heard[payload]

    async def echo(self, payload: bytes, *, retain: bool = False) -> float | None:
        """Send to ourselves; return the seconds it took to come back, or None if it did not."""
        loop = asyncio.get_running_loop()
        came, began = self.expect(payload), loop.time()
        try:
            async with asyncio.timeout(PATIENCE):
                await self._transport.publish(self.topic, payload, retain=retain)
                await came
        except (TimeoutError, NotConnectedError):
            return None
        return loop.time() - began

    async def forget(self) -> None:
        """Take back what was retained."""
        with contextlib.suppress(TimeoutError, NotConnectedError):
            async with asyncio.timeout(PATIENCE):
                await self._transport.publish(self.topic, b"", retain=True)

    async def _listen(self) -> None:
        async for batch in self._transport.batches():
            for item in batch:
                match item:
                    case LinkUp():
                        self._up.set()
                    case LinkDown(reason=reason):
                        self.down = reason
                    case Message(topic=self._state):
                        self.states.append(item)
                        if not item.retained:
                            self._renewed.set()
                    case Message(topic=self.topic, payload=payload, retained=retained):
                        came = self._heard.pop(payload, None)
                        if came is not None and not came.done():
                            came.set_result(retained)


async def bus(place: Place) -> list[Finding]:
    """Look at broker, supervisor and clock."""
    topics = Topics(place.home().site)
    connect = place.connect or over_mqtt(place.url())
    address = "the bus" if place.connect else str(place.url())
    async with Probe(connect, topics) as probe:
        if not await probe.linked():
            reason = probe.down or "no connection in time"
            text = (
                reason if place.connect is None and place.url().address in reason else f"{address}: {reason}"
            )
            return [
                fail(
                    "broker",
                    text,
                    NOT_LET_IN
                    if REFUSED in reason
                    else "start one with: watchfloor up, or name it with --broker",
                )
            ]
        findings = [ok("broker", f"{address} takes a connection"), await _round_trips(probe)]
        if findings[-1].verdict == "ok":
            findings += [await _large(probe), await _retained(connect, probe)]
            findings.append(await _dotted(connect, topics, place.who()))
            if place.connect is None:
                findings.append(await _will(place, probe))
        lease = await _lease(place, probe)
        findings.append(lease)
    if lease.verdict != "FAIL":
        findings += await _supervisor(place)
    return findings


async def _round_trips(probe: Probe) -> Finding:
    times: list[float] = []
    for number in range(TRIPS):
        took = await probe.echo(b"%d" % number)
        if took is None:
            text = "what is published under consoles/ does not come back"
            return warn(
                "round trip", text, "normal if accounts forbid it; else look at the broker's access rules"
            )
        times.append(took)
    text = f"QoS 1, {TRIPS} times: {statistics.median(times) * 1000:.1f} ms median, {max(times) * 1000:.1f} ms worst"
    return (
        ok("round trip", text)
        if statistics.median(times) < SLOW
        else warn("round trip", text, "look at the network")
    )


async def _large(probe: Probe) -> Finding:
    took = await probe.echo(b"x" * EVENT_BYTES)
    text = f"{size(EVENT_BYTES)} in one message"
    if took is not None:
        return ok("payload", f"{text}: {took * 1000:.1f} ms")
    return fail("payload", f"{text} does not pass", "raise the broker's limit of packet or message size")


async def _retained(connect: Connect, probe: Probe) -> Finding:
    mark = secrets.token_hex(8).encode()
    advice = "switch retained messages on: without them nobody learns the supervisor's state who comes late"
    if await probe.echo(mark, retain=True) is None:
        return fail("retained", "a retained message was not delivered", advice)
    try:
        return await _seen_late(connect, probe.topic, mark, advice)
    finally:
        await probe.forget()


async def _seen_late(connect: Connect, topic: str, mark: bytes, advice: str) -> Finding:
    transport = connect(f"doctor-{secrets.token_hex(4)}", (topic,), None)
    try:
        async with transport, asyncio.timeout(PATIENCE):
            async for batch in transport.batches():
                for item in batch:
                    if isinstance(item, Message) and item.payload == mark:
                        return (
                            ok("retained", "kept for those who come late")
                            if item.retained
                            else warn("retained", "kept, but not marked as retained", advice)
                        )
    except TimeoutError:
        pass
    return fail("retained", "the broker did not keep a retained message", advice)


async def _dotted(connect: Connect, topics: Topics, operator: str) -> Finding:
    """RabbitMQ makes levels of dots, and NATS before 2.10 closes the connection: what has such an id is never heard."""
    async with Probe(connect, topics, joint=".") as probe:
        if await probe.linked() and await probe.echo(b"dot") is not None:
            return ok("dots in ids", "the broker carries them")
    text = "a message whose topic holds a dot does not come back, or under another topic"
    if "." in operator:
        return fail(
            "dots in ids", f"{text}: nobody will hear operator {operator}", "take a name without dots"
        )
    return warn(
        "dots in ids", text, "no dots in the names of site, agents, runs and operators on this broker"
    )


async def _will(place: Place, probe: Probe) -> Finding:
    mark = secrets.token_hex(8).encode()
    came = probe.expect(mark)
    loop = asyncio.get_running_loop()
    began = loop.time()
    advice = "a dead agent will only be noticed by its silence; look at the broker's settings"
    try:
        async with asyncio.timeout(PATIENCE):
            await die_with_will(place.url(), f"doctor-{secrets.token_hex(4)}", probe.topic, mark)
            await came
    except TimeoutError:
        return warn("will", f"not published within {PATIENCE:g} s of a cut connection", advice)
    except (OSError, RefusedByBrokerError) as error:
        return warn("will", str(error), advice)
    return ok("will", f"published {(loop.time() - began) * 1000:.0f} ms after a cut connection")


async def _lease(place: Place, probe: Probe) -> Finding:
    site = place.home().site
    advice = f"start it with: watchfloor up --site {site}"
    if not await probe.renewed():
        kept = "; what is retained is old" if probe.states else ""
        return fail(
            "supervisor", f"site {site}: no lease renewed within {LEASE_RENEW + PATIENCE:g} s{kept}", advice
        )
    message = next(message for message in reversed(probe.states) if not message.retained)
    try:
        state = codec.decode(message.payload, SupervisorState)
    except DecodeError as error:
        return fail("supervisor", f"its state cannot be read: {error}", "upgrade what is older")
    if state.status != "up":
        return fail("supervisor", f"site {site}: {state.status}", advice)
    if state.conflict:
        return fail("supervisor", "two supervisors serve this site; approvals are closed", "stop one of them")
    if state.recording != "ok":
        return fail("supervisor", "its recording fails; approvals are closed", "look at its disk")
    return ok(
        "supervisor",
        f"site {site}: epoch {state.epoch}, lease {state.lease}, {state.window} events in flight",
    )


async def _supervisor(place: Place) -> list[Finding]:
    """Join as a console does, which has the supervisor write a record: its time is the supervisor's clock."""
    where = place.connect or place.url()
    async with Floor(where, home=place.home(), operator=place.who(), key=place.key(), watching=True) as floor:
        try:
            await floor.join(place.timeout)
        except NoAnswerError as error:
            return [fail("joining", str(error), "look at the supervisor's messages")]
        off = printing.now_ms() - floor.fleet.at
        await floor.until(lambda _: bool(floor.status.key), PATIENCE)
        status = floor.status
    key = f"signed by {status.key}, {'pinned' if status.pinned else 'not pinned on this machine'}"
    if not status.key or status.problem:
        signed = fail(
            "signature", status.problem or "no signed state", f"look at {place.home().supervisor_key}.pub"
        )
    else:
        signed = ok("signature", key)
    text = f"this machine is {abs(off) / 1000:.1f} s {'ahead of' if off > 0 else 'behind'} the supervisor's"
    advice = "set both clocks by NTP; nothing but displayed ages depends on them"
    return [signed, ok("clock", text) if abs(off) <= CLOCK_OFF else warn("clock", text, advice)]


async def _within(waiting: Awaitable[object], seconds: float) -> bool:
    try:
        async with asyncio.timeout(seconds):
            await waiting
    except TimeoutError:
        return False
    return True
