"""The supervisor's service itself, with a real recording and a bus in memory, and somebody who sees all that is published.

Nobody sleeps: whoever waits is woken by whatever the desk does and by whatever is published.
"""

from __future__ import annotations

import asyncio
import itertools
import secrets
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

from bus import codec
from bus.events import Data
from bus.home import Home
from bus.messages import Answer, AnyCommand, Intent, Journal, SupervisorState
from bus.transports.memory import MemoryBus, MemoryTransport
from bus.transports.transport import Item, Message
from console.core.fleet.state import Fleet, encode
from console.core.reducing.reduce import reduce
from console.policy.load import Rulebook
from console.recording.history import history, sessions
from console.recording.reader import Reader
from console.recording.writer import SESSION_BYTES, Recording
from console.supervisor.desk import Desk, Identity
from console.supervisor.intents.operators import Operators
from console.supervisor.process.emergency import EmergencyLog
from console.supervisor.process.files import SiteFiles
from console.supervisor.process.service import Service
from tests.desk_fixture import OPERATOR, SUPERVISOR, TOPICS
from tests.strategies import envelope

PATIENCE = 30.0
"""Seconds after which a test that waits in vain is broken; nothing depends on it otherwise."""


class Witness(MemoryTransport):
    """Sees everything on the bus, in order."""

    def __init__(self, bus: MemoryBus, news: asyncio.Event) -> None:
        super().__init__(bus, "witness", [f"{TOPICS.root}/#"])
        self.news = news
        self.seen: list[Message] = []

    def receive(self, item: Item) -> None:
        if isinstance(item, Message):
            self.seen.append(item)
            self.news.set()

    def of(self, topic: str) -> list[bytes]:
        """Payloads of a topic so far."""
        return [message.payload for message in self.seen if message.topic == topic]


class Running:
    """A service that runs, and what a test does to it and sees of it."""

    def __init__(self, desk: Desk, bus: MemoryBus, recording: Recording, home: Home) -> None:
        self.desk = desk
        self.bus = bus
        self.recording = recording
        self.home = home
        self.news = asyncio.Event()
        self.witness = Witness(bus, self.news)
        for name in ("receive", "committed", "tick"):
            setattr(desk, name, self._telling(getattr(desk, name)))
        self.stopping = asyncio.Event()
        self._seqs: dict[str, int] = {}
        root = TOPICS
        self.service = Service(
            desk,
            recording,
            MemoryTransport(bus, "control", [root.all_intents, root.all_status, root.state]),
            MemoryTransport(bus, "bulk", [root.all_events]),
            EmergencyLog(home.emergency_log),
            SiteFiles(home),
            self.stopping,
        )

    def _telling(self, act: Callable[..., None]) -> Callable[..., None]:
        """A method of the desk that says when it is done."""

        def told(*what: Any, **how: Any) -> None:
            act(*what, **how)
            self.news.set()

        return told

    def event(self, data: Data, run: str = "r1") -> None:
        """Agent `a` publishes the next event of a run."""
        seq = self._seqs[run] = self._seqs.get(run, 0) + 1
        self.bus.publish(TOPICS.events("a", run), codec.encode(envelope(data, seq, "a", run, "inc")))

    async def say(self, verb: Any, **fields: Any) -> Answer:
        """An operator's intent, and its answer."""
        name = secrets.token_hex(4)
        intent = Intent(
            verb=verb, id=name, operator="op-1", console="con", epoch=self.desk.identity.epoch, **fields
        )
        self.bus.publish(TOPICS.intents("op-1"), OPERATOR.sign(intent))
        await self.until(lambda: any(one.intent == name for one in self.answers()))
        return next(one for one in self.answers() if one.intent == name)

    def answers(self) -> list[Answer]:
        """Answers so far."""
        replies = [codec.decode_reply(payload) for payload in self.witness.of(TOPICS.console("con"))]
        return [reply for reply in replies if isinstance(reply, Answer)]

    def commands(self) -> list[AnyCommand]:
        """What agent `a` was sent so far."""
        return [codec.decode_command(payload) for payload in self.witness.of(TOPICS.commands("a"))]

    def state(self) -> SupervisorState:
        """The last word of the supervisor."""
        return codec.decode(self.witness.of(TOPICS.state)[-1], SupervisorState)

    def published(self) -> list[tuple[int, str]]:
        """Position and type of every record of the journal so far."""
        batches = [codec.decode(payload, Journal) for payload in self.witness.of(TOPICS.journal)]
        return [
            (record.pos, codec.decode_envelope(bytes(record.event)).type)
            for batch in batches
            for record in batch.records
        ]

    async def until(self, true: Callable[[], bool]) -> None:
        """Wait until something is true; looked at whenever the desk did something or something was published."""
        async with asyncio.timeout(PATIENCE):
            while not true():
                self.news.clear()
                await self.news.wait()

    async def all_recorded(self) -> None:
        """Wait until every event sent so far is committed and published."""
        await self.until(
            lambda: (
                all(
                    run in self.desk.fleet.runs and self.desk.fleet.runs[run].seq == seq
                    for run, seq in ((f"a/{name}", seq) for name, seq in self._seqs.items())
                )
                and not self.desk.log.staged
                and self.desk.committed_pos == self.desk.fleet.pos
            )
        )


@asynccontextmanager
async def running(
    folder: Path, *, epoch: str = "epoch1", session_bytes: int = SESSION_BYTES
) -> AsyncIterator[Running]:
    """A service on a new site, until the end of the context stops it in order."""
    home = Home("site", data=folder / "data", config=folder / "config")
    ids = itertools.count(1)
    fleet = Fleet(site="site")
    bus = MemoryBus()
    async with await Recording.open(
        home.sessions, initial=encode(fleet), session_bytes=session_bytes
    ) as recording:
        desk = Desk(
            fleet,
            Identity(TOPICS, epoch, f"instance-{epoch}", SUPERVISOR),
            Rulebook(None, None).judge,
            Operators({"op-1": [OPERATOR.public]}),
            wall=lambda: int(time.time() * 1000),
            new_id=lambda: f"id{next(ids)}",
        )
        desk.log.not_before = recording.at
        desk.begin(recording.session, time.monotonic())
        site = Running(desk, bus, recording, home)
        async with site.witness:
            task = asyncio.create_task(site.service.run())
            try:
                await site.until(lambda: bool(site.witness.of(TOPICS.state)))
                yield site
            finally:
                site.stopping.set()
                with suppress(asyncio.CancelledError):
                    await task


async def rebuilt(folder: Path) -> tuple[list[tuple[str, int, bool]], Fleet]:
    """Live a site's recording again from its first record.

    Returns each session's name, the position that it begins at, and whether its keyframe equals what its records before
    that bring about; and the fleet in the end.
    """
    starts: dict[int, tuple[str, bytes]] = {}
    for session in await sessions(folder):
        async with await Reader.open(session.path) as reader:
            keyframe = await reader.first_keyframe()
            starts[keyframe.pos] = (session.name, keyframe.body)
    fleet = Fleet(site="site")
    checked = [(starts[0][0], 0, starts[0][1] == encode(fleet))]
    async for row in history(folder):
        reduce(fleet, codec.record(row.pos, row.at, codec.decode_envelope(row.event)))
        if row.pos in starts:
            checked.append((starts[row.pos][0], row.pos, starts[row.pos][1] == encode(fleet)))
    return checked, fleet
