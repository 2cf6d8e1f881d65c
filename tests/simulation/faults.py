"""What breaks in a schedule: links, processes, the recording, clocks; and what changes: policies, stops, pass lists."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

from bus.messages import SupervisorState
from tests.simulation.bus import TOPICS
from tests.simulation.judges import JUDGES
from tests.simulation.strays import Strays

if TYPE_CHECKING:
    from tests.simulation.office import Office
    from tests.simulation.worker import Worker
    from tests.simulation.world import World

MOST: Final = 8
"""Most misfortunes of one schedule."""


class Faults:
    """Draws what breaks, and when. Everything it breaks heals by itself in time."""

    def __init__(self, world: World, calm: float) -> None:
        self.world = world
        self._strays = Strays(world)
        for _ in range(world.chance.randrange(MOST + 1)):
            world.at(world.chance.uniform(0.1, calm), self.strike)

    def strike(self) -> None:
        """Let one thing happen."""
        chance = self.world.chance
        happen = chance.choices(
            (
                self.link, self.death, self.supervisor, self.supervisor_link, self.freeze, self.disk, self.policy,
                self.stops, self.kill, self.clock, self.rival, self.forger, self.stray, self.words_to_all,
            ),
            (2, 4, 4, 2, 2, 4, 3, 5, 1, 1, 1, 5, 2, 3),
        )[0]  # fmt: skip
        happen()

    def link(self) -> None:
        self.world.chance.choice(self.world.workers).cut()

    def death(self) -> None:
        self.world.chance.choice(self.world.workers).die()

    def supervisor(self) -> None:
        chance = self.world.chance
        self.world.office.crash(chance.choice((0.2, 0.5, 1.0, 3.0, 15.0)), told=chance.random() < 0.6)

    def supervisor_link(self) -> None:
        self.world.office.cut(self.world.chance.uniform(0.1, 3.0))

    def freeze(self) -> None:
        chance = self.world.chance
        could: list[Office | Worker] = [self.world.office, *self.world.workers]
        frozen = chance.choice(could)
        frozen.freeze(chance.choice((1.0, 4.0, 12.0, 17.0)))

    def disk(self) -> None:
        """The recording refuses, or takes its time; now and then the supervisor dies over it."""
        world, chance = self.world, self.world.chance
        lasts = chance.uniform(0.5, 6.0)
        if chance.random() < 0.7:
            world.tape.failing = True
        else:
            world.tape.slow = chance.choice((0.5, 3.0))
        world.at(lasts, self.mend)
        if chance.random() < 0.25:
            world.at(chance.uniform(0.1, lasts), lambda: world.office.crash(0.5))
        for operator in world.operators:
            if world.view.runs and chance.random() < 0.5:
                run = chance.choice(list(world.view.runs.values()))
                world.at(
                    chance.uniform(0.6, 2.0), partial(operator.say, "pause", agent=run.agent, run=run.run)
                )

    def mend(self) -> None:
        self.world.tape.failing = False
        self.world.tape.slow = 0.0

    def policy(self) -> None:
        """The operator edits the files: pass lists come and go while asks wait."""
        self.world.judge = self.world.chance.choice(JUDGES)
        if self.world.office.desk is not None:
            self.world.office.desk.adopt(self.world.judge)
            self.world.office.pump()

    def stops(self) -> None:
        """Pauses, holds and resumes in any order, by either operator, close together."""
        world, chance = self.world, self.world.chance
        worker = chance.choice(world.workers)
        for _ in range(chance.randrange(1, 4)):
            verb = chance.choice(("pause", "pause", "hold", "resume"))
            say = partial(chance.choice(world.operators).say, verb, agent=worker.name, run=worker.run)
            if verb == "hold" and chance.random() < 0.3:
                say = partial(chance.choice(world.operators).say, "hold")  # all runs
            if verb == "resume" and chance.random() < 0.3:
                say = partial(
                    chance.choice(world.operators).say, "resume"
                )  # all that the hold of all stopped
            world.at(chance.uniform(0.0, 2.0), say)
        resume = partial(chance.choice(world.operators).say, "resume", agent=worker.name, run=worker.run)
        world.at(chance.uniform(0.1, 6.0), resume)

    def kill(self) -> None:
        worker = self.world.chance.choice(self.world.workers)
        self.world.chance.choice(self.world.operators).say("kill", agent=worker.name, run=worker.run)

    def clock(self) -> None:
        """The wall clock of the supervisor is set, back or forth."""
        self.world.offset = self.world.chance.choice((-3_600_000, 0, 5_000))

    def rival(self) -> None:
        """Another supervisor with the site's own key says that it is up."""
        world = self.world
        epoch, instance, era = world.new_id(), world.new_id(), world.chance.choice((1, world.wall()))
        for lease in range(1, world.chance.randrange(2, 4)):
            state = SupervisorState(status="up", epoch=epoch, instance=instance, lease=lease, era=era)
            payload = world.keys.of("supervisor").sign(state)
            world.told[payload] = (epoch, era)
            world.at(2.0 * (lease - 1), partial(world.bus.publish, TOPICS.state, payload, retain=True))
        world.deceive()

    def stray(self) -> None:
        self._strays.strike()

    def words_to_all(self) -> None:
        """All are held and go on, and something comes between: the end of the supervisor, or another hold of all."""
        world, chance = self.world, self.world.chance
        operator = chance.choice(world.operators)
        operator.say("hold")
        later = chance.uniform(1.0, 2.0)
        world.at(later, partial(operator.say, "resume"))
        between = chance.choice(
            (
                lambda: world.office.crash(0.2),
                world.forger.hold_all,
                partial(chance.choice(world.operators).say, "hold"),
            )
        )
        world.at(later + chance.uniform(0.02, 0.4), between)

    def forger(self) -> None:
        for _ in range(self.world.chance.randrange(1, 5)):
            self.world.at(self.world.chance.uniform(0.0, 2.0), self.world.forger.strike)
