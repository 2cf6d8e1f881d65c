"""The beacon: an agent of another make. It speaks the contract without our library, and has no spool.

Trouble: in its first run, and every fourth after that, its link breaks while it works. What it says meanwhile is nowhere:
events are really lost. The supervisor asks for them again, waits, and says in the end which ones are missing for good. It
never announced itself and nothing can stop it: it is `observed`.
"""

from __future__ import annotations

import secrets
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from msgspec import Raw

from bus import codec
from bus.events import Data, Envelope, RunFinished, RunStarted, StepFinished, StepStarted
from bus.home import Home
from bus.topics import Topics
from bus.transports.mqtt import MqttTransport
from bus.transports.transport import LinkUp
from bus.url import BrokerUrl
from console.demo.script import TURNS, Script
from console.demo.stage import MODEL, VERSION, Stage

BREAKS_EVERY: Final = 4
"""Its first run is the one whose link breaks, and every fourth after that."""

BREAKS_AT: Final = (5, 6)
"""Steps that it makes while its link is down."""


@dataclass(frozen=True, slots=True)
class Case:
    """Soundings to take, and those at which the link is down."""

    soundings: int
    without_link: tuple[int, ...]

    @property
    def goal(self) -> str:
        """What the user wants."""
        return f"Take {self.soundings} soundings of the harbour."


def plan(script: Script) -> Case:
    """What the scripted model makes of a run."""
    return Case(script.whole(34, 40), BREAKS_AT if script.turn % BREAKS_EVERY == 1 else ())


class Teller:
    """One run, told by hand: numbers its events, and lets those go that no link takes."""

    def __init__(self, agent: str, run: str) -> None:
        home = Home.of()
        self._url = BrokerUrl.parse(home.broker())
        self._name = f"{agent}-{run}"
        self._incarnation = secrets.token_hex(6)
        self._source = codec.source(agent, run)
        self._topic = Topics(home.site).events(agent, run)
        self._seq = 0
        self._links = AsyncExitStack()
        self._link: MqttTransport | None = None

    async def connect(self) -> None:
        """Make a link to the broker, and wait until it is there."""
        link = MqttTransport(self._url, client_id=self._name, subscriptions=[])
        await self._links.enter_async_context(link)
        async for batch in link.batches():
            if any(isinstance(item, LinkUp) for item in batch):
                break
        self._link = link

    async def hang_up(self) -> None:
        """Do without a link from now on."""
        self._link = None
        await self._links.aclose()

    async def tell(self, data: Data) -> None:
        """Give an event the next number, and publish it if there is a link. Without one it is gone."""
        self._seq += 1
        envelope = Envelope(
            id=f"{self._incarnation}.{self._seq}",
            source=self._source,
            type=data.TYPE,
            time=datetime.now(UTC).isoformat(),
            incarnation=self._incarnation,
            seq=self._seq,
            data=Raw(codec.encode(data)),
        )
        if self._link is not None:
            with suppress(ConnectionError):
                await self._link.publish(self._topic, codec.encode(envelope))


async def live(stage: Stage, teller: Teller, script: Script, case: Case) -> None:
    """Take the soundings of one run, with the link that there is at each."""
    await teller.tell(
        RunStarted(
            goal=case.goal, control="observed", agent_version=VERSION, model=MODEL, labels=dict(stage.labels)
        )
    )
    for number in range(1, case.soundings + 1):
        if number in case.without_link[:1]:
            await teller.hang_up()
        await teller.tell(StepStarted(step=number, name=f"sounding {number}", of=case.soundings))
        await stage.pause(script.about(2.0))
        await teller.tell(StepFinished(step=number, ok=True, text=f"{script.between(4.0, 12.0):.1f} m"))
        if number in case.without_link[-1:]:
            await teller.connect()
    await teller.tell(RunFinished(outcome="completed"))


async def main(stage: Stage) -> None:
    """Be the agent."""
    for turn in range(1, TURNS):
        script = stage.script(turn)
        teller = Teller(stage.name, script.run_id)
        await teller.connect()
        try:
            await live(stage, teller, script, plan(script))
        finally:
            await teller.hang_up()
        await stage.pause(script.about(20.0))
