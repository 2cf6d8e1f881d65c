"""One request of the protocol and its life: pending, then decided once; approved, then consumed once; then its outcome."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Any, Final, Literal

import msgspec

from bus.aap.conversations import Conversation
from bus.aap.wire import BadRequest, Report, Wanted, stamp
from bus.limits import DECISION_VALID
from bus.sdk.decision import Decision
from bus.sdk.held import Held

Status = Literal["pending", "approved", "denied", "expired", "cancelled"]
NOTE_CHARS: Final = 4_000


@dataclass(slots=True)
class Request:
    """A request as its caller sees it. Times are seconds since 1970.

    `held` is the action that it became, `conversation` the run of that; None where it became none.
    """

    id: str
    key: str
    wanted: Wanted
    created_at: float
    held: Held | None = None
    conversation: Conversation | None = None
    status: Status = "pending"
    note: str = ""
    decided_at: float = 0.0
    consumed_key: str = ""
    consumed_at: float = 0.0
    decision: Decision | None = None
    outcome: Report | None = None
    reported_at: float = 0.0
    settled: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def over(self) -> bool:
        """Whether nothing more can come of it but an outcome."""
        return self.status not in ("pending", "approved") or bool(self.consumed_key)

    @property
    def expires_at(self) -> float:
        """Until when an approved call may begin."""
        return self.decided_at + DECISION_VALID

    def decide(self, status: Status, note: str, now: float) -> None:
        """Note the decision; only the first counts."""
        if self.status != "pending":
            return
        self.status, self.note, self.decided_at = status, note[:NOTE_CHARS], max(now, self.created_at)
        self.settled.set()

    def consumed(self, key: str, decision: Decision, now: float) -> None:
        """Note that the call begins."""
        self.consumed_key, self.decision, self.consumed_at = key, decision, max(now, self.decided_at)

    def report(self, found: Report, now: float) -> None:
        """Note how the call went, and tell the supervisor; the same word twice is once.

        Raises:
            BadRequest: it did not begin, or another outcome was reported.
        """
        if self.decision is None:
            raise BadRequest(409, "not_consumed", "the call was not begun: consume it first")
        if self.outcome is not None:
            if self.outcome != found:
                raise BadRequest(409, "outcome_conflict", "another outcome was reported before")
            return
        self.outcome, self.reported_at = found, max(now, self.consumed_at)
        if found.status == "succeeded":
            self.decision.done(found.note or "")
        else:
            self.decision.failed(found.note or "")

    def wire(self) -> bytes:
        """The request as the protocol writes it."""
        said = self.wanted.submission
        whole: dict[str, Any] = {
            "id": self.id,
            "tool": said.tool,
            "arguments": said.arguments,
            "timeout": said.timeout,
        }
        for name in ("server", "agent_reasoning", "context"):
            if value := getattr(said, name):
                whole[name] = value
        whole |= {
            "status": self.status,
            "created_at": stamp(self.created_at),
            "deadline_at": stamp(self.created_at + self.wanted.seconds),
        }
        if self.status != "pending":
            decision = {"status": self.status, "decided_at": stamp(self.decided_at)}
            if self.note:
                decision["note"] = self.note
            if self.status == "approved":
                decision["expires_at"] = stamp(self.expires_at)
            whole["decision"] = decision
        if self.consumed_key:
            whole["consumption"] = {"consumed_at": stamp(self.consumed_at)} | self._outcome()
        return msgspec.json.encode(whole)

    def _outcome(self) -> dict[str, Any]:
        if self.outcome is None:
            return {}
        said = {"status": self.outcome.status, "reported_at": stamp(self.reported_at)}
        return {"outcome": said | ({"note": self.outcome.note} if self.outcome.note else {})}
