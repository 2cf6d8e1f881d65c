"""What stands beside a list where there is room: more about what is under its cursor. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from bus.limits import CONFIDENCE_LIMIT
from console.core.fleet.due import due_at
from console.core.fleet.state import Action, Command, Run
from console.core.health.ending import unverified
from console.tui.drawing import figures
from console.tui.drawing.paint import BLANK, Line, Row, in_lines
from console.tui.floor.attention import CONTROL, MARKS, SEVERITY, Level, Plight
from console.tui.floor.deciding import decided, why
from console.tui.rows.arguments import pieces
from console.tui.rows.command_words import so_far
from console.tui.rows.fleet_rows import progress, state_word
from console.tui.rows.frame_rows import View

NAMES: Final = 10
"""Where values start; a longer name stands on a line of its own."""

STEPS: Final = 8
_TEXT: Final = 18
_BARS: Final = 8
_LINES: Final = 4


def field(name: str, text: str, cells: int, most: int = _LINES) -> list[Line]:
    """A name and its words, in at most so many lines."""
    return [
        Row().at(0, name if number == 0 else "", "muted").at(NAMES, piece).line
        for number, piece in enumerate(in_lines(text, cells - NAMES, most))
    ]


def ask(run: Run, action: Action, view: View, cells: int, found: Plight | None = None) -> list[Line]:
    """An action that waits, or did. `found` is what is worse about its run."""
    row = Row()
    if action.state == "asked":
        gate: Level = "stop" if action.gate == "hold" else "act"
        level: Level = found.level if found else gate
        remaining = due_at(action) - view.now
        due = f"due {figures.left(remaining)}"
        row.at(0, MARKS[level], level).then(action.gate or "ask", gate, gap=1)
        row.then(action.tool, "strong", gap=2, end=cells - len(due) - 1)
        row.right(cells - 1, (due, figures.urgency(remaining)))
    else:
        word = action.outcome or action.state
        row.at(0, action.tool, "strong", end=cells - len(word) - 1).right(cells - 1, (word, "text"))
    return [
        row.line,
        _who(run, cells, action.step),
        BLANK,
        *_arguments(run, action, cells),
        BLANK,
        *(field("not well", found.fact, cells) if found else ()),
        *_why(action, view, cells),
    ]


def _who(run: Run, cells: int, step: int | None = None) -> Line:
    row = Row().at(0, f"{run.agent} {run.version}".rstrip(), "muted", end=cells - 12)
    row.then(f"{CONTROL[run.control]} {run.control}", "muted", gap=2, end=cells)
    return row.then(f"step {step}" if step else "", "muted", gap=2, end=cells).line


def _arguments(run: Run, action: Action, cells: int) -> list[Line]:
    if action.args_cut:
        return [Row().at(0, "its arguments are in the recording", "muted", end=cells).line]
    lines: list[Line] = []
    for piece in pieces(
        action.args if action.edited is None else action.edited, run, cells - NAMES, unfolded=False
    ):
        row = Row()
        if piece.part == 0:
            if len(piece.path) >= NAMES:
                lines.append(Row().at(0, piece.path, "muted", end=cells).line)
            else:
                row.at(0, piece.path, "muted")
        fold = piece.fold.replace(", o opens", "")
        row.at(NAMES, fold or piece.text, "muted" if fold else "act" if piece.odd else "text", end=cells)
        lines.append(row.line)
    return lines


def _why(action: Action, view: View, cells: int) -> list[Line]:
    lines: list[Line] = []
    if action.severity is not None:
        lines.append(Row().at(0, "severity", "muted").at(NAMES, SEVERITY[action.severity]).line)
    for number, reason in enumerate(action.reasons[:3]):
        lines += field(_asked_why(action) if number == 0 else "", reason.text, cells, 3)
    if action.confidence:
        low = action.confidence.value < CONFIDENCE_LIMIT
        value = figures.probability(action.confidence.value)
        row = Row().at(0, "claims", "muted").at(NAMES, value, "watch" if low else "text")
        lines.append(row.then(f"limit {CONFIDENCE_LIMIT:.2f}", "muted", gap=2, end=cells).line)
    if action.outcome:
        lines += field("outcome", decided(action, view.operator), cells)
        lines += field("", f"“{action.note}”", cells) if action.note else []
    if action.result:
        lines += field("result", f"“{action.result}”", cells)
    return [*lines, Row().at(0, "digest", "muted").at(NAMES, figures.digest(action.digest)).line]


def _asked_why(action: Action) -> str:
    """Of which gate the reasons are; a longer word leaves no room for its values and is left out."""
    words = why(action)
    return words if len(words) < NAMES else "why"


def one_run(
    run: Run, found: Plight | None, commands: Sequence[Command], view: View, cells: int
) -> list[Line]:
    """A run: its task, how far it is, what is wrong, what was commanded."""
    word = state_word(run)
    since = figures.age(view.now - run.last_at)
    head = Row().at(0, MARKS[found.level] if found else "", found.level if found else "text")
    head.at(2 if found else 0, word, "strong", end=cells - 8).right(cells - 1, (since, "muted"))
    goal = in_lines(f"“{run.goal}”" if run.goal else "no goal was given", cells, 3)
    lines = [head.line, _who(run, cells), BLANK, *(Row().at(0, piece).line for piece in goal), BLANK]
    share = progress(run)
    full = figures.filled(share or 0.0, _BARS)
    row = Row().at(0, "progress", "muted")
    if share is not None:
        row.at(NAMES, "━" * full).at(NAMES + full, "─" * (_BARS - full), "rule").then(" ")
    last = run.steps[-1].step if run.steps else 0
    of = f" of {run.steps_of}" if run.steps_of else ""
    lines.append(row.at(NAMES, f"step {last}{of}" if last else "no step yet", end=cells).line)
    lines += _claims(run, cells)
    if found:
        lines += field("not well", found.fact, cells)
    if run.ended_text:
        lines += field("ended", f"“{run.ended_text}”", cells)
    if unseen := unverified(run):
        lines += field("unseen", unseen, cells)
    for command in [each for each in commands if each.kind != "decision"][-2:]:
        lines += field(command.kind, f"asked for by {command.by}", cells)
        lines += field("", so_far(command), cells)
    return lines


def _claims(run: Run, cells: int) -> list[Line]:
    if not run.claims:
        return []
    row = Row().at(0, "claims", "muted").at(NAMES, "")
    for number, claim in enumerate(run.claims[-min(16, cells - NAMES - 6) :]):
        row.at(NAMES + number, figures.spark(claim), "watch" if claim < CONFIDENCE_LIMIT else "rule")
    return [row.then(figures.probability(run.claims[-1]), gap=1).line]


def last_steps(run: Run, cells: int, most: int = STEPS) -> list[Line]:
    """The newest steps, the last at the bottom."""
    if not run.steps:
        return []
    lines = [Row().at(0, "last steps", "muted").right(cells - 1, ("took", "muted")).line]
    for step in run.steps[-most:]:
        lasted = step.finished_at - step.started_at if step.finished_at is not None else None
        low = step.confidence is not None and step.confidence.value < CONFIDENCE_LIMIT
        took = figures.took(lasted)
        row = Row().right(2, (str(step.step), "muted")).at(4, step.name or "step", end=cells - len(took) - 3)
        row.at(_TEXT, step.text, "muted", end=cells - len(took) - 3)
        wrong = low or step.ok is False
        row.right(cells - 1, (f"{MARKS['watch']} " if wrong else "", "watch"), (took, "text"))
        lines.append(row.line)
    return lines


def spent(run: Run, view: View) -> list[Line]:
    """Time, money and tokens."""
    until = run.ended_at if run.ended_at is not None else view.now
    lines = [
        Row()
        .at(0, "lasted" if run.ended_at else "running", "muted")
        .at(NAMES, figures.age(until - run.started_at))
        .line
    ]
    if run.cost_usd:
        lines.append(Row().at(0, "spent", "muted").at(NAMES, f"${run.cost_usd:.2f}").line)
    if run.tokens:
        lines.append(
            Row().at(0, "tokens", "muted").at(NAMES, figures.tokens(run.tokens).removesuffix(" tokens")).line
        )
    return lines


def said(run: Run, cells: int, most: int = 6) -> list[Line]:
    """What was said in the run last."""
    if not run.messages:
        return []
    lines = [Row().at(0, "said in it", "muted").line]
    for message in run.messages[-most:]:
        lines += field((message.name or message.role)[: NAMES - 1], f"“{message.text}”", cells, 3)
    return lines


def several(name: str, runs: Sequence[Run], total: int, cells: int) -> list[Line]:
    """The runs of an agent that are well."""
    lines = [
        Row().at(0, name, "strong", end=cells - 10).right(cells - 1, (f"{total} runs", "text")).line,
        BLANK,
    ]
    for run in runs:
        step = run.steps[-1] if run.steps else None
        row = Row().at(0, figures.shown(run.run)).at(6, figures.spark(progress(run)), "rule")
        lines.append(
            row.at(8, f"step {step.step} {step.name}" if step else run.goal, "muted", end=cells).line
        )
    if total > len(runs):
        lines.append(Row().at(0, f"and {total - len(runs)} more", "muted").line)
    return lines


def joined(*blocks: Sequence[Line]) -> list[Line]:
    """Blocks that have anything to say, a blank line between them."""
    lines: list[Line] = []
    for block in blocks:
        if block:
            lines += [*([BLANK] if lines else []), *block]
    return lines
