"""The rows of one action before a decision: what exactly it is, why it waits, what became of it. Pure."""

from __future__ import annotations

from typing import Final, NamedTuple

from bus.messages import Verb
from bus.records import ValueOrigin
from console.core.blobs import blob_names
from console.core.fleet.alike import Alike
from console.core.fleet.due import due_at
from console.core.fleet.state import Action, Command, Run
from console.core.judging.origin_words import suspect, where
from console.tui.drawing import figures
from console.tui.drawing.paint import BLANK, Line, Row, safe, wrap
from console.tui.floor.attention import CONTROL, MARKS, SEVERITY, Level, Plight
from console.tui.floor.deciding import decided
from console.tui.keys.actions import key_for
from console.tui.rows.arguments import Piece, incomplete
from console.tui.rows.command_words import KILLED
from console.tui.rows.decide_facts import fitted, overflowing, scrolls
from console.tui.rows.fleet_rows import hindrance
from console.tui.rows.frame_rows import View
from console.tui.rows.run_rows import RESULTS, four_facts

ARGUMENTS_KEPT: Final = 4
"""Lines of the arguments that stay in view whatever there is to say below them."""

SAID_BELOW: Final = 4
"""Lines of the agent's reason that stand below the arguments; a longer one is read after them, in the list."""

GRAVE: Final = 3
"""The severity from which it stands out: what is costly."""

_NAME_CELLS: Final = 24
_ORIGIN_CELLS: Final = 30
_ORIGIN_LEAST: Final = 22
_VALUE_CELLS: Final = 20


def value_column(pieces_paths: list[str]) -> int:
    """Where values start: after the longest path, within bounds."""
    return max(14, min(5 + _NAME_CELLS, 5 + max(map(len, pieces_paths), default=0)))


def head(run: Run, action: Action, view: View, found: Plight | None = None) -> list[Line]:
    """Gate, tool and time left; who, at which step, how it can be stopped, how bad it can be.

    `found` is what is worse about the run than that it waits.
    """
    row = Row()
    if action.state == "asked":
        gate: Level = "stop" if action.gate == "hold" else "act"
        level: Level = found.level if found else gate
        row.at(1, MARKS[level], level).at(3, action.gate or "ask", gate)
        row.then(action.tool, "strong", gap=2, end=view.last - 22)
        remaining = due_at(action) - view.now
        share = remaining / (action.decide_within * 1000) if action.decide_within else 0.0
        full = figures.filled(share, 8)
        row.at(view.last - 18, "━" * full, figures.urgency(remaining))
        row.at(view.last - 18 + full, "─" * (8 - full), "rule")
        row.right(view.last, ("due ", "muted"), (figures.left(remaining), figures.urgency(remaining)))
    else:
        words, ink = RESULTS[action.state]
        if action.outcome == "expired":
            words, ink = "expired", "watch"
        elif action.outcome and action.state in ("allowed", "denied"):
            words = action.outcome  # a person rejects, a policy denies
        row.at(3, action.tool, "strong", end=view.last - 24).right(view.last, (words, ink))
    return [row.line, _who(run, action, view)]


def _who(run: Run, action: Action, view: View) -> Line:
    row = Row().at(3, f"{run.agent} {run.version}".rstrip(), "muted", end=40)
    row.then(figures.shown(run.run), "muted", gap=2)
    if action.step:
        row.then(f"step {action.step}", "muted", gap=2)
    row.then(f"{CONTROL[run.control]} {run.control}", "muted", gap=2)
    if action.state == "asked":
        row.then(hindrance(run), "strong", gap=2)
    severity = SEVERITY[action.severity] if action.severity is not None else "not judged yet"
    grave = action.severity is not None and action.severity >= GRAVE
    return row.right(view.last, (severity, "strong" if grave else "text")).line


def origin_column(action: Action, column: int, view: View) -> int | None:
    """Where the origins of values stand; None where there are none to show, or no room beside the values."""
    shown = action.origins and action.edited is None and not action.args_cut
    at = max(view.last - _ORIGIN_CELLS, column + _VALUE_CELLS)
    return at if shown and view.last - at >= _ORIGIN_LEAST else None


