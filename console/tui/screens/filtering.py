"""A list that can be narrowed by typing. Row 3 and the breadcrumb say so for as long as it is."""

from __future__ import annotations

from collections.abc import Sequence

from console.tui.drawing.paint import BLANK, Line, Row
from console.tui.keys.actions import KeyAction, Mode
from console.tui.rows import filter as filters
from console.tui.rows.filter import Filter
from console.tui.rows.frame_rows import View
from console.tui.screens.acts import ActingScreen
from console.tui.sheets.confirm_sheets import HoldSheet


class FilteringScreen(ActingScreen):
    """Base of screens with a filter. Subclasses say how many rows it lets through, and how many that wait it does not."""

    def __init__(self) -> None:
        super().__init__()
        self.filter = Filter()
        self.typing = False
        self._other_rows = False
        self._all_from = 0  # the first row in view when there was no filter yet

    def _load(self, names: Sequence[str]) -> bool:
        taken = super()._load(names)
        if taken and self._other_rows:
            self._other_rows = False
            if self.filter:
                self.body.show_from_top()
            else:
                self.body.back_to(self._all_from)
        return taken

    def narrowed(self) -> tuple[int, int, int]:
        """Of the rows: how many are shown, how many there are, and how many that wait are not shown."""
        raise NotImplementedError

    @property
    def mode(self) -> Mode:
        mode = super().mode
        return "filter" if self.typing and mode == self.place else mode

    def crumbs(self) -> list[str]:
        """What the breadcrumb says of the filter."""
        return [f"/{self.filter.text}"] if self.filter else []

    def third(self, view: View) -> Line:
        """Row 3: blank, but for a filter."""
        if not self.filter and not self.typing:
            return BLANK
        row = Row().at(1, "filter", "strong").then(self.filter.text, gap=1, end=view.edge - 40)
        row.then("_" if self.typing else "", "strong")
        if not self.filter:
            return row.then(filters.FORMS, "muted", gap=3, end=view.edge + 1).line
        shown, total, hidden = self.narrowed()
        row.then(f"{shown} of {total} shown", gap=3)
        if hidden:
            row.then(f"{hidden} waiting not shown", "act", gap=2)
        return row.right(view.edge, ("" if self.typing else "esc shows all", "muted")).line

    def types(self, key: str, character: str | None) -> bool:
        """Take what is typed into the filter."""
        if self.mode != "filter" or not (key == "backspace" or character):
            return super().types(key, character)
        text = self.filter.text[:-1] if key == "backspace" else self.filter.text + (character or "")
        self._narrow(text[: filters.CHARS])
        return True

    @property
    def asks_for_text(self) -> bool:
        return self.mode == "filter" or super().asks_for_text

    def _narrow(self, text: str) -> None:
        was, self.filter = self.filter, filters.parse(text)
        if self.filter and not was:
            self._all_from = self.body.top
        self._other_rows = True
        self.floor.pace.settle()  # rows may move at once: that is what was asked for

    def label(self, key: KeyAction) -> str:
        return "show all" if key.id == "back" and self.filter and not self.sheet else super().label(key)

    def act_filter(self) -> None:
        self.typing = True

    def act_keep(self) -> None:
        self.typing = False

    def act_clear(self) -> None:
        self.typing = False
        self._narrow("")

    def act_back(self) -> None:
        if self.sheet is None and self.filter:
            self.act_clear()
        else:
            super().act_back()

    def act_hold_all(self) -> None:
        super().act_hold_all()
        if isinstance(self.sheet, HoldSheet):
            self.sheet.filtered = bool(self.filter)
