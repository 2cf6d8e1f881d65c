"""What the rows of one line of a run are made of: a name and its words, a text, a claim, a time. Pure."""

from __future__ import annotations

from typing import Final

from bus.events import Confidence
from bus.limits import CONFIDENCE_LIMIT
from console.core.replay.past_run import Whole
from console.core.text import lines as text_lines
from console.tui.drawing import figures
from console.tui.drawing.paint import Line, Row, safe, wrap
from console.tui.rows.frame_rows import View

VALUES: Final = 14
"""Where values start."""

FOLD_AT: Final = 8
"""Lines that a text may take before it is folded."""

_WHOLE: Final = 60_000
"""Characters of a text that are shown: no event is longer."""


def field(name: str, words: str, view: View) -> list[Line]:
    """A name, and its words in as many lines as they take."""
    return [
        Row().at(3, name if number == 0 else "", "muted").at(VALUES, piece).line
        for number, piece in enumerate(wrap(safe(words), view.last + 1 - VALUES))
    ]


def text(name: str, said: str, view: View, *, unfolded: bool) -> list[Line]:
    """A text of an agent's, its own lines kept; a long one is folded unless `unfolded`."""
    broken = [
        piece for line in text_lines(f"“{said}”", _WHOLE) for piece in wrap(line, view.last + 1 - VALUES)
    ]
    shown = broken if unfolded or len(broken) <= FOLD_AT else broken[: FOLD_AT - 1]
    lines = [
        Row().at(3, name if number == 0 else "", "muted").at(VALUES, piece).line
        for number, piece in enumerate(shown)
    ]
    if len(shown) < len(broken):
        words = f"… {figures.size(len(said))} in {len(broken)} lines, o opens"
        lines.append(Row().at(VALUES, words, "muted").line)
    return lines


def low(confidence: Confidence | None) -> bool:
    """Whether a claim is below the limit."""
    return confidence is not None and confidence.value < CONFIDENCE_LIMIT


def claims(confidence: Confidence | None) -> list[Line]:
    """A claim of being right, and where it comes from."""
    row = Row().at(3, "claims", "muted")
    if confidence is None:
        return [row.at(VALUES, "nothing", "muted").line]
    row.at(VALUES, figures.probability(confidence.value), "watch" if low(confidence) else "text")
    row.then(confidence.kind, gap=2)
    return [row.then(f"limit {CONFIDENCE_LIMIT:.2f}", "muted", gap=2).line]


def when(name: str, at: int | None, before: int | None, view: View, after: str = "") -> list[Line]:
    """A time, and how long after the fact before it; nothing while it is not so."""
    if at is None:
        return []
    row = Row().at(3, name, "muted").at(VALUES, figures.clock(at, view.zone, tenths=True))
    if before is not None and after:
        row.then(f"{figures.took(max(0, at - before))} {after}", "muted", gap=2)
    return [row.line]


def in_full(whole: Whole | None, kept: str, more: str) -> tuple[str, str]:
    """A text as sent, or as kept, and what is to be said of it."""
    if whole is not None and (whole.text or not kept):
        return whole.text, "the agent cut it before it was sent" if whole.truncated else ""
    return kept, more if kept.endswith("…") else ""
