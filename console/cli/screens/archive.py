"""The recordings of this machine for a console on a live floor: what reads them is loaded when they are looked at."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from console.cli.screens.archived import Archived
    from console.core.deeds import Deed
    from console.core.session_counts import SessionCounts
    from console.tui.archive import Session


class LateArchive:
    """A folder of sessions that is read, and what reads it loaded, at the first question."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._made: Archived | None = None

    @property
    def where(self) -> str:
        """The folder."""
        return str(self._folder)

    @property
    def _archived(self) -> Archived:
        if self._made is None:
            from console.cli.screens.archived import Archived

            self._made = Archived(self._folder)
        return self._made

    async def sessions(self) -> list[Session]:
        """All of them, oldest first.

        Raises:
            ArchiveError: the folder cannot be read.
        """
        return await self._archived.sessions()

    async def tally(self, name: str) -> SessionCounts:
        """Read a session through."""
        return await self._archived.tally(name)

    async def deeds(self, before: int) -> list[Deed]:
        """Who did what before a position.

        Raises:
            ArchiveError: a session that may have it cannot be read.
        """
        return await self._archived.deeds(before)
