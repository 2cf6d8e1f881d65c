"""Help: the keys of the screen it was called from, and the signs. Drawn from the actions table."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import zip_longest
from typing import Final

from console.tui.drawing.paint import BLANK, Line, Row
from console.tui.keys.actions import KeyAction, Mode, name_of, offered
from console.tui.rows.frame_rows import NOWHERE, View
from console.tui.screens.acts import ActingScreen

SIGNS: Final = (
    ("■ stop", "hold, or ran unasked"),
    ("▲ act", "a person is needed"),
    ("◇ watch", "look when you can"),
    ("○", "observed: only tells"),
    ("◐", "gated: asks first"),
    ("●", "contained: ends it"),
    ("━━──", "time left, work done"),
    ("▂▅▇", "progress, or a claim"),
    ("?", "at the edge: is old"),
    ("0:42", "under two minutes"),
    ("“…”", "the agent's words"),
    ("–", "not yet, or unknown"),
)
"""Signs of every screen, and what they say."""

_ASKED: Final = (
    ("ask", "approve with y"),
    ("hold", "approve with a code"),
    ("S0-S4", "how much is at stake"),
    ("!", "from untrusted text"),
)
_ORIGINS: Final = (("“", "said by the user"), ("·", "from a tool's field"), ("*", "made by the model"))

OWN: Final[dict[str, tuple[tuple[str, str], ...]]] = {
    "fleet": (*_ASKED, ("earned", "proven, n verified")),
    "queue": _ASKED,
    "decide": (*_ASKED, *_ORIGINS),
    "run": (("by", "who or what let it"),),
    "step": (*_ORIGINS, ("!", "from untrusted text")),
    "alarms": (
        ("!!", "nobody has seen it"),
        ("!", "seen: acknowledged"),
        ("~", "over, nobody saw it"),
        ("#", "latched until reset"),
        ("z - x", "put aside, see tab"),
        ("P1 P2 P3", "P1 is the gravest"),
        ("1st of 3", "two followed from it"),
        ("×3", "raised three times"),
    ),
    "reliability": (
        ("n", "verified calls"),
        ("●", "share that was right"),
        ("───", "90 % interval"),
        ("○", "what it claims"),
        ("≥0.91", "proven at least"),
    ),
}
"""Signs and words of one screen, which come first there."""

KEYS_AT, TEXT_AT, SIGNS_AT, SAID_AT = 3, 14, 50, 59
"""Columns of the page."""


class HelpScreen(ActingScreen):
    """A page in place of the body."""

    place = "help"

    def __init__(self, about: Mode) -> None:
        super().__init__()
        self._about: Mode = about
        self._made: tuple[View | None, list[Line]] = (None, [])

    def trail(self) -> Sequence[str]:
        return [self._about.capitalize(), "Help"]

    def names(self) -> Sequence[str]:
        return [""] * len(self._page())

    def line(self, row: int) -> Line:
        return self._page()[row]

    def above(self) -> list[Line]:
        return [Row().at(KEYS_AT, "keys of this screen", "muted").at(SIGNS_AT, "signs", "muted").line]

    def _page(self) -> list[Line]:
        """The page, made once for each width."""
        of = NOWHERE._replace(width=self.view.width, read_only=self.view.read_only, replay=self.view.replay)
        if self._made[0] != of:
            self._made = of, self._rows()
        return self._made[1]

    def _rows(self) -> list[Line]:
        keys = [
            (_names(action), action)
            for action in offered(self._about, read_only=self.view.read_only, replay=self.view.replay)
            if action.label and not action.typed
        ]
        rows = []
        for key, sign in zip_longest(keys, (*OWN.get(self._about, ()), *SIGNS)):
            row = Row()
            if key:
                names, action = key
                row.at(KEYS_AT, names, "strong", end=TEXT_AT - 1).at(TEXT_AT, action.label, end=SIGNS_AT - 1)
                more = "" if action.help == action.label else f": {action.help}"
                row.then(more, "muted", end=SIGNS_AT - 1)
            if sign:
                row.at(SIGNS_AT, sign[0]).at(SAID_AT, sign[1], "muted", end=self.view.last + 1)
            rows.append(row.line)
        more = "Enter never approves and never kills; the key that asks never confirms."
        return [*rows, BLANK, Row().at(3, more, "muted").line]


def _names(action: KeyAction) -> str:
    """The keys of an action, as many as its column has room for; of the digits the first and the last."""
    names = [name_of(key) for key in action.keys]
    if all(name.isdecimal() for name in names) and len(names) > 1:
        return f"{names[0]}-{names[-1]}"
    while len(names) > 1 and len(" ".join(names)) >= TEXT_AT - KEYS_AT:
        names.pop()
    return " ".join(names)
