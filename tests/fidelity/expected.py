"""What a run's record must be: the events that a recorded run makes when it is lived again and everything is approved."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from typing import NamedTuple

from bus.canonical import NotCanonicalError, digest
from bus.events import (
    ActionFinished,
    ActionProposed,
    ActionStarted,
    BlobPart,
    Data,
    MessageSeen,
    RunFinished,
    RunStarted,
    StepFinished,
    StepStarted,
)
from bus.limits import LABEL_CHARS
from bus.sdk.values import Arguments, arguments, clip
from console.demo.recorded import RecordedRun, RecordedStep


class Mark(NamedTuple):
    """An event: its type, and what in it follows from the recorded run."""

    type: str
    text: str = ""


class _Call(NamedTuple):
    tool: str
    approved: bool


def mark(data: Data) -> Mark:
    """The mark of an event that was recorded."""
    match data:
        case RunStarted():
            text = f"{data.labels.get('source')}|{data.labels.get('recorded')}|{data.model}|{data.goal}"
        case RunFinished():
            text = data.outcome
        case StepStarted():
            text = data.name
        case StepFinished() | BlobPart():
            text = data.text if isinstance(data, StepFinished) else f"{data.sha256}|{data.i}|{data.n}"
        case ActionProposed():
            text = f"{data.digest}|{data.reason}"
        case ActionStarted():
            text = data.digest or ""
        case ActionFinished():
            text = f"{data.outcome}|{data.text}"
        case MessageSeen():
            text = f"{data.role}|{data.name}|{data.error}|{data.text}"
        case _:
            text = ""
    return Mark(data.TYPE, text)


def lived(run: RecordedRun) -> list[Mark]:
    """The marks of all events of a run, in order, if every call is allowed."""
    return list(_lived(run))


def _lived(run: RecordedRun) -> Iterator[Mark]:
    goal = clip(run.goal)[0]
    started = f"{run.source[:200]}|{run.run_id[:200]}|{run.model or ''}|{goal}"
    yield Mark("run.started", started)
    calls: deque[_Call] = deque()
    for step in run.steps:
        if step.kind == "tool_call":
            tool = (step.name or "unnamed")[:128]
            yield from _call(tool, step, calls)
        elif step.kind == "tool_result":
            yield from _result(step, calls)
        else:
            role = {"user": "user", "environment": "tool"}.get(step.actor, "assistant")
            yield Mark(
                "message",
                f"{role}|{clip(step.actor, LABEL_CHARS)[0]}|None|{clip(step.text or '')[0]}",
            )
    while calls:
        yield from _end(calls.popleft(), "", failed=False)
    yield Mark("run.finished", "completed")


def _call(tool: str, step: RecordedStep, calls: deque[_Call]) -> Iterator[Mark]:
    yield Mark("step.started", clip(tool, LABEL_CHARS)[0])
    try:
        fit: Arguments = arguments(step.args or {})
        own = digest(tool, fit.wire)
    except NotCanonicalError as error:
        yield Mark("action.finished", f"refused|{tool}: {error}")
        yield Mark("step.finished", "refused")
        calls.append(_Call(tool, approved=False))
        return
    for part in fit.parts():
        yield mark(part)
    yield Mark("action.proposed", f"{own}|{clip(step.text or '')[0]}")
    yield Mark("command.acknowledged")
    yield Mark("action.started", own)
    yield Mark("command.effective")
    yield Mark("step.finished", "approved")
    calls.append(_Call(tool, approved=True))


def _result(step: RecordedStep, calls: deque[_Call]) -> Iterator[Mark]:
    for call in calls:
        if step.name is None or call.tool == step.name:
            calls.remove(call)
            yield from _end(call, step.text or "", failed=step.error is True)
            return
    name = clip(step.name or step.actor, LABEL_CHARS)[0]
    yield Mark("message", f"tool|{name}|{step.error}|{clip(step.text or '')[0]}")


def _end(call: _Call, text: str, *, failed: bool) -> Iterator[Mark]:
    if call.approved:
        yield Mark("action.finished", f"{'failed' if failed else 'done'}|{clip(text)[0]}")
