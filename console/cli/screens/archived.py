"""The recordings of this machine as the screens need them."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from console.core.deeds import Deed
from console.core.session_counts import SessionCounts
from console.recording import tallies
from console.recording.files import size_of
from console.recording.history import SessionInfo
from console.recording.history import sessions as sessions_of
from console.recording.schema import RecordingError
from console.tui.archive import ArchiveError, Session

PAGE: Final = 500
"""Deeds that are read at a time."""

Stamp = tuple[int, int]


class Archived:
    """The sessions of a folder. What was counted of one is remembered until its size or its end is another."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._infos: dict[str, SessionInfo] = {}
        self._known: dict[str, tuple[Stamp, SessionCounts]] = {}

    @property
    def where(self) -> str:
        """The folder."""
        return str(self._folder)

    async def sessions(self) -> list[Session]:
        """All of them, oldest first.

        Raises:
            ArchiveError: the folder cannot be read.
        """
        infos = await self._look()
        return [
            Session(
                name=info.name,
                began=info.first_at,
                ended=info.last_at,
                records=info.records,
                first_pos=info.first_pos,
                last_pos=info.last_pos,
                size=info.bytes,
                open=info.open,
                torn=info.wal_missing,
                problem=self._short(info.problem),
            )
            for info in infos
        ]

    async def tally(self, name: str) -> SessionCounts:
        """Read a session through."""
        info = self._infos.get(name)
        if info is None:
            return SessionCounts(problem="it is not there any more")
        stamp = (size_of(info.path), info.last_pos)
        known = self._known.get(name)
        if known is None or known[0] != stamp:
            counts = await tallies.counted(info.path)
            counts.problem = self._short(counts.problem)
            known = self._known[name] = stamp, counts
        return known[1]

    async def deeds(self, before: int) -> list[Deed]:
        """Who did what before a position: the newest of the last session that has any.

        Raises:
            ArchiveError: a session that may have it cannot be read.
        """
        for info in reversed(await self._look()):
            if info.problem:
                raise ArchiveError(self._short(info.problem))
            if info.first_pos >= before:
                continue
            try:
                found = await tallies.deeds_in(info.path, before, PAGE)
            except RecordingError as error:
                raise ArchiveError(self._short(str(error))) from None
            if found:
                return found
        return []

    async def _look(self) -> list[SessionInfo]:
        try:
            infos = await sessions_of(self._folder)
        except RecordingError as error:
            raise ArchiveError(str(error)) from None
        self._infos = {info.name: info for info in infos}
        return infos

    def _short(self, problem: str) -> str:
        """The same where the folder would leave no room for what is wrong."""
        return problem.replace(f"{self._folder}/", "")
