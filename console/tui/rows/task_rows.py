"""The task of a run above an action that is to be decided: whether the action is part of it is the decision. Pure."""

from __future__ import annotations

from typing import Final

from console.core.fleet.state import Run
from console.tui.drawing.paint import BLANK, Line, Row, cut_words, safe, width_of, wrap
from console.tui.keys.actions import key_for
from console.tui.rows.frame_rows import View

SHOWN: Final = 2
"""Lines of the task above the arguments; a longer one is read in full below them, too."""

ROOMY: Final = 22
"""Rows between the fixed ones from which a blank one keeps the task and the arguments apart."""

_AT: Final = 14


def task_rows(run: Run, view: View, reach: str, *, tight: bool) -> list[Line]:
    """The task in at most two lines, then `reach`, which lines of the arguments are in view: behind it where it has room.

    `tight`: rows are few, and none is blank.
    """
    rows = _task(run, view)
    if not reach:
        return rows if tight else [*rows, BLANK]
    behind = tight and width_of(rows[-1]) + 2 + len(reach) <= view.last
    row = Row()
    for text, ink in rows.pop() if behind else ():
        row.then(text, ink)
    return [*rows, row.right(view.last, (reach, "muted")).line]


def _task(run: Run, view: View) -> list[Line]:
    row = Row().at(3, "task", "muted")
    if not run.goal:
        return [row.at(_AT, "the agent named none", "muted").line]
    lines = _wrapped(run, view)
    rows = [row.at(_AT, lines[0]).line]
    if len(lines) > SHOWN:
        words = f"in full below: {key_for('page_down')}"
        kept = cut_words("".join(lines[SHOWN - 1 :]), view.last - _AT - len(words) - 1)
        return [*rows, Row().at(_AT, kept).right(view.last, (words, "muted")).line]
    return [*rows, *(Row().at(_AT, line).line for line in lines[1:])]


def whole_task(run: Run, view: View, beside: View) -> list[str]:
    """All of a task that has no room above the arguments in `view`, in lines for `beside`; nothing where it has."""
    return _wrapped(run, beside) if run.goal and len(_wrapped(run, view)) > SHOWN else []


def _wrapped(run: Run, view: View) -> list[str]:
    return wrap(safe(f"“{run.goal}”"), view.last - _AT + 1)
