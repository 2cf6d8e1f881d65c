"""The rows of the fleet screen, each a pure function of the fleet and the view."""

from __future__ import annotations

from functools import lru_cache
from typing import Final

from bus.events import ControlLevel
from console.core.fleet.due import due_at
from console.core.fleet.holding import is_holding
from console.core.fleet.lifecycle import ENDED
from console.core.fleet.state import Action, Fleet, Run
from console.core.judging.origin_words import is_suspect
from console.core.reliability.bounds import at_least
from console.core.reliability.standing import version_of, version_standing
from console.tui.drawing import figures
from console.tui.drawing.paint import BLANK, Line, Row, cut_middle, cut_path, muted
from console.tui.drawing.signs import ascii_only
from console.tui.floor import attention
from console.tui.floor.attention import CONTROL, MARKS, Level, Plight
from console.tui.floor.index import ENDED_SHOWN, FleetIndex
from console.tui.floor.items import Item
from console.tui.floor.verdicts import over_since
from console.tui.rows.arguments import telling_leaf
from console.tui.rows.command_words import stopped_by
from console.tui.rows.frame_rows import View

Names = tuple[str, str, ControlLevel]
"""Agent, run, and how far it can be stopped."""

BARS: Final = 16
"""Runs of one agent drawn as bars; the others are a number."""

AGENT_CELLS: Final = 10
TOOL_CELLS: Final = 31
"""A tool's name is cut only where it would push out the time that is left."""

UNANSWERED_SHOWN: Final = 3
"""Asks whose time ran out that are listed."""

_HEADS: Final = {
    "waits": ("waits for you", "due"),
    "ill": ("not well", "for"),
    "well": ("well", "ago"),
    "rest": ("at rest", "ago"),
}

_ASIDE: Final = 12
"""Columns to spare from which a word about a waiting run stands beside its bar."""


def row(index: FleetIndex, item: Item, view: View, *, alone: bool = False) -> Line:
    """One line of the fleet; grey, and marked at the edge, when it is not what is so now.

    `alone`: a filter lists each run on its own, so that none has the numbers of its agent.
    """
    line = _row(index, item, view, alone=alone)
    return line if item.kind in ("head", "blank", "none") else as_known(line, view)


def as_known(line: Line, view: View) -> Line:
    """A row; grey, and marked at the edge, when it is not what is so now."""
    if view.live:
        return line
    stale = Row()
    for text, ink in muted(line):
        stale.then(text, ink)
    return stale.at(view.last + 1, "?", "muted").line


def _row(index: FleetIndex, item: Item, view: View, *, alone: bool) -> Line:
    match item.kind:
        case "head":
            return _head(index, item.key, view)
        case "wait":
            action = index.fleet.action(item.key)
            run = index.fleet.run(action.agent, action.run) if action else None
            return _wait(index, run, action, view) if run and action else BLANK
        case "agent":
            return _agent(index, item.key, view)
        case "unanswered":
            action = index.fleet.action(item.key)
            return _unanswered(action, view) if action else BLANK
        case "none":
            return Row().at(3, item.key, "muted").line
        case "blank":
            return BLANK
    run = index.fleet.runs.get(item.key)
    if run is None:
        return BLANK
    if item.kind == "ill":
        return _ill(index, run, view)
    return _rest(index, run, view) if item.kind == "rest" else _well(index, run, view, alone=alone)


def _head(index: FleetIndex, title: str, view: View) -> Line:
    last = view.last
    match title:
        case "waits":
            return Row().at(3, "waits for you", "muted").right(last, ("due", "muted")).line
        case "ill":
            return _counted("not well", index.ill_runs()).right(last, ("for", "muted")).line
        case "rest":
            row, runs = _counted("at rest", index.resting_runs()), index.resting_runs()
            row.then(f", the newest {ENDED_SHOWN} here" if runs > ENDED_SHOWN else "", "muted")
            return row.right(last, ("ago", "muted")).line
    count = index.well_runs()
    words = "1 run" if count == 1 else f"{figures.grouped(count)} runs, one bar a run"
    row = Row().at(3, "well", "muted").at(16, words, "muted")
    for column, word in ((last - 29, "runs"), (last - 20, "done"), (last - 10, "earned"), (last, "n")):
        row.right(column, (word, "muted"))
    return row.line


