"""A session in which everything happens that a decision can be: a real supervisor, real agents, a real recording."""

from __future__ import annotations

import asyncio
from functools import partial
from pathlib import Path

from bus import Action, Agent, Decision, Run, RunKilled
from bus.canonical import code
from bus.transports.memory import MemoryTransport
from tests.desk_fixture import SUPERVISOR, TOPICS
from tests.service_fixture import Running, running

RUNS = ("approved", "edited", "rejected", "responded", "expired", "withdrawn", "replayed", "killed", "mixed")
"""One run for each, by the name of what happens in it, and one for nearly all of it."""


def waiting(site: Running, run: str) -> bool:
    """Whether an action of the run waits for a person."""
    return any(key.startswith(f"a/{run}/") for key in site.desk.fleet.waiting)


async def answered(
    site: Running, job: Run, verb: str, tool: str, within: float = 600.0, **more: object
) -> Decision:
    """Propose a call and answer it as soon as it waits."""
    task = asyncio.create_task(job.gate(Action(tool, {"path": "/srv/a b"}, decide_within=within)))
    await site.until(lambda: waiting(site, job.id) or task.done())
    if verb:
        key = next(key for key in site.desk.fleet.waiting if key.startswith(f"a/{job.id}/"))
        action = site.desk.fleet.action(key)
        assert action is not None
        await site.say(
            verb,
            agent="a",
            run=job.id,
            action=action.id,
            digest=action.digest,
            code=code(action.digest),
            **more,
        )
    decision = await task
    if decision.approved:
        decision.done("as wanted")
    return decision


async def withdrawn(site: Running, job: Run) -> None:
    """Propose a call and go away."""
    task = asyncio.create_task(job.gate(Action("delete_file", {"path": "/srv/gone"})))
    await site.until(lambda: waiting(site, job.id))
    task.cancel()
    await asyncio.wait({task})


async def replayed(site: Running, job: Run) -> None:
    """Approve a call, then send the very bytes of the intent and of the decision again, while another call waits."""
    await answered(site, job, "approve", "delete_file")
    task = asyncio.create_task(job.gate(Action("delete_file", {"path": "/srv/b"}, decide_within=0.2)))
    await site.until(lambda: waiting(site, job.id))
    for topic in (TOPICS.intents("op-1"), TOPICS.commands("a")):
        for payload in site.witness.of(topic):
            site.bus.publish(topic, payload)
    assert (await task).outcome == "expired"


async def killed(site: Running, job: Run) -> None:
    """Be killed while a call is held."""
    task = asyncio.create_task(job.gate(Action("delete_file", {"path": "/srv/c"})))
    await site.until(lambda: waiting(site, job.id))
    await site.say("kill", agent="a", run=job.id)
    await task


async def live(site: Running, job: Run) -> None:
    """Live one run, by its name."""
    match job.id:
        case "approved":
            await answered(site, job, "approve", "delete_file")
        case "edited":
            await answered(site, job, "edit", "delete_file", args={"path": "/srv/other"})
        case "rejected":
            await answered(site, job, "reject", "delete_file", reason="not that one")
        case "responded":
            await answered(site, job, "respond", "delete_file", reason="it is gone already")
        case "expired":
            await answered(site, job, "", "delete_file", within=0.1)
        case "withdrawn":
            await withdrawn(site, job)
        case "replayed":
            await replayed(site, job)
        case "killed":
            await killed(site, job)
        case _:
            await answered(site, job, "edit", "bash", args={"path": "/srv/other"})
            await answered(site, job, "reject", "delete_file", reason="no")
            await answered(site, job, "approve", "bash", reason="yes")
            await answered(site, job, "", "delete_file", within=0.1)
            await killed(site, job)


async def lived(folder: Path) -> Path:
    """Live all of `RUNS` and return the folder of the sessions, closed."""
    async with running(folder) as site:
        key = SUPERVISOR.public.line
        make = partial(MemoryTransport, site.bus)
        async with Agent("a", home=site.home, transport=make, supervisor=key, on_disk=False) as agent:
            for name in RUNS:
                try:
                    async with agent.run(f"do what {name} says", run_id=name) as job:
                        await live(site, job)
                except RunKilled:
                    assert name in {"killed", "mixed"}
            await site.until(
                lambda: all(site.desk.fleet.runs[f"a/{name}"].ended_at is not None for name in RUNS)
            )
        return site.home.sessions
