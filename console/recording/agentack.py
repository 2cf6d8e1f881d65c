"""A recorded run as a trace that `agentack check` judges: JSON lines of its schema, version 2.

One run is one trace, because a trace ends with its kill. The schema knows less than the log; this stands for what:

- The call that the agent proposed is `action_proposed`, what a person was shown `approval_requested`. What policy allowed by
  itself has no approval, because nobody was asked. What policy denied has one that was denied, so that whatever ran in spite
  of it is found.
- An edit is a denial of the original, which is blocked, and a second action, `{action}.edited`, that was proposed, shown
  and allowed. Both have one intent.
- `action_executed` is the agent's `action.started`. If it names other arguments than those decided, nobody knows what ran:
  its arguments are written as unknown, and so are not those that were approved.
- `action_blocked` is the agent's word that the call did not run; `interrupt` is the moment when it had a kill.
- `session_end` is written for a run that ended; what was proposed by then and never begun is blocked, if nothing of the run
  is missing. A run that was lost has no end, and what became of it no proof.
- Two actions have one intent if the agent says that one supersedes the other, which had been refused or edited.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from bus import codec
from bus.canonical import NotCanonicalError, digest
from bus.codec import DecodeError
from bus.events import (
    AGENT_TYPES,
    ActionFinished,
    ActionProposed,
    ActionStarted,
    CommandAcknowledged,
    CommandDirect,
    ControlLevel,
    Data,
    RunFinished,
    RunStarted,
)
from bus.limits import DECISION_VALID
from bus.records import SUPERVISOR_TYPES, ActionAsked, ActionDecided, CommandRequested, GapFound
from console.recording import agentack_form as form
from console.recording.bodies import Row

SCHEMA: Final = 2
"""Version of the schema; another one is another exporter."""


@dataclass(slots=True)
class _Call:
    """One proposed action as the trace knows it. `edited` is the call that an operator made of it."""

    id: str
    intent: str
    tool: str
    args: dict[str, Any]
    digest: str
    proposed_at: int
    agent_ms: int | None
    until: int
    asked: bool = False
    allowed: bool | None = None
    command: str = ""
    passed: bool = False
    decided_at: int = 0
    refused: bool = False
    blocked: bool = False
    edited: _Call | None = None
    ran: int = 0


@dataclass(slots=True)
class Trace:
    """Writes the trace of one run, record by record in the order of the log.

    `about` is the run's name in the trace, the same for all its lines.
    """

    about: str
    control: ControlLevel = "gated"
    ended: str = ""
    _gap: bool = False
    _closed: bool = False
    _calls: dict[str, _Call] = field(default_factory=dict)
    _kills: set[str] = field(default_factory=set)

    def lines(self, row: Row) -> Iterator[bytes]:
        """What a record adds to the trace, each with its newline: often nothing."""
        try:
            envelope = codec.decode_envelope(row.event)
        except DecodeError:
            return
        about = codec.subject(envelope)
        types = AGENT_TYPES if about is not None and about[2] else SUPERVISOR_TYPES
        if about is None or envelope.type not in types:
            return  # nobody decides by saying so
        data = codec.decode_data(envelope)
        for item in self._items(row.at, form.sent_at(envelope.time), data):
            yield (json.dumps(item, separators=(",", ":")) + "\n").encode()

    def last(self, at: int) -> Iterator[bytes]:
        """What stands at the end of the trace; `at` is the time of the last record (ms since 1970 UTC)."""
        for item in self._end(at):
            yield (json.dumps(item, separators=(",", ":")) + "\n").encode()

    def _items(self, at: int, agent_ms: int | None, data: Data) -> Iterator[dict[str, Any]]:
        match data:
            case ActionProposed() if data.action not in self._calls:
                yield from self._proposed(at, agent_ms, data)
            case ActionAsked() if call := self._calls.get(data.action):
                call.asked = True
                yield self._about(at, "approval_requested", call, approval=True, action=_action(call))
            case ActionDecided() if call := self._calls.get(data.action):
                yield from self._decided(at, call, data)
            case ActionStarted():
                yield from self._started(at, agent_ms, data)
            case ActionFinished():
                yield from self._finished(at, data)
            case CommandRequested(kind="kill") | CommandDirect(kind="kill"):
                self._kills.add(data.command)
            case CommandAcknowledged() if data.command in self._kills and self.control != "observed":
                self._kills.clear()  # a kill told twice is one interrupt
                yield self._item(at, "interrupt", reason="killed")
            case _:
                self._live(data)

    def _live(self, data: Data) -> None:
        match data:
            case RunStarted():
                self.control = data.control
            case GapFound():
                self._gap = True
            case RunFinished():
                self.ended = data.outcome
            case _:
                pass

    def _proposed(self, at: int, agent_ms: int | None, data: ActionProposed) -> Iterator[dict[str, Any]]:
        older = self._calls.get(data.supersedes or "")
        call = self._calls[data.action] = _Call(
            id=data.action,
            intent=older.intent if older and older.refused else data.action,
            tool=data.tool,
            args=data.args,
            digest=_digest(data.tool, data.args),
            proposed_at=at,
            agent_ms=agent_ms,
            until=at + int((data.decide_within + DECISION_VALID) * 1000),
            passed=data.passed,
        )
        yield self._about(at, "action_proposed", call, action=_action(call))

    def _decided(self, at: int, call: _Call, data: ActionDecided) -> Iterator[dict[str, Any]]:
        if call.allowed is not None:
            return  # the agent ended it before
        call.command, call.decided_at = data.command, at
        call.allowed = data.outcome == "approved"
        call.refused = data.outcome in ("edited", "rejected", "responded")
        if data.outcome == "edited" and data.args is not None:
            yield from self._decision(at, call)
            yield self._blocked(at, call, "edited by an operator")
            call.edited = new = _Call(
                id=f"{call.id}.edited",
                intent=call.intent,
                tool=call.tool,
                args=data.args,
                digest=data.digest or "",
                proposed_at=call.proposed_at,
                agent_ms=call.agent_ms,
                until=call.until,
                asked=True,
                allowed=True,
                command=data.command,
                decided_at=at,
            )
            yield self._about(at, "action_proposed", new, action=_action(new))
            yield self._about(at, "approval_requested", new, approval=True, action=_action(new))
            yield from self._decision(at, new)
        else:
            yield from self._decision(at, call)

    def _decision(self, at: int, call: _Call) -> Iterator[dict[str, Any]]:
        """The decision of a call, if a person was asked or it was denied."""
        if call.allowed and not call.asked:
            return
        if not call.asked:
            call.asked = True
            yield self._about(at, "approval_requested", call, approval=True, action=_action(call))
        item = self._about(at, "approval_decision", call, approval=True)
        item["decision"] = "allow" if call.allowed else "deny"
        if call.allowed:
            item["expires_at"] = form.time(call.until)
        yield item

    def _started(self, at: int, agent_ms: int | None, data: ActionStarted) -> Iterator[dict[str, Any]]:
        known = self._calls.get(data.action)
        if known is None:
            yield from self._unheard_of(at, data.action)
            return
        call = known.edited if known.edited and data.digest == known.edited.digest else known
        same = data.digest == call.digest or (data.digest is None and not call.asked)
        yield from self._executed(self._began(at, agent_ms, call), call, same=same, decision=data.decision)

    def _executed(self, at: int, call: _Call, *, same: bool, decision: str) -> Iterator[dict[str, Any]]:
        if self.ended:
            yield from self._end(at)
        call.ran += 1
        action = _action(call) if same else form.unknown(call.tool)
        item = self._about(at, "action_executed", call, approval=call.asked, action=action)
        free = self.control == "observed" or call.passed
        if not free and call.allowed is not False and (call.allowed is None or decision != call.command):
            # Begun without its decision: the approval that it would need is not there to be found.
            item["approval_id"] = f"{call.id}.undecided"
        yield item

    def _finished(self, at: int, data: ActionFinished) -> Iterator[dict[str, Any]]:
        call = self._calls.get(data.action)
        if call is None:
            if data.outcome in ("done", "failed"):
                yield from self._unheard_of(at, data.action)
            return
        told = call.edited or call
        if data.outcome in ("done", "failed"):
            if not told.ran and not call.ran:
                yield from self._executed(at, call, same=False, decision="")
            return
        yield from self._not_run(at, call, data.outcome)

    def _not_run(self, at: int, call: _Call, why: str) -> Iterator[dict[str, Any]]:
        """A call ended without having begun."""
        if call.allowed is None:
            call.allowed = False  # nobody was in time; a decision that comes now is too late
            if call.asked:
                yield from self._decision(at, call)
        told = call.edited or call
        if not told.blocked and not call.ran and not told.ran:
            yield self._blocked(at, told, why)

    def _unheard_of(self, at: int, action: str) -> Iterator[dict[str, Any]]:
        call = _Call(
            id=action, intent=action, tool="?", args={}, digest="", proposed_at=at, agent_ms=None, until=at
        )
        yield from self._executed(at, call, same=False, decision="")

    def _began(self, at: int, agent_ms: int | None, call: _Call) -> int:
        """When a call began. An approval is valid by the agent's clock, so that one counts from the proposal on."""
        if agent_ms is None or call.agent_ms is None:
            return at
        return max(call.decided_at, min(at, call.proposed_at + agent_ms - call.agent_ms))

    def _blocked(self, at: int, call: _Call, reason: str) -> dict[str, Any]:
        call.blocked = True
        return self._about(at, "action_blocked", call, approval=call.asked, reason=reason)

    def _end(self, at: int) -> Iterator[dict[str, Any]]:
        if self.ended and not self._closed:
            self._closed = True
            for call in [] if self._gap else list(self._calls.values()):
                # What begins is written before it begins, and all that was written is here.
                yield from self._not_run(at, call, "never begun: its process is gone")
            yield self._item(at, "session_end", reason=self.ended)

    def _about(
        self, at: int, kind: str, call: _Call, *, approval: bool = False, **more: Any
    ) -> dict[str, Any]:
        named: dict[str, Any] = {"action_id": call.id, "intent_id": call.intent}
        if approval:
            named["approval_id"] = f"{call.id}.asked"
        return self._item(at, kind, **named, **more)

    def _item(self, at: int, kind: str, **more: Any) -> dict[str, Any]:
        return {
            "schema_version": SCHEMA,
            "type": kind,
            "timestamp": form.time(at),
            "session_id": self.about,
            **more,
        }


def _action(call: _Call) -> dict[str, Any]:
    return form.action(call.tool, call.args, call.digest)


def _digest(tool: str, args: dict[str, Any]) -> str:
    try:
        return digest(tool, args)
    except NotCanonicalError:
        return ""
