"""Help: the keys of the screen it was called from, and the signs. Drawn from the actions table."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import zip_longest
from typing import Final

from console.tui.drawing.paint import BLANK, Line, Row
from console.tui.keys.actions import Mode, name_of, offered
from console.tui.rows.frame_rows import NOWHERE, View
from console.tui.screens.acts import ActingScreen

SIGNS: Final = (
    ("■ stop", "a hold, or ran unasked"),
    ("▲ act", "a person is needed"),
    ("◇ watch", "look when you can"),
    ("○", "observed: only reports"),
    ("◐", "gated: stops at gates"),
    ("●", "contained: can end it"),
    ("━━──", "time left, work done"),
    ("▂▅▇", "progress, or a claim"),
    ("?", "at the edge: not live"),
    ("0:42", "under two minutes left"),
    ("“…”", "the agent's words"),
    ("–", "not yet, or unknown"),
)


class HelpScreen(ActingScreen):
    """A page in place of the body."""

    place = "help"

    def __init__(self, about: Mode) -> None:
        super().__init__()
        self._about: Mode = about
        self._made: tuple[View | None, list[Line]] = (None, [])

    def trail(self) -> Sequence[str]:
        return ["Fleet", "Help"]

    def names(self) -> Sequence[str]:
        return [""] * len(self._page())

    def line(self, row: int) -> Line:
        return self._page()[row]

    def above(self) -> list[Line]:
        return [Row().at(3, "this screen", "muted").at(49, "signs", "muted").line]

    def _page(self) -> list[Line]:
        """The page, made once for each width."""
        of = NOWHERE._replace(width=self.view.width, read_only=self.view.read_only, replay=self.view.replay)
        if self._made[0] != of:
            self._made = of, self._rows()
        return self._made[1]

    def _rows(self) -> list[Line]:
        keys = [
            (" ".join(map(name_of, action.keys)), action.help)
            for action in offered(self._about, read_only=self.view.read_only, replay=self.view.replay)
            if action.label and not action.typed
        ]
        rows = []
        for key, sign in zip_longest(keys, SIGNS):
            row = Row()
            if key:
                row.at(3, key[0], "strong", end=15).at(16, key[1], end=48)
            if sign:
                row.at(49, sign[0]).at(57, sign[1], "muted", end=self.view.last + 1)
            rows.append(row.line)
        more = "Enter never approves and never kills; the key that asks never confirms."
        return [*rows, BLANK, Row().at(3, more, "muted").line]
