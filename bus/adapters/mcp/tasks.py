"""Calls that go on as tasks: their server answers at once, and what becomes of them is told later."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from bus.adapters.mcp.words import Message
from bus.sdk.decision import Decision

KEPT: Final = 256
"""Tasks whose end is awaited; the end of the oldest is taken for unknown."""


class Tasks:
    """The calls of one session that became tasks, by the task's id. It runs until its task's end is told."""

    def __init__(self) -> None:
        self._going: dict[str, Decision] = {}

    def began(self, message: Message, decision: Decision) -> bool:
        """Whether the answer to a call says that it goes on as a task."""
        result = message.get("result")
        found = result if isinstance(result, dict) else {}
        task = found if found.get("resultType") == "task" else found.get("task")
        if not isinstance(task, dict) or not isinstance(name := task.get("taskId"), str):
            return False
        if (before := self._going.pop(name, None)) is not None:
            before.failed("another call has the id of its task; how far it got is not known")
        self._going[name] = decision
        if len(self._going) > KEPT:
            self._going.pop(next(iter(self._going))).failed("too many tasks; how far it got is not known")
        self.news(task)
        return True

    def news(self, said: object) -> None:
        """Take in what a server says of a task, asked or not."""
        if not isinstance(said, Mapping) or said.get("status") not in ("completed", "failed", "cancelled"):
            return
        self.ended(said.get("taskId"), well=said["status"] == "completed", text=_text(said))

    def ended(self, name: object, *, well: bool, text: str) -> None:
        """A task is over, or its result is there."""
        decision = self._going.pop(name, None) if isinstance(name, str) else None
        if decision is not None:
            (decision.done if well else decision.failed)(text)

    def lose(self, why: str) -> None:
        """Nothing more will be told of any."""
        for decision in self._going.values():
            decision.failed(f"{why}; how far it got is not known")
        self._going.clear()


def _text(said: Mapping[str, Any]) -> str:
    words = said.get("statusMessage")
    return words if isinstance(words, str) and words else f"the task {said['status']}"
