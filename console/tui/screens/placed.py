"""A list whose rows are of several kinds: what each is, as of the names that the list has taken."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Generic, TypeVar

from console.tui.screens.floor_screen import FloorScreen

P = TypeVar("P")


class PlacedScreen(FloorScreen, Generic[P]):
    """Base of screens whose `names` leave the `_places` of all rows; `_shown` are those of the rows that stand there."""

    def __init__(self) -> None:
        super().__init__()
        self._places: list[P] = []
        self._shown: list[P] = []

    def _load(self, names: Sequence[str]) -> bool:
        taken = super()._load(names)
        if taken:
            self._shown = self._places
        return taken
