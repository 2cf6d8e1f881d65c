"""How large a session file has become, without asking the file system at every commit."""

from __future__ import annotations

import sqlite3
from contextlib import suppress
from typing import Final

import aiosqlite

from console.recording.schema import one

COUNTED_EVERY: Final = 1_000
"""Records after which the pages of the file are counted: names, indexes and dictionaries are not in its bodies."""

ROW_BYTES: Final = 24
"""What a record takes beside its body, about."""

_SIZE: Final = "SELECT page_count * page_size FROM pragma_page_count, pragma_page_size"


class Growth:
    """`bytes` of the file, those that are still in its WAL included: counted now and then, and what was added since."""

    def __init__(self, size: int) -> None:
        self.bytes = size
        self._uncounted = 0

    def add(self, records: int, size: int) -> None:
        """So many records, whose bodies have so many bytes, were stored."""
        self.bytes += records * ROW_BYTES + size
        self._uncounted += records

    async def count(self, connection: aiosqlite.Connection) -> None:
        """Count the pages, if it is time. What was stored is stored, whatever becomes of it: it never raises."""
        if self._uncounted < COUNTED_EVERY:
            return
        self._uncounted = 0
        with suppress(sqlite3.Error):
            (self.bytes,) = await one(connection, _SIZE) or (self.bytes,)
