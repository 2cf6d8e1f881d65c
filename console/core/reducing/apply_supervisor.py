"""What each record of the supervisor does to the fleet. One function a type, in one table, called by `reduce` alone."""

from __future__ import annotations

from typing import Any, Final

from bus.codec import Record
from bus.records import (
    AgentBorn,
    AgentLost,
    AgentPasses,
    AgentStopped,
    CommandFailed,
    CommandRequested,
    CommandSent,
    GapFound,
    RunContained,
)
from console.core.fleet.agent_life import AgentLife
from console.core.fleet.holding import hold_changed
from console.core.fleet.kept import AGENTS_KEPT, LOST_KEPT, WITHDRAWN_KEPT
from console.core.fleet.lifecycle import COMMAND, ENDED, RUN, advance
from console.core.fleet.room import keep_command
from console.core.fleet.state import Command, Fleet, Run
from console.core.fleet.turns import (
    ApplySupervisor,
    Touched,
    bring_back,
    find,
    pause_failed,
    put_away,
    told,
    waits,
)
from console.core.reducing.apply_alarm import APPLY_ALARM
from console.core.reducing.apply_decision import APPLY_DECISION
from console.core.reducing.apply_grant import APPLY_GRANT
from console.core.reducing.apply_outcome import APPLY_OUTCOME
from console.core.reducing.apply_site import APPLY_SITE
from console.core.reducing.subjects import to_command
from console.core.text import plain


def _requested(fleet: Fleet, record: Record, data: CommandRequested) -> Touched:
    command = Command(
        id=data.command,
        kind=data.kind,
        agent=record.agent,
        run=record.run,
        by=plain(data.by, 64),
        pos=record.pos,
        order=data.order or record.pos,
        action=data.action,
        reason=plain(data.reason),
        requested_at=record.at,
        floor=data.floor,
    )
    keep_command(fleet, command)
    fleet.order = max(fleet.order, command.order)
    run = fleet.run(record.agent, record.run)
    if run is None or run.state in ENDED:
        return (("command", command.id),)
    told(run, command)
    if fleet.held is not None:
        run.floor = fleet.held.pos
    if data.kind == "pause" and run.state != "lost":
        run.state = advance(RUN, run.state, "pause")
    return (("command", command.id), ("run", run.key))


def _sent(fleet: Fleet, command: Command, record: Record, data: CommandSent) -> None:
    command.state = advance(COMMAND, command.state, "send")
    if command.sent_at is None:
        command.sent_at = record.at


def _failed(fleet: Fleet, command: Command, record: Record, data: CommandFailed) -> None:
    command.state = advance(COMMAND, command.state, "fail")
    command.failed_at = record.at
    command.problem = plain(data.reason)
    run = fleet.run(record.agent, record.run)
    if run is not None:
        hold_changed(run, command)
        if command.kind == "pause":
            pause_failed(fleet, run)


def _contained(fleet: Fleet, record: Record, data: RunContained) -> Touched:
    run = fleet.run(record.agent, record.run)
    if run is None or next(reversed(run.lives), "") != data.incarnation:
        return ()
    run.control = "contained"
    return (("run", run.key),)


def _born(fleet: Fleet, record: Record, data: AgentBorn) -> Touched:
    before = fleet.agents.get(record.agent)
    fleet.agents[record.agent] = AgentLife(
        agent=record.agent,
        status="online",
        incarnation=data.incarnation,
        connection=data.connection,
        sdk=plain(data.sdk, 64),
        control=data.control,
        since=record.at,
        passes=before.passes if before else [],
        pass_schemas=before.pass_schemas if before else {},
        withdrawn=before.withdrawn if before else [],
    )
    _forget_agents(fleet)
    touched: list[tuple[Any, str]] = [("agent", record.agent)]
    away = [key for key, run in fleet.away.items() if run.agent == record.agent]
    for key in away:
        if data.incarnation in list(fleet.away[key].lives)[-1:]:
            bring_back(fleet, key)
    for run in fleet.runs.values():
        if run.agent == record.agent and run.state == "lost" and data.incarnation in list(run.lives)[-1:]:
            find(fleet, run)
            touched.append(("run", run.key))
    return touched


def _passes(fleet: Fleet, record: Record, data: AgentPasses) -> Touched:
    life = fleet.agents.get(record.agent)
    if life is None:
        return ()
    before = [*life.withdrawn, *((tool, "") for tool in life.passes), *life.pass_schemas.items()]
    held = {*((tool, "") for tool in data.tools), *data.schemas.items()}
    life.withdrawn = [one for one in dict.fromkeys(before) if one not in held][-WITHDRAWN_KEPT:]
    life.passes, life.pass_schemas = data.tools, data.schemas
    return (("agent", record.agent),)


def _stopped(fleet: Fleet, record: Record, data: AgentStopped) -> Touched:
    return _gone(fleet, record, "stopped", "")


def _lost(fleet: Fleet, record: Record, data: AgentLost) -> Touched:
    return _gone(fleet, record, "lost", data.why)


def _gone(fleet: Fleet, record: Record, status: str, why: str) -> Touched:
    life = fleet.agents.get(record.agent)
    if life is not None:
        life.status, life.why, life.since = status, why, record.at
    touched: list[tuple[Any, str]] = [("agent", record.agent)]
    for run in fleet.runs.values():
        if run.agent == record.agent and run.state not in ENDED and run.state != "lost":
            run.lost_from, run.state = run.state, advance(RUN, run.state, "lose")
            touched.append(("run", run.key))
    lost = [run for run in fleet.runs.values() if run.state == "lost" and not waits(fleet, run)]
    for run in sorted(lost, key=lambda run: run.last_at)[:-LOST_KEPT]:
        put_away(fleet, run.key)
        touched.append(("run", run.key))
    return touched


def _forget_agents(fleet: Fleet) -> None:
    """Of the agents that are gone, keep the newest."""
    gone = [name for name, life in fleet.agents.items() if life.status != "online"]
    for name in gone[: max(0, len(fleet.agents) - AGENTS_KEPT)]:
        del fleet.agents[name]


def _gap(fleet: Fleet, record: Record, data: GapFound) -> Touched:
    key = f"{record.agent}/{record.run}"
    run = fleet.runs.get(key) or bring_back(fleet, key)
    if run is None:
        run = Run(agent=record.agent, run=record.run, started_at=record.at, goal="(its beginning is lost)")
        fleet.runs[run.key] = run
    run.gaps += data.last - data.first + 1
    run.seq = data.last
    return (("run", run.key),)


APPLY_SUPERVISOR: Final[dict[type, ApplySupervisor]] = {
    CommandRequested: _requested,
    CommandSent: to_command(_sent),
    CommandFailed: to_command(_failed),
    RunContained: _contained,
    **APPLY_ALARM,
    **APPLY_DECISION,
    **APPLY_GRANT,
    **APPLY_OUTCOME,
    **APPLY_SITE,
    AgentBorn: _born,
    AgentStopped: _stopped,
    AgentLost: _lost,
    AgentPasses: _passes,
    GapFound: _gap,
}
