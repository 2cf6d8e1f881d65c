"""Our signs on a terminal that shows ASCII only: one table of twins, one cell each, so that every column stays where it is.

Whatever else is not ASCII was an agent's, and is shown as its escape. A process writes to one terminal, so which of the two
sets it shows is one fact of the process.
"""

from __future__ import annotations

import json
from typing import Final

# fmt: off
TWINS: Final[dict[str, str]] = {
    "■": "X", "▲": ">", "◇": "w",  # stop, act, watch
    "○": "o", "◐": "g", "●": "c",  # observed, gated, contained
    "“": '"', "”": '"', "·": ".",  # said by the user, or anybody's words; a trusted result
    "▌": "|", "│": "|", "┃": "|",  # the cursor's row, the pane, the playhead
    "━": "=", "─": "-", "┄": ".", "╌": "-",  # done, rest, an honest claim's band, a limit
    "▁": "_", "▂": ".", "▃": ":", "▄": "-", "▅": "=", "▆": "+", "▇": "*", "█": "#",  # one bar
    "≥": ">", "–": "-", "…": "~", "\u203a": ">", "→": ">", "✓": "y", "×": "x",
}
# fmt: on
"""By sign, what stands for it."""

_TABLE: Final = str.maketrans(TWINS)


class _Shown:
    ascii_only = False


def show_ascii_only(wanted: bool) -> None:  # noqa: FBT001  (a switch, and the only one)
    """Show twins and escapes from now on, or the signs themselves."""
    _Shown.ascii_only = wanted


def ascii_only() -> bool:
    """Whether the terminal is shown ASCII only."""
    return _Shown.ascii_only


def of(sign: str, twin: str) -> str:
    """A sign whose twin in the table means something else where it stands, or `twin` for it."""
    return twin if _Shown.ascii_only else sign


def fitting(text: str) -> str:
    """`text` as the terminal can show it."""
    return in_ascii(text) if _Shown.ascii_only else text


def in_ascii(text: str) -> str:
    r"""`text` with its signs of ours as twins and whatever else is not ASCII as escapes: `\\xe9`, `\\u4e2d`."""
    if text.isascii():
        return text
    return text.translate(_TABLE).encode("ascii", "backslashreplace").decode("ascii")


def in_json(text: str) -> str:
    """JSON text with everything in it that is not ASCII as a JSON escape, where the terminal is shown ASCII only."""
    if text.isascii() or not _Shown.ascii_only:
        return text
    return "".join(char if char.isascii() else json.dumps(char)[1:-1] for char in text)
