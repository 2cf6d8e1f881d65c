"""The rows of one run: its facts, its steps with the actions at their gates, its commands. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Final, NamedTuple

from bus.events import Confidence
from bus.limits import CONFIDENCE_LIMIT
from console.core.fleet.due import due_at
from console.core.fleet.lifecycle import ENDED
from console.core.fleet.state import Action, Command, Message, Run, Step
from console.core.health.ending import unverified
from console.core.reliability.bounds import at_least
from console.tui.drawing import figures
from console.tui.drawing.paint import BLANK, Line, Row, cut_path
from console.tui.drawing.theme import Ink
from console.tui.floor.attention import CONTROL, MARKS, Level, Plight
from console.tui.floor.deciding import decider
from console.tui.rows.arguments import telling
from console.tui.rows.fleet_rows import progress, state_word
from console.tui.rows.frame_rows import View

CLAIMS_SHOWN: Final = 24
COMMANDS_SHOWN: Final = 2
_PROGRESS_CELLS: Final = 24

_BY: Final = 43


def by_at(view: View) -> int:
    """Where it stands who let an action run, or refused it: there is room for a longer name where the screen is wide."""
    return _BY + view.spare - min(7, view.spare // 4)


RESULTS: Final[dict[str, tuple[str, Ink]]] = {
    "proposed": ("proposed", "text"),
    "assessed": ("judged", "text"),
    "asked": ("", "text"),
    "allowed": ("allowed", "text"),
    "denied": ("denied", "text"),
    "started": ("running", "text"),
    "done": ("done", "muted"),
    "failed": ("failed", "act"),
    "withdrawn": ("withdrawn", "text"),
    "ungated": ("ungated", "stop"),
}
"""What stands in the result column for each state of an action, besides one that waits or was decided by a person."""


class Entry(NamedTuple):
    """One line of the list: a step, an action at its gate by its id, or a message by its time and turn."""

    step: int
    action: str = ""
    message: tuple[int, int] | None = None

    @property
    def chosen_as(self) -> str:
        """What the cursor remembers."""
        if self.message:
            return f"message:{self.message[0]}.{self.message[1]}"
        return f"action:{self.action}" if self.action else f"step:{self.step}"


def entries(run: Run) -> list[Entry]:
    """Steps and actions in the order of the work: an action follows its step; one without a step goes by its time.

    A run that tells no steps shows the last of what was said in it instead.
    """
    by_step: dict[int, list[Action]] = {}
    loose: list[Action] = []
    kept = {step.step for step in run.steps}
    for action in run.actions.values():
        if action.step in kept:
            by_step.setdefault(action.step or 0, []).append(action)
        else:
            loose.append(action)
    timed: list[tuple[int, int, Entry]] = [(action.proposed_at, 1, Entry(0, action.id)) for action in loose]
    for step in run.steps:
        timed.append((step.started_at, 0, Entry(step.step)))
        timed += [(step.started_at, 1, Entry(step.step, action.id)) for action in by_step.get(step.step, ())]
    if not run.steps:
        turns = Counter[int]()
        for message in run.messages:
            timed.append((message.at, 0, Entry(0, message=(message.at, turns[message.at]))))
            turns[message.at] += 1
    return [entry for _, _, entry in sorted(timed, key=lambda item: item[:2])]


def facts(
    run: Run,
    found: Plight | None,
    *,
    waits: bool,
    view: View,
    verified: tuple[int, int] = (0, 0),
    used: Sequence[str] = (),
    measures: Sequence[Line] = (),
) -> list[Line]:
    """What stands above the steps: task and state, who and how much, how far, what it claims.

    `verified` are the calls of its version that were found right, and wrong; `used` is what it used up, `measures` are
    further rows below its progress and claims.
    """
    row = Row()
    level: Level | None = "act" if waits else (found.level if found else None)
    holds = any(action.state == "asked" and action.gate == "hold" for action in run.actions.values())
    if waits and (holds or (found and found.level == "stop")):
        level = "stop"
    if level:
        row.at(1, MARKS[level], level)
    state = state_word(run)
    row.at(3, f"“{run.goal}”" if run.goal else "no goal was given", "strong", end=view.last - len(state) - 2)
    lines = [row.right(view.last, (state, "strong")).line, _who(run, used, view), BLANK, _progress(run, view)]
    if run.claims:
        lines.append(_claims(run, verified))
    lines += measures
    if found:
        lines.append(Row().at(3, "not well", "muted").at(14, found.fact, end=view.last + 1).line)
    elif run.ended_text:
        lines.append(Row().at(3, "ended", "muted").at(14, f"“{run.ended_text}”", end=view.last + 1).line)
    if unseen := unverified(run):
        lines.append(Row().at(3, "unverified", "muted").at(14, unseen, end=view.last + 1).line)
    return [*lines, BLANK]


def _who(run: Run, used: Sequence[str], view: View) -> Line:
    wide = view.spare // 2
    row = Row().at(3, f"{run.agent} {run.version}".rstrip(), "muted", end=40 + wide)
    row.then(run.run, "muted", gap=2, end=48 + wide)
    row.then(f"{CONTROL[run.control]} {run.control}", "muted", gap=2)
    return row.right(view.last, (figures.joined(used), "muted")).line


def _progress(run: Run, view: View) -> Line:
    row = Row().at(3, "progress", "muted")
    share = progress(run)
    if share is not None:
        full = figures.filled(share, _PROGRESS_CELLS)
        row.at(14, "━" * full).at(14 + full, "─" * (_PROGRESS_CELLS - full), "rule").then("  ")
    else:
        row.at(14, "")
    last = run.steps[-1].step if run.steps else 0
    words = f"step {last} of {run.steps_of}" if run.steps_of else (f"step {last}" if last else "no step yet")
    row.at(max(14, row.cells), words)
    if run.progress_text:
        row.then(f"“{run.progress_text}”", "muted", gap=2, end=view.last + 1)
    return row.line


def _claims(run: Run, verified: tuple[int, int]) -> Line:
    row = Row().at(3, "claims", "muted")
    for number, claim in enumerate(run.claims[-CLAIMS_SHOWN:]):
        row.at(14 + number, figures.spark(claim), "watch" if claim < CONFIDENCE_LIMIT else "rule")
    row.then(figures.probability(run.claims[-1]), gap=2)
    row.then(f"limit {CONFIDENCE_LIMIT:.2f}", "muted", gap=2)
    row.then("earned", "muted", gap=3).then(figures.earned(at_least(*verified)), gap=1)
    return row.then(f"n {sum(verified)}", "muted", gap=2).line


def heading(view: View) -> Line:
    last = view.last
    row = Row().at(3, "step", "muted").at(9, "at", "muted").at(18, "action", "muted").at(33, "on", "muted")
    row.at(by_at(view), "by", "muted").at(53 + view.spare, "result", "muted")
    return row.right(last - 7, ("claims", "muted")).right(last, ("took", "muted")).line


def entry_row(run: Run, entry: Entry, view: View) -> Line:
    """One line of the list."""
    if entry.message:
        at, turn = entry.message
        same = [message for message in run.messages if message.at == at]
        return _message(same[turn], view) if turn < len(same) else BLANK
    action = run.actions.get(entry.action) if entry.action else None
    if action is not None:
        return _action(action, view)
    step = next((step for step in reversed(run.steps) if step.step == entry.step), None)
    return _step(step, run, view) if step else BLANK


def _message(message: Message, view: View) -> Line:
    row = Row()
    if message.error:
        row.at(1, MARKS["watch"], "watch")
    row.at(9, figures.clock(message.at, view.zone), "muted")
    row.at(18, message.name or message.role, end=32)
    return row.at(33, f"“{message.text}”", "muted", end=view.last + 1).line


def _step(step: Step, run: Run, view: View) -> Line:
    low = step.confidence is not None and step.confidence.value < CONFIDENCE_LIMIT
    result, ink = _result(step, run)
    row = Row()
    if low or step.ok is False:
        row.at(1, MARKS["watch"], "watch")
    row.right(6, (str(step.step), "muted")).at(9, figures.clock(step.started_at, view.zone), "muted")
    row.at(18, step.name or "step", end=52 + view.spare if not step.text else 33)
    row.at(33, step.text, "muted", end=52 + view.spare)
    row.at(53 + view.spare, result, ink)
    lasted = step.finished_at - step.started_at if step.finished_at is not None else None
    return _ends(row, step.confidence, lasted, view)


def _result(step: Step, run: Run) -> tuple[str, Ink]:
    if step.finished_at is None:
        return ("cut off" if run.state in ENDED else "under way"), "text"
    if step.ok is None:
        return "unknown", "text"
    return ("ok", "muted") if step.ok else ("failed", "watch")


def _action(action: Action, view: View) -> Line:
    row = Row()
    waits = action.state == "asked"
    hold = action.gate == "hold"
    ran = action.ungated or action.state == "ungated"
    if waits or ran:
        level: Level = "stop" if hold or ran else "act"
        row.at(1, MARKS[level], level)
    row.at(9, figures.clock(action.proposed_at, view.zone), "muted").at(18, action.tool)
    by = decider(action, view.operator)
    on, at = max(33, row.cells + 2), by_at(view)
    end = at - 1 if by else 52 + view.spare
    if action.args_cut and not action.args:
        row.at(on, "not kept", "muted", end=end)
    else:
        row.at(on, telling(action.args), "text" if waits else "muted", end=end, by=cut_path)
    row.at(at, by, "muted", end=52 + view.spare)
    if waits:
        words: tuple[str, Ink] = (
            f"{action.gate}, due {figures.left(due_at(action) - view.now)}",
            "stop" if hold else "act",
        )
    elif action.outcome and action.state in ("allowed", "denied"):
        words = (action.outcome, "text")
    else:
        words = RESULTS[action.state] if not ran else (f"{RESULTS[action.state][0]}, ungated", "stop")
        words = RESULTS["ungated"] if action.state == "ungated" else words
    row.at(53 + view.spare, *words)
    lasted = action.finished_at - action.started_at if action.finished_at and action.started_at else None
    return _ends(row, action.confidence, lasted, view)


def _ends(row: Row, confidence: Confidence | None, lasted: int | None, view: View) -> Line:
    value = confidence.value if confidence else None
    low: Ink = "watch" if value is not None and value < CONFIDENCE_LIMIT else "muted"
    row.right(view.last - 7, (figures.probability(value), low))
    return row.right(view.last, (figures.took(lasted), "muted")).line


def tail(run: Run, commands: list[Command], view: View) -> list[Line]:
    """What stands below the steps: commands with their four facts, and what went wrong with the events."""
    lines: list[Line] = []
    kept = _repeated([command for command in commands if command.kind != "decision"])
    shown = kept[-COMMANDS_SHOWN:]
    if shown:
        row = Row().at(3, "commands", "muted")
        row.at(14, f"newest {len(shown)} of {len(kept)}" if len(kept) > len(shown) else "", "muted")
        for column, word in zip(COLUMNS, ("requested", "sent", "acknowledged", "effective"), strict=True):
            row.right(column, (word, "muted"))
        lines += [row.line, *(command_row(command, view, times) for command, times in shown)]
    lost = [
        f"{run.gaps} missing" if run.gaps else "",
        f"{run.dropped} dropped" if run.dropped else "",
        f"{run.misdeeds} not allowed" if run.misdeeds else "",
        f"{run.unknown_types} of unknown type" if run.unknown_types else "",
    ]
    lines.append(
        Row().at(3, "events", "muted").at(14, ", ".join([f"{run.seq} recorded", *filter(None, lost)])).line
    )
    return [BLANK, *lines]


COLUMNS: Final = (41, 51, 65, 78)
"""Where the four facts end."""


def _repeated(commands: list[Command]) -> list[tuple[Command, int]]:
    """The same command again that failed the same way again is one row, the newest, with how often."""
    found: list[tuple[Command, int]] = []
    for command in commands:
        before, times = found[-1] if found else (None, 0)
        if before is not None and command.state in ("failed", "refused") and _alike(before, command):
            found[-1] = (command, times + 1)
        else:
            found.append((command, 1))
    return found


def _alike(one: Command, other: Command) -> bool:
    return (one.kind, one.by, one.state, one.problem) == (other.kind, other.by, other.state, other.problem)


def command_row(command: Command, view: View, times: int = 1) -> Line:
    """One command: who, and when it was requested, sent, acknowledged and effective; a dash until it is so."""
    often = f" ×{times}" if times > 1 else ""
    row = Row().at(3, command.kind).at(14, command.by, "muted", end=29 - len(often)).then(often, "muted")
    row.right(COLUMNS[0], (figures.clock(command.requested_at, view.zone, tenths=True), "text"))
    facts = (command.sent_at, command.acknowledged_at, command.effective_at)
    for column, fact in zip(COLUMNS[1:], facts, strict=True):
        if column == COLUMNS[-1] and fact is None and command.state in ("failed", "refused"):
            row.right(column, (command.state, "act"))
        else:
            row.right(column, (figures.after(fact, command.requested_at), "text"))
    return row.line


def four_facts(command: Command | None, view: View) -> Line:
    """The four facts of one command in a row, for a sheet or a decision."""
    row = Row().at(3, "")
    asked = command.requested_at if command else 0
    times = (
        ("requested", figures.clock(asked, view.zone, tenths=True) if command else figures.NOTHING),
        ("sent", figures.after(command.sent_at, asked) if command else figures.NOTHING),
        ("acknowledged", figures.after(command.acknowledged_at, asked) if command else figures.NOTHING),
        ("effective", figures.after(command.effective_at, asked) if command else figures.NOTHING),
    )
    for name, time in times:
        row.at(row.cells + 3 if row.cells else 3, name, "muted").then(time, gap=1)
    if command and command.state in ("failed", "refused"):
        row.then(command.state, "act", gap=2)
    return row.line
