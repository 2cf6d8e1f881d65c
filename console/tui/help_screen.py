"""Help: the keys of the screen it was called from, and the signs. Drawn from the actions table."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import zip_longest
from typing import Final

from console.tui.actions import Mode, name_of, offered
from console.tui.acts import ActingScreen
from console.tui.paint import BLANK, Line, Row

SIGNS: Final = (
    ("■ stop", "a hold, or something ran unasked"),
    ("▲ act", "a person is needed"),
    ("◇ watch", "look when you can"),
    ("○ ◐ ●", "observed, gated, contained"),
    ("━━──", "time left, or work done"),
    ("▂▅▇", "one run's progress, or a claim"),
    ("?", "at the edge: as it was, not live"),
    ("0:42", "a colon: less than two minutes"),
    ("–", "nothing, not yet, unknown"),
)


class HelpScreen(ActingScreen):
    """A page in place of the body."""

    place = "help"

    def __init__(self, about: Mode) -> None:
        super().__init__()
        self._about: Mode = about

    def trail(self) -> Sequence[str]:
        return ["Fleet", "Help"]

    def names(self) -> Sequence[str]:
        return [""] * len(self._page())

    def line(self, row: int) -> Line:
        return self._page()[row]

    def above(self) -> list[Line]:
        return [Row().at(3, "this screen", "muted").at(46, "signs", "muted").line]

    def _page(self) -> list[Line]:
        keys = [
            (" ".join(map(name_of, action.keys)), action.help)
            for action in offered(self._about, read_only=self.view.read_only)
            if action.label
        ]
        rows = []
        for key, sign in zip_longest(keys, SIGNS):
            row = Row()
            if key:
                row.at(3, key[0], "strong", end=16).at(17, key[1], end=45 if sign else self.view.last)
            if sign:
                row.at(46, sign[0]).at(55, sign[1], "muted", end=self.view.last + 1)
            rows.append(row.line)
        more = ("a y, or a and the code of a hold, approves; K and a run's id kills. Enter never does.", "")
        return [*rows, BLANK, Row().at(3, more[0], "muted", end=self.view.last + 1).line]
