"""The facts of an action that waits: why, what it reaches, whether it can be undone, what became of like asks. Pure.

They share a few rows. The first reason stands in any case; what cannot be undone, what is reached and the like asks come
before further reasons. What has no room is counted, and is read in full below the arguments.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from rich.cells import cell_len

from console.core.fleet.alike import Alike, alike_words
from console.core.fleet.state import Action
from console.core.judging.preview import Sides, shown, verdict
from console.tui.drawing.paint import Line, Row, in_lines, safe, wrap
from console.tui.drawing.theme import Ink
from console.tui.floor import deciding
from console.tui.keys.actions import key_for
from console.tui.rows.arguments import Piece
from console.tui.rows.frame_rows import View

REASONS_SHOWN: Final = 3
REASON_LINES: Final = 2
"""Lines that a fact may take below its first where rows are few: it may quote where a value was read."""

INSTEAD: Final = "instead"
"""The code of the sentence that says what would have made the gate milder."""

TELLING: Final = frozenset({"forbidden", "origin"})
"""Codes of the sentences that say what the user said not to do, and which value nobody vouches for: the most useful ones."""

WHOLE: Final = 10_000
"""More signs than any fact has."""

AT: Final = 14
"""The column of the words."""

_SIGNS: Final = {"-": "- ", "+": "+ ", " ": "  ", "…": "… "}


class Fact(NamedTuple):
    """A fact in lines of words. `rank` says which leave first where there is no room: the highest."""

    rank: int
    name: str
    words: list[str]
    strong: int = 0
    """How many of its signs, from the first on, stand out."""

    def lines(self) -> list[Line]:
        """As rows."""
        lines, left = [], self.strong
        for number, words in enumerate(self.words):
            row = Row().at(3, self.name if number == 0 else "", "muted").at(AT, words[:left], "strong")
            lines.append(row.at(AT + cell_len(words[:left]), words[left:]).line)
            left = max(0, left - len(words))
        return lines


def facts(action: Action, view: View, alike: Alike, *, whole: bool) -> list[Fact]:
    """All facts in the order in which they are read, each in as many lines as it takes if `whole`."""
    cells = view.last - AT + 1
    why = [reason for reason in action.reasons if reason.code != INSTEAD]
    other = [reason for reason in action.reasons if reason.code == INSTEAD]
    found = [
        Fact(
            4 * bool(number) + number,
            deciding.why(action) if number == 0 else "",
            _words(reason.text, cells, whole=whole),
            _claim(safe(reason.text)) if reason.code in TELLING else 0,
        )
        for number, reason in enumerate(why[:REASONS_SHOWN])
    ]
    if len(why) > REASONS_SHOWN:
        found.append(Fact(9, "", [f"and {len(why) - REASONS_SHOWN} more"]))
    found += [Fact(8, "instead", _words(reason.text, cells, whole=whole)) for reason in other]
    if action.state != "asked":
        return found
    reach = ", ".join(action.reaches) or "unknown"
    found.append(Fact(2, "reaches", _words(reach, cells, whole=whole)))
    if action.no_undo:
        found.append(Fact(1, "no undo", _words(action.no_undo, cells, whole=whole), WHOLE))
    found.append(Fact(3, "like asks", _words(alike_words(alike), cells, whole=whole)))
    return found


def _claim(text: str) -> int:
    """The length of what such a sentence says first: what nobody said, or forbade. What follows says whence, or where."""
    quoted = text.find("”") + 1
    ends = [end for mark in ("; ", ", ") if (end := text.find(mark, quoted)) > 0]
    return min(ends, default=len(text))


def _words(text: str, cells: int, *, whole: bool) -> list[str]:
    return wrap(safe(text), cells) if whole else in_lines(text, cells, 1 + REASON_LINES)


def fitted(action: Action, view: View, alike: Alike, room: int) -> list[Line]:
    """The facts in at most `room` lines, but never less than the first reason's; how many lines are not shown, if any."""
    found = facts(action, view, alike, whole=True)
    if _size(found) > room:
        found = facts(action, view, alike, whole=False)
    total = _size(found)
    if total > room:
        left = room - 1
        kept: set[int] = set()
        for place in sorted(range(len(found)), key=lambda place: found[place].rank):
            if kept and len(found[place].words) > left:
                break
            kept.add(place)
            left -= len(found[place].words)
        found = [fact for place, fact in enumerate(found) if place in kept]
    lines = [line for fact in found for line in fact.lines()]
    if total <= room:
        return lines
    lines = lines[: max(1, room - 1)]
    words = f"… {total - len(lines)} more lines of facts, below the arguments; {scrolls()}"
    return [*lines, Row().at(AT, words, "muted").line]


def _size(found: list[Fact]) -> int:
    return sum(len(fact.words) for fact in found)


def overflowing(action: Action, view: View, alike: Alike, room: int) -> bool:
    """Whether a fact is left out or cut in so many lines."""
    return _size(facts(action, view, alike, whole=True)) > room


def whole_facts(action: Action, view: View, alike: Alike) -> list[str]:
    """Every fact in lines, nothing left out: reasons, then the others with their names."""
    cells = view.last - AT + 1
    lines = [line for reason in action.reasons for line in wrap(safe(reason.text), cells)]
    named = [
        fact
        for fact in facts(action, view, alike, whole=True)
        if fact.name in ("reaches", "no undo", "like asks")
    ]
    for fact in named:
        lines += wrap(f"{fact.name}: {''.join(fact.words)}", cells)
    return lines


def scrolls() -> str:
    """Which key brings what is below into view."""
    return f"{key_for('page_down')} scrolls"


# ---- what it would change --------------------------------------------------------------------------------------------


def changes(found: Sides, leaf: int, cells: int) -> list[Piece]:
    """What it is about and whose word that is, then the lines that differ: - is so and would go, + would come."""
    said = "by the agent's own word, not in the digest"
    ordinary = found.present is not None and found.proposed not in (None, found.present) and not found.cut
    title = ", ".join(filter(None, (found.of, "" if ordinary else verdict(found), said)))
    pieces = [
        Piece(leaf, number, "changes", "", fold=words)
        for number, words in enumerate(wrap(safe(title), cells))
    ]
    for line in shown(found):
        ink: Ink = "strong" if line.sign == "+" else "text" if line.sign == "-" else "muted"
        for number, words in enumerate(wrap(safe(line.text), cells - 2)):
            sign = _SIGNS[line.sign] if number == 0 else "  "
            pieces.append(Piece(leaf, len(pieces), "", f"{sign}{words}", ink=ink))
    return pieces
