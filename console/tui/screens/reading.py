"""Which lines of the arguments of an action were on screen: a hold needs all of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from console.tui.rows.arguments import Piece
from console.tui.rows.decide_rows import Unread

if TYPE_CHECKING:
    from console.core.fleet.state import Fleet


class Reading:
    """What of the arguments was displayed, line by line as it looked: who has read a line folded has read it."""

    def __init__(self) -> None:
        self._seen: set[tuple[str, int, str, int, int]] = set()
        self.unfolded = False
        """Whether long values stood there whole when Decide was left."""

    def saw(self, digest: str, lines: Iterable[Piece], width: int) -> bool:
        """Note that `lines` were displayed in a terminal of this width. Returns whether any of them was new."""
        before = len(self._seen)
        self._seen |= {_mark(digest, line, width) for line in lines if not line.fold}
        return len(self._seen) != before

    def unread(self, digest: str, lines: Sequence[Piece], width: int, top: int) -> Unread:
        """What of all `lines` was not displayed yet, seen from the row that is the first in view."""
        rows = [
            row for row, line in enumerate(lines) if line.fold or _mark(digest, line, width) not in self._seen
        ]
        folded = any(line.fold for line in lines)
        return Unread(len(rows), folded, above=bool(rows) and rows[0] < top)


class Readings:
    """What a console's operator has read of every action that waits, however often Decide is left and opened."""

    def __init__(self) -> None:
        self._of: dict[str, Reading] = {}

    def of(self, key: str, fleet: Fleet) -> Reading:
        """What was read of an action; what was read of those that wait no longer is forgotten."""
        if key not in self._of:
            known = {of: action for of in self._of if (action := fleet.action(of))}
            self._of = {of: self._of[of] for of, action in known.items() if action.state == "asked"}
            self._of[key] = Reading()
        return self._of[key]


def _mark(digest: str, line: Piece, width: int) -> tuple[str, int, str, int, int]:
    return digest, line.leaf, line.text, line.part, width
