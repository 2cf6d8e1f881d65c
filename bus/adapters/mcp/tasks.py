"""Calls that go on as tasks: their server answers at once, and what becomes of them is told later."""

from __future__ import annotations

from typing import Final

from bus.adapters.mcp import words
from bus.adapters.mcp.words import Message
from bus.sdk.decision import Decision

KEPT: Final = 256
"""Tasks whose end is awaited; the end of the oldest is taken for unknown."""


class Tasks:
    """The calls of one session, or of all requests without one, that became tasks, by the task's id.

    Such a call runs until its task's end is told. Those of several gates are `shared`: they outlive each gate.
    """

    def __init__(self, *, shared: bool = False) -> None:
        self._shared = shared
        self._going: dict[str, Decision] = {}

    def answered(self, message: Message, decision: Decision) -> None:
        """Take in the answer to a call: what came of it, or that it goes on as a task."""
        result = message.get("result")
        found = result if isinstance(result, dict) else {}
        task = found if found.get("resultType") == "task" else found.get("task")
        if isinstance(task, dict) and isinstance(name := task.get("taskId"), str):
            self._begin(name, decision)
            self._news(task)
        else:
            _end(decision, *words.outcome(message))

    def heard(self, message: Message) -> None:
        """Take in anything else that a server says: it may be of a task, asked or not."""
        self._news(message.get("params") if message.get("method") == words.TASK else message.get("result"))

    def read(self, what: str, *, well: bool, text: str) -> None:
        """Take in what was read, by the name under which it is reported: it may be the result of a task."""
        if what.startswith(words.RESULT):
            self._over(what.removeprefix(words.RESULT).strip(), well, text)

    def _begin(self, name: str, decision: Decision) -> None:
        if (before := self._going.pop(name, None)) is not None:
            before.failed("another call has the id of its task; how far it got is not known")
        self._going[name] = decision
        if len(self._going) > KEPT:
            self._going.pop(next(iter(self._going))).failed("too many tasks; how far it got is not known")

    def _news(self, said: object) -> None:
        if isinstance(said, dict) and said.get("status") in ("completed", "failed", "cancelled"):
            words_of = said.get("statusMessage")
            text = words_of if isinstance(words_of, str) and words_of else f"the task {said['status']}"
            self._over(said.get("taskId"), said["status"] == "completed", text)

    def _over(self, name: object, well: bool, text: str) -> None:  # noqa: FBT001 - as an outcome says it
        decision = self._going.pop(name, None) if isinstance(name, str) else None
        if decision is not None:
            _end(decision, well, text)

    def closed(self, why: str) -> None:
        """A gate closed: nothing more will be told of its own."""
        if not self._shared:
            self.lose(why)

    def lose(self, why: str) -> None:
        """Nothing more will be told of any."""
        for decision in self._going.values():
            decision.failed(f"{why}; how far it got is not known")
        self._going.clear()


def _end(decision: Decision, well: bool, text: str) -> None:  # noqa: FBT001 - as an outcome says it
    (decision.done if well else decision.failed)(text)
