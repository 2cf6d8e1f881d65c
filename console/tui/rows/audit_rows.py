"""The rows of Audit: a deed a line, the newest first, and the one under the cursor in words. Pure."""

from __future__ import annotations

from console.core.deeds import ALONE, NOBODY, Deed
from console.core.fleet.state import Fleet
from console.tui.drawing import figures
from console.tui.drawing.paint import BLANK, Line, Row, cut_middle, safe, wrap
from console.tui.drawing.theme import Ink
from console.tui.rows.command_words import so_far
from console.tui.rows.frame_rows import View

_WHO, _DID, _ABOUT, _OUTCOME = 15, 32, 45, 67
_TEXT = 14


def head(view: View) -> Line:
    row = Row().at(3, "when", "muted").at(_WHO, "who", "muted").at(_DID, "did", "muted")
    return row.at(_ABOUT, "about", "muted").right(view.last, ("outcome", "muted")).line


def outcome(deed: Deed, fleet: Fleet) -> tuple[str, Ink]:
    """What became of it: the record's own word, or how far its command is."""
    command = fleet.commands.get(deed.command)
    if deed.outcome:
        return deed.outcome, "watch" if deed.outcome == "expired" else "text"
    if command is not None:
        return command.state, "act" if command.state == "failed" else "text"
    return figures.NOTHING, "muted"


def about(deed: Deed, fleet: Fleet) -> str:
    """What it was about, in as few cells as tell it: an alarm, a run, an action of it by its tool."""
    if deed.alarm:
        return deed.alarm
    parts = deed.about.split("/")
    if len(parts) == 1:
        return parts[0] or deed.text
    action = fleet.action(deed.about) if len(parts) == 3 else None
    named = f"{parts[0]} {figures.shown(parts[1])}"
    return f"{named} {action.tool if action else parts[2]}" if len(parts) == 3 else named


def deed_row(deed: Deed, fleet: Fleet, view: View) -> Line:
    """One deed: when, who, what, about what, and what became of it."""
    word, ink = outcome(deed, fleet)
    person = deed.who not in NOBODY and deed.who not in ALONE
    row = Row().at(1, "◇" if ink == "watch" else "▲" if ink == "act" else "", ink)
    row.at(3, figures.moment(deed.at, fleet.at, view.zone), "muted")
    row.at(_WHO, cut_middle(safe(deed.who), _DID - _WHO - 1), "text" if person else "muted")
    row.at(_DID, deed.did, end=_ABOUT - 1)
    row.at(_ABOUT, about(deed, fleet), "muted", end=_OUTCOME + view.spare - 1)
    return row.right(view.last, (word, ink)).line


def words(deed: Deed, fleet: Fleet, view: View) -> list[Line]:
    """A deed in full: by which key, about what, in which words."""
    at = f"{figures.day(deed.at, view.zone)}:{figures.clock(deed.at, view.zone, tenths=True)[6:]}"
    lines = [BLANK, Row().at(3, f"{deed.who}: {deed.did}", "strong", end=view.last + 1).line]
    lines += _field("recorded", f"{at}  position {figures.grouped(deed.pos)}", view)
    lines += _field("key", _key(deed), view)
    lines += _field("about", deed.about, view)
    lines += _field("alarm", deed.alarm, view)
    command = fleet.commands.get(deed.command)
    if command is not None:
        said = f", {command.problem}" if command.problem else ""
        lines += _field("command", f"{so_far(command)}{said}", view)
    return [*lines, *_field("words", f"“{deed.text}”" if deed.text else "", view)]


def _field(name: str, text: str, view: View) -> list[Line]:
    """A name and its words in three lines at most, or nothing."""
    pieces = wrap(safe(text), view.last - _TEXT + 1)[:3] if text else []
    return [
        Row().at(3, "" if number else name, "muted").at(_TEXT, piece).line
        for number, piece in enumerate(pieces)
    ]


def _key(deed: Deed) -> str:
    if deed.key:
        return deed.key
    if deed.who.endswith("(unsigned)"):
        return "none: it was not signed"
    return "none: nobody of that name" if deed.who in NOBODY else "not known: recorded before keys were"


def since(first: Deed | None, view: View, *, more: bool) -> Line:
    """Below the list: from when on it is known, and how to see more."""
    if first is None:
        return Row().at(3, "Nobody has done anything yet, as far as the log is known.", "muted").line
    text = f"known since {figures.day(first.at, view.zone)}"
    return Row().at(3, text, "muted").then("b: what is recorded before" if more else "", "muted", gap=3).line
