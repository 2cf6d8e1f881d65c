"""The sheet that hides an alarm: a reason, before it a time for a shelf. Pure."""

from __future__ import annotations

import re
from typing import Final

from bus.limits import SHELVE_DEFAULT, SHELVE_MOST
from console.tui.drawing import figures
from console.tui.drawing.paint import Line, Row
from console.tui.rows.frame_rows import View
from console.tui.sheets.confirm_sheets import Wish, WordsSheet

_TIME: Final = re.compile(r"(\d{1,4})([mh])(?=\s|$)\s*")


def shelf_time(words: str) -> tuple[int, str]:
    """How long (s) and why, out of what was typed: `2h nightly crawl`. Never longer than may be."""
    found = _TIME.match(words.strip())
    if found is None:
        return SHELVE_DEFAULT, words.strip()
    seconds = int(found[1]) * (3600 if found[2] == "h" else 60)
    return max(60, min(seconds, SHELVE_MOST)), words.strip()[found.end() :]


class ShelveSheet(WordsSheet):
    """Why an alarm is shelved, and for how long."""

    def complete(self) -> Wish | None:
        seconds, why = shelf_time(self._words)
        return self.wish._replace(reason=why, seconds=seconds) if why else None

    def rows(self, view: View) -> list[Line]:
        seconds, _ = shelf_time(self._words)
        most = figures.age(SHELVE_MOST * 1000)
        words = f"for {figures.left(seconds * 1000)}, then it is back; 30m or 2h before the reason, {most} at most"
        return [*super().rows(view), Row().at(3, words, "muted").line]
