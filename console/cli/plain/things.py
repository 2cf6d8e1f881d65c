"""Numbers for what a line can name: each action, run and alarm gets one when it is first told of, and keeps it. Pure."""

from __future__ import annotations

from typing import Final, Literal, NamedTuple

FIRST: Final = 11
"""The first number of a thing; those below answer a menu, so that one can never be taken for the other."""


class Thing(NamedTuple):
    """What a number names: the key of an action or run, or the id of an alarm."""

    kind: Literal["action", "run", "alarm"]
    key: str


class Numbers:
    """Both ways between things and their numbers. No number is given twice."""

    def __init__(self) -> None:
        self._numbers: dict[Thing, int] = {}
        self._things: list[Thing] = []

    def of(self, kind: Literal["action", "run", "alarm"], key: str) -> int:
        """The number of a thing, a new one if it has none."""
        thing = Thing(kind, key)
        if thing not in self._numbers:
            self._numbers[thing] = FIRST + len(self._things)
            self._things.append(thing)
        return self._numbers[thing]

    def thing(self, text: str) -> Thing | None:
        """What a typed number names, or None."""
        if not (text.isascii() and text.isdecimal() and len(text) < 10):
            return None
        place = int(text) - FIRST
        return self._things[place] if 0 <= place < len(self._things) else None