def _counted(title: str, runs: int) -> Row:
    return (
        Row().at(3, title, "muted").at(16, "1 run" if runs == 1 else f"{figures.grouped(runs)} runs", "muted")
    )


def cut_head(hidden: int, view: View) -> Line:
    """The heading of what waits while so many rows of it are out of view, between those that stay and the others."""
    row = Row().at(3, "waits for you", "muted").at(18, f"{hidden} more, above what is in view", "act")
    return row.right(view.last, ("due", "muted")).line


def narrowed_head(title: str, shown: int, view: View) -> Line:
    """The heading of a group of which a filter shows some."""
    name, over = _HEADS[title]
    return Row().at(3, name, "muted").at(18, f"{shown} shown", "muted").right(view.last, (over, "muted")).line


def _names(run: Run) -> Names:
    return run.agent, run.run, run.control


def _start(agent: str, run: str, control: ControlLevel, level: Level | None) -> Row:
    row = Row()
    if level:
        row.at(1, MARKS[level], level)
    row.at(3, cut_middle(agent, AGENT_CELLS)).at(14, CONTROL[control], "muted")
    return row.at(16, figures.shown(run))


def _wait(index: FleetIndex, run: Run, action: Action, view: View) -> Line:
    gate: Level = "stop" if action.gate == "hold" else "act"
    row = _start(*_names(run), index.waits.level(action)).at(22, action.gate or "ask", gate)
    row.at(28, cut_middle(action.tool, TOOL_CELLS))
    held_up = hindrance(run)
    aside = held_up if view.spare >= _ASIDE else ""  # wide: beside the bar, narrow: instead of it
    end = 60 + view.spare - (len(aside) + 1 if aside else 0)
    if worse := beside(run, index.plight(run.key)):
        row.at(max(42, row.cells + 2), worse, "stop", end=end)
    else:
        found = telling_leaf(action.args)
        what = max(42, row.cells + 2)
        if is_suspect(action.origins, found.place):
            row.at(what, "!", "act")
            what += 2
        row.at(what, found.value, "muted", end=end, by=cut_path)
    row.at(60 + view.spare - len(aside), aside, "strong")
    remaining = due_at(action) - view.now
    share = remaining / (action.decide_within * 1000) if action.decide_within else 0.0
    full = figures.filled(share, 8)
    if held_up and not aside:
        row.at(61 + view.spare, held_up, "strong")
    else:
        row.at(61 + view.spare, "━" * full, figures.urgency(remaining))
        row.at(61 + view.spare + full, "─" * (8 - full), "rule")
    return row.right(view.last, (figures.left(remaining), figures.urgency(remaining))).line


def _unanswered(action: Action, view: View) -> Line:
    """An ask whose time ran out."""
    row = Row().at(3, cut_middle(action.agent, AGENT_CELLS)).at(16, figures.shown(action.run))
    row.at(22, "expired", "watch").at(32, cut_middle(action.tool, view.last - 63))
    row.then("nobody answered: refused", "muted", gap=2, end=view.last - 5)
    return row.right(view.last, (figures.age(view.now - over_since(action)), "muted")).line


def unanswered_head(asks: int, view: View) -> Line:
    """The heading of the asks whose time ran out unseen."""
    words = "1 ask" if asks == 1 else f"{figures.grouped(asks)} asks"
    if asks > UNANSWERED_SHOWN:
        words += f", the newest {UNANSWERED_SHOWN} here"
    row = Row().at(3, "unanswered", "muted").at(16, f"{words}, until somebody opens them", "muted")
    return row.right(view.last, ("ago", "muted")).line


def _ill(index: FleetIndex, run: Run, view: View) -> Line:
    found = index.plight(run.key)
    if found is None:
        return BLANK
    row = _start(*_names(run), found.level)
    word, _, unverified = state_word(run).partition(" ")
    row.at(22, word)
    row.at(32, f"{unverified}  {found.fact}".lstrip(), "muted", end=view.last - 5)
    return row.right(view.last, (figures.age(view.now - found.since), "text")).line


def beside(run: Run, found: Plight | None) -> str:
    """What is worse about a run that waits than what it waits for, or nothing."""
    if found is None or found.level != "stop":
        return ""
    ran = attention.unasked(run)
    return f"ran unasked: {ran[-1].tool}" if ran else found.fact


def hindrance(run: Run) -> str:
    """What keeps a run from going on even once its action is decided, or nothing."""
    if run.killing:
        return "killing"
    if run.state == "lost":
        return "agent lost"
    if run.state in ("paused", "pausing"):
        return run.state
    return "held" if run.held else ""


