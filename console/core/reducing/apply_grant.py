"""What the supervisor's records about grants do to the fleet, which keeps those that count. Part of `APPLY_SUPERVISOR`."""

from __future__ import annotations

from typing import Final

from bus.codec import Record
from bus.grant_records import GrantEnded, GrantMade
from bus.records import ActionDecided
from console.core.fleet.state import Fleet
from console.core.fleet.turns import ApplySupervisor, Touched
from console.core.judging.grants import Grant
from console.core.text import plain


def _made(fleet: Fleet, record: Record, data: GrantMade) -> Touched:
    grant = Grant(
        id=data.grant,
        agent=record.agent,
        run=record.run,
        action=data.action,
        tool=data.tool,
        alike=data.alike,
        destinations=[plain(text) for text in data.destinations],
        by=plain(data.by, 64),
        version=data.version,
        uses=data.uses,
        seconds=data.seconds,
        at=record.at,
    )
    fleet.grants[grant.id] = grant
    return (("run", grant.run_key),)


def _ended(fleet: Fleet, record: Record, data: GrantEnded) -> Touched:
    fleet.grants.pop(data.grant, None)
    return (("run", f"{record.agent}/{record.run}"),)


def used(fleet: Fleet, data: ActionDecided) -> None:
    """Count the use of the grant that a decision was made by, if it was."""
    grant = fleet.grants.get(data.grant)
    if grant is not None:
        grant.used += 1


APPLY_GRANT: Final[dict[type, ApplySupervisor]] = {GrantMade: _made, GrantEnded: _ended}
