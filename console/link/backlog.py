"""What the journal brings while a keyframe is on its way: kept in bounded memory, by supervisor epoch. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from bus.messages import JournalRecord

BACKLOG_BYTES: Final = 64 * 1024 * 1024
"""Bytes of events kept. Beyond it the oldest go: the keyframe is newer, or there will be a hole and another keyframe."""

EPOCHS: Final = 2
"""Epochs kept apart: the present one, and one that may be the next."""


class Backlog:
    """Records by epoch and position; one that comes twice is kept once."""

    def __init__(self) -> None:
        self._records: dict[str, dict[int, JournalRecord]] = {}
        self._size = 0

    def add(self, epoch: str, records: Iterable[JournalRecord]) -> None:
        """Keep records of a journal batch."""
        kept = self._records.setdefault(epoch, {})
        for record in records:
            if record.pos not in kept:
                kept[record.pos] = record
                self._size += _size(record)
        while len(self._records) > EPOCHS:
            self._forget(next(iter(self._records)))
        while self._size > BACKLOG_BYTES:
            oldest = next(iter(self._records))
            kept = self._records[oldest]
            self._size -= _size(kept.pop(next(iter(kept))))
            if not kept:
                del self._records[oldest]

    def take(self, epoch: str) -> list[JournalRecord]:
        """Return the records of an epoch in order of their positions, and forget everything."""
        kept = self._records.get(epoch, {})
        self._records = {}
        self._size = 0
        return [kept[pos] for pos in sorted(kept)]

    def _forget(self, epoch: str) -> None:
        self._size -= sum(_size(record) for record in self._records.pop(epoch).values())


def _size(record: JournalRecord) -> int:
    return memoryview(record.event).nbytes
