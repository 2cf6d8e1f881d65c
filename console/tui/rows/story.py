"""How a run came to an action, and all there is about one line of it, for the pane of Decide and Run. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from bus.limits import CONFIDENCE_LIMIT
from console.core.fleet.due import due_at
from console.core.fleet.state import Action, Run, Step
from console.tui.drawing import figures
from console.tui.drawing.paint import BLANK, Line, Row, safe, wrap
from console.tui.floor.attention import MARKS, Level
from console.tui.rows import panes
from console.tui.rows.arguments import telling
from console.tui.rows.frame_rows import View
from console.tui.rows.run_rows import Entry, entries

_TOLD: Final = 14
"""Lines of a run's story at most."""


def how_it_got_here(run: Run, action: Action, view: View, cells: int, verified: str = "") -> list[Line]:
    """What was done before this action, what was said, what others `verified`, and what happens without answer."""
    head = (
        Row().at(0, "how it got here", "muted").right(cells - 1, (f"run {figures.shown(run.run)}", "muted"))
    )
    lines = [head.line, BLANK]
    lines += _told(run, action, cells)
    end = due_at(action)
    answer: list[Line] = []
    if action.state == "asked":
        answer = panes.field(
            "if nobody",
            f"answers, it expires at {figures.clock(end, view.zone)}: the agent is told no",
            cells,
        )
    whole = " ".join(action.digest[place : place + 4] for place in range(0, len(action.digest), 4))
    record = panes.field("verified", verified, cells) if verified else []
    record += panes.field("digest", whole or figures.NOTHING, cells, 6)
    asked = action.asked_at or action.proposed_at
    record += panes.field("asked", figures.clock(asked, view.zone, tenths=True), cells)
    return panes.joined(lines, panes.said(run, cells, 3), answer, record)


def _told(run: Run, action: Action, cells: int) -> list[Line]:
    told: list[Line] = []
    for entry in entries(run):
        other = run.actions.get(entry.action) if entry.action else None
        if other is not None:
            told.append(_gate(other, cells, here=other.id == action.id))
            if other.id == action.id:
                break
        elif not entry.message:
            step = next((each for each in reversed(run.steps) if each.step == entry.step), None)
            if step is not None:
                told.append(_step(step, cells))
    return told[-_TOLD:]


def lines_around(run: Run, found: Sequence[Entry], chosen: Entry, cells: int, most: int = 22) -> list[Line]:
    """The lines of a run before and after one of them."""
    at = found.index(chosen)
    start = max(0, min(at - most // 2, len(found) - most))
    lines = [
        Row().at(0, "in the run", "muted").right(cells - 1, (f"line {at + 1} of {len(found)}", "muted")).line
    ]
    for entry in found[start : start + most]:
        action = run.actions.get(entry.action) if entry.action else None
        step = next((each for each in reversed(run.steps) if each.step == entry.step), None)
        if action is not None:
            lines.append(_gate(action, cells, here=entry == chosen))
        elif not entry.message and step is not None:
            lines.append(_step(step, cells, here=entry == chosen))
    return panes.joined(lines, chart(run.claims, cells))


def _step(step: Step, cells: int, *, here: bool = False) -> Line:
    low = step.confidence is not None and step.confidence.value < CONFIDENCE_LIMIT
    row = Row().right(2, (str(step.step), "muted"))
    row.at(4, MARKS["watch"] if low or step.ok is False else "", "watch")
    row.at(6, step.name or "step", "strong" if here else "text", end=cells)
    return row.at(20, step.text, "muted", end=cells).line


def _gate(action: Action, cells: int, *, here: bool) -> Line:
    word = _ended(action)
    row = Row()
    if action.state == "asked":
        level: Level = "stop" if action.gate == "hold" else "act"
        row.at(4, MARKS[level], level)
    row.at(6, action.tool, "strong" if here else "text", end=cells - len(word) - 1)
    on = telling(action.args).removeprefix("https://").removeprefix("http://")
    row.at(20, "" if here else on, "muted", end=cells - len(word) - (1 if word else 0))
    return row.right(cells - 1, (word, "text")).line


def _ended(action: Action) -> str:
    """What became of an action, in a word; nothing where it was approved and went well, as most do."""
    if action.state == "asked":
        return "waits"
    if action.state == "done" and action.outcome == "approved":
        return ""
    return action.state if action.state in ("failed", "ungated") else action.outcome or action.state


def line_of_run(run: Run, entry: Entry, view: View, cells: int) -> list[Line]:
    """All there is about the line of a run that is under the cursor."""
    action = run.actions.get(entry.action) if entry.action else None
    if action is not None:
        return panes.ask(run, action, view, cells)
    if entry.message:
        at, turn = entry.message
        same = [message for message in run.messages if message.at == at]
        words = wrap(safe(f"“{same[turn].text}”"), cells) if turn < len(same) else []
        return [Row().at(0, piece).line for piece in words]
    step = next((each for each in reversed(run.steps) if each.step == entry.step), None)
    return _whole_step(step, view, cells) if step else []


def _whole_step(step: Step, view: View, cells: int) -> list[Line]:
    row = Row().at(0, f"step {step.step}", "muted").then(step.name or "step", "strong", gap=2, end=cells)
    lines = [row.line, BLANK]
    lines += panes.field("started", figures.clock(step.started_at, view.zone, tenths=True), cells)
    lasted = step.finished_at - step.started_at if step.finished_at is not None else None
    lines += panes.field("took", figures.took(lasted), cells)
    if step.confidence:
        low = step.confidence.value < CONFIDENCE_LIMIT
        row = (
            Row()
            .at(0, "claims", "muted")
            .at(panes.NAMES, f"{step.confidence.value:.2f}", "watch" if low else "text")
        )
        row.then(step.confidence.kind, "muted", gap=2)
        lines.append(row.then(f"limit {CONFIDENCE_LIMIT:.2f}", "muted", gap=2, end=cells).line)
    if step.text:
        lines += panes.field("says", step.text, cells, 12)
    return lines


CHART_FROM: Final = 0.4
_CHART: Final = 6
_AT_LIMIT: Final = 3
_BLOCKS: Final = " ▁▂▃▄▅▆▇█"


def chart(claims: Sequence[float], cells: int) -> list[Line]:
    """The newest claims as bars two cells wide, from 0.4 to 1; those below the limit stand out."""
    shown = list(claims[-((cells - 5) // 3) :])
    if len(shown) < 2:
        return []
    row = Row().at(0, "claims", "muted").right(cells - 1, (f"limit {CONFIDENCE_LIMIT:.2f}", "muted"))
    lines = [row.line]
    step = (1.0 - CHART_FROM) / _CHART
    for level in range(_CHART - 1, -1, -1):
        floor = CHART_FROM + level * step
        axis = {_CHART - 1: "1.0", _AT_LIMIT: "0.7", 0: "0.4"}.get(level, "")
        row = Row().at(0, axis.ljust(5), "muted")
        for number, claim in enumerate(shown):
            share = min(1.0, max(0.0, (claim - floor) / step))
            sign = _BLOCKS[round(share * 8)]
            if sign != " ":
                row.then("╌" * (5 + 3 * number - row.cells) if level == _AT_LIMIT else "", "rule")
                row.at(5 + 3 * number, sign * 2, "watch" if claim < CONFIDENCE_LIMIT else "rule")
        row.then("╌" * (4 + 3 * len(shown) - row.cells) if level == _AT_LIMIT else "", "rule")
        lines.append(row.line)
    return lines
