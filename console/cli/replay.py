"""`watchfloor replay`: the console over a recorded session. The one place where screens and recording meet; no bus in it."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Callable
from datetime import tzinfo
from pathlib import Path
from types import TracebackType
from typing import Any, NoReturn, Self

import click

from bus.messages import Verb
from console.cli.exits import bad
from console.cli.options import Place, common
from console.cli.recorded import session_path
from console.core.marks import Mark, Marks
from console.core.reduce import Change
from console.core.seek import BadPlaceError, moment_of
from console.core.state import Fleet
from console.core.timeline import FASTEST, SLOWEST, Timeline
from console.link.status import LinkStatus
from console.recording.player import Player
from console.recording.schema import RecordingError
from console.tui.replay_source import PlaybackError

STATUS = LinkStatus(
    bus="up", bus_since=0.0, bus_reason="", supervisor="up", supervisor_since=0.0, recording="ok", conflict=False,
    joined=True, epoch="", window=0, key="", pinned=True, refused=0, problem="",
)  # fmt: skip
"""There is no link: what is shown is what was so."""


class Replayed:
    """A session as a source of the screens: a player, its time line, and its marks. It has nothing to send with."""

    def __init__(self, player: Player) -> None:
        self.status = STATUS
        self._listeners: list[Callable[[list[Change]], None]] = []
        self._take(player)

    def _take(self, player: Player) -> None:
        self._player = player
        self.timeline = Timeline(player.base, player.began, player.times)
        self.marks = Marks(player.base)
        self._found: AsyncIterator[tuple[int, list[Mark]]] = player.marks()

    @staticmethod
    async def open(path: Path) -> Replayed:
        """Open a session where it begins.

        Raises:
            RecordingError: it cannot be read.
        """
        return Replayed(await Player.open(path))

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._player.close()

    @property
    def fleet(self) -> Fleet:
        """The fleet as it was at a position."""
        return self._player.fleet

    @property
    def session(self) -> str:
        """The session's name."""
        return self._player.path.stem

    def listen(self, callback: Callable[[list[Change]], None]) -> None:
        """Have `callback` called with what changed."""
        self._listeners.append(callback)

    async def say(self, verb: Verb, **_binding: Any) -> NoReturn:
        """Nothing can be stated in a replay.

        Raises:
            PlaybackError: always.
        """
        raise PlaybackError(f"{verb}: this is a replay, nothing here can act")

    async def wind(self, pos: int) -> None:
        """Bring the fleet to a position.

        Raises:
            PlaybackError: something on the way is damaged.
        """
        before = self.fleet
        try:
            changes = await self._player.go(pos)
        except RecordingError as error:
            self._tell([Change("site", "")])
            raise self._said(error) from None
        self._tell(changes if self.fleet is before else [Change("site", "")])

    def _said(self, error: RecordingError) -> PlaybackError:
        """The same for the note line, where a folder would leave no room for what is wrong."""
        return PlaybackError(str(error).replace(f"{self._player.path.parent}{os.sep}", ""))

    def _tell(self, changes: list[Change]) -> None:
        for listener in self._listeners:
            listener(changes)

    async def look_on(self) -> bool:
        """Look a little further for marks.

        Raises:
            PlaybackError: something there is damaged.
        """
        marks, found = self.marks, self._found
        try:
            upto, some = await anext(found)
        except StopAsyncIteration:
            return self.marks is not marks
        except RecordingError as error:
            raise self._said(error) from None
        marks.add(some, upto)
        return True

    def neighbour(self, by: int) -> str:
        """The name of the session before or after this one."""
        path = self._player.neighbour(by)
        return path.stem if path else ""

    async def turn(self, by: int) -> str:
        """Go to the session before or after this one.

        Raises:
            PlaybackError: there is none, or it cannot be read; this one stays.
        """
        path = self._player.neighbour(by)
        if path is None:
            raise PlaybackError("there is no such session")
        before = self._player
        try:
            self._take(await Player.open(path))
            await before.close()
        except RecordingError as error:
            raise self._said(error) from None
        self._tell([Change("site", "")])
        earlier, later = (before, self._player) if by > 0 else (self._player, before)
        missing = later.base - earlier.last
        return f"{missing} records are missing between the two sessions" if missing > 0 else ""


@click.command()
@click.argument("session", default="last", metavar="[SESSION|FILE]")
@click.option(
    "--speed",
    type=click.FloatRange(SLOWEST, FASTEST),
    default=1.0,
    metavar="X",
    help=f"So many times as fast, {SLOWEST:g} to {FASTEST:g}. [1]",
)
@click.option(
    "--at", metavar="TIME|PERCENT", help="Stand still there: HH:MM:SS, +30, -2m (before the end) or 50%."
)
@common
def replay(place: Place, session: str, *, speed: float, at: str | None) -> int:
    """Show a recorded SESSION in the screens of the console: a name, the beginning of one, `last`, or a file.

    Space plays, `,` and `.` step, `?` names the other keys. Nothing in it can act: it has no connection to anything.
    """
    if place.json:
        raise bad("replay is for eyes; for programs see: watchfloor export --json")
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise bad("replay needs a terminal; in a pipe see: watchfloor export")
    return asyncio.run(_show(session_path(place.home(), session), speed, at))


async def _show(path: Path, speed: float, at: str | None) -> int:
    async with await Replayed.open(path) as source:
        start(source.timeline, speed, at, None)
        # Textual reads it once, when it is imported; more frames are only more bytes on the line.
        os.environ.setdefault("TEXTUAL_FPS", "15")
        from console.tui.app import leave_on_signals
        from console.tui.replay_app import ReplayApp

        app = ReplayApp(source, site=source.fleet.site)
        leave_on_signals(app)
        try:
            code = await app.run_async()
        finally:
            await app.left()
        return code if code is not None else (app.return_code or 0)


def start(timeline: Timeline, speed: float, at: str | None, zone: tzinfo | None) -> None:
    """Set a time line as the command line says: at a place it stands still, otherwise it plays from the beginning.

    Raises:
        CliError: `at` names no place in the recording.
    """
    timeline.set_speed(speed)
    if at is None:
        timeline.playing = True
        return
    try:
        if at.strip().startswith("-"):
            timeline.go_to_share(1.0)
        timeline.go_to(moment_of(at, timeline, zone))
    except BadPlaceError as error:
        raise bad(f"--at: {error}") from None
