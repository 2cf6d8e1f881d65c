"""The rows of one line of a run in full: a step, an action or something said, as fleet and log have it. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, NamedTuple

from bus.codec import Record
from bus.events import MessageSeen, Usage
from console.core.fleet.due import due_at
from console.core.fleet.state import Action, Command, Message, Run, Step
from console.core.judging.origin_words import by_path
from console.core.replay.past_run import PastRun
from console.tui.drawing import figures
from console.tui.drawing.paint import Line, Row
from console.tui.floor import deciding
from console.tui.floor.attention import CONTROL, MARKS, SEVERITY, Level
from console.tui.rows import decide_rows, panes
from console.tui.rows.arguments import pieces, telling
from console.tui.rows.decide_facts import INSTEAD
from console.tui.rows.frame_rows import View
from console.tui.rows.run_rows import RESULTS, Entry, four_facts
from console.tui.rows.step_fields import VALUES, claims, field, in_full, low, text, when


class Told(NamedTuple):
    """What a line of a run is made of: the run, with what pages of the log gave back, and these pages."""

    run: Run
    past: PastRun
    unfolded: bool
    command: Command | None = None


def rows(told: Told, entry: Entry, view: View) -> list[Line]:
    """Everything that is known of a line."""
    action = told.run.actions.get(entry.action) if entry.action else None
    if action is not None:
        return _action(told, action, view)
    if entry.message:
        at, turn = entry.message
        same = [message for message in told.run.messages if message.at == at]
        return _message(told, same[turn], view) if turn < len(same) else []
    step = next((step for step in reversed(told.run.steps) if step.step == entry.step), None)
    return _step(told, step, view) if step else []


def head(told: Told, entry: Entry, view: View, reach: str = "") -> list[Line]:
    """What it is and how it ended; whose run, at which step, how that can be stopped, how bad it can be."""
    run, row = told.run, Row()
    who = Row().at(3, f"{run.agent} {run.version}".rstrip(), end=40).then(figures.shown(run.run), gap=2)
    action = run.actions.get(entry.action) if entry.action else None
    step = next((step for step in reversed(run.steps) if step.step == entry.step), None)
    if action is not None:
        _action_head(row, action, view)
        who.then(f"step {action.step}" if action.step else "", gap=2)
    elif entry.message:
        row.at(3, "said in the run", "strong").right(
            view.last, (figures.clock(entry.message[0], view.zone), "text")
        )
    elif step is not None:
        word = (
            "under way"
            if step.finished_at is None
            else {None: "unknown", True: "ok", False: "failed"}[step.ok]
        )
        if step.ok is False or low(step.confidence):
            row.at(1, MARKS["watch"], "watch")
        row.at(3, f"step {step.step}").then(step.name or "step", "strong", gap=2, end=view.last - 24)
        row.right(view.last, (word, "watch" if step.ok is False else "text"))
    who.then(f"{CONTROL[run.control]} {run.control}", gap=2)
    severity = SEVERITY[action.severity] if action is not None and action.severity is not None else ""
    return [
        row.line,
        who.right(view.last, (severity, "strong")).line,
        Row().right(view.last, (reach, "muted")).line,
    ]


def _action_head(row: Row, action: Action, view: View) -> None:
    ran = action.ungated or action.state == "ungated"
    word, ink = RESULTS[action.state]
    if action.state in ("allowed", "denied"):
        word = action.outcome or word
    if action.state == "asked" or ran:
        level: Level = "stop" if ran or action.gate == "hold" else "act"
        row.at(1, MARKS[level], level)
        ink = level
    if action.state == "asked":
        word = f"{action.gate}, due {figures.left(due_at(action) - view.now)}"
    elif ran:
        word = "ungated" if action.state == "ungated" else f"{word}, ungated"
    row.at(3, action.tool, "strong", end=view.last - 24).right(view.last, (word, ink))


# ---- an action -------------------------------------------------------------------------------------------------------


def _action(told: Told, action: Action, view: View) -> list[Line]:
    whole = told.past.whole(f"action:{action.id}")
    command = told.command or told.past.command(action)
    blocks = [
        _arguments(told, action, view),
        _gate(action, view),
        _course(action, command, view),
    ]
    ends: list[Line] = []
    reason = whole.reason if whole and whole.reason else action.reason
    if reason:
        ends += text("agent says", reason, view, unfolded=told.unfolded)
    ends += claims(action.confidence)
    result, note = in_full(whole, action.result, _SHORT)
    if result:
        ends += text("result", result, view, unfolded=told.unfolded)
    if note:
        ends.append(Row().at(VALUES, note, "muted").line)
    if action.verified:
        ends += field(
            "really",
            "right, somebody else has looked"
            if action.verified == "ok"
            else "wrong, somebody else has looked",
            view,
        )
    digest = " ".join(action.digest[place : place + 4] for place in range(0, len(action.digest), 4))
    ends += field("digest", digest or figures.NOTHING, view)
    if action.claimed and action.claimed != action.digest:
        ends += field("", "the agent computed another one", view)
    return panes.joined(*blocks, ends, records(told.past.of_action(action), view))


_SHORT: Final = "cut for display; the log has all of it"


def _arguments(told: Told, action: Action, view: View) -> list[Line]:
    if action.args_cut:
        return [
            Row().at(3, "argument", "muted").at(VALUES, "no longer kept here; the log has them", "muted").line
        ]
    names = [piece.path for piece in pieces(action.args, told.run, 1_000, unfolded=False)]
    column = decide_rows.value_column(names)
    origin_at = decide_rows.origin_column(action, column, view)
    cells = (origin_at or view.last + 2) - 1 - column
    origins = by_path(action.origins) if action.edited is None else {}
    args = action.args if action.edited is None else action.edited
    words = "exact value" if action.edited is None else "edited: exact value as approved"
    lines = [decide_rows.columns(column, words, origin_at).line]
    lines += [
        decide_rows.argument_row(piece, column, origins.get(piece.place), origin_at)
        for piece in pieces(args, told.run, cells, unfolded=told.unfolded)
    ]
    if action.edited is not None:
        lines.append(Row().at(column, "original: as the agent asked", "muted").line)
        was = pieces(action.args, told.run, cells, unfolded=told.unfolded)
        lines += [decide_rows.argument_row(piece, column) for piece in was]
    return lines


def _gate(action: Action, view: View) -> list[Line]:
    if action.gate is None:
        words = "on the pass list: it need not wait" if action.passed else "not judged yet"
        return field("gate", words, view)
    row = Row().at(3, "gate", "muted").at(VALUES, action.gate, "strong")
    if action.passed:
        row.then("on the pass list", "muted", gap=2)
    if action.failure_bp is not None:
        row.then(f"may fail in up to {action.failure_bp / 100:.0f} %", gap=2)
    lines = [row.line]
    for number, reason in enumerate(action.reasons):
        instead = reason.code == INSTEAD
        name = "instead" if instead else deciding.why(action).split()[0] if number == 0 else ""
        lines += field(name, reason.text, view)
    return lines


def _course(action: Action, command: Command | None, view: View) -> list[Line]:
    """What became of it, fact by fact."""
    lines = when("proposed", action.proposed_at, None, view)
    lines += _decision(action, command, view)
    lines += when("began", action.started_at, action.decided_at, view, "after the decision")
    lines += when("ended", action.finished_at, action.started_at, view, "after it began")
    for name, words in (("call id", action.call_id), ("in place of", action.supersedes)):
        lines += field(name, words, view) if words else []
    return lines


def _decision(action: Action, command: Command | None, view: View) -> list[Line]:
    lines = when("asked", action.asked_at, action.proposed_at, view, "after it was proposed")
    lines += when("escalated", action.escalated_at, action.asked_at, view, "after it was asked")
    if action.outcome is None:
        return lines
    row = (
        Row()
        .at(3, "decided", "muted")
        .at(VALUES, action.outcome, "strong")
        .then(f"by {action.decided_by}", gap=1)
    )
    if action.decided_at is not None:
        row.then(f"at {figures.clock(action.decided_at, view.zone, tenths=True)}", gap=1)
        since = action.asked_at or action.proposed_at
        row.then(f"{figures.took(max(0, action.decided_at - since))} after", "muted", gap=2)
        row.then("it was asked" if action.asked_at else "it was proposed", "muted", gap=1)
    lines.append(row.line)
    lines += field("because", f"“{action.answer or action.note}”", view) if action.note else []
    if action.decision:
        lines.append(four_facts(command, view))
        lines += field("problem", command.problem, view) if command and command.problem else []
    return lines


# ---- a step, and what was said ---------------------------------------------------------------------------------------


def _step(told: Told, step: Step, view: View) -> list[Line]:
    whole = told.past.whole(f"step:{step.step}")
    course = when("started", step.started_at, None, view)
    course += when("ended", step.finished_at, step.started_at, view, "after it started")
    facts = [*claims(step.confidence), *_usage(whole.usage if whole else None, told, view)]
    said: list[Line] = []
    words, note = in_full(whole, step.text, _SHORT)
    if words:
        said += text("says", words, view, unfolded=told.unfolded)
    if note:
        said.append(Row().at(VALUES, note, "muted").line)
    talk: list[Line] = []
    for message in told.past.said_in(step.step):
        talk += text((message.name or message.role)[:10], message.text, view, unfolded=told.unfolded)
    actions = [_call(action, view) for action in told.run.actions.values() if action.step == step.step]
    if actions:
        actions = [Row().at(3, "calls in this step", "muted").line, *actions]
    return panes.joined(course, facts, said, actions, talk, records(told.past.of_step(step.step), view))


def _usage(usage: Usage | None, told: Told, view: View) -> list[Line]:
    if usage is None:
        of_run = [
            f"${told.run.cost_usd:.2f}" if told.run.cost_usd else "",
            figures.tokens(told.run.tokens) if told.run.tokens else "",
        ]
        spent = figures.joined(of_run)
        return field("spent", f"not told of this step; the run so far {spent}" if spent else "not told", view)
    parts = [
        f"{figures.grouped(usage.input_tokens)} tokens in" if usage.input_tokens is not None else "",
        f"{figures.grouped(usage.output_tokens)} tokens out" if usage.output_tokens is not None else "",
        f"${usage.cost_usd:.4f}" if usage.cost_usd is not None else "",
    ]
    return field("spent", figures.joined(parts) or "not told", view)


def _call(action: Action, view: View) -> Line:
    word = "waits" if action.state == "asked" else action.outcome or RESULTS[action.state][0]
    row = (
        Row()
        .at(VALUES, action.tool, end=view.last - 30)
        .at(34, telling(action.args), "muted", end=view.last - 14)
    )
    return row.right(view.last, (word, "text")).line


def _message(told: Told, message: Message, view: View) -> list[Line]:
    whole = next(
        (
            record.data.text
            for record in told.past.records
            if isinstance(record.data, MessageSeen)
            and (record.at, record.data.role) == (message.at, message.role)
        ),
        message.text,
    )
    lines = text(message.name or message.role, whole, view, unfolded=told.unfolded)
    if message.error:
        lines += field("error", "the tool says that it failed", view)
    return lines


# ---- the log ---------------------------------------------------------------------------------------------------------


def records(found: Iterable[Record], view: View) -> list[Line]:
    """The records of the log that tell of it: position, time, type."""
    lines = [_record(record, view) for record in found]
    if not lines:
        return []
    first = Row().at(3, "in the log", "muted").at(VALUES, "at", "muted").at(VALUES + 12, "record", "muted")
    return [first.right(view.last, ("position", "muted")).line, *lines]


def _record(record: Record, view: View) -> Line:
    row = Row().at(VALUES, figures.clock(record.at, view.zone, tenths=True))
    row.at(VALUES + 12, getattr(record.data, "type", "") or record.data.TYPE, end=view.last - 26)
    by = "agent" if record.from_agent else "supervisor"
    row.at(view.last - 24, by, "muted")
    return row.right(view.last, (figures.grouped(record.pos), "muted")).line
