"""What an agent's records about actions and commands do. One function a type, in one table, part of `APPLY_AGENT`."""

from __future__ import annotations

from typing import Final

from bus.codec import Record
from bus.events import (
    ActionFinished,
    ActionProposed,
    ActionStarted,
    CommandAcknowledged,
    CommandDirect,
    CommandEffective,
    CommandRefused,
    CommandRung,
)
from console.core.fleet.holding import hold_changed
from console.core.fleet.kept import OPEN_ACTIONS, RUNGS_KEPT, TOOLS_KEPT
from console.core.fleet.lifecycle import (
    ACTION,
    COMMAND,
    ENDED,
    OPEN,
    RUN,
    ActionEvent,
    CommandEvent,
    IllegalTransitionError,
    advance,
)
from console.core.fleet.room import forget_actions, keep_args, keep_command, keep_preview
from console.core.fleet.state import Action, Command, Fleet, Run, Rung
from console.core.fleet.turns import ApplyAgent, Touched, claim, close_ask, living, pause_failed, told, waits
from console.core.judging.preview import sides
from console.core.judging.tool_facts import schema_of
from console.core.text import plain

MANY_DEFINITIONS: Final = "many"
"""Stands for the digest of a tool that a run has used under more than one definition: it fits no pin."""


def _proposed(fleet: Fleet, run: Run, record: Record, data: ActionProposed) -> Touched:
    living(run)
    if data.action in run.actions:
        msg = f"action {data.action} was proposed before"
        raise IllegalTransitionError(msg)
    if (
        len(run.actions) >= OPEN_ACTIONS
        and sum(a.state in OPEN for a in run.actions.values()) >= OPEN_ACTIONS
    ):
        msg = f"more than {OPEN_ACTIONS} open actions in one run"
        raise IllegalTransitionError(msg)
    tool = plain(data.tool, 128)
    action = Action(
        id=data.action,
        agent=run.agent,
        run=run.run,
        tool=tool,
        tool_sent="" if tool == data.tool else data.tool,
        claimed=data.digest or "",
        step=data.step,
        call_id=plain(data.call_id, 128),
        reason=plain(data.reason, 400),
        confidence=data.confidence,
        hints=data.hints,
        supersedes=data.supersedes or "",
        passed=data.passed,
        decide_within=data.decide_within,
        proposed_at=record.at,
    )
    keep_args(fleet, run, action, data.args)
    keep_preview(fleet, run, action, sides(data.preview))
    run.actions[action.id] = action
    run.actions_seen += 1
    run.so_far.called(data.tool, data.args)
    claim(run, data.confidence)
    forget_actions(fleet, run)
    return (("action", action.key),)


def _action_started(fleet: Fleet, run: Run, record: Record, data: ActionStarted) -> Touched:
    action = run.actions.get(data.action) or _unheard_of(run, data.action, record)
    # A decision is used once, for the digest it names; everything else is a start that nothing allowed.
    bound = data.digest == action.decided_digest and data.decision == action.decision
    if action.state == "allowed" and bound:
        action.state = advance(ACTION, action.state, "start")
    else:
        _ran_ungated(fleet, run, action)
    action.started_at = record.at
    used(run, action.tool, schema_of(action.hints))
    forget_actions(fleet, run)
    return (("action", action.key),)


def _unheard_of(run: Run, name: str, record: Record) -> Action:
    action = Action(id=name, agent=run.agent, run=run.run, tool="?", proposed_at=record.at)
    run.actions[name] = action
    run.actions_seen += 1
    return action


def _ran_ungated(fleet: Fleet, run: Run, action: Action) -> None:
    was_asked = action.state == "asked"
    action.state = "ungated"
    action.ungated = run.control != "observed"
    if was_asked:
        close_ask(fleet, run, action)


def used(run: Run, tool: str, schema: str | None = None) -> None:
    """Count the use of a tool, and keep which definition of it was used: none that fits a pin if that was more than one."""
    if tool in run.tools_used:
        if run.tools_defined.get(tool) != schema:
            run.tools_defined[tool] = MANY_DEFINITIONS
    elif schema is not None and len(run.tools_used) < TOOLS_KEPT:
        run.tools_defined[tool] = schema
    if tool in run.tools_used or len(run.tools_used) < TOOLS_KEPT:
        run.tools_used[tool] = run.tools_used.get(tool, 0) + 1


