"""Row 2: what waits and how long the first has, which alarms stand. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from rich.cells import cell_len

from console.tui.drawing import figures
from console.tui.drawing.paint import Line, Row, safe
from console.tui.floor.attention import MARKS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from console.tui.drawing.theme import Ink
    from console.tui.floor.attention import Level
    from console.tui.floor.counting import Counts
    from console.tui.rows.frame_rows import View

_TEXT_LEAST: Final = 16
"""The least of an alarm's text that is worth a place."""

_NAME_LEAST: Final = 4
"""The least of an agent's name."""

_DUE_AT: Final = 33
"""Where the first deadline stands, unless the counts before it or the alarms behind it need the place."""

Parts = list[tuple[str, "Ink"]]


class Fit(NamedTuple):
    """What stands in the middle and at the right end, more or less in words."""

    middle: Parts
    right: Parts


def alarm_line(view: View, counts: Counts, last_decision: int, as_of: int) -> Line:
    """Row 2. Grey where there is nothing; where it is narrow, words give way first, then ages, and no count ever."""
    if not view.live and not as_of:
        words = "joining the floor" if view.standing.joining else "nothing known yet"
        return Row().at(1, "reading the recording" if view.replay else words, "muted").line
    row = _counts(counts)
    for fit in _fits(view, counts, as_of):
        end = view.edge + 1 - _cells(fit.right)  # where the right end begins
        at = max(_DUE_AT, row.cells + 2)
        if fit.middle and at + _cells(fit.middle) + 1 > end:
            at = row.cells + 2
        if at + _cells(fit.middle) + 1 <= end or not (fit.middle or fit.right):
            break
    else:
        return row.line
    for number, part in enumerate(fit.middle):
        row.at(at if number == 0 else row.cells, *part)
    if fit.right:
        _between(row, counts, view, end)
        return row.right(view.edge, *fit.right).line
    _between(row, counts, view, view.edge - 18)
    decided: Parts = [(f"last decision {figures.age(view.now - last_decision)} ago", "muted")]
    if last_decision and row.cells <= min(50, view.edge - _cells(decided)):
        row.right(view.edge, *decided)
    return row.line


def _counts(counts: Counts) -> Row:
    levels: tuple[tuple[Level, int], ...] = (
        ("stop", counts.stop),
        ("act", counts.act),
        ("watch", counts.watch),
    )
    row = Row()
    for level, count in levels:
        if count:
            row.at(row.cells + 2 if row.cells else 1, MARKS[level], level).then(f" {count} {level}", level)
    if not row.cells:
        calm = not counts.alarms and not counts.returned
        row.at(1, "nothing waits  no alarms" if calm else "nothing waits", "muted")
    return row


def _fits(view: View, counts: Counts, as_of: int) -> Iterator[Fit]:
    """Each with fewer words than the one before."""
    for label, age, aside in (
        (3, 1, 2), (2, 1, 2), (2, 0, 2), (1, 0, 2), (2, 0, 0), (1, 0, 0), (0, 0, 0),
    ):  # fmt: skip
        yield Fit(_middle(view, counts, as_of, label), _right(view, counts, age=age, aside=aside))


def _middle(view: View, counts: Counts, as_of: int, label: int) -> Parts:
    if not label:
        return []
    if not view.live:
        return [(f"as of {figures.clock(as_of, view.zone)}", "text")]
    parts: Parts = []
    if counts.flood and (label > 1 or counts.first_due is None):
        parts.append((f"flood {counts.flood}{' in 10m' if label > 2 else ''}", "muted"))
    if counts.first_due is None:
        return parts
    remaining = counts.first_due - view.now
    words = ("  " if parts else "") + ("first due " if label > 2 else "due ")
    return [*parts, (words, "muted"), (figures.left(remaining), figures.urgency(remaining))]


def _right(view: View, counts: Counts, *, age: int, aside: int) -> Parts:
    """How many alarms stand, for how long; then those that went by themselves unseen, and those hidden."""
    words = ""
    if aside:
        returned = f"~ {counts.returned} returned" if counts.returned else ""
        words = figures.joined([returned, f"z {counts.hidden}" if counts.hidden else ""])
    if not counts.alarms:
        return [(words, "muted")] if words else []
    parts: Parts = [
        ("!! ", counts.alarm_level),
        (f"{counts.alarms} {'alarm' if counts.alarms == 1 else 'alarms'}", "text"),
    ]
    if age:
        parts.append((f" {figures.age(view.now - counts.alarm_since)}", "muted"))
    return [*parts, (f"  {words}", "muted")] if words else parts


def _between(row: Row, counts: Counts, view: View, end: int) -> None:
    """Whose the first deadline is and what the worst alarm says, as far as there is room before `end`."""
    room = end - 1 - row.cells - 1
    if (
        view.live
        and counts.first_due is not None
        and room >= min(cell_len(safe(counts.first_agent)), _NAME_LEAST)
    ):
        row.then(counts.first_agent, "muted", gap=1, end=end - 1)
    least = min(cell_len(safe(counts.alarm_text)), _TEXT_LEAST)
    if counts.alarms and counts.alarm_text and end - 2 - row.cells - 2 >= least:
        row.then(counts.alarm_text, gap=2, end=end - 2)


def _cells(parts: Parts) -> int:
    return sum(cell_len(safe(words)) for words, _ in parts)
