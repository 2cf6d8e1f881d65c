"""The faults that processes suffer: killed, frozen, told to stop. Each is named, mended, and recovered from."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

import psutil

from bus.limits import AGENT_SILENT, KEEPALIVE, LEASE_TTL
from console.core.fleet.lifecycle import ENDED
from tests.faults.world import AGENTS, JOIN_WITHIN, World
from tests.fixtures.site_processes import alive, until

SOON: Final = 5.0
"""Seconds within which what a broken connection tells is shown."""

LEASE_LAPSES: Final = LEASE_TTL + SOON
AGENT_LAPSES: Final = max(AGENT_SILENT, KEEPALIVE * 1.5) + SOON
CHILDREN_GONE: Final = 10.0


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a fault did. Times are in seconds; `named` is None where nothing has to be named."""

    done: str
    named: float | None
    recovered: float


Fault = Callable[[World], Awaitable[Outcome]]


async def kill_supervisor(world: World) -> Outcome:
    """`kill -9` of the supervisor; `up` starts it again."""
    began = time.monotonic()
    pid = world.site.send("supervisor", signal.SIGKILL)
    named = await world.saw(began, lambda status: status.supervisor == "lost", SOON, "supervisor lost")
    await until(lambda: world.site.pid("supervisor") not in (0, pid), JOIN_WITHIN, "another supervisor")
    await world.flowing()
    return Outcome(f"kill -9 supervisor {pid}", named, time.monotonic() - began)


async def kill_broker(world: World) -> Outcome:
    """`kill -9` of the broker; `up` starts it again, or a foreign one comes back on its own."""
    began = time.monotonic()
    if world.broker is not None:
        pid = world.broker.pid
        await asyncio.to_thread(world.broker.restart)
    else:
        pid = world.site.send("broker", signal.SIGKILL)
    named = await world.saw(began, lambda status: status.bus == "down", SOON, "bus lost")
    await world.flowing()
    return Outcome(f"kill -9 broker {pid}", named, time.monotonic() - began)


async def kill_agent(world: World) -> Outcome:
    """`kill -9` of an agent; started again, it goes on with its run."""
    name = world.chance.choice(AGENTS)
    run = await _run(world, name)
    process = world.agents[name]
    began = time.monotonic()
    process.kill()
    await asyncio.to_thread(process.wait)
    named = await _lost(world, name, run, SOON) if world.chance.random() < 0.8 else None
    world.start_agent(name)
    await world.flowing()
    return Outcome(f"kill -9 agent {name} in {run}", named, time.monotonic() - began)


async def kill_console(world: World) -> Outcome:
    """`kill -9` of a console; nobody else notices but by its operator, who has left."""
    console = world.console
    assert console is not None
    text = world.console_said
    await until(lambda: "joined" in text.read_text("utf-8"), JOIN_WITHIN, "the console joins")
    name = text.read_text("utf-8").rpartition("joined ")[2].split()[0]
    await world.shows(lambda: name in world.floor.fleet.operators, SOON, f"{name} is among the operators")
    began = time.monotonic()
    console.kill()
    await asyncio.to_thread(console.wait)
    await world.shows(lambda: name not in world.floor.fleet.operators, SOON, f"{name} has left")
    named = time.monotonic() - began
    text.unlink()
    world.start_console()
    await until(lambda: "joined" in text.read_text("utf-8"), JOIN_WITHIN, "the next console joins")
    await world.flowing()
    return Outcome(f"kill -9 console {console.pid}", named, time.monotonic() - began)


async def kill_parent(world: World) -> Outcome:
    """`kill -9` of `watchfloor up`: its children end by themselves; then it is started again."""
    pid = world.site.parent.pid
    return await _restarted(world, signal.SIGKILL, f"kill -9 up {pid}")


async def terminate_parent(world: World) -> Outcome:
    """SIGTERM of `watchfloor up`: a clean end."""
    return await _restarted(world, signal.SIGTERM, f"SIGTERM up {world.site.parent.pid}")


async def hang_up_parent(world: World) -> Outcome:
    """SIGHUP of `watchfloor up`, as by a closed terminal: a clean end."""
    return await _restarted(world, signal.SIGHUP, f"SIGHUP up {world.site.parent.pid}")


async def _restarted(world: World, number: signal.Signals, what: str) -> Outcome:
    began = time.monotonic()
    before = len(world.site.log())
    children = psutil.Process(world.site.parent.pid).children(recursive=True)
    code = await world.site.stop(number)
    gone = time.monotonic() - began
    assert not any(map(alive, children))
    assert gone < CHILDREN_GONE or number is not signal.SIGKILL, f"children gone only after {gone:.1f} s"
    assert code == (-signal.SIGKILL if number is signal.SIGKILL else 0), f"up ended with {code}"
    said = world.site.log()[before:]
    assert "Traceback" not in said, said
    named = await world.saw(
        began,
        lambda status: status.bus == "down" or status.supervisor in ("stopped", "lost"),
        LEASE_LAPSES,
        "bus or supervisor gone",
    )
    world.site.start()
    await world.flowing()
    return Outcome(f"{what}, children gone in {gone:.1f} s", named, time.monotonic() - began)


async def freeze_agent(world: World) -> Outcome:
    """SIGSTOP of an agent until it is named, and some more; then SIGCONT."""
    name = world.chance.choice(AGENTS)
    run = await _run(world, name)
    began = time.monotonic()
    os.kill(world.agents[name].pid, signal.SIGSTOP)
    try:
        named = await _lost(world, name, run, AGENT_LAPSES)
        await asyncio.sleep(world.chance.uniform(0, 5))
    finally:
        os.kill(world.agents[name].pid, signal.SIGCONT)
    thawed = time.monotonic()
    await world.flowing()
    return Outcome(f"froze {name} for {thawed - began:.1f} s", named, time.monotonic() - thawed)


async def freeze_supervisor(world: World) -> Outcome:
    """SIGSTOP of the supervisor until its lease lapses, and some more; then SIGCONT."""
    lost = world.audit.alarms["agent-lost"]
    await world.check()
    began = time.monotonic()
    pid = world.site.send("supervisor", signal.SIGSTOP)
    try:
        named = await world.saw(
            began, lambda status: status.supervisor == "lost", LEASE_LAPSES, "supervisor lost"
        )
        await asyncio.sleep(world.chance.uniform(0, 10))
    finally:
        os.kill(pid, signal.SIGCONT)
    thawed = time.monotonic()
    await world.flowing()
    world.audit.problems += await world.check()
    wrongly = world.audit.alarms["agent-lost"] - lost
    if wrongly > 0:
        world.audit.problems.append(f"a frozen supervisor called {wrongly} living agents lost")
    return Outcome(f"froze supervisor for {thawed - began:.1f} s", named, time.monotonic() - thawed)


async def _run(world: World, name: str) -> str:
    await until(lambda: world.running(name), JOIN_WITHIN, f"{name} has a run")
    run = world.running(name)
    assert run is not None
    return run.key


async def _lost(world: World, name: str, key: str, within: float) -> float:
    """Wait until an agent is called lost; its run must be lost, too, unless it had ended just before."""
    fleet = world.floor

    def lost() -> bool:
        life = fleet.fleet.agents.get(name)
        return life is not None and life.status == "lost"

    took = await until(lost, within, f"{name} is called lost")
    run = fleet.fleet.runs.get(key)
    assert run is None or run.state == "lost" or run.state in ENDED, f"{key} is {run.state}"
    return took
