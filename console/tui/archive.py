"""What screens need of the recordings on this machine. Who opens the console hands it in; no screen knows a file."""

from __future__ import annotations

from typing import NamedTuple, Protocol

from console.core.deeds import Deed
from console.core.session_counts import SessionCounts


class ArchiveError(Exception):
    """The recordings cannot be read there. The text is one line that says why."""


class Session(NamedTuple):
    """A recorded session, without having read it through. Times are ms since 1970 UTC, sizes bytes.

    `open`: it is being written, or its writer was killed. `torn`: its WAL was missing, so that its newest records may be
    lost. `problem` is why it cannot be read, empty if it can.
    """

    name: str
    began: int = 0
    ended: int = 0
    records: int = 0
    first_pos: int = 0
    last_pos: int = 0
    size: int = 0
    open: bool = False
    torn: bool = False
    problem: str = ""


class Archive(Protocol):
    """The recorded sessions of a folder."""

    @property
    def where(self) -> str:
        """The folder."""

    async def sessions(self) -> list[Session]:
        """All of them, oldest first; those that cannot be read with their problem.

        Raises:
            ArchiveError: the folder cannot be read.
        """

    async def tally(self, name: str) -> SessionCounts:
        """Read a session through. Never raises: what is wrong with it is part of the answer."""

    async def deeds(self, before: int) -> list[Deed]:
        """Who did what before a position, the newest of it, in order; empty where the recordings begin.

        Raises:
            ArchiveError: the session that has it cannot be read.
        """
