"""The rows of the queue: two for each ask, one for each decision made just now. Pure."""

from __future__ import annotations

from typing import Final

from console.core.fleet.care import in_hand
from console.core.fleet.due import due_at
from console.core.fleet.state import Action, Command, Run
from console.core.judging.origin_words import is_suspect
from console.tui.drawing import figures
from console.tui.drawing.paint import Line, Row, cut_middle
from console.tui.floor.attention import CONTROL, MARKS, Level
from console.tui.floor.deciding import decider
from console.tui.floor.verdicts import over_since
from console.tui.rows.arguments import telling_leaf
from console.tui.rows.fleet_rows import AGENT_CELLS, as_known, hindrance
from console.tui.rows.frame_rows import View

TOOL_CELLS: Final = 26
"""A tool's name is cut only where it would push out the time that is left."""


def head(view: View, waits: int) -> Line:
    """The heading of what waits."""
    row = Row().at(3, "waits for you, by deadline" if waits else "waits for you", "muted")
    return row.right(view.last, ("due" if waits else "", "muted")).line


def nothing() -> Line:
    """What stands where asks would be."""
    return Row().at(3, "Nothing waits for you.").line


def ask(run: Run, action: Action, level: Level, view: View) -> Line:
    """The first row of an ask: gate, tool, whose, how bad, how long."""
    gate: Level = "stop" if action.gate == "hold" else "act"
    row = Row().at(1, MARKS[level], level).at(3, action.gate or "ask", gate)
    row.at(9, cut_middle(action.tool, TOOL_CELLS))
    row.at(max(24, row.cells + 1), cut_middle(run.agent, AGENT_CELLS))
    row.at(max(35, row.cells + 1), CONTROL[run.control], "muted").then(figures.shown(run.run), gap=1)
    row.at(max(44, row.cells + 1), f"S{action.severity}" if action.severity is not None else figures.NOTHING)
    remaining = due_at(action) - view.now
    share = remaining / (action.decide_within * 1000) if action.decide_within else 0.0
    full = figures.filled(share, 8)
    looked_at = in_hand(action.care, by_time=action.escalated_at is not None)
    row.at(48, hindrance(run) or looked_at, "strong", end=60 + view.spare)
    bar = 61 + view.spare
    row.at(bar, "━" * full, figures.urgency(remaining)).at(bar + full, "─" * (8 - full), "rule")
    row.right(view.last, (figures.left(remaining), figures.urgency(remaining)))
    return as_known(row.line, view)


def about(action: Action, view: View, worse: str = "") -> Line:
    """The second row of an ask: the value that says most, then the first reason, or what is worse about its run."""
    row = Row()
    path, value, place = telling_leaf(action.args)
    if is_suspect(action.origins, place):
        row.at(7, "!", "act")
    row.at(9, path, "muted", end=24).then(
        value, gap=1, end=view.last - 30 if action.reasons or worse else view.last + 1
    )
    if worse:
        row.at(max(44, row.cells + 3), worse, "stop", end=view.last + 1)
    elif action.reasons:
        why = action.reasons[0].text.removeprefix(f"“{value}” ({path}) ")  # which stands before it
        row.at(max(44, row.cells + 3), why, "muted", end=view.last + 1)
    return as_known(row.line, view)


def just_decided(view: View) -> Line:
    """The heading of what was decided."""
    return Row().at(3, "just decided", "muted").right(view.last, ("ago", "muted")).line


def verdict(action: Action, command: Command | None, view: View) -> Line:
    """One decision: its outcome, about what, by whom, and whether it is effective."""
    row = Row().at(3, action.outcome or action.state, "watch" if action.outcome == "expired" else "text")
    row.at(14, cut_middle(action.tool, 20))
    row.at(max(29, row.cells + 1), cut_middle(action.agent, AGENT_CELLS), "muted")
    row.at(max(40, row.cells + 1), figures.shown(action.run), "muted")
    asked, decided = action.asked_at or 0, over_since(action)
    if action.outcome == "expired":
        words = "nobody answered: refused"
    else:
        words = f"by {decider(action, view.operator)} in {figures.age(decided - asked)}{_so_far(command)}"
    row.at(46, words, "muted", end=view.last - 5)
    return as_known(row.right(view.last, (figures.age(view.now - decided), "muted")).line, view)


def _so_far(command: Command | None) -> str:
    if command is None:
        return ""
    if command.effective_at is not None:
        return ", effective"
    if command.state in ("failed", "refused"):
        return f", {command.state}"
    return ", acknowledged" if command.acknowledged_at is not None else ", on its way"
