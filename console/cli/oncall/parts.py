"""What a shift is made of: asks, stops, alarms, people, and what else happened. Times are the log's, in ms."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Literal

from console.core.fleet.lifecycle import SUPERSEDED


@dataclass(slots=True)
class Ask:
    """One action that a person was asked for, or decided. `asked_at` None: nobody was asked as far as is known."""

    agent: str
    run: str
    action: str
    tool: str = ""
    gate: str = ""
    severity: int | None = None
    asked_at: int | None = None
    outcome: str = ""
    by: str = ""
    decided_at: int | None = None
    reason: str = ""

    @property
    def waited(self) -> int | None:
        """How long it waited, or None while it does or where that is not known."""
        return None if self.asked_at is None or self.decided_at is None else self.decided_at - self.asked_at


@dataclass(slots=True)
class Stop:
    """A pause, resume, hold or kill, and its facts with their times."""

    kind: str
    agent: str
    run: str
    by: str
    reason: str = ""
    requested_at: int | None = None
    sent_at: int | None = None
    acknowledged_at: int | None = None
    effective_at: int | None = None
    refused_at: int | None = None
    failed_at: int | None = None
    problem: str = ""

    @property
    def open(self) -> bool:
        """Whether it may yet have an effect, or had none and nobody's later word took its place."""
        superseded = self.failed_at is not None and self.problem.startswith(SUPERSEDED)
        return self.effective_at is None and self.refused_at is None and not superseded


@dataclass(slots=True)
class FloorDeed:
    """A hold of the whole floor, or its end. The commands to its runs that follow are stops of their own."""

    kind: Literal["hold all", "resume all"]
    at: int
    by: str
    reason: str = ""


@dataclass(slots=True)
class Alarmed:
    """An alarm that was raised in the span, or stood when that began."""

    alarm: str
    kind: str
    priority: int
    text: str
    agent: str = ""
    run: str = ""
    raised_at: int | None = None
    times: int = 0
    acknowledged_at: int | None = None
    acknowledged_by: str = ""
    shelved_by: str = ""
    cleared_at: int | None = None
    cleared_by: str = ""
    reason: str = ""


@dataclass(slots=True)
class Event:
    """Something else that happened: what, when, to whom, in words."""

    at: int
    kind: Literal["gap", "dropped", "lost", "refused", "escalated", "supervisor", "verified"]
    agent: str = ""
    run: str = ""
    text: str = ""


@dataclass(slots=True)
class Person:
    """What an operator did, and when consoles of theirs were there."""

    name: str
    joined_at: int | None = None
    """When first heard of; None of somebody who was there before the span began."""
    left_at: int | None = None
    decisions: Counter[str] = field(default_factory=Counter)
    commands: Counter[str] = field(default_factory=Counter)
    alarms: int = 0
    before: bool = False
