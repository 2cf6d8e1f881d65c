"""The dictionary that a session file trains on its own first bodies, so that those after them take less."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from console.recording.bodies import SAMPLE_BYTES, SAMPLES, Bodies, Row, train


class OwnDictionary:
    """Gathers samples while a file has only the dictionary `first`, and trains the next one on them.

    It is to be stored in the transaction of the first body that was packed with it.
    """

    def __init__(self, bodies: Bodies, first: int) -> None:
        self.number = first + 1
        """Its number in the file."""
        self._bodies = bodies
        self._first = first
        self._samples: list[bytes] = []
        self._trained: bytes | None = None

    async def due(self) -> bytes | None:
        """Train it once there are bodies enough, and pack with it from now on; return it as long as it is to be stored."""
        if len(self._samples) < SAMPLES:
            return None
        if self._trained is None:
            self._trained = await asyncio.to_thread(train, self._samples)
        if self._trained is None:
            self._samples = []  # too little in common: gather others
            return None
        self._bodies.learn(self.number, self._trained)
        return self._trained

    def stored(self) -> None:
        """The file has it."""
        self._trained, self._samples = None, []

    def not_stored(self) -> None:
        """The file does not have it after all: `due` says it again."""
        self._bodies.forget(self.number)

    def sample(self, rows: Sequence[Row]) -> None:
        """Gather bodies that were stored, as long as they are wanted."""
        if self._bodies.dictionary == self._first:
            missing = SAMPLES - len(self._samples)
            self._samples += [row.event[:SAMPLE_BYTES] for row in rows[: max(0, missing)]]