def _action_finished(fleet: Fleet, run: Run, record: Record, data: ActionFinished) -> Touched:
    action = run.actions.get(data.action)
    if action is None:
        action = _unheard_of(run, data.action, record)
        if data.outcome not in ("done", "failed"):
            # The agent's own library found that no decision could be bound to it, so it was never proposed.
            action.state = "denied"
    event: ActionEvent
    match data.outcome:
        case "done" | "failed":
            event = "done" if data.outcome == "done" else "failed"
            if action.state not in ("started", "ungated", "done", "failed"):
                _ran_ungated(fleet, run, action)
        case "withdrawn":
            event = "withdraw"
        case _:
            event = "not-run" if action.state in ("allowed", "denied", "withdrawn") else "withdraw"
    was_asked = action.state == "asked"
    action.state = advance(ACTION, action.state, event)
    if data.outcome == "expired" and action.outcome is None:
        action.outcome, action.decided_by = "expired", "agent"
    action.finished_at = record.at
    action.result = plain(data.text)
    if data.outcome in ("done", "failed"):
        run.so_far.came(failed=data.outcome == "failed")
    if data.outcome == "failed":
        run.errors += 1
    if was_asked:
        close_ask(fleet, run, action)
    forget_actions(fleet, run)
    return (("action", action.key),)


def _command(fleet: Fleet, run: Run, name: str) -> Command:
    command = fleet.commands.get(name)
    if command is None or command.agent != run.agent or command.run not in ("", run.run):
        msg = f"command {name} was never sent to this run"
        raise IllegalTransitionError(msg)
    return command


def _acknowledged(fleet: Fleet, run: Run, record: Record, data: CommandAcknowledged) -> Touched:
    command = _command(fleet, run, data.command)
    if command.acknowledged_at is None:
        _fact(command, "acknowledge")
        command.acknowledged_at = record.at
        hold_changed(run, command)
    return (("command", command.id),)


def _effective(fleet: Fleet, run: Run, record: Record, data: CommandEffective) -> Touched:
    command = _command(fleet, run, data.command)
    if command.effective_at is not None:
        return ()
    _fact(command, "effect")
    command.effective_at = record.at
    if command.kind == "pause" and run.state not in ENDED:
        run.state = advance(RUN, run.state, "paused")
    elif command.kind == "resume" and run.state not in ENDED:
        run.state = advance(RUN, run.state, "resumed")
        run.held = False
        if run.state == "working" and waits(fleet, run):
            run.state = advance(RUN, run.state, "ask")
    elif command.kind == "hold":
        run.held = True
        hold_changed(run, command)
    return (("command", command.id),)


def _refused(fleet: Fleet, run: Run, record: Record, data: CommandRefused) -> Touched:
    command = _command(fleet, run, data.command)
    _fact(command, "refuse")
    if command.state != "refused":
        return ()
    command.refused_at = record.at
    command.problem = plain(data.reason)
    hold_changed(run, command)
    if command.kind == "pause":
        pause_failed(fleet, run)
    return (("command", command.id),)


def _direct(fleet: Fleet, run: Run, record: Record, data: CommandDirect) -> Touched:
    living(run)
    if run.control != "contained":
        msg = "only a wrapper may be told directly, and this run is not known to have one"
        raise IllegalTransitionError(msg)
    if data.command in fleet.commands:
        msg = f"command {data.command} is known already"
        raise IllegalTransitionError(msg)
    command = Command(
        id=data.command,
        kind=data.kind,
        agent=run.agent,
        run=run.run,
        by=plain(data.by, 64),
        pos=record.pos,
        order=fleet.order,
        reason=plain(data.reason),
        requested_at=record.at,
        direct=True,
    )
    keep_command(fleet, command)
    told(run, command)
    if data.kind == "pause":
        run.state = advance(RUN, run.state, "pause")
    return (("command", command.id),)


def _rung(fleet: Fleet, run: Run, record: Record, data: CommandRung) -> Touched:
    command = _command(fleet, run, data.command)
    rung = Rung(
        rung=data.rung, after=data.after, at=record.at, processes=data.processes, text=plain(data.text)
    )
    command.rungs = [*command.rungs[: RUNGS_KEPT - 1], rung]  # the first ones and the last
    return (("command", command.id),)


def _fact(command: Command, event: CommandEvent) -> None:
    command.state = advance(COMMAND, command.state, event)


APPLY_ACTION: Final[dict[type, ApplyAgent]] = {
    ActionProposed: _proposed,
    ActionStarted: _action_started,
    ActionFinished: _action_finished,
    CommandAcknowledged: _acknowledged,
    CommandEffective: _effective,
    CommandRefused: _refused,
    CommandDirect: _direct,
    CommandRung: _rung,
}
