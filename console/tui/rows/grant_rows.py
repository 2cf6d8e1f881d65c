"""What may run without asking again: the grants of a run, and how many calls one would have covered so far. Pure."""

from __future__ import annotations

from typing import Final

from console.core.fleet.state import Action, Fleet, Run
from console.core.judging.grants import Grant
from console.tui.drawing import figures
from console.tui.drawing.paint import Line, Row
from console.tui.rows.frame_rows import View

SHOWN: Final = 2
"""Grants of a run that have a line; the rest are counted."""


def grants_of(fleet: Fleet, run: Run) -> list[Grant]:
    """The grants of a run, the newest first."""
    return [grant for grant in reversed(fleet.grants.values()) if grant.run_key == run.key]


def asked_alike(run: Run | None, action: Action) -> int:
    """How many other calls of the run, of those still known, a grant for calls like this one would have covered."""
    if run is None or action.offer is None:
        return 0
    tool, alike = action.exact_tool, action.offer.alike
    others = (other for other in run.actions.values() if other is not action and other.offer is not None)
    return sum(
        other.exact_tool == tool and other.offer is not None and other.offer.alike == alike
        for other in others
    )


def rows(run: Run, fleet: Fleet, view: View) -> list[Line]:
    """A line for each of the newest grants: which calls pass, how many did, by whose word, and until when."""
    found = grants_of(fleet, run)
    lines = []
    for number, grant in enumerate(found[:SHOWN]):
        more = f", {len(found) - SHOWN} more" if number == SHOWN - 1 and len(found) > SHOWN else ""
        counted = f"{grant.used} of {grant.uses}, until {figures.clock(grant.until, view.zone)}{more}"
        end = view.last - len(counted) - 1
        row = (
            Row().at(3, "passes", "muted").at(14, f"{grant.tool} {' '.join(grant.destinations)}", end=end - 9)
        )
        row.then(f"by {grant.by}", gap=2, end=end)
        lines.append(row.right(view.last, (counted, "text")).line)
    return lines
