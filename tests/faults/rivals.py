"""The faults of two where there may be one: supervisors of a site, agents of a name."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from typing import Final

from bus.limits import HEARTBEAT, LEASE_RENEW, LEASE_TTL
from bus.messages import Verb
from console.core.fleet.state import Action
from console.link.floor import NoAnswerError
from console.supervisor.process.serve import EXIT_UNUSABLE
from console.supervisor.process.up import prepare
from tests.faults.faults import SOON, Outcome
from tests.faults.world import AGENTS, World
from tests.fixtures.site_processes import FloorProcesses, until

REFUSED_WITHIN: Final = LEASE_TTL + LEASE_RENEW + 10.0
ATTEMPTS: Final = 30
KEY_FILES: Final = "supervisor_ed25519.pub"


async def second_up_at_home(world: World) -> Outcome:
    """A second `watchfloor up` on the same home is refused by the lock, and breaks nothing."""
    began = time.monotonic()
    site = world.site
    said = site.root / "second.log"
    second = site.spawn("-m", "console.cli.main", "up", "--broker", str(site.url), said=said)
    await until(lambda: second.poll() is not None, REFUSED_WITHIN, "the second up is refused")
    named = time.monotonic() - began
    text = said.read_text("utf-8")
    said.unlink()
    assert second.returncode == EXIT_UNUSABLE, f"exit code {second.returncode}: {text}"
    assert "another supervisor" in text, text
    assert site.home.broker(), "nobody finds the broker"
    assert site.home.broker_file.is_file(), "the second up took away where the broker is"
    await world.flowing()
    return Outcome("a second up on the same home, refused", named, time.monotonic() - began)


@asynccontextmanager
async def _elsewhere(world: World, name: str) -> AsyncIterator[FloorProcesses]:
    """Another home of the same site on the same broker."""
    root = world.site.root.with_name(f"{world.site.root.name}-{name}")
    other = FloorProcesses(root, broker=world.site.url, site=world.site.home.site)
    try:
        with other:
            yield other
    finally:
        await asyncio.to_thread(shutil.rmtree, root, ignore_errors=True)


async def second_up_elsewhere(world: World) -> Outcome:
    """A second `watchfloor up` with another home says who serves the site, waits, and starts without approvals."""
    began = time.monotonic()
    async with _elsewhere(world, "second") as other:
        other.start()
        await until(lambda: "another supervisor" in other.log(), REFUSED_WITHIN, "the second up says so")
        named = time.monotonic() - began
        assert "supervisor: up" not in other.log(), other.log()
        await until(
            lambda: "supervisor: up" in other.log(), LEASE_TTL + SOON, "the second up starts all the same"
        )
        floor = world.floor
        await world.shows(
            lambda: "second-supervisor" in floor.fleet.alarms, LEASE_TTL + SOON, "alarm second-supervisor"
        )
        assert not await other.stop(), other.log()
    ended = time.monotonic()
    await world.reset_alarms("second-supervisor")
    await world.saw(ended, lambda status: not status.conflict, LEASE_TTL + SOON, "approvals open again")
    await world.flowing()
    return Outcome("a second up on another home, kept waiting", named, time.monotonic() - ended)


async def two_supervisors(world: World) -> Outcome:
    """The first is frozen, a second starts, the first thaws: both close approvals and say so."""
    began = time.monotonic()
    async with _elsewhere(world, "second") as other:
        prepare(other.home)
        pid = world.site.send("supervisor", signal.SIGSTOP)
        try:
            other.start()
            await until(
                lambda: other.home.sessions.is_dir() and list(other.home.data.glob("sessions/*")),
                REFUSED_WITHIN,
                "the second supervisor looks",
            )
            await asyncio.sleep(
                LEASE_TTL + 3.0
            )  # its own rule: it starts when no lease was renewed for so long
        finally:
            os.kill(pid, signal.SIGCONT)
        thawed = time.monotonic()
        floor = world.floor
        await world.saw(thawed, lambda status: status.conflict, LEASE_TTL + SOON, "two supervisors")
        named = time.monotonic() - thawed
        await world.shows(
            lambda: "second-supervisor" in floor.fleet.alarms, LEASE_TTL + SOON, "alarm second-supervisor"
        )
        assert floor.fleet.alarms["second-supervisor"].latched
        await _approvals_are_closed(world)
        code = await other.stop()
        assert code == 0, f"the second up ended with {code}: {other.log()}"
    ended = time.monotonic()
    await world.reset_alarms("second-supervisor")
    await world.saw(ended, lambda status: not status.conflict, LEASE_TTL + SOON, "approvals open again")
    await world.flowing()
    return Outcome(
        f"two supervisors for {ended - thawed:.1f} s, after {thawed - began:.0f} s of frost",
        named,
        time.monotonic() - ended,
    )


async def waiting_asks(world: World, at_least: int) -> list[Action]:
    """Let the operator pause until so many agents wait, and return what for."""
    await world.operator.pause()
    fleet = world.floor

    def asks() -> list[Action]:
        found = [fleet.fleet.action(key) for key in fleet.fleet.waiting]
        return [action for action in found if action is not None and action.outcome is None]

    await until(lambda: len(asks()) >= at_least, 60.0, f"{at_least} agents wait")
    return asks()


async def _approvals_are_closed(world: World) -> None:
    """Approving is refused as closed, rejecting goes through: both by the first one's recording.

    The other supervisor answers, too, for its own operators and its own epoch, and may be the faster one.
    """
    action = (await waiting_asks(world, 1))[0]
    audit = world.audit
    await audit.read()
    closed = audit.refused["closed"]
    await _said(world, "approve", action, lambda: audit.refused["closed"] > closed)
    assert action.key not in audit.decided, "it was decided although approvals are closed"
    await _said(world, "reject", action, lambda: action.key in audit.decided)
    assert audit.decided[action.key].outcome == "rejected"
    world.operator.resume()


async def _said(world: World, verb: Verb, action: Action, recorded: Callable[[], bool]) -> None:
    for _ in range(ATTEMPTS):
        with suppress(NoAnswerError):
            await world.floor.say(
                verb,
                timeout=2.0,
                agent=action.agent,
                run=action.run,
                action=action.id,
                digest=action.digest,
                reason="two supervisors",
            )
        await world.audit.read()
        if recorded():
            return
        await asyncio.sleep(1.0)  # refusals are limited to so many a minute
    raise AssertionError(f"{verb} never reached the first supervisor")


async def two_agents(world: World) -> Outcome:
    """A second process takes an agent's name, then one its name and its run: both are named, the second run refused."""
    name = world.chance.choice(AGENTS)
    floor = world.floor
    began = time.monotonic()
    folder = world.folder / "impostor"
    folder.mkdir(exist_ok=True)
    said = world.site.root / "impostor.log"
    run = f"impostor-{world.chance.randrange(10**9)}"
    impostor = world.site.spawn("-m", "tests.faults.agent", name, str(folder), run, said=said)
    alarm = f"duplicate-agent/{name}"
    await world.shows(lambda: alarm in floor.fleet.alarms, 3 * HEARTBEAT + SOON, "alarm duplicate-agent")
    named = time.monotonic() - began
    impostor.send_signal(signal.SIGTERM)
    await until(lambda: impostor.poll() is not None, 40.0, "the impostor ends")
    assert impostor.returncode == 0, said.read_text("utf-8")
    await _same_run(world, name)
    ended = time.monotonic()
    await world.flowing()
    await world.reset_alarms("duplicate-agent", "run-refused")
    return Outcome(f"two processes called {name}", named, time.monotonic() - ended)


async def _same_run(world: World, name: str) -> None:
    """A process with another spool claims the run that the agent is living: refused."""
    async with _elsewhere(world, "impostor") as other:
        other.home.config.mkdir(parents=True)
        shutil.copy(world.site.home.config / KEY_FILES, other.home.config)
        other.home.data.mkdir(parents=True)
        other.home.broker_file.write_text(str(world.site.url), "utf-8")
        await until(lambda: world.running(name), SOON, f"{name} has a run")
        run = world.running(name)
        assert run is not None
        folder = other.root / "agents"
        folder.mkdir()
        thief = other.spawn("-m", "tests.faults.agent", name, str(folder), run.run, said=other.said)
        await until(lambda: thief.poll() is not None, 60.0, "the thief of a run is refused")
        assert "refused" in other.log(), other.log()
        assert not list(folder.glob("*.effects")) or not (folder / f"{name}.effects").read_text("utf-8")
