"""Sessions: what was recorded on this machine, the newest first. It reads files and needs no supervisor."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import ClassVar

from console.core.session_counts import SessionCounts
from console.tui.archive import ArchiveError, Session
from console.tui.drawing.paint import BLANK, Line, Row, safe
from console.tui.rows import session_rows
from console.tui.rows.aside import in_pane
from console.tui.rows.frame_rows import Note, View
from console.tui.screens.acts import ActingScreen


class SessionsScreen(ActingScreen):
    """One row a session. They are listed at once and counted one after the other, the newest first."""

    place = "sessions"
    paned: ClassVar[bool] = True

    def __init__(self) -> None:
        super().__init__()
        self._sessions: dict[str, Session] = {}
        self._tallies: dict[str, SessionCounts] = {}
        self._names: list[str] = []
        self._shown: list[str] = []
        self._problem = ""
        self._known = False
        self._of = ""
        self.reading: asyncio.Task[None] | None = None

    def trail(self) -> Sequence[str]:
        return ["Sessions"]

    # ---- reading -----------------------------------------------------------------------------------------------------

    def on_screen_resume(self) -> None:
        self._read()
        super().on_screen_resume()

    def on_unmount(self) -> None:
        """Nobody looks any more."""
        if self.reading is not None:
            self.reading.cancel()

    def _read(self) -> None:
        self._of = self.floor.fleet.session
        if self.floor.archive is not None and (self.reading is None or self.reading.done()):
            self.reading = asyncio.create_task(self._look(), name="read the sessions")

    async def _look(self) -> None:
        archive = self.floor.archive
        if archive is None:
            return
        try:
            found = await archive.sessions()
        except ArchiveError as error:
            self._problem, self._known = str(error), True
            self.floor.draw_again()
            return
        self._problem, self._known = "", True
        self._sessions = {session.name: session for session in reversed(found)}
        self._names = list(self._sessions)
        self.floor.draw_again()
        for name in self._names:
            if not self._sessions[name].problem:
                self._tallies[name] = await archive.tally(name)
                self.floor.draw_again()

    # ---- rows --------------------------------------------------------------------------------------------------------

    def names(self) -> Sequence[str]:
        if self._of != self.floor.fleet.session:
            self._read()  # another file began
        return self._names or [""]

    def _load(self, names: Sequence[str]) -> bool:
        taken = super()._load(names)
        if taken:
            self._shown = self._names
        return taken

    def above(self) -> list[Line]:
        return [session_rows.head(self.view)]

    def line(self, row: int) -> Line:
        if not self._shown:
            return Row().at(3, self._nothing(), "muted", end=self.view.last + 1).line
        session = self._sessions.get(self._shown[row]) if row < len(self._shown) else None
        if session is None:
            return BLANK
        tally = self._tallies.get(session.name)
        return session_rows.session_row(session, tally, self.view, here=self._here(session))

    def _nothing(self) -> str:
        archive = self.floor.archive
        if archive is None:
            return "This console was given no recordings to look at."
        if self._problem:
            return safe(self._problem)
        if not self._known:
            return "reading"
        return f"No session in {archive.where}: it is where the supervisor runs."

    def _here(self, session: Session) -> bool:
        return self.view.replay and session.name == self.floor.fleet.session

    def under(self) -> list[Line]:
        return [] if self.beside else self._words(self.view)

    def detail(self, cells: int) -> list[Line]:
        return in_pane(self._words, self.view, cells)

    def _words(self, view: View) -> list[Line]:
        session = self._sessions.get(self.body.cursor)
        if session is None:
            return []
        return session_rows.words(session, self._tallies.get(session.name), view, here=self._here(session))

    def act_open(self) -> None:
        session = self._sessions.get(self.body.cursor)
        if session is None:
            self.floor.tell(Note("no session is chosen", brief=True))
        elif session.problem:
            self.floor.tell(Note(f"it cannot be read: {session.problem}", "act", brief=True))
        else:
            self.floor.replay(session.name)
