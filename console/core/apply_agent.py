"""What each record of an agent does to its run. One function a type, in one table, called by `reduce` alone.

Every function checks the tables before it changes anything, so that an illegal event changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Final

from bus.codec import Record
from bus.events import (
    ActionFinished,
    ActionProposed,
    ActionStarted,
    BlobPart,
    CommandAcknowledged,
    CommandEffective,
    CommandRefused,
    Confidence,
    EventsDropped,
    MessageSeen,
    Progress,
    RunFinished,
    RunStarted,
    RunStateChanged,
    StepFinished,
    StepStarted,
)
from console.core.lifecycle import (
    ACTION,
    COMMAND,
    ENDED,
    RUN,
    ActionEvent,
    CommandEvent,
    IllegalTransitionError,
    advance,
)
from console.core.state import (
    ACTIONS_KEPT,
    CLAIMS_KEPT,
    ENDED_KEPT,
    FINISHED_KEPT,
    MESSAGES_KEPT,
    STEP_TEXT,
    STEPS_KEPT,
    STEPS_KEPT_ENDED,
    TOOLS_KEPT,
    Action,
    Command,
    Fleet,
    Message,
    Run,
    Step,
)
from console.core.text import plain

Touched = Iterable[tuple[Any, str]]
ApplyAgent = Callable[[Fleet, Run, Record, Any], Touched]

_OPEN: Final = ("proposed", "assessed", "asked", "allowed", "started", "ungated")
_BLOBS_KEPT: Final = 64


def _living(run: Run) -> None:
    if run.state in ENDED:
        msg = f"the run is over ({run.state})"
        raise IllegalTransitionError(msg)


def _claim(run: Run, confidence: Confidence | None) -> None:
    if confidence is not None:
        run.claims = [*run.claims[-CLAIMS_KEPT + 1 :], confidence.value]


def _started(fleet: Fleet, run: Run, record: Record, data: RunStarted) -> Touched:
    _living(run)
    if data.continues is None and record.seq != 1:
        msg = "run.started in the middle of a run without continues"
        raise IllegalTransitionError(msg)
    run.goal = plain(data.goal)
    run.control = data.control
    run.version = plain(data.agent_version, 64)
    run.model = plain(data.model, 64)
    return ()


def _state(fleet: Fleet, run: Run, record: Record, data: RunStateChanged) -> Touched:
    _living(run)
    run.progress_text = plain(data.text) or run.progress_text
    return ()


def _finished(fleet: Fleet, run: Run, record: Record, data: RunFinished) -> Touched:
    run.state = advance(RUN, run.state, data.outcome)
    run.ended_at = record.at
    run.ended_text = plain(data.text)
    run.held = run.killing = False
    del run.steps[:-STEPS_KEPT_ENDED]
    fleet.finished.append(run.key)
    if len(fleet.finished) > FINISHED_KEPT:
        _retire(fleet, fleet.finished.pop(0))
    return ()


def _retire(fleet: Fleet, key: str) -> None:
    run = fleet.runs.pop(key, None)
    if run is None:
        return
    fleet.waiting = [waiting for waiting in fleet.waiting if not waiting.startswith(key + "/")]
    fleet.ended[key] = (run.seq, run.incarnations[-1] if run.incarnations else "")
    while len(fleet.ended) > ENDED_KEPT:
        del fleet.ended[next(iter(fleet.ended))]


def _step_started(fleet: Fleet, run: Run, record: Record, data: StepStarted) -> Touched:
    _living(run)
    step = _step(run, data.step, record.at)
    step.name = plain(data.name, STEP_TEXT)
    step.confidence = data.confidence
    run.steps_of = data.of or run.steps_of
    _claim(run, data.confidence)
    return ()


def _step_finished(fleet: Fleet, run: Run, record: Record, data: StepFinished) -> Touched:
    _living(run)
    step = _step(run, data.step, record.at)
    step.finished_at = record.at
    step.ok = data.ok
    step.text = plain(data.text, STEP_TEXT)
    if data.confidence is not None:
        step.confidence = data.confidence
        _claim(run, data.confidence)
    if data.ok is False:
        run.errors += 1
    if data.usage is not None:
        run.tokens += (data.usage.input_tokens or 0) + (data.usage.output_tokens or 0)
        run.cost_usd += data.usage.cost_usd or 0.0
    return ()


def _step(run: Run, number: int, at: int) -> Step:
    if run.steps and number <= run.steps[-1].step:
        for step in reversed(run.steps):
            if step.step == number:
                return step
    step = Step(step=number, started_at=at)
    run.steps.append(step)
    run.steps_seen += 1
    del run.steps[:-STEPS_KEPT]
    return step


def _proposed(fleet: Fleet, run: Run, record: Record, data: ActionProposed) -> Touched:
    _living(run)
    if data.action in run.actions:
        msg = f"action {data.action} was proposed before"
        raise IllegalTransitionError(msg)
    action = Action(
        id=data.action,
        agent=run.agent,
        run=run.run,
        tool=plain(data.tool, 128),
        args=data.args,
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
    run.actions[action.id] = action
    run.actions_seen += 1
    _claim(run, data.confidence)
    _forget_actions(run)
    return (("action", action.key),)


def _forget_actions(run: Run) -> None:
    """Keep the open actions and the newest closed ones: arguments of the last few, the rest without."""
    closed = [action for action in run.actions.values() if action.state not in _OPEN]
    for action in closed[: -ACTIONS_KEPT // 4]:
        if action.args or action.edited is not None:
            action.args = {}
            action.edited = None
            action.args_cut = True
    for action in closed[:-ACTIONS_KEPT]:
        del run.actions[action.id]


def _action_started(fleet: Fleet, run: Run, record: Record, data: ActionStarted) -> Touched:
    action = run.actions.get(data.action)
    if action is None:
        _living(run)
        action = Action(id=data.action, agent=run.agent, run=run.run, tool="?", proposed_at=record.at)
        run.actions[action.id] = action
        run.actions_seen += 1
    if action.started_at is not None:
        msg = f"action {data.action} was started before"
        raise IllegalTransitionError(msg)
    bound = not action.decided_digest or data.digest in (None, action.decided_digest)
    if action.state == "allowed" and bound and data.decision == action.decision:
        action.state = advance(ACTION, action.state, "start")
    else:
        action.state = "ungated"
    action.started_at = record.at
    _used(run, action.tool)
    return (("action", action.key),)


def _used(run: Run, tool: str) -> None:
    if tool in run.tools_used or len(run.tools_used) < TOOLS_KEPT:
        run.tools_used[tool] = run.tools_used.get(tool, 0) + 1


def _action_finished(fleet: Fleet, run: Run, record: Record, data: ActionFinished) -> Touched:
    action = run.actions.get(data.action)
    if action is None:
        msg = f"action {data.action} is unknown"
        raise IllegalTransitionError(msg)
    event: ActionEvent
    match data.outcome:
        case "done":
            event = "done"
        case "failed":
            event = "failed"
        case "withdrawn":
            event = "withdraw"
        case _:
            event = "not-run" if action.state in ("allowed", "denied", "withdrawn") else "withdraw"
    was_asked = action.state == "asked"
    action.state = advance(ACTION, action.state, event)
    action.finished_at = record.at
    action.result = plain(data.text)
    if data.outcome == "failed":
        run.errors += 1
    if was_asked:
        close_ask(fleet, run, action)
    _forget_actions(run)
    return (("action", action.key),)


def close_ask(fleet: Fleet, run: Run, action: Action) -> None:
    """Take an action off the waiting list, and its run out of `input-required` with the last one."""
    if action.key in fleet.waiting:
        fleet.waiting.remove(action.key)
    prefix = run.key + "/"
    if run.state == "input-required" and not any(key.startswith(prefix) for key in fleet.waiting):
        run.state = advance(RUN, run.state, "answer")


def _progress(fleet: Fleet, run: Run, record: Record, data: Progress) -> Touched:
    _living(run)
    run.progress_done = data.done
    run.progress_of = data.of
    run.progress_text = plain(data.text)
    return ()


def _message(fleet: Fleet, run: Run, record: Record, data: MessageSeen) -> Touched:
    _living(run)
    message = Message(
        at=record.at, role=data.role, name=plain(data.name, 64), text=plain(data.text), error=data.error
    )
    if data.role == "tool" and data.name:
        _used(run, message.name)
    run.messages = [*run.messages[-MESSAGES_KEPT + 1 :], message]
    if data.error:
        run.errors += 1
    return ()


def _blob(fleet: Fleet, run: Run, record: Record, data: BlobPart) -> Touched:
    _living(run)
    have, of = run.blobs.get(data.sha256, [0, data.n])
    if data.i == have and data.n == of:
        run.blobs[data.sha256] = [have + 1, of]
    while len(run.blobs) > _BLOBS_KEPT:
        del run.blobs[next(iter(run.blobs))]
    return ()


def _dropped(fleet: Fleet, run: Run, record: Record, data: EventsDropped) -> Touched:
    run.dropped += data.count
    return ()


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
        prefix = run.key + "/"
        if run.state == "working" and any(key.startswith(prefix) for key in fleet.waiting):
            run.state = advance(RUN, run.state, "ask")
    elif command.kind == "hold":
        run.held = True
    return (("command", command.id),)


def _refused(fleet: Fleet, run: Run, record: Record, data: CommandRefused) -> Touched:
    command = _command(fleet, run, data.command)
    _fact(command, "refuse")
    if command.state != "refused":
        return ()
    command.refused_at = record.at
    command.problem = plain(data.reason)
    if command.kind == "pause" and run.state == "pausing":
        run.state = advance(RUN, run.state, "pause-failed")
    return (("command", command.id),)


def _fact(command: Command, event: CommandEvent) -> None:
    command.state = advance(COMMAND, command.state, event)


APPLY_AGENT: Final[dict[type, ApplyAgent]] = {
    RunStarted: _started,
    RunStateChanged: _state,
    RunFinished: _finished,
    StepStarted: _step_started,
    StepFinished: _step_finished,
    ActionProposed: _proposed,
    ActionStarted: _action_started,
    ActionFinished: _action_finished,
    Progress: _progress,
    MessageSeen: _message,
    BlobPart: _blob,
    EventsDropped: _dropped,
    CommandAcknowledged: _acknowledged,
    CommandEffective: _effective,
    CommandRefused: _refused,
}
