"""What judgements, asks and decisions do to an action. One function a type, in one table, part of `APPLY_SUPERVISOR`."""

from __future__ import annotations

from typing import Final

from msgspec.structs import replace

from bus.codec import Record
from bus.records import ActionAsked, ActionAssessed, ActionClaimed, ActionDecided, ActionEscalated
from console.core.alarms.alarm_load import count_decision
from console.core.deeds import UNSIGNED
from console.core.fleet.lifecycle import ACTION, ALLOWS, ENDED, RUN, advance
from console.core.fleet.policy_state import count
from console.core.fleet.room import keep_command, keep_edit
from console.core.fleet.state import Action, Command, Fleet, Run
from console.core.fleet.turns import ApplySupervisor, Touched, close_ask
from console.core.judging.reach import PHRASES, SENTENCE_CHARS, WORDS_CHARS
from console.core.reducing.apply_grant import used
from console.core.reducing.subjects import to_action
from console.core.text import plain

BY_PEOPLE: Final = ("approved", "edited", "rejected", "responded")
"""Outcomes that an operator decides."""


def _assessed(fleet: Fleet, run: Run, action: Action, record: Record, data: ActionAssessed) -> Touched:
    action.state = advance(ACTION, action.state, "assess")
    action.digest = data.digest
    action.severity = data.severity
    action.failure_bp = data.failure_bp
    action.gate = data.gate
    action.reasons = data.reasons
    action.origins = data.origins
    action.reaches = [plain(phrase, WORDS_CHARS) for phrase in data.reaches[:PHRASES]]
    action.no_undo = plain(data.no_undo, SENTENCE_CHARS)
    count(fleet.policy, data.reasons, fleet.policy.fired)
    return (("action", action.key), ("run", run.key))


def _asked(fleet: Fleet, run: Run, action: Action, record: Record, data: ActionAsked) -> Touched:
    action.state = advance(ACTION, action.state, "ask")
    action.gate = data.gate
    action.asked_at = record.at
    action.decide_within = data.decide_within
    action.offer = data.offer
    fleet.waiting.append(action.key)
    count(fleet.policy, action.reasons, fleet.policy.asked)
    if run.state not in ENDED and run.state != "lost":
        run.state = advance(RUN, run.state, "ask")
    return (("action", action.key), ("run", run.key))


def _decided(fleet: Fleet, run: Run, action: Action, record: Record, data: ActionDecided) -> Touched:
    was_asked = action.state == "asked"
    if action.state != "withdrawn":
        action.state = advance(ACTION, action.state, "allow" if data.outcome in ALLOWS else "deny")
    action.outcome = data.outcome
    action.decided_by = plain(data.by, 64)
    action.decided_at = record.at
    if data.outcome != "expired":
        fleet.last_decision = record.at
    action.decision = data.command
    action.decided_digest = data.digest or ""
    keep_edit(fleet, action, data.args)
    action.note = plain(data.reason)
    action.answer = data.reason
    used(fleet, data)
    if was_asked:
        close_ask(fleet, run, action)
        # Without a signature there is only a name, and made-up ones would take the place of people's.
        if data.outcome in BY_PEOPLE and data.by != "policy" and not data.by.endswith(UNSIGNED):
            asked, severity = action.asked_at or record.at, action.severity or 0
            approved = data.outcome in ALLOWS
            count_decision(fleet.load, action.decided_by, record.at, asked, severity, approved=approved)
    if not data.command:
        return (("action", action.key), ("run", run.key))
    command = Command(
        id=data.command,
        kind="decision",
        agent=run.agent,
        run=run.run,
        by=action.decided_by,
        pos=record.pos,
        action=action.id,
        requested_at=record.at,
    )
    keep_command(fleet, command)
    return (("action", action.key), ("run", run.key), ("command", command.id))


def _escalated(fleet: Fleet, run: Run, action: Action, record: Record, data: ActionEscalated) -> Touched:
    action.escalated_at = record.at
    if data.by:
        action.care = replace(action.care, escalated_by=plain(data.by, 64), why=plain(data.reason))
    return (("action", action.key),)


def _claimed(fleet: Fleet, run: Run, action: Action, record: Record, data: ActionClaimed) -> Touched:
    action.care = replace(action.care, claimed_by=plain(data.by, 64))
    return (("action", action.key),)


APPLY_DECISION: Final[dict[type, ApplySupervisor]] = {
    ActionAssessed: to_action(_assessed),
    ActionAsked: to_action(_asked),
    ActionDecided: to_action(_decided),
    ActionEscalated: to_action(_escalated),
    ActionClaimed: to_action(_claimed),
}
