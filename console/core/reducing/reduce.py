"""`reduce(fleet, record)`: the only way that state changes, live and in replay alike.

An agent's event that the tables do not allow changes nothing but the run's count of misdeeds: it stands in the log, and
nobody can talk a run out of its state. The supervisor's own records are trusted; an illegal one is our error and raises.
"""

from __future__ import annotations

from typing import Final, Literal, NamedTuple

from bus.codec import Record, Unknown
from console.core.deeds import deed_of, keep
from console.core.fleet.kept import LIVES_KEPT
from console.core.fleet.lifecycle import RUN, IllegalTransitionError, advance
from console.core.fleet.state import Fleet, Run
from console.core.fleet.turns import bring_back, find, told
from console.core.reducing.apply_agent import APPLY_AGENT
from console.core.reducing.apply_supervisor import APPLY_SUPERVISOR
from console.core.text import plain


class Change(NamedTuple):
    """What a record touched: the kind of thing and its key, so that a screen repaints that and nothing else."""

    kind: Literal["run", "agent", "action", "command", "alarm", "operator", "site"]
    key: str


class HoleInLogError(ValueError):
    """Records are missing between the fleet and this record: ask for a keyframe."""


PENDING: Final = ("requested", "sent", "failed")
"""States of a command that its run has not taken, as far as anybody knows."""


def reduce(fleet: Fleet, record: Record) -> list[Change]:
    """Bring `fleet` from `record.pos - 1` to `record.pos`, in place, and say what changed.

    A record at or before the fleet's position changes nothing, so repeating is harmless.

    Raises:
        HoleInLogError: the record is not the next one.
        IllegalTransitionError: a record of the supervisor contradicts the tables.
    """
    if record.pos <= fleet.pos:
        return []
    if record.pos != fleet.pos + 1:
        msg = f"the log goes from {fleet.pos} to {record.pos}"
        raise HoleInLogError(msg)
    changes = _by_agent(fleet, record) if record.from_agent else _by_supervisor(fleet, record)
    fleet.pos = record.pos
    fleet.at = max(fleet.at, record.at)
    return changes


def _by_supervisor(fleet: Fleet, record: Record) -> list[Change]:
    deed = deed_of(record, fleet.audit.keys)
    apply = APPLY_SUPERVISOR.get(type(record.data))
    changes = [Change("site", "")]
    if apply is not None:
        changes = [Change(kind, key) for kind, key in apply(fleet, record, record.data)]
    keep(fleet.audit, record, deed)
    return changes


def _by_agent(fleet: Fleet, record: Record) -> list[Change]:
    run = _run_of(fleet, record)
    run.seq = record.seq
    run.last_at = record.at
    fleet.events += 1
    changes = [Change("run", run.key)]
    changes.extend(_lived(fleet, run, record))
    # Afterwards, so that a run's new process can still be told from its present one.
    run.lives.pop(record.incarnation, None)
    run.lives[record.incarnation] = record.seq
    while len(run.lives) > LIVES_KEPT:
        del run.lives[next(iter(run.lives))]
    return changes


def _lived(fleet: Fleet, run: Run, record: Record) -> list[Change]:
    changes: list[Change] = []
    apply = APPLY_AGENT.get(type(record.data))
    if apply is None:
        if isinstance(record.data, Unknown):
            run.unknown_types += 1
        else:
            _misdeed(run, getattr(record.data, "problem", "the supervisor's record type"))
        return changes
    try:
        if run.state == "lost":
            find(fleet, run)
        elif run.state == "submitted":
            run.state = advance(RUN, run.state, "work")
        changes.extend(Change(kind, key) for kind, key in apply(fleet, run, record, record.data))
    except IllegalTransitionError as error:
        _misdeed(run, str(error))
    return changes


def _run_of(fleet: Fleet, record: Record) -> Run:
    key = f"{record.agent}/{record.run}"
    run = fleet.runs.get(key) or bring_back(fleet, key)
    if run is None:
        run = Run(agent=record.agent, run=record.run, started_at=record.at)
        fleet.runs[run.key] = run
        fleet.ended.pop(run.key, None)
        for command in fleet.commands.values():
            # A stop that was sent unrecorded, by a supervisor that died with the run's beginning unrecorded, too.
            if (command.agent, command.run) == (run.agent, run.run) and command.state in PENDING:
                told(run, command)
    return run


def _misdeed(run: Run, problem: str) -> None:
    run.misdeeds += 1
    run.misdeed = plain(problem)
