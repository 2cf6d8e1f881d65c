"""What each record of an agent does to its run. One function a type, in one table, called by `reduce` alone.

Every function checks the tables before it changes anything, so that an illegal event changes nothing.
"""

from __future__ import annotations

from sys import intern
from typing import Final

from bus.codec import Record
from bus.events import (
    BlobPart,
    EventsDropped,
    MessageSeen,
    Progress,
    RunFinished,
    RunStarted,
    RunStateChanged,
    StepFinished,
    StepStarted,
)
from bus.identity import COMMAND_LABEL
from console.core.fleet.kept import (
    FINISHED_KEPT,
    GOAL_CHARS,
    MESSAGES_KEPT,
    STEP_TEXT,
    STEPS_KEPT,
    STEPS_KEPT_ENDED,
)
from console.core.fleet.lifecycle import RUN, IllegalTransitionError, advance
from console.core.fleet.state import MOST, Fleet, Message, Run, Step
from console.core.fleet.turns import ApplyAgent, Touched, claim, living, retire, waits
from console.core.reducing.apply_action import APPLY_ACTION, used
from console.core.text import ELLIPSIS, plain

_BLOBS_KEPT: Final = 64


def _started(fleet: Fleet, run: Run, record: Record, data: RunStarted) -> Touched:
    living(run)
    anew = record.incarnation not in run.lives
    if data.continues is None and record.seq != 1:
        msg = "run.started in the middle of a run without continues"
        raise IllegalTransitionError(msg)
    if data.continues is not None and not anew:
        msg = "run.started with continues from the process that lives the run already"
        raise IllegalTransitionError(msg)
    if data.continues is not None:
        # A new process knows of no pause; the supervisor asks it again.
        run.held = run.holding = False
        if run.state in ("pausing", "paused"):
            run.state = advance(RUN, run.state, "resumed")
            if waits(fleet, run):
                run.state = advance(RUN, run.state, "ask")
    shown = data.goal or data.labels.get(COMMAND_LABEL, "")
    run.goal = plain(shown + ELLIPSIS * data.truncated, GOAL_CHARS)
    run.so_far.began(data.goal)
    if record.seq == 1:
        # What a run lets others do to it is settled when it begins; nobody talks himself out of gates later. That it is
        # contained, the supervisor alone says (`run.contained`), after it has seen a wrapper's proof.
        run.control = "gated" if data.control == "contained" else data.control
    elif run.control == "contained":
        run.control = "gated"  # another process lives it; whether that one is held has yet to be proved
    run.version = plain(data.agent_version, 64)
    run.model = plain(data.model, 64)
    return ()


def _state(fleet: Fleet, run: Run, record: Record, data: RunStateChanged) -> Touched:
    living(run)
    run.progress_text = plain(data.text) or run.progress_text
    return ()


def _finished(fleet: Fleet, run: Run, record: Record, data: RunFinished) -> Touched:
    run.state = advance(RUN, run.state, data.outcome)
    run.ended_at = record.at
    run.ended_text = plain(data.text)
    run.held = run.holding = run.killing = False
    run.so_far.over()
    del run.steps[:-STEPS_KEPT_ENDED]
    fleet.finished.append(run.key)
    if len(fleet.finished) <= FINISHED_KEPT:
        return ()
    oldest = fleet.finished.pop(0)
    retire(fleet, oldest)
    return (("run", oldest),)


def _step_started(fleet: Fleet, run: Run, record: Record, data: StepStarted) -> Touched:
    living(run)
    step = _step(run, data.step, record.at)
    step.name = intern(plain(data.name, STEP_TEXT))  # runs of one agent take steps of the same names
    step.confidence = data.confidence
    of = data.of or run.steps_of
    run.steps_of = (
        of if of is not None and data.step <= of else None
    )  # beyond its own plan nobody knows how far
    claim(run, data.confidence)
    return ()


def _step_finished(fleet: Fleet, run: Run, record: Record, data: StepFinished) -> Touched:
    living(run)
    step = _step(run, data.step, record.at)
    step.finished_at = record.at
    step.ok = data.ok
    step.text = plain(data.text, STEP_TEXT)
    if data.confidence is not None:
        step.confidence = data.confidence
        claim(run, data.confidence)
    if data.ok is False:
        run.errors += 1
        run.so_far.stepped(run.steps_seen, failed=True)
    if data.usage is not None:
        used = (data.usage.input_tokens or 0) + (data.usage.output_tokens or 0)
        run.tokens = min(MOST, run.tokens + used)
        run.cost_usd = min(float(MOST), run.cost_usd + (data.usage.cost_usd or 0.0))
    return ()


def _step(run: Run, number: int, at: int) -> Step:
    if run.steps and number <= run.steps[-1].step:
        for step in reversed(run.steps):
            if step.step == number:
                return step
    step = Step(step=number, started_at=at)
    run.steps.append(step)
    run.steps_seen += 1
    run.so_far.stepped(run.steps_seen)
    del run.steps[:-STEPS_KEPT]
    return step


def _progress(fleet: Fleet, run: Run, record: Record, data: Progress) -> Touched:
    living(run)
    run.progress_done = data.done
    run.progress_of = data.of
    run.progress_text = plain(data.text)
    return ()


def _message(fleet: Fleet, run: Run, record: Record, data: MessageSeen) -> Touched:
    living(run)
    message = Message(
        at=record.at, role=data.role, name=plain(data.name, 64), text=plain(data.text), error=data.error
    )
    if data.role == "tool" and data.name:
        used(run, message.name)
    match data.role:
        case "user":
            run.so_far.said(data.text)
        case "assistant":
            run.so_far.answered(data.text)
        case _:
            run.so_far.came(failed=data.error is True)
    run.messages = [*run.messages[-MESSAGES_KEPT + 1 :], message]
    if data.error:
        run.errors += 1
    return ()


def _blob(fleet: Fleet, run: Run, record: Record, data: BlobPart) -> Touched:
    living(run)
    have, of = run.blobs.get(data.sha256, [0, data.n])
    if data.i == have and data.n == of:
        run.blobs[data.sha256] = [have + 1, of]
    while len(run.blobs) > _BLOBS_KEPT:
        del run.blobs[next(iter(run.blobs))]
    return ()


def _dropped(fleet: Fleet, run: Run, record: Record, data: EventsDropped) -> Touched:
    run.dropped = min(MOST, run.dropped + data.count)
    return ()


APPLY_AGENT: Final[dict[type, ApplyAgent]] = {
    RunStarted: _started,
    RunStateChanged: _state,
    RunFinished: _finished,
    StepStarted: _step_started,
    StepFinished: _step_finished,
    Progress: _progress,
    MessageSeen: _message,
    BlobPart: _blob,
    EventsDropped: _dropped,
    **APPLY_ACTION,
}
