"""The highest era of a supervisor that an agent has followed, kept over the ends of its processes.

What a supervisor signed once stays signed. Somebody who recorded it may say it again to a process that has not heard the
present one yet; the era, a number in every state that only grows, tells the two apart.
"""

from __future__ import annotations

import contextlib
import logging
import os
import secrets
from pathlib import Path
from typing import Final

log = logging.getLogger("watchfloor")

FILE: Final = "era"
"""Its name in the folder of an agent's spools."""


class Era:
    """The highest era seen, for as long as this object lives."""

    def __init__(self) -> None:
        self._highest = 0

    @property
    def highest(self) -> int:
        """The highest era seen, 0 for none."""
        return self._highest

    @property
    def where(self) -> str:
        """Where it is kept, for people."""
        return "the memory of this process"

    def reach(self, era: int) -> None:
        """Note an era; a lower one than the highest changes nothing."""
        self._highest = max(self._highest, era)


class EraFile(Era):
    """The same in a file, for the processes to come. What cannot be read or written is said and never stops an agent.

    Nothing is opened before it is asked for.
    """

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self._path = folder / FILE
        self._known = False

    @property
    def highest(self) -> int:
        """See `Era.highest`."""
        if not self._known:
            self._known = True
            self._read()
        return self._highest

    @property
    def where(self) -> str:
        """See `Era.where`."""
        return str(self._path)

    def reach(self, era: int) -> None:
        """See `Era.reach`."""
        if era <= self.highest:
            return
        self._read()  # another process of this agent may have come further
        super().reach(era)
        if era != self._highest:
            return
        fresh = self._path.with_name(f"{FILE}.{secrets.token_hex(4)}")
        try:
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            with fresh.open("x", encoding="ascii") as file:
                file.write(f"{era}\n")
                file.flush()
                os.fsync(file.fileno())
            fresh.replace(self._path)
        except OSError as error:
            log.warning("%s: the supervisor's era cannot be kept: %s", self._path, error)
            with contextlib.suppress(
                OSError
            ):  # as a rule what kept it from being written keeps it from going, too
                fresh.unlink(missing_ok=True)

    def _read(self) -> None:
        try:
            super().reach(int(self._path.read_text(encoding="ascii")[:32]))
        except FileNotFoundError:
            return
        except (OSError, ValueError) as error:
            log.warning("%s: the supervisor's era cannot be read: %s", self._path, error)
