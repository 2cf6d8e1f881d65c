"""Replay is the live screen again: at random positions, in random order, cell for cell, ages included."""

import argparse
import random
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from console.core.fleet.state import Fleet
from console.recording.bodies import Row
from console.recording.files import session_paths
from console.recording.reader import Reader
from console.tui.screens.decide_screen import DecideScreen
from console.tui.screens.floor_screen import FloorScreen
from console.tui.screens.queue_screen import QueueScreen
from console.tui.screens.run_screen import RunScreen
from tests import DATA
from tests.bench.site import running_site
from tests.fidelity.checking import live
from tests.fixtures.replay import SITE, Cells, Feed, eventful, record, replaying, seen, watching

POSITIONS = 200
WIDTH, HEIGHT, BAR = 80, 24, 3
TRAIL = 40
"""Columns of row 1 in which both say where we are; what follows names the link, or the replay."""


def subjects(fleet: Fleet, chance: random.Random) -> tuple[str, str]:
    """A run and an action of the fleet, one that waits if there is any."""
    runs = [key for key, run in fleet.runs.items() if run.steps or run.actions]
    actions = [action.key for run in fleet.runs.values() for action in run.actions.values()]
    waiting = [key for key in fleet.waiting if fleet.action(key)]
    return (
        chance.choice(runs) if runs else "",
        chance.choice(waiting if waiting and chance.random() < 0.7 else actions) if actions else "",
    )


def screens(run: str, action: str) -> Iterator[FloorScreen | None]:
    yield None
    yield QueueScreen()
    if run:
        yield RunScreen(run)
    if action:
        yield DecideScreen(action)


def same(live: Cells, replayed: Cells) -> bool:
    """Whether both show the same but for the link in row 1, the time bar, and the keys."""
    return (
        live[0][:TRAIL] == replayed[0][:TRAIL]
        and live[1 : HEIGHT - 1] == replayed[1 : HEIGHT - 1]
        and len(replayed) == len(live) + BAR
    )


def apart(live: Cells, replayed: Cells) -> list[str]:
    """Say which cells differ: where, what, and in which style."""
    pairs = [
        (row, column, *both)
        for row in range(1, HEIGHT - 1)
        for column, both in enumerate(zip(live[row], replayed[row], strict=False))
    ]
    return [f"{row}:{column} {one} {other}" for row, column, one, other in pairs if one != other][:5]


def text(shown: Cells) -> str:
    return "\n".join("".join(character for character, _ in row).rstrip() for row in shown)


async def compare(rows: Sequence[Row], path: Path, positions: int, seed: int, *, site: str = SITE) -> int:
    """Show every position live and replayed; returns how many screens were compared."""
    chance = random.Random(seed)
    chosen = sorted(chance.sample(range(2, len(rows) + 1), positions))
    feed = Feed(rows, site)
    kept: dict[int, tuple[tuple[str, str], list[Cells]]] = {}
    async with watching(feed, size=(WIDTH, HEIGHT)) as console:
        for pos in chosen:
            feed.upto(pos)
            about = subjects(feed.fleet, chance)
            kept[pos] = about, [await seen(console, screen) for screen in screens(*about)]
    chance.shuffle(chosen)
    compared = 0
    async with replaying(path, size=(WIDTH, HEIGHT + BAR)) as replay:
        for pos in chosen:
            await replay.go(pos)
            assert replay.pos == pos
            about, expected = kept[pos]
            for screen, wanted in zip(screens(*about), expected, strict=True):
                found = await seen(replay, screen)
                assert same(wanted, found), f"{pos}\n{text(wanted)}\n{text(found)}\n{apart(wanted, found)}"
                compared += 1
    return compared


async def test_random_positions_look_replayed_as_they_looked_live(tmp_path: Path) -> None:
    script = eventful(2_000)
    (path,) = await record(script.rows, tmp_path, keyframes=600)
    assert await compare(script.rows, path, 15, 1) > 3.5 * 15


@pytest.mark.slow
@pytest.mark.timeout(900)
async def test_two_hundred_positions_look_replayed_as_they_looked_live(tmp_path: Path) -> None:
    script = eventful(6_000)
    (path,) = await record(script.rows, tmp_path, keyframes=1_500)
    assert await compare(script.rows, path, POSITIONS, 3) > 3.5 * POSITIONS


@pytest.mark.data
@pytest.mark.broker
@pytest.mark.slow
@pytest.mark.timeout(900)
async def test_what_a_real_site_recorded_looks_replayed_as_it_looked_live() -> None:
    file = DATA / "tau1-airline.jsonl.gz"
    if not file.exists():
        pytest.skip(f"no sample runs in {DATA}")
    options = argparse.Namespace(positions=1, seed=1, parallel=3, limit=12)
    with running_site("embedded") as site:
        await live(site, [file], options)
        site.stop()
        (path,) = session_paths(site.home.sessions)
        async with await Reader.open(path) as reader:
            rows = [row async for row in reader.rows()]
        assert await compare(rows, path, POSITIONS, 3, site="local") > 3.5 * POSITIONS
