"""What each record of the supervisor does to the fleet. One function a type, in one table, called by `reduce` alone."""

from __future__ import annotations

from typing import Any, Final

from bus.codec import Record
from bus.records import (
    ActionAsked,
    ActionAssessed,
    ActionDecided,
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
from console.core.alarms.alarm_load import count_decision
from console.core.deeds import UNSIGNED
from console.core.fleet.agent_life import AgentLife
from console.core.fleet.kept import AGENTS_KEPT, LOST_KEPT, WITHDRAWN_KEPT
from console.core.fleet.lifecycle import ACTION, ALLOWS, COMMAND, ENDED, RUN, advance
from console.core.fleet.policy_state import count
from console.core.fleet.room import keep_command, keep_edit
from console.core.fleet.state import Action, Command, Fleet, Run
from console.core.fleet.turns import (
    ApplySupervisor,
    Touched,
    bring_back,
    close_ask,
    find,
    pause_failed,
    put_away,
    told,
    waits,
)
from console.core.judging.reach import PHRASES, SENTENCE_CHARS, WORDS_CHARS
from console.core.reducing.apply_alarm import APPLY_ALARM
from console.core.reducing.apply_grant import APPLY_GRANT, used
from console.core.reducing.apply_outcome import APPLY_OUTCOME
from console.core.reducing.apply_site import APPLY_SITE
from console.core.text import plain

BY_PEOPLE: Final = ("approved", "edited", "rejected", "responded")
"""Outcomes that an operator decides."""


def _action_of(fleet: Fleet, record: Record, name: str) -> tuple[Run, Action] | None:
    run = fleet.run(record.agent, record.run)
    action = run.actions.get(name) if run else None
    return (run, action) if run and action else None


def _assessed(fleet: Fleet, record: Record, data: ActionAssessed) -> Touched:
    found = _action_of(fleet, record, data.action)
    if found is None:
        return ()
    run, action = found
    action.state = advance(ACTION, action.state, "assess")
    action.digest = data.digest
    action.severity = data.severity
    action.failure_bp = data.failure_bp
    action.gate = data.gate
    action.reasons = data.reasons
    action.origins = data.origins
    action.reaches = [plain(phrase, WORDS_CHARS) for phrase in data.reaches[:PHRASES]]
    action.no_undo = plain(data.no_undo, SENTENCE_CHARS)
    count(fleet.policy, data.reasons, fleet.policy.fired)
    return (("action", action.key), ("run", run.key))


def _asked(fleet: Fleet, record: Record, data: ActionAsked) -> Touched:
    found = _action_of(fleet, record, data.action)
    if found is None:
        return ()
    run, action = found
    action.state = advance(ACTION, action.state, "ask")
    action.gate = data.gate
    action.asked_at = record.at
    action.decide_within = data.decide_within
    action.offer = data.offer
    fleet.waiting.append(action.key)
    count(fleet.policy, action.reasons, fleet.policy.asked)
    if run.state not in ENDED and run.state != "lost":
        run.state = advance(RUN, run.state, "ask")
    return (("action", action.key), ("run", run.key))


def _decided(fleet: Fleet, record: Record, data: ActionDecided) -> Touched:
    found = _action_of(fleet, record, data.action)
    if found is None:
        return ()
    run, action = found
    was_asked = action.state == "asked"
    if action.state != "withdrawn":
        action.state = advance(ACTION, action.state, "allow" if data.outcome in ALLOWS else "deny")
    action.outcome = data.outcome
    action.decided_by = plain(data.by, 64)
    action.decided_at = record.at
    if data.outcome != "expired":
        fleet.last_decision = record.at
    action.decision = data.command
    action.decided_digest = data.digest or ""
    keep_edit(fleet, action, data.args)
    action.note = plain(data.reason)
    action.answer = data.reason
    used(fleet, record, data)
    if was_asked:
        close_ask(fleet, run, action)
        # Without a signature there is only a name, and made-up ones would take the place of people's.
        if data.outcome in BY_PEOPLE and data.by != "policy" and not data.by.endswith(UNSIGNED):
            asked, severity = action.asked_at or record.at, action.severity or 0
            approved = data.outcome in ALLOWS
            count_decision(fleet.load, action.decided_by, record.at, asked, severity, approved=approved)
    if not data.command:
        return (("action", action.key), ("run", run.key))
    command = Command(
        id=data.command,
        kind="decision",
        agent=run.agent,
        run=run.run,
        by=action.decided_by,
        pos=record.pos,
        action=action.id,
        requested_at=record.at,
    )
    keep_command(fleet, command)
    return (("action", action.key), ("run", run.key), ("command", command.id))


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


def _sent(fleet: Fleet, record: Record, data: CommandSent) -> Touched:
    command = fleet.commands.get(data.command)
    if command is None:
        return ()
    command.state = advance(COMMAND, command.state, "send")
    if command.sent_at is None:
        command.sent_at = record.at
    return (("command", command.id),)


def _failed(fleet: Fleet, record: Record, data: CommandFailed) -> Touched:
    command = fleet.commands.get(data.command)
    if command is None:
        return ()
    command.state = advance(COMMAND, command.state, "fail")
    command.failed_at = record.at
    command.problem = plain(data.reason)
    run = fleet.run(record.agent, record.run)
    if run is not None and command.kind == "pause":
        pause_failed(fleet, run)
    return (("command", command.id),)


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
    ActionAssessed: _assessed,
    ActionAsked: _asked,
    ActionDecided: _decided,
    CommandRequested: _requested,
    CommandSent: _sent,
    CommandFailed: _failed,
    RunContained: _contained,
    **APPLY_ALARM,
    **APPLY_GRANT,
    **APPLY_OUTCOME,
    **APPLY_SITE,
    AgentBorn: _born,
    AgentStopped: _stopped,
    AgentLost: _lost,
    AgentPasses: _passes,
    GapFound: _gap,
}