def columns(column: int, words: str, origin_at: int | None) -> Row:
    """The names of the columns of the arguments."""
    row = Row().at(3, "argument", "muted").at(column, words, "muted")
    return row if origin_at is None else row.at(origin_at, "where it came from", "muted")


def argument_line(
    some: list[Piece], column: int, origins: dict[str, ValueOrigin], origin_at: int | None
) -> Line:
    """The line of a piece, or an empty one if there is none."""
    return argument_row(some[0], column, origins.get(some[0].place), origin_at) if some else ()


def argument_row(
    piece: Piece, column: int, origin: ValueOrigin | None = None, origin_at: int | None = None
) -> Line:
    """One line of the arguments: the name once, then the value as it is, and where it came from once."""
    row = Row()
    doubtful = origin is not None and suspect(origin)
    if piece.odd or (doubtful and piece.part == 0):
        row.at(1, "!", "act")
    if piece.part == 0:
        row.at(3, piece.path, "muted")
        if row.cells > column - 1:
            column = row.cells + 1
    if piece.fold:
        return row.at(column, piece.fold, "muted").line
    row.at(column, piece.text, "act" if piece.odd else "strong" if doubtful else piece.ink)
    if origin is not None and origin_at is not None and piece.part == 0:
        row.at(origin_at, safe(where(origin)), "act" if doubtful else "muted")
    return row.line


def lines_in_view(shown: range, total: int, *, scrolls: bool) -> str:
    """Which lines of the arguments are in view, how many are below, and the key that leads there, if one does now."""
    if not total > len(shown) > 0:
        return ""
    below = f", {total - shown.stop} below" if total > shown.stop else ""
    key = f": {key_for('page_down' if below else 'page_up')}" if scrolls else ""
    return f"lines {shown.start + 1}-{shown.stop} of {total}{below}{key}"


class Unread(NamedTuple):
    """Lines of the arguments that were not displayed yet; whether one is a fold, and whether the first is above the view."""

    lines: int = 0
    folded: bool = False
    above: bool = False

    @property
    def words(self) -> str:
        """How many there are, and which key brings them."""
        if self.folded:
            return f"part of a long value is not displayed yet; {key_for('unfold')} opens it"
        lines = "1 line" if self.lines == 1 else f"{self.lines} lines"
        return f"{lines} not displayed yet; {key_for('page_up' if self.above else 'page_down')} scrolls"


ALL_READ: Final = Unread()


def closed_because(run: Run, action: Action, view: View, unread: Unread, verb: Verb = "approve") -> str:
    """Why this action cannot be approved now, or nothing when it can; for the verb `edit`: why not with other arguments.

    `unread` has no default: that all was read is for the caller to say, who knows what was on a screen.

    An edit may write out what was sent apart, and so passes where approval as it is does not. The words name no verb: they
    stand behind the one they are about.
    """
    if action.state != "asked":
        return "it does not wait"
    if not view.live:
        return "the floor is not live"
    if view.standing.conflict:
        return "two supervisors claim this site"
    if not view.standing.recording:
        return "the recording fails"
    if run.killing:
        return KILLED
    if action.args_cut or not action.digest:
        return "its arguments are not here"
    if blob_names(action.args) and verb != "edit":
        if incomplete(action.args, run):
            return "a value sent apart has not arrived whole"
        return "a value sent apart cannot be read here"
    return unread.words if action.gate == "hold" and unread.lines else ""


class Around(NamedTuple):
    """What is known beside an action: its run, what is worse about that than that it waits, and the like asks."""

    run: Run | None = None
    found: Plight | None = None
    alike: Alike | None = None


ALONE: Final = Around()


def tail(
    action: Action,
    command: Command | None,
    view: View,
    *,
    closed: str,
    says: bool,
    rows: int,
    around: Around = ALONE,
) -> list[Line]:
    """What stands below the arguments: facts, the end of the time, the agent's words, outcome or what closes approval.

    In `rows` at most: facts that have no room are counted, and are to be read below the arguments.
    """
    found = around.found
    before: list[Line] = []
    if found:
        before.append(Row().at(3, "not well", "stop").at(14, found.fact, "stop", end=view.last + 1).line)
    after = _below_facts(action, command, view, closed=closed, says=says, run=around.run)
    room = rows - len(before) - len(after)
    lines = fitted(action, view, around.alike or Alike(), room)
    if len(lines) < room:
        before.insert(0, BLANK)
    return [*before, *lines, *after]


