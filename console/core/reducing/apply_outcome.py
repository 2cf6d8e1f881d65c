"""What the supervisor's records about verified outcomes and earned autonomy do. Part of `APPLY_SUPERVISOR`."""

from __future__ import annotations

from typing import Final, get_args

from bus.codec import Record
from bus.records import AutonomyDemoted, AutonomyPromoted, OutcomeVerified
from console.core.fleet.alike import alike_key, note_verdict
from console.core.fleet.lifecycle import ALLOWS
from console.core.fleet.state import Fleet
from console.core.fleet.turns import ApplySupervisor, Touched
from console.core.reliability.evidence import Rung
from console.core.reliability.standing import Reliability, Verified, demote, fold, promote
from console.core.text import plain

KNOWLEDGE: Final = frozenset({OutcomeVerified.TYPE, AutonomyPromoted.TYPE, AutonomyDemoted.TYPE})
"""The record types that reliability is made of, and can be made of again."""

_RUNGS: Final[dict[str, Rung]] = {rung: rung for rung in get_args(Rung)}


def learn(known: Reliability, record: Record) -> None:
    """Bring what is known from before a record to after it; a record of another type changes nothing."""
    match record.data:
        case OutcomeVerified() as data:
            fold(known, _outcome(record, data))
        case AutonomyPromoted(rung=rung) as data if rung in _RUNGS:
            promote(known, data.stratum, _RUNGS[rung])
        case AutonomyDemoted() as data:
            demote(known, data.stratum)
        case _:
            return


def _outcome(record: Record, data: OutcomeVerified) -> Verified:
    return Verified(
        agent=record.agent,
        version=plain(data.version, 160),
        ok=data.ok,
        at=record.at,
        tool=plain(data.tool, 128),
        effect=plain(data.effect, 16),
        claimed=data.claimed,
        task=data.task[:64],
        steps=data.steps,
        heard=data.heard,
        shown=data.shown,
        corrects=data.corrects,
    )


def _verified(fleet: Fleet, record: Record, data: OutcomeVerified) -> Touched:
    learn(fleet.reliability, record)
    run = fleet.run(record.agent, record.run)
    if run is None:
        return (("agent", record.agent),)
    if not data.action:
        run.verified = "ok" if data.ok else "failed"
        return (("run", run.key), ("agent", record.agent))
    action = run.actions.get(data.action)
    if action is None:
        return (("run", run.key), ("agent", record.agent))
    before, action.verified = action.verified, "ok" if data.ok else "failed"
    if action.asked_at is not None and action.outcome in ALLOWS:
        note_verdict(fleet.alike, alike_key(action.agent, action.tool), before, action.verified)
    return (("action", action.key), ("run", run.key), ("agent", record.agent))


def _promoted(fleet: Fleet, record: Record, data: AutonomyPromoted) -> Touched:
    learn(fleet.reliability, record)
    return (("agent", record.agent),)


def _demoted(fleet: Fleet, record: Record, data: AutonomyDemoted) -> Touched:
    learn(fleet.reliability, record)
    return (("agent", record.agent),)


APPLY_OUTCOME: Final[dict[type, ApplySupervisor]] = {
    OutcomeVerified: _verified,
    AutonomyPromoted: _promoted,
    AutonomyDemoted: _demoted,
}
