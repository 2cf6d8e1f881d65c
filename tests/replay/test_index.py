"""The order of the fleet screen, kept up by changes however a replay walks, is the one made anew from the fleet."""

import random
from pathlib import Path

from console.core.fleet.state import Fleet
from console.recording.player import Player
from console.tui.floor.counting import Counts
from console.tui.floor.index import FleetIndex
from console.tui.floor.items import Item
from tests.fixtures.replay import eventful, record

Look = tuple[list[Item], Counts, int, dict[str, tuple[object, ...]]]


def look(index: FleetIndex, fleet: Fleet, now: int) -> Look:
    """Everything that the screens ask of an index."""
    agents = sorted({run.agent for run in fleet.runs.values()})
    runs: dict[str, tuple[object, ...]] = {
        key: (index.plight(key), [command.id for command in index.commands(run)])
        for key, run in fleet.runs.items()
    }
    runs |= {agent: (index.done(agent), [run.key for run in index.agent(agent)]) for agent in agents}
    return index.items(set(agents)), index.counts(now), index.last_decision, runs


async def test_an_index_that_hears_of_every_walk_is_as_one_made_anew(tmp_path: Path) -> None:
    script = eventful(2_500, seed=11)
    (path,) = await record(script.rows, tmp_path, keyframes=900)
    chance = random.Random(5)
    async with await Player.open(path) as player:
        index = FleetIndex(player.fleet)
        for _ in range(600):
            here = player.fleet.pos
            pos = chance.choice(
                (here - 1, here - 1, here + 1, here - 30, here + 90, chance.randrange(player.last))
            )
            changes = await player.go(pos)
            fleet = player.fleet
            if index.fleet is not fleet:
                index.follow(fleet)
            index.hear(changes)
            now = fleet.at + chance.choice((0, 0, 700, 25_000, 700_000))
            index.update(now)
            fresh = FleetIndex(fleet)
            fresh.update(now)
            assert look(index, fleet, now) == look(fresh, fleet, now), fleet.pos
