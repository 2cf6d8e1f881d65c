"""The rows of Audit: a deed a line, the newest first, and the one under the cursor in words. Pure."""

from __future__ import annotations

from console.core.deeds import ALONE, NOBODY, Deed
from console.core.state import Fleet
from console.tui import figures
from console.tui.frame_rows import View
from console.tui.paint import BLANK, Line, Row, cut_middle, safe, wrap
from console.tui.theme import Ink

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
    lines = [BLANK, Row().at(3, f"{deed.who}: {deed.did}", "strong", end=view.last + 1).line]
    at = f"{figures.day(deed.at, view.zone)}:{figures.clock(deed.at, view.zone, tenths=True)[6:]}"
    row = Row().at(3, "recorded", "muted").at(_TEXT, at)
    lines.append(row.then(f"position {deed.pos}", "muted", gap=2).line)
    lines.append(Row().at(3, "key", "muted").at(_TEXT, _key(deed), end=view.last + 1).line)
    subject = "  ".join(part for part in (deed.about, f"alarm {deed.alarm}" if deed.alarm else "") if part)
    if subject:
        lines.append(Row().at(3, "about", "muted").at(_TEXT, subject, end=view.last + 1).line)
    command = fleet.commands.get(deed.command)
    if command is not None and command.problem:
        problem = f"{command.state}: {command.problem}"
        lines.append(Row().at(3, "command", "muted").at(_TEXT, problem, end=view.last + 1).line)
    for number, piece in enumerate(wrap(safe(f"“{deed.text}”"), view.last - _TEXT)[:2] if deed.text else []):
        lines.append(Row().at(3, "" if number else "words", "muted").at(_TEXT, piece).line)
    return lines


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
