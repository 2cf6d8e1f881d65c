"""The scripted model of the demo agents: what a model would choose and claim comes from one seed, and from nothing else.

No model runs here. What the agents do with a choice is real: real files, a real database, real waiting.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Final, TypeVar

T = TypeVar("T")

TURNS: Final = 1_000
"""Runs that one process of an agent may number; the next process begins at the next multiple."""

_LETTERS: Final = "0123456789abcdefghjkmnpqrstvwxyz"
_IDS: Final = len(_LETTERS) ** 4
_FACTOR: Final = 387_217


class Script:
    """The choices of one run. Equal seed, agent and number give equal choices in equal order."""

    def __init__(self, seed: int, agent: str, number: int) -> None:
        self.seed = seed
        self.agent = agent
        self.number = number
        self._chance = random.Random(f"{seed}/{agent}/{number}")  # noqa: S311 - to be repeated, not to be secret

    @property
    def turn(self) -> int:
        """Which run of its process this is, from 1."""
        return self.number % TURNS

    @property
    def run_id(self) -> str:
        """The run's id: four characters, as the console shows them, never twice for one agent."""
        # An odd factor modulo a power of two: no two numbers of an agent come out the same.
        offset = random.Random(f"{self.seed}/{self.agent}").randrange(_IDS)  # noqa: S311
        left, letters = (self.number * _FACTOR + offset) % _IDS, ""
        for _ in range(4):
            left, digit = divmod(left, len(_LETTERS))
            letters += _LETTERS[digit]
        return letters

    def between(self, low: float, high: float) -> float:
        """A number from `low` to `high`."""
        return low + (high - low) * self._chance.random()

    def whole(self, low: int, high: int) -> int:
        """A whole number from `low` to `high`, both included."""
        return low + int(self._chance.random() * (high - low + 1))

    def pick(self, options: Sequence[T]) -> T:
        """One of some options."""
        return options[self.whole(0, len(options) - 1)]

    def happens(self, chance: float) -> bool:
        """Whether something of that probability happens."""
        return self._chance.random() < chance

    def claim(self, low: float, high: float) -> float:
        """A stated confidence between two bounds, in hundredths as models say it."""
        return round(self.between(low, high), 2)

    def about(self, seconds: float) -> float:
        """Roughly so many seconds: what thinking takes varies."""
        return seconds * self.between(0.7, 1.3)
