"""Runs that begin while all are held, and not as an honest agent's do: nobody may decide about them before they are held."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

from bus import codec
from bus.events import ActionProposed, Data, Progress, RunStarted
from bus.messages import AgentStatus, RunStanding
from tests.fixtures.strategies import envelope
from tests.simulation.bus import TOPICS

if TYPE_CHECKING:
    from tests.simulation.world import World

STRAY: Final = "s0"
"""The name of the agent that all of them are of."""

ASKS: Final = ActionProposed(action="a1", tool="read_file", args={})
BEGINNINGS: Final[tuple[tuple[tuple[int, Data], ...], ...]] = (
    ((1, RunStarted(continues=0)), (2, ASKS)),
    ((1, ASKS), (2, Progress(text="on"))),
    ((3, ASKS), (4, Progress(text="on"))),
)
"""It says that it goes on after nothing, it never says that it began, or what it said first is lost."""


class Strays:
    """Lets an operator hold all, and a run begin soon after that."""

    def __init__(self, world: World) -> None:
        self.world = world
        self._runs = 0

    def strike(self) -> None:
        """Let one begin; what the bus loses is said again."""
        world, chance = self.world, self.world.chance
        self._runs += 1
        run, events = f"r{self._runs}", chance.choice(BEGINNINGS)
        chance.choice(world.operators).say("hold")
        for delay in (0.5, 1.0, 2.0, 4.0):
            for seq, data in events:
                payload = codec.encode(envelope(data, seq, STRAY, run, f"{STRAY}-{run}"))
                world.at(delay, partial(world.bus.publish, TOPICS.events(STRAY, run), payload))
        if events[0][0] > 1:
            world.at(0.7, partial(self._born, run))

    def _born(self, run: str) -> None:
        """Its process says that it has its first events no longer."""
        life = AgentStatus(
            status="online",
            incarnation=f"{STRAY}-{run}",
            connection=f"k-{run}",
            runs=[RunStanding(run=run, seq=4, first=3)],
        )
        self.world.bus.publish(TOPICS.status(STRAY), codec.encode(life), retain=True)
