"""The life of one proposed action, as a literal table. An illegal step raises and changes nothing."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final, Literal

from bus.canonical import NotCanonicalError, digest
from bus.events import ActionProposed
from bus.limits import DECISION_VALID
from bus.messages import DecisionCommand
from bus.sdk.decision import Decision, DecisionOutcome
from bus.sdk.values import Arguments


class Stage(StrEnum):
    """Where an action stands. After `RUNNING` come the ends."""

    HELD = "held"  # not proposed yet: the run is paused or held, or the spool is full
    OPEN = "open"  # proposed, undecided
    ALLOWED = "allowed"  # a decision allows it; whoever waits has not taken it
    RUNNING = "running"  # action.started is in the spool
    DONE = "done"
    FAILED = "failed"
    REJECTED = "rejected"
    RESPONDED = "responded"
    EXPIRED = "expired"
    WITHDRAWN = "withdrawn"
    KILLED = "killed"
    REFUSED = "refused"


class Step(StrEnum):
    """What may happen to an action."""

    PROPOSE = "propose"
    PASS = "pass"  # noqa: S105 - proposed and begun at once: the tool is on the pass list
    ALLOW = "allow"
    REJECT = "reject"
    RESPOND = "respond"
    TAKE = "take"
    EXPIRE = "expire"
    WITHDRAW = "withdraw"
    KILL = "kill"
    REFUSE = "refuse"
    FINISH = "finish"
    FAIL = "fail"


TABLE: Final[dict[tuple[Stage, Step], Stage]] = {
    (Stage.HELD, Step.PROPOSE): Stage.OPEN,
    (Stage.HELD, Step.PASS): Stage.RUNNING,
    (Stage.HELD, Step.WITHDRAW): Stage.WITHDRAWN,
    (Stage.HELD, Step.KILL): Stage.KILLED,
    (Stage.HELD, Step.REFUSE): Stage.REFUSED,
    (Stage.OPEN, Step.ALLOW): Stage.ALLOWED,
    (Stage.OPEN, Step.REJECT): Stage.REJECTED,
    (Stage.OPEN, Step.RESPOND): Stage.RESPONDED,
    (Stage.OPEN, Step.EXPIRE): Stage.EXPIRED,
    (Stage.OPEN, Step.WITHDRAW): Stage.WITHDRAWN,
    (Stage.OPEN, Step.KILL): Stage.KILLED,
    (Stage.OPEN, Step.REFUSE): Stage.REFUSED,
    (Stage.ALLOWED, Step.TAKE): Stage.RUNNING,
    (Stage.ALLOWED, Step.EXPIRE): Stage.EXPIRED,
    (Stage.ALLOWED, Step.WITHDRAW): Stage.WITHDRAWN,
    (Stage.ALLOWED, Step.KILL): Stage.KILLED,
    (Stage.ALLOWED, Step.REFUSE): Stage.REFUSED,
    (Stage.RUNNING, Step.FINISH): Stage.DONE,
    (Stage.RUNNING, Step.FAIL): Stage.FAILED,
}
_STEPS: Final = {
    "rejected": Step.REJECT,
    "responded": Step.RESPOND,
    "expired": Step.EXPIRE,
    "superseded": Step.WITHDRAW,
    "canceled": Step.WITHDRAW,
}
"""What each decision does to a gate; every other one allows."""

EditsTaken = Literal["begun", "seen"]
"""Whether taking an edited action begins it, as it does any other, or shows the edit first."""

WAITING: Final = frozenset({Stage.HELD, Stage.OPEN, Stage.ALLOWED})
"""Stages in which somebody waits and the tool has not begun."""


class IllegalStepError(RuntimeError):
    """What was asked for cannot happen to an action that stands where this one stands."""


@dataclass(slots=True)
class Gate:
    """One action on its way to an end. `deadline` ends the wait for a decision, or for the beginning once allowed.

    `inside` is the action whose tool proposed it, empty if none did.
    """

    proposal: ActionProposed
    arguments: Arguments
    stage: Stage = Stage.HELD
    deadline: float = math.inf
    outcome: DecisionOutcome = "approved"
    digest: str = ""
    args: dict[str, Any] = field(default_factory=dict)
    text: str = ""
    by: str = ""
    command: str = ""
    passed: bool = False
    inside: str = ""

    @property
    def action(self) -> str:
        """The action's id."""
        return self.proposal.action

    @property
    def waiting(self) -> bool:
        """Whether somebody waits and the tool has not begun."""
        return self.stage in WAITING

    @property
    def held(self) -> bool:
        """Whether it could not be proposed yet."""
        return self.stage is Stage.HELD

    @property
    def running(self) -> bool:
        """Whether the tool has begun and not ended."""
        return self.stage is Stage.RUNNING

    def allows(self, step: Step) -> bool:
        """Whether the table has such a step from here."""
        return (self.stage, step) in TABLE

    def advance(self, step: Step) -> None:
        """Take a step of the table.

        Raises:
            IllegalStepError: there is none; nothing changed.
        """
        after = TABLE.get((self.stage, step))
        if after is None:
            raise IllegalStepError(f"action {self.action} is {self.stage}: it cannot {step}")
        self.stage = after

    def apply(self, command: DecisionCommand, now: float) -> str:
        """Take in a decision, if this gate is open. Return what is wrong with it; then nothing changed."""
        args, mark = self.args, self.digest
        if command.outcome == "approved":
            if command.digest != mark:
                return "the digest is not that of the proposed arguments"
        elif command.outcome == "edited":
            try:
                if command.args is None or command.digest != digest(self.proposal.tool, command.args):
                    return "the digest is not that of the edited arguments"
                args, mark = self.arguments.restore(command.args), command.digest
            except NotCanonicalError as error:
                return str(error)
        step = _STEPS.get(command.outcome, Step.ALLOW)
        self.advance(step)
        self.args, self.digest = args, mark
        self.outcome, self.text, self.by, self.command = command.outcome, command.text, command.by, command.id
        self.deadline = now + DECISION_VALID if step is Step.ALLOW else math.inf
        return ""

    def decision(self) -> Decision:
        """What whoever waits is told."""
        return Decision(
            action=self.action,
            tool=self.proposal.tool,
            outcome=self.outcome,
            args=self.args,
            digest=self.digest,
            text=self.text,
            by=self.by,
            command=self.command,
            passed=self.passed,
            begun=self.running,
        )
