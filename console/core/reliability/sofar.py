"""What a run has shown so far that says something about its end: folded entry by entry, live and from files alike.

An entry is a message, a call, or the result of a call. At some entries (`MARKS`) the signs are written down as they stand,
so that a living run is compared with what earlier ones had shown at the same place.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from typing import Any, Final

import msgspec
from msgspec import Struct, field

from console.core.provenance.normal import clean, words
from console.core.provenance.vocabulary import STOP
from console.core.reliability.trouble_signs import length, refusals

MARKS: Final = (1, 3, 5, 8, 12, 20, 35, 60, 100, 200)
"""Entries at which runs are compared. A run that ended before the first of them is compared there all the same."""

WORDS_KEPT: Final = 128
"""Telling words of a run, the first ones said."""

CALLS_KEPT: Final = 256
"""Different calls of a run that are remembered, the first ones made."""

LONGEST: Final = 16_384
"""Characters of a text that are looked at."""

_ENCODER: Final = msgspec.json.Encoder(order="sorted")

Shown = tuple[float | None, ...]
"""Values of `SIGNS`; None: not known."""


class SoFar(Struct, omit_defaults=True):
    """What one run has shown. `heard`: checksums of its user's telling words, each with the entry at which it was said.

    `shown`: the signs at each of `MARKS` that it has reached. `made`: checksums of its calls, as long as it lives.
    """

    entries: int = 0
    request: float | None = None
    refused: int = 0
    failed: int = 0
    repeated: int = 0
    heard: dict[str, int] = field(default_factory=dict)
    made: list[int] = field(default_factory=list)
    shown: list[Shown] = field(default_factory=list)

    def began(self, goal: str) -> None:
        """The run began with a request."""
        if goal and not self.entries:
            self.request = length(goal)
            self._hear(goal)

    def said(self, text: str) -> None:
        """Somebody other than the agent said something to it."""
        self.entries += 1
        if self.entries == 1 and self.request is None:
            self.request = length(text)
        self._hear(text)
        self._mark()

    def answered(self, text: str) -> None:
        """The agent said something."""
        self.entries += 1
        self.refused += refusals(text[:LONGEST])
        self._mark()

    def called(self, tool: str, args: Mapping[str, Any]) -> None:
        """The agent made a call, or wanted to."""
        self.entries += 1
        name = _checksum(tool, args)
        if name is None:
            pass
        elif name in self.made:
            self.repeated += 1
        elif len(self.made) < CALLS_KEPT:
            self.made.append(name)
        self._mark()

    def came(self, *, failed: bool = False) -> None:
        """The result of a call came, or anything else that nobody said."""
        self.entries += 1
        self.failed += failed
        self._mark()

    def stepped(self, steps: int, *, failed: bool = False) -> None:
        """The agent reports its steps and has begun so many: entries, where it reports nothing else."""
        self.failed += failed
        self.entries = max(self.entries, steps)
        self._mark()

    def over(self) -> None:
        """The run is over: what served to tell its calls apart is let go."""
        self.made = []

    def _hear(self, text: str) -> None:
        for name in telling(text):
            if len(self.heard) < WORDS_KEPT:
                self.heard.setdefault(name, max(1, self.entries))

    def _mark(self) -> None:
        while len(self.shown) < len(MARKS) and self.entries >= MARKS[len(self.shown)]:
            self.shown.append(self.now)

    @property
    def now(self) -> Shown:
        """The signs as they stand."""
        return (self.request, float(self.refused), float(self.failed), float(self.repeated))


def telling(text: str) -> list[str]:
    """Checksums of the telling words of a text, in their order.

    Not the words: what they are compared for outlives the sessions, and needs none of them.
    """
    found = words(clean(text[:LONGEST])).words
    return [
        f"{zlib.crc32(word.encode('utf-8', 'surrogatepass')):08x}"
        for word in found
        if word not in STOP and len(word) > 2
    ]


def _checksum(tool: str, args: Mapping[str, Any]) -> int | None:
    try:
        return zlib.crc32(_ENCODER.encode((tool, args)))
    except (msgspec.MsgspecError, RecursionError, ValueError, OverflowError):
        return None  # what cannot be written cannot be told from another


def reached(steps: int) -> int:
    """How many of `MARKS` a run of so many entries has reached, the first in any case."""
    return 1 + sum(steps >= mark for mark in MARKS[1:])
