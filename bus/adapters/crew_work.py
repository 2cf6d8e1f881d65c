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
    """A task at work. `words` are what the user says in it; none if another agent made it."""

    agent: Any
    task: Any
    words: tuple[str, ...]


_WORK: Final[ContextVar[Work | None]] = ContextVar("watchfloor_crewai_work", default=None)


def watch(agent: Any) -> None:
    """Note which task an agent works at, in the context in which it asks its model."""
    execute, aexecute = type(agent).execute_task, type(agent).aexecute_task

    @contextmanager
    def working(task: Any) -> Iterator[None]:
        token = _WORK.set(Work(agent, task, _words(agent, task)))
        try:
            yield
        finally:
            _WORK.reset(token)

    def executed(task: Any, context: Any = None, tools: Any = None) -> Any:
        with working(task):
            return execute(agent, task, context, tools)

    async def aexecuted(task: Any, context: Any = None, tools: Any = None) -> Any:
        with working(task):
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
            else:
                _report_task(supervised, work if work.agent is agent else None, content)


def _report_task(supervised: Supervised, work: Work | None, content: str) -> None:
    for words in work.words if work is not None else ():
        if words and words in content:
            supervised.asked(words)
            content = content.replace(words, "", 1)
    supervised.asked(content, handed=True)


def _words(agent: Any, task: Any) -> tuple[str, ...]:
    before = _WORK.get()
    if before is not None and before.task is task:  # tried again
        return before.words
    crew = agent.crew
    known = getattr(crew, "tasks", None)
    delegated = known is not None and all(one.id != task.id for one in known)
    return () if before is not None or delegated else (task.description, task.expected_output)
