"""The fault of a recording that can grow no more, by a limit on the size of files that its process may write."""

from __future__ import annotations

import asyncio
import json
import signal
import time
from pathlib import Path

from console.core.fleet.state import Action
from console.supervisor.process.emergency import EmergencyLog
from tests.faults.audit import counted
from tests.faults.faults import SOON, Outcome
from tests.faults.rivals import waiting_asks
from tests.faults.world import World
from tests.fixtures.site_processes import fill, free, until


async def full_disk(world: World) -> Outcome:
    """Full, seen, closed for approvals and open for stops; then there is space again and everything is recorded."""
    began, named, rejected, killed = await _filled(world)
    raised = world.audit.alarms["recording-failing"]
    freed = time.monotonic()
    free(world.site.pid("supervisor"))
    await world.saw(freed, lambda status: status.recording == "ok", SOON, "the recording works")
    world.operator.resume()
    await world.flowing()
    await _recorded(world, rejected, killed)
    assert world.audit.alarms["recording-failing"] == raised + 1, "alarm recording-failing was not recorded"
    alarm = world.floor.fleet.alarms.get("recording-failing")
    # `gone`: with a disk that was full three times in a minute it chatters, and is shown until it has kept still.
    over = alarm is None or alarm.gone or alarm.state in ("returned", "normal")
    assert over, "the alarm stands, and the disk has room"
    return Outcome(f"full disk for {freed - began:.1f} s", named, time.monotonic() - freed)


async def full_disk_and_kill(world: World) -> Outcome:
    """Full, stops sent unrecorded, and the supervisor killed before it could record them: said late, and loudly."""
    began, named, _, _ = await _filled(world)
    killed = time.monotonic()
    world.site.send("supervisor", signal.SIGKILL)
    world.operator.resume()
    await world.flowing()
    late = [alarm for alarm in world.floor.fleet.alarms.values() if alarm.kind == "recorded-late"]
    assert late, "nobody says what was sent unrecorded"
    assert all(alarm.latched for alarm in late)
    emergency = world.site.home.emergency_log
    await until(lambda: not emergency.exists(), SOON, "the emergency log is gone")
    await world.reset_alarms("recorded-late")
    return Outcome(f"full disk for {killed - began:.1f} s, then kill -9", named, time.monotonic() - killed)


async def full_disk_and_end(world: World) -> Outcome:
    """Full, and told to stop: a clean end that says what could not be stored; agents send it again."""
    began, named, _, _ = await _filled(world)
    ended = time.monotonic()
    before = len(world.site.log())
    await world.site.stop()
    said = world.site.log()[before:]
    assert "Traceback" not in said, said
    world.site.start()
    world.operator.resume()
    await world.flowing()
    await world.reset_alarms("recorded-late")
    return Outcome(f"full disk for {ended - began:.1f} s, then SIGTERM", named, time.monotonic() - ended)


async def _filled(world: World) -> tuple[float, float, Action, Action]:
    """Fill the disk while two agents wait. Approving is refused; one is rejected, the other's run paused and killed."""
    one, other = (await waiting_asks(world, 2))[:2]
    began = time.monotonic()
    fill(world.site.pid("supervisor"))
    floor = world.floor
    # Where all agents wait there may be nothing to record; a refusal is always recorded.
    something = asyncio.create_task(floor.say("acknowledge", alarm="nobody's", timeout=120.0))
    world.tasks.add(something)
    something.add_done_callback(world.tasks.discard)
    named = await world.saw(began, lambda status: status.recording == "failing", 10.0, "recording failing")
    refused = await floor.say("approve", agent=one.agent, run=one.run, action=one.id, digest=one.digest)
    assert refused.outcome == "closed", f"an approval was {refused.outcome}: {refused.text}"
    made = counted(world.folder).get(f"{one.agent}/{one.run}", 0)
    answers = [
        await floor.say("reject", agent=one.agent, run=one.run, action=one.id, reason="full disk"),
        await floor.say("pause", agent=other.agent, run=other.run, reason="full disk"),
        await floor.say("kill", agent=other.agent, run=other.run, reason="full disk"),
    ]
    assert all(answer.accepted for answer in answers), answers
    waiter = f"{one.agent}/{one.run}"
    await until(lambda: counted(world.folder).get(waiter, 0) > made, SOON, "the rejection arrives")
    ended = f"end {other.run}"
    await until(
        lambda: ended in (world.folder / f"{other.agent}.made").read_text("utf-8"), SOON, "the kill arrives"
    )
    await until(world.site.home.emergency_log.exists, SOON, "there is an emergency log")
    log = world.site.home.emergency_log  # written behind the commands: they do not wait for a disk
    await until(lambda: {"decision", "pause", "kill"} <= _kept(log), SOON, "they stand in the emergency log")
    await asyncio.sleep(world.chance.uniform(0, 4))
    return began, named, one, other


async def _recorded(world: World, rejected: Action, killed: Action) -> None:
    for text in await world.check():
        world.audit.problems.append(text)
    decided = world.audit.decided.get(rejected.key)
    assert decided is not None, "the rejection is not recorded"
    assert decided.outcome == "rejected"
    assert f"{killed.agent}/{killed.run}" in world.audit.finished, "the end of the killed run is not recorded"
    assert not world.site.home.emergency_log.exists(), "the emergency log is still there"


def _kept(log: Path) -> set[str]:
    """Types of the commands that the emergency log holds."""
    return {json.loads(json.loads(line)["payload"])["type"] for line in EmergencyLog(log).left()}
