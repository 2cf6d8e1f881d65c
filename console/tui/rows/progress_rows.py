"""How far a run is and how it will probably go on: forecast, time against its own history, when it was last heard. Pure."""

from __future__ import annotations

from functools import lru_cache

from console.core.fleet.lifecycle import ENDED
from console.core.fleet.policy_state import InForce
from console.core.fleet.state import Fleet, Run
from console.core.fleet.usual import Usual, usual
from console.core.reliability.forecast import forecast
from console.core.reliability.standing import task_of, version_of
from console.policy.glob import Glob
from console.tui.drawing import figures
from console.tui.drawing.paint import Line, Row
from console.tui.rows.frame_rows import View
from console.tui.rows.panes import field

_AT = 14

_glob = lru_cache(maxsize=512)(Glob)


def bound(known: InForce, agent: str, measure: str) -> float | None:
    """The tightest of the budgets that fit an agent, or None; seconds, dollars or a count."""
    fits = (one for one in known.budgets if _fits(one.agent, agent))
    return min((most for one in fits if (most := getattr(one, measure)) is not None), default=None)


def _fits(pattern: str, agent: str) -> bool:
    try:
        return bool(_glob(pattern).matches(agent))
    except ValueError:
        return False


def lasted(run: Run, view: View) -> int:
    """How long a run has gone on, or went on."""
    return (run.ended_at if run.ended_at is not None else view.now) - run.started_at


def used(run: Run, fleet: Fleet, view: View) -> list[str]:
    """Time, money and tokens of a run, each with its budget where it has one."""
    known = fleet.policy
    seconds = bound(known, run.agent, "seconds")
    time = figures.age(lasted(run, view)) + (" long" if run.ended_at else "")
    found = [time + (f" of {figures.age(int(seconds * 1000))}" if seconds is not None else "")]
    dollars, tokens = bound(known, run.agent, "cost_usd"), bound(known, run.agent, "tokens")
    if run.cost_usd:
        found.append(f"${run.cost_usd:.2f}" + (f" of {dollars:.2f}" if dollars is not None else ""))
    if run.tokens:
        most = f" of {figures.tokens(int(tokens)).removesuffix(' tokens')}" if tokens is not None else ""
        found.append(figures.tokens(run.tokens).removesuffix(" tokens") + f"{most} tokens")
    return found


def _history(known: Usual, ran: int) -> str:
    if known.low is None or known.high is None or known.longest is None:
        return f"unknown ({known.n} completed)"
    span = f"{figures.age(known.low)} to {figures.age(known.high)} ({known.n} {known.like})"
    return f"longer than any of {span}" if ran > known.longest else span


def _ahead(run: Run, fleet: Fleet) -> str:
    version = version_of(run.version, run.model)
    return forecast(fleet.reliability, run.agent, version, task_of(run.goal), run.so_far).words


def _left(run: Run) -> str:
    left = run.steps_of - run.steps_seen if run.steps_of else 0
    return f"{left} steps left" if left > 1 else "1 step left" if left == 1 else ""


def measures(run: Run, fleet: Fleet, view: View) -> list[Line]:
    """Below progress and claims of a living run: its forecast, how long its like took, when it was last heard."""
    if run.state in ENDED:
        return []
    ahead = Row().at(3, "forecast", "muted").at(_AT, _ahead(run, fleet), end=view.last + 1)
    ahead.then(_left(run), "muted", gap=2, end=view.last + 1)
    heard = f"heard {figures.age(view.now - run.last_at)} ago"
    took = _history(usual(fleet, run), lasted(run, view))
    row = Row().at(3, "usual", "muted").at(_AT, took, end=view.last - len(heard))
    return [ahead.line, row.right(view.last, (heard, "muted")).line]


def beside(run: Run, fleet: Fleet, view: View, cells: int) -> list[Line]:
    """The same in a pane, with what the run used up."""
    spent = field("used", ", ".join(used(run, fleet, view)), cells)
    if run.state in ENDED:
        return spent
    return [
        *field("forecast", _ahead(run, fleet), cells),
        *field("usual", _history(usual(fleet, run), lasted(run, view)), cells),
        *field("heard", f"{figures.age(view.now - run.last_at)} ago", cells),
        *spent,
    ]
