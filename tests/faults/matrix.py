"""The matrix: which faults there are, how often each is done, and what is said about each."""

from __future__ import annotations

import asyncio
import random
import traceback
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from tests.faults import faults, full_disk, rivals
from tests.faults.faults import Fault, Outcome
from tests.faults.world import World
from tests.fixtures.broker_kinds import running_broker
from tests.fixtures.brokers import RunningBroker
from tests.fixtures.site_processes import FloorProcesses, TooLateError

FAULTS: Final[dict[str, Fault]] = {
    "kill -9 supervisor": faults.kill_supervisor,
    "kill -9 broker": faults.kill_broker,
    "kill -9 agent": faults.kill_agent,
    "kill -9 console": faults.kill_console,
    "kill -9 up": faults.kill_parent,
    "SIGTERM up": faults.terminate_parent,
    "SIGHUP up": faults.hang_up_parent,
    "freeze agent": faults.freeze_agent,
    "freeze supervisor": faults.freeze_supervisor,
    "second up, same home": rivals.second_up_at_home,
    "second up, other home": rivals.second_up_elsewhere,
    "two supervisors": rivals.two_supervisors,
    "two agents, one name": rivals.two_agents,
    "full disk": full_disk.full_disk,
    "full disk, kill -9": full_disk.full_disk_and_kill,
    "full disk, SIGTERM": full_disk.full_disk_and_end,
}


@dataclass(slots=True)
class Row:
    """What became of one kind of fault."""

    rounds: int = 0
    lost: int = 0
    named: list[float] = field(default_factory=list)
    recovered: list[float] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)


@asynccontextmanager
async def world(broker: str, root: Path, seed: int) -> AsyncIterator[World]:
    """A world on a broker of a kind, at work."""
    with _broker(broker) as running:
        site = FloorProcesses(root, broker=running.url if running else None)
        async with World(site, random.Random(seed), running) as there:
            yield there


@contextmanager
def _broker(broker: str) -> Iterator[RunningBroker | None]:
    if broker == "embedded":
        yield None
    else:
        with running_broker(broker) as running:
            yield running


async def suffer(there: World, name: str, row: Row) -> str:
    """Do one fault at a random moment, check everything, and return the line that says how it went."""
    await asyncio.sleep(there.chance.uniform(0, 1.5))
    lost = there.lost()
    outcome = Outcome(name, None, 0.0)
    problems: list[str] = []
    try:
        outcome = await FAULTS[name](there)
        problems = await there.check()
    except (AssertionError, TooLateError, TimeoutError) as error:
        problems = [str(error) or repr(error), *await there.mend()]
    except Exception:  # noqa: BLE001 - the other faults still have something to say
        problems = [traceback.format_exc(), *await there.mend()]
    row.rounds += 1
    row.lost += there.lost() - lost
    row.problems += problems
    if outcome.named is not None:
        row.named.append(outcome.named)
    if not problems:
        row.recovered.append(outcome.recovered)
    named = "-" if outcome.named is None else f"{outcome.named:.1f} s"
    told = "".join(f"\n    WRONG: {problem}" for problem in problems)
    return f"{outcome.done}: lost {there.lost() - lost}, named {named}, recovered {outcome.recovered:.1f} s{told}"


async def matrix(
    broker: str,
    root: Path,
    *,
    names: Sequence[str],
    rounds: int,
    seed: int,
    say: Callable[[str], None],
) -> bool:
    """Do each fault so many times, in random order, in one world that must outlive them all. Return whether it did."""
    rows = {name: Row() for name in names}
    order = [name for name in names for _ in range(rounds)]
    random.Random(seed).shuffle(order)
    async with world(broker, root, seed) as there:
        for number, name in enumerate(order, 1):
            say(f"{number:3}/{len(order)} {await suffer(there, name, rows[name])}")
        end = await there.end()
        say(
            f"{there.audit.fleet.pos} records, {sum(there.audit.seqs.values())} events of agents, "
            f"{len(there.audit.seqs)} runs, {len(there.audit.decided)} decisions, {there.done} effects"
        )
    for problem in end:
        say(f"    WRONG at the end: {problem}")
    say("")
    for line in table(broker, rows):
        say(line)
    return not end and not any(row.problems for row in rows.values())


def table(broker: str, rows: dict[str, Row]) -> Iterator[str]:
    """The table at the end: median and worst times in seconds."""
    yield f"{broker + ':':24}  rounds  lost  named (median, worst)  recovered (median, worst)  wrong"
    for name, row in rows.items():
        yield (
            f"{name:24}  {row.rounds:6}  {row.lost:4}  {_times(row.named):>21}  {_times(row.recovered):>25}  "
            f"{len(row.problems):5}"
        )


def _times(seconds: list[float]) -> str:
    if not seconds:
        return "-"
    ordered = sorted(seconds)
    return f"{ordered[len(ordered) // 2]:.1f}, {ordered[-1]:.1f}"
