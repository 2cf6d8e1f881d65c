"""Whose words the prompt of a CrewAI agent is: a task of the crew is the user's, work that an agent delegates is not."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from bus.adapters.supervised import Supervised

if TYPE_CHECKING:
    from collections.abc import Iterator


class Work(NamedTuple):
    """A task at work. `words` are the user's, none if another agent made it; `context` is other tasks' results."""

    agent: Any
    task: Any
    words: tuple[str, ...]
    context: str


_WORK: Final[ContextVar[Work | None]] = ContextVar("watchfloor_crewai_work", default=None)


def watch(agent: Any) -> None:
    """Note which task an agent works at, in the context in which it asks its model."""
    execute, aexecute = type(agent).execute_task, type(agent).aexecute_task

    @contextmanager
    def working(task: Any, context: Any) -> Iterator[None]:
        token = _WORK.set(Work(agent, task, _words(agent, task), str(context or "")))
        try:
            yield
        finally:
            _WORK.reset(token)

    def executed(task: Any, context: Any = None, tools: Any = None) -> Any:
        with working(task, context):
            return execute(agent, task, context, tools)

    async def aexecuted(task: Any, context: Any = None, tools: Any = None) -> Any:
        with working(task, context):
            return await aexecute(agent, task, context, tools)

    vars(agent).update(execute_task=executed, aexecute_task=aexecuted)


def report_prompt(supervised: Supervised, agent: Any, messages: Any) -> None:
    """Report what a conversation begins with. Beside a task's own words stand results of other tasks, memory, knowledge."""
    listed = [{"role": "user", "content": messages}] if isinstance(messages, str) else messages
    if any(message.get("role") == "assistant" for message in listed):
        return
    work = _WORK.get()
    for message in listed:
        if isinstance(message, Mapping) and message.get("role") == "user":
            content = str(message.get("content") or "")
            if work is None:
                supervised.asked(content)
            elif work.agent is agent and any(words in content for words in work.words):
                _report_task(supervised, work)
            else:
                supervised.asked(content, handed=True)


def _report_task(supervised: Supervised, work: Work) -> None:
    for words in work.words:
        supervised.asked(words)
    supervised.asked(work.context, handed=True)


def _words(agent: Any, task: Any) -> tuple[str, ...]:
    before = _WORK.get()
    if before is not None and before.task is task:  # tried again
        return before.words
    crew = agent.crew
    known = getattr(crew, "tasks", None)
    delegated = known is not None and all(one.id != task.id for one in known)
    if before is not None or delegated:
        return ()
    # A planner, which is a model, has written into the descriptions of such a crew.
    return (
        (task.expected_output,)
        if getattr(crew, "planning", False)
        else (task.description, task.expected_output)
    )
