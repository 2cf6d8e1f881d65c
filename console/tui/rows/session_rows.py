"""The rows of Sessions: a recorded session a line, and the one under the cursor in words. Pure."""

from __future__ import annotations

from console.core.amounts import size
from console.core.session_counts import SessionCounts
from console.tui.archive import Session
from console.tui.drawing import figures
from console.tui.drawing.paint import BLANK, Line, Row, safe, wrap
from console.tui.drawing.theme import Ink
from console.tui.rows.frame_rows import View

_LENGTH, _RUNS, _ASKS, _DECIDED, _ALARMS, _LOST, _SIZE = 25, 31, 37, 46, 54, 60, 70
"""Where the numbers end."""

_TEXT = 14

_HEADS = (
    (_LENGTH, "length"), (_RUNS, "runs"), (_ASKS, "asks"), (_DECIDED, "decided"),
    (_ALARMS, "alarms"), (_LOST, "lost"), (_SIZE, "size"),
)  # fmt: skip


def head(view: View) -> Line:
    row = Row().at(3, "began", "muted")
    for column, word in _HEADS:
        row.right(column, (word, "muted"))
    return row.right(view.last, ("file", "muted")).line


def standing(session: Session, tally: SessionCounts | None, *, here: bool) -> tuple[str, Ink]:
    """How a session's file is, in a word."""
    if session.problem:
        return "unread", "watch"
    if tally is not None and tally.problem:
        return "damaged", "watch"
    if session.torn:
        return "torn", "watch"
    if here:
        return "shown", "text"
    return ("open", "text") if session.open else ("whole", "muted") if tally else ("…", "muted")


def session_row(session: Session, tally: SessionCounts | None, view: View, *, here: bool = False) -> Line:
    """One session. What nobody has counted yet is a dash."""
    word, ink = standing(session, tally, here=here)
    row = Row().at(1, "◇" if ink == "watch" else "", "watch")
    if session.problem:
        row.at(3, session.name)
        return row.right(_SIZE, (size(session.size), "muted")).right(view.last, (word, ink)).line
    row.at(3, figures.day(session.began, view.zone))
    row.right(_LENGTH, (figures.age(session.ended - session.began), "text"))
    columns = {_RUNS: "runs", _ASKS: "asks", _DECIDED: "decisions", _ALARMS: "alarms", _LOST: "lost"}
    for column, name in columns.items():
        number = figures.NOTHING if tally is None else figures.grouped(getattr(tally, name))
        row.right(column, (number, "text"))
    row.right(_SIZE, (size(session.size), "muted"))
    return row.right(view.last, (word, ink)).line


def words(session: Session, tally: SessionCounts | None, view: View, *, here: bool) -> list[Line]:
    """A session in words: its name and place in the log, what is wrong with it, and what shows it again."""
    lines = [BLANK, Row().at(3, session.name, "strong").line]
    if session.problem:
        return [*lines, *_field("problem", session.problem, view)]
    first, last = figures.grouped(session.first_pos), figures.grouped(session.last_pos)
    span = f", position {first}" if first == last else f", positions {first} to {last}"
    lines += _field("records", f"{figures.grouped(session.records)}{span if session.records else ''}", view)
    lines += _field("to", figures.day(session.ended, view.zone), view)
    if tally and tally.lost:
        times = "once" if tally.lost == 1 else f"{figures.grouped(tally.lost)} times"
        lines += _field("lost", f"{times} an agent was gone without a goodbye", view)
    if tally and tally.missing:
        lines += _field(
            "missing", f"{figures.grouped(tally.missing)} events of agents are lost for ever", view
        )
    if tally and tally.problem:
        lines += _field("problem", tally.problem, view)
    if session.torn:
        lines += _field("torn", "its WAL is missing: the newest records may be lost", view)
    if session.open and not session.torn:
        lines += _field(
            "open", "it is being written, or its writer was killed; what is committed is whole", view
        )
    return [
        *lines,
        *_field("again", "it is what you see" if here else f"watchfloor replay {session.name}", view),
    ]


def _field(name: str, text: str, view: View) -> list[Line]:
    """A name and its words in three lines at most."""
    return [
        Row().at(3, "" if number else name, "muted").at(_TEXT, piece).line
        for number, piece in enumerate(wrap(safe(text), view.last - _TEXT + 1)[:3])
    ]
