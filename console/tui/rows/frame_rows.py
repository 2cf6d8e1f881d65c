"""The rows that every screen has in the same place: header, alarm line, what still holds, note, key line. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Final, NamedTuple

from console.tui.drawing import figures
from console.tui.drawing.beyond import NOTHING_BEYOND, Beyond
from console.tui.drawing.paint import BLANK, Line, Row, safe, wrap
from console.tui.drawing.signs import ascii_only
from console.tui.keys.actions import KeyAction, Mode, key_for, offered
from console.tui.source import UNSEEN

if TYPE_CHECKING:
    from datetime import tzinfo

    from console.tui.drawing.theme import Ink
    from console.tui.source import Standing

WIDTH: Final = 80
WIDEST: Final = 120
HEIGHT: Final = 24
"""Smallest terminal that may act."""

PANE_FROM: Final = (120, 30)
"""Width and height from which detail stands beside a list."""


STEP: Final = " \u203a "
"""Between the levels of the breadcrumb."""


class View(NamedTuple):
    """From where a screen is looked at: the moment (ms), the width in cells, the zone of wall times, the link."""

    now: int
    width: int
    zone: tzinfo | None
    standing: Standing
    site: str
    operator: str
    read_only: bool
    signed: bool
    replay: bool = False
    held: str = ""
    """Who holds the whole floor, and since when, as a sentence."""
    broken: str = ""
    """Which file of the site could not be put in force, as a sentence."""

    @property
    def edge(self) -> int:
        """The last column for text in the fixed rows."""
        return self.width - 2

    @property
    def last(self) -> int:
        """The last column for text between them: a row that is too wide is not read as one."""
        return min(self.width, WIDEST) - 2

    @property
    def spare(self) -> int:
        """Columns beyond eighty, for the one elastic column."""
        return self.last + 2 - WIDTH

    @property
    def live(self) -> bool:
        return self.standing.live


def split(view: View, height: int) -> tuple[View, int]:
    """How a list and the detail beside it share the columns: the list's view, and the pane's cells of text or 0.

    The list keeps its eighty columns, and has half of what there is beyond the smallest pane.
    """
    if view.width < PANE_FROM[0] or height < PANE_FROM[1]:
        return view, 0
    width = min(WIDEST, WIDTH + (view.width - PANE_FROM[0]) // 2)
    return view._replace(width=width), view.edge - width - 3


NOWHERE: Final = View(0, WIDTH, None, UNSEEN, "", "", read_only=False, signed=True)
"""Before the first frame."""


class Note(NamedTuple):
    """One line about what an operator did or may not do. One that is `about` a waiting action goes when that is over, one
    that says that it waits `alone` when another does, a `brief` one with the next key, others with the next key once there
    was time to read them.
    """

    text: str
    ink: Ink = "text"
    about: str = ""
    brief: bool = False
    alone: bool = False


def header(view: View, trail: Sequence[str]) -> Line:
    """Row 1: site and where we are, then link, recording and operator, or that this is a replay."""
    return _header(view._replace(now=0), tuple(trail), ascii_only())


@lru_cache  # it is the same from frame to frame
def _header(view: View, trail: tuple[str, ...], _signs: bool, /) -> Line:  # noqa: FBT001
    right: list[tuple[str, Ink]] = [(" REPLAY ", "replay"), (" nothing here can act", "muted")]
    if not view.replay:
        right = _who_and_how(view)
    room = view.edge - sum(len(words) for words, _ in right)
    row = Row().at(1, view.site, "strong")
    for level, name in enumerate(trail):
        row.then(STEP, "muted").then(name, "strong" if level == len(trail) - 1 else "muted", end=room)
    return row.right(view.edge, *right).line


def _who_and_how(view: View) -> list[tuple[str, Ink]]:
    right: list[tuple[str, Ink]] = [("! floor held  ", "act")] if view.held else []
    for index, (words, ink) in enumerate(_link(view.standing)):
        right += [("  " if index else "", "muted"), (words, ink)]
    right.append(("  read-only" if view.read_only else "", "muted"))
    right.append((f"  {view.operator}", "muted"))
    if not view.signed and not view.read_only:
        right.append(("  unsigned", "muted"))
    return right


def _link(standing: Standing) -> list[tuple[str, Ink]]:
    lost = figures.age(standing.lost_for * 1000)
    if standing.bus == "down":
        return [(f"! bus lost {lost}", "stop"), ("rec ?", "muted")]
    if standing.bus != "up":
        return [("bus connecting", "muted"), ("rec ?", "muted")]
    if standing.supervisor in ("lost", "stopped"):
        return [
            ("bus ok", "muted"),
            (f"! supervisor {standing.supervisor} {lost}", "stop"),
            ("rec ?", "muted"),
        ]
    parts: list[tuple[str, Ink]] = [("bus ok", "muted")]
    if standing.misfit:
        parts.append(("! other version", "stop"))
    elif not standing.live:
        parts.append(("joining", "muted"))
    if standing.conflict:
        parts.append(("! two supervisors", "stop"))
    if standing.supervisor == "unknown":  # nobody has said so
        parts.append(("rec ?", "muted"))
    else:
        parts.append(("rec ok", "muted") if standing.recording else ("! rec failing", "stop"))
    return parts


_RUNS_ON: Final = "gate and stop there; observed ones cannot be stopped."
_STILL: Final = "Reject, pause, hold and kill still go out."


def still_holds(view: View) -> list[Line]:
    """What is lost and what still holds without it, what is not in force, and that the floor is held; else nothing."""
    acts = not (view.replay or view.read_only)
    words = f"{view.held}; {key_for('resume_all')} resumes all" if acts else view.held
    held = wrap(safe(words), view.edge)[:2] if view.held else []
    broken = [Row().at(1, f"▲ {view.broken}", "act", end=view.edge + 1).line] if view.broken else []
    return [*_without(view), *broken, *(Row().at(1, words.rstrip(), "act").line for words in held)]


def _without(view: View) -> list[Line]:
    link = view.standing
    if link.bus == "down":
        text = ["Nothing can be decided until the bus is back. Gated runs go on to their next", _RUNS_ON]
    elif link.supervisor in ("lost", "stopped"):
        text = [
            f"The supervisor is {link.supervisor}: nobody decides. Gated runs go on to their next",
            _RUNS_ON,
        ]
    elif link.misfit:
        text = wrap(safe(link.reason), view.edge)[:2]
    elif link.joining:
        text = []
    elif link.conflict:
        text = ["Two supervisors claim this site: approvals are closed until one is gone.", _STILL]
    elif not link.recording:
        text = ["The recording fails: approvals are closed, nothing new is certain to be kept.", _STILL]
    else:
        text = []
    return [Row().at(1, words).line for words in text]


def note_line(note: Note | None, view: View, beyond: Beyond = NOTHING_BEYOND) -> Line:
    """The last row but one: what became of the operator's last wish, then what of the list is out of view, and its keys.

    A note that needs the room has it: it goes with the next key.
    """
    row, words = Row(), continues(beyond)
    if note:
        row.at(1, note.text, note.ink, end=view.edge + 1)
    if not words or row.cells + 2 > view.last + 1 - len(words):
        return row.line
    return row.right(view.last, (words, "muted")).line


def continues(beyond: Beyond) -> str:
    """How much of a list is out of view, and which key leads there; nothing while all of it is in view."""
    up, down = key_for("page_up"), key_for("page_down")
    if beyond.above and beyond.below:
        return f"{figures.grouped(beyond.above)} above: {up}, {figures.grouped(beyond.below)} below: {down}"
    if not (beyond.above or beyond.below):
        return ""
    where, key = ("above", up) if beyond.above else ("below", down)
    count = beyond.above or beyond.below
    what = "" if beyond.items else " line" if count == 1 else " lines"
    return f"{figures.grouped(count)} more{what} {where}: {key}"


Offers = tuple[tuple[int, str, KeyAction], ...]
"""A key line: the column of each key, the key as it is named, and its row of the table."""


def offers(
    mode: Mode,
    view: View,
    *,
    typed: str = "",
    named: Callable[[KeyAction], str] = lambda action: action.label,
) -> Offers:
    """The keys of the last row, where they stand; what does not fit leaves from the middle.

    `named` says what a key is called here; one without a name can never apply, and is not offered.
    """
    found = offered(mode, read_only=view.read_only, replay=view.replay)
    shown = [(action, label) for action in found if not action.hidden and (label := named(action))]
    return _laid(tuple(shown), typed, view.edge)


@lru_cache  # it is the same from frame to frame
def _laid(shown: tuple[tuple[KeyAction, str], ...], typed: str, edge: int) -> Offers:
    named = [action._replace(label=label) for action, label in shown]
    labels = [(typed if action.typed and action.id == "id" else action.shown, action) for action in named]
    while _cells(labels) - 2 > edge:
        leaves = [entry for entry in labels if not entry[1].safe]
        loose = [entry for entry in leaves if not entry[1].firm] or leaves
        if not loose:
            break
        labels.remove(loose[len(loose) // 2])
    laid: list[tuple[int, str, KeyAction]] = []
    column = 1
    for key, action in labels:
        laid.append((column, key, action))
        column += _cells([(key, action)])
    return tuple(laid)


def key_line(offers: Offers, closed: Callable[[KeyAction], str]) -> Line:
    """The last row. What cannot act now stays in its place, muted."""
    return _key_line(offers, tuple(bool(closed(action)) for _, _, action in offers), ascii_only())


@lru_cache
def _key_line(offers: Offers, closed: tuple[bool, ...], _signs: bool, /) -> Line:  # noqa: FBT001
    row = Row()
    for (column, key, action), shut in zip(offers, closed, strict=True):
        row.at(column, key, "muted" if shut else "strong").then(" " + action.label, "muted")
    return row.line


def key_at(column: int, offers: Offers) -> str:
    """The key in a column of the last row, if a click may press it: one that acts on nothing and does not leave."""
    for start, key, action in offers:
        if start <= column < start + len(key) + 1 + len(action.label):
            if action.acting or action.confirms or action.typed or action.id == "quit":
                return ""
            second = action.pair and column - start > key.index(" ")
            return action.keys[1 if second else 0]
    return ""


def _cells(labels: list[tuple[str, KeyAction]]) -> int:
    return sum(len(key) + len(action.label) + 3 for key, action in labels)


def fits(width: int, height: int) -> bool:
    """Whether a terminal is large enough to act."""
    return width >= WIDTH and height >= HEIGHT


def too_small(view: View, height: int) -> list[Line]:
    """The page of a terminal in which nothing could be read safely."""
    return [
        Row().at(1, f"{view.width}x{height} is too small", "strong").line,
        BLANK,
        Row().at(1, f"Watchfloor needs {WIDTH}x{HEIGHT}.").line,
        Row().at(1, f"No key acts here; {key_for('quit')} quits.").line,
    ]