def overflows(action: Action, view: View, rows: int, around: Around, *, says: bool) -> bool:
    """Whether facts are left out of a tail of so many rows, even before approval is closed for a while."""
    after = _below_facts(action, None, view, closed="closed", says=says, run=around.run)
    return overflowing(action, view, around.alike or Alike(), rows - len(after) - bool(around.found))


def _below_facts(
    action: Action, command: Command | None, view: View, *, closed: str, says: bool, run: Run | None
) -> list[Line]:
    lines = _agent_says(action, view, opened=says)
    lost = run is not None and run.state == "lost"
    if action.state == "asked":
        lines += _if_waiting(action, view, closed, run)
    elif action.outcome:
        when = "" if action.decided_at is None else figures.clock(action.decided_at, view.zone)
        row = Row().at(3, "outcome", "muted").at(14, decided(action, view.operator, when), "strong")
        row.then(f"“{action.note}”" if action.note else "", gap=2, end=view.last + 1)
        lines.append(row.line)
        if action.decision:
            lines.append(four_facts(command, view))
        if lost and command is not None and command.state in ("requested", "sent"):
            lines.append(Row().at(14, "the agent is lost: it is kept until the agent returns", "muted").line)
    if action.result and action.result != action.note:
        lines.append(Row().at(3, "result", "muted").at(14, f"“{action.result}”", end=view.last + 1).line)
    return lines


def _if_waiting(action: Action, view: View, closed: str, run: Run | None) -> list[Line]:
    """What becomes of an action that waits: without an answer, and with an approval."""
    row = Row().at(3, "if nobody", "muted").at(14, "answers, it expires: the agent is told no")
    lines = [row.right(view.last, (f"digest {figures.digest(action.digest)}", "muted")).line]
    lines = [*_in_hand(action, view), *lines]
    words = f"closed: {closed}" if closed else ""
    if not closed and run is not None and run.state == "lost" and not run.killing:
        left = figures.left(due_at(action) - view.now)
        words = f"agent lost: kept until the agent returns, {left} at most"
    if words:
        lines.append(Row().at(3, "approve", "muted").at(14, words, end=view.last + 1).line)
    return lines


def _in_hand(action: Action, view: View) -> list[Line]:
    """Who looks into it, and who wants others to, in whose words."""
    care = action.care
    row = Row()
    if care.claimed_by:
        mine = care.claimed_by == view.operator
        words = "you look into it" if mine else f"{care.claimed_by} is looking into it"
        row.at(3, "in hand", "muted").at(14, words, "strong")
    if care.escalated_by:  # behind that: rows are few, and what becomes of it without an answer stands below
        row.at(max(3, row.cells + 2), "escalated", "muted")
        row.at(max(14, row.cells + 1), f"by {care.escalated_by}", "strong", end=view.last + 1)
        row.then(f"“{care.why}”" if care.why else "", gap=2, end=view.last + 1)
    return [row.line] if row.cells else []


def said(action: Action, view: View) -> list[str]:
    """The agent's reason in lines, nothing left out."""
    return wrap(safe(f"“{action.reason}”"), view.last - 13) if action.reason else []


def _agent_says(action: Action, view: View, *, opened: bool) -> list[Line]:
    claim = f"claims {action.confidence.value:.2f}" if action.confidence else "claims nothing"
    row = Row().at(3, "agent says", "muted")
    if not action.reason:
        return [row.at(14, "nothing", "muted").right(view.last, (claim, "muted")).line]
    if not opened:
        words = f"{figures.size(len(action.reason))}, f opens"
        return [row.at(14, words, "muted").right(view.last, (claim, "muted")).line]
    pieces = said(action, view)
    if len(pieces) > SAID_BELOW:
        pieces = [f"below the arguments; {scrolls()}"]
    lines = [row.at(14, pieces[0]).line, *(Row().at(14, piece).line for piece in pieces[1:])]
    return [*lines, Row().at(14, f"{claim}{_uncounted(action)}", "muted").line]


def _uncounted(action: Action) -> str:
    counted = any(reason.code == "confidence" for reason in action.reasons)
    return "" if counted or not action.confidence else "; the claim is not counted"