def state_word(run: Run) -> str:
    """The state as the contract spells it; what only the agent says about its end is unverified."""
    if run.killing and run.state not in ENDED:
        return "killing"
    if run.state == "completed":
        return {"": "completed (unverified)", "ok": "completed", "failed": "completed (refuted)"}[
            run.verified
        ]
    if is_holding(run):
        return "holding"
    return "held" if run.held and run.state == "working" else run.state


def _numbers(row: Row, last: int, runs: int, done: int, verified: tuple[int, int]) -> Line:
    """The numbers of an agent, up to column `last`: runs that are well, runs done, calls found right and wrong."""
    right, wrong = verified
    least = at_least(right, wrong)
    row.right(last - 29, (figures.grouped(runs), "text"))
    row.right(last - 20, (figures.grouped(done), "muted"))
    row.right(last - 10, (figures.earned(least), "muted" if least is None else "text"))
    return row.right(last, (figures.grouped(right + wrong), "muted")).line


def verified_calls(fleet: Fleet, run: Run) -> tuple[int, int]:
    """How many calls of the version of a run were found to be right, and how many wrong."""
    known = version_standing(fleet.reliability, run.agent, version_of(run.version, run.model))
    return (known.right, known.wrong) if known else (0, 0)


def progress(run: Run) -> float | None:
    """How far a run says it is, 0 to 1, or None when it does not say."""
    if run.progress_done is not None and run.progress_of:
        return min(1.0, run.progress_done / run.progress_of)
    if run.steps_of:
        return min(1.0, run.steps_seen / run.steps_of)
    return None


def _agent(index: FleetIndex, name: str, view: View) -> Line:
    runs, total = index.agent(name, BARS), index.well_runs_of(name)
    if not runs:
        return BLANK
    row = Row().at(3, cut_middle(name, AGENT_CELLS)).at(14, CONTROL[runs[0].control], "muted")
    bars = "".join(figures.spark(progress(run)) for run in runs)
    row.at(16, bars, "rule")
    if total > BARS:
        row.then(f" +{total - BARS}", "muted")
    if late := sum(index.silences.late(index.fleet, run, view.now) for run in runs):
        row.then(f" {late} late", "muted")
    newest = max(runs, key=lambda run: run.started_at)  # what the agent has earned is that of its version
    return _numbers(row, view.last, total, index.done(name), verified_calls(index.fleet, newest))


def _well(index: FleetIndex, run: Run, view: View, *, alone: bool) -> Line:
    """A run that is well: an agent's only one, or one of those that it was unfolded into."""
    step = run.steps[-1] if run.steps else None
    of = f" of {run.steps_of}" if run.steps_of else ""
    doing, bar = f"step {step.step}{of} {step.name}" if step else run.state, figures.spark(progress(run))
    late = index.silences.late(index.fleet, run, view.now)  # silent for longer than usual, and no alarm yet
    if index.well_runs_of(run.agent) == 1 and not alone:
        verified = verified_calls(index.fleet, run)
        doing = f"late {doing}" if late else doing
        return _only(_names(run), bar, doing, view.last, index.done(run.agent), verified, ascii_only())
    row = _start(*_names(run), None).at(22, bar, "rule")
    if late:
        row.at(24, "late", "muted")
    row.at(24, doing, end=view.last - 5)
    return row.right(view.last, (figures.age(view.now - run.last_at), "muted")).line


@lru_cache(256)  # most rows of a floor at work are as they were a frame ago, and this is what a frame costs
def _only(
    names: Names, bar: str, doing: str, last: int, done: int, verified: tuple[int, int], _signs: bool, /  # noqa: FBT001
) -> Line:  # fmt: skip
    row = _start(*names, None).at(22, bar, "rule").at(24, doing, "muted", end=last - 32)
    return _numbers(row, last, 1, done, verified)


def _rest(index: FleetIndex, run: Run, view: View) -> Line:
    row = _start(*_names(run), None).at(22, state_word(run), "muted")
    stopped = stopped_by(index.commands(run)) if run.state in ("paused", "killed") else ""
    row.at(45, stopped or run.ended_text or run.goal, "muted", end=view.last - 5)
    since = run.ended_at if run.ended_at is not None else run.last_at
    return row.right(view.last, (figures.age(view.now - since), "muted")).line
