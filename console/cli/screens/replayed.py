"""A recorded session as the screens need it. The one place where screens and recording meet; no bus in it."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import tzinfo
from pathlib import Path
from types import TracebackType
from typing import Any, NoReturn, Self

from bus import codec
from bus.codec import DecodeError, Record
from bus.inquiry import HealthReport, RecorderHealth
from bus.messages import Verb
from console.cli.exits import bad
from console.core.fleet.state import Fleet
from console.core.reducing.reduce import Change
from console.core.replay.marks import Mark, Marks
from console.core.replay.past_run import NoHistoryError, Page
from console.core.replay.seek import BadPlaceError, moment_of
from console.core.replay.timeline import Timeline
from console.link.status import Heard, LinkStatus
from console.recording.files import session_paths, size_of
from console.recording.pages import page
from console.recording.player import Player
from console.recording.schema import RecordingError
from console.tui.replay.replay_source import PlaybackError

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
        self._remarked: set[str] = set()
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

    @property
    def where(self) -> str:
        """The session's file."""
        return str(self._player.path)

    async def health(self) -> Heard:
        """What there is to tell of the file."""
        path, folder = self._player.path, session_paths(self._player.path.parent)
        recorder = RecorderHealth(
            session=path.stem,
            path=str(path)[-4_096:],
            size=size_of(path),
            pos=self._player.last,
            records=self._player.last - self._player.base,
            keyframe=self._player.keyframe_before(self.fleet.pos),
            sessions=len(folder),
            sessions_size=sum(map(size_of, folder)),
        )
        return Heard(HealthReport(intent="replay", recorder=recorder), 0.0)

    async def history(self, agent: str, run: str, before: int) -> Page:
        """A page of a run's records before a position, out of this session and those before it.

        Raises:
            NoHistoryError: it cannot be read.
        """
        path = self._player.path
        paths = [other for other in session_paths(path.parent) if other.name < path.name]
        try:
            rows, more = await page([*paths, path], agent, run, before)
            return Page(
                [codec.record(row.pos, row.at, codec.decode_envelope(row.event)) for row in rows], more
            )
        except (RecordingError, DecodeError, OSError) as error:
            raise NoHistoryError(str(error)) from None

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

    async def passing(self, upto: int) -> AsyncIterator[Record]:
        """Bring the fleet on to a position record by record, and yield each right after it was reduced.

        Raises:
            PlaybackError: something on the way is damaged.
        """
        while self.fleet.pos < upto:
            pos = self.fleet.pos + 1
            await self.wind(pos)
            try:
                record = await self._player.record(pos)
            except RecordingError as error:
                raise self._said(error) from None
            yield record

    def remark(self) -> str:
        """What is to be said of this session, each thing once."""
        player = self._player
        found = {
            "its WAL is missing: the newest records of this session may be lost": player.wal_missing,
            "kept by another version: replayed from its beginning, so going far takes longer": player.of_another,
        }
        said = [text for text, so in found.items() if so and text not in self._remarked]
        self._remarked.update(said)
        return "; ".join(said)

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

    async def turn_to(self, name: str) -> str:
        """Go to the beginning of a session of the same folder.

        Raises:
            PlaybackError: it is not there or cannot be read; this one stays.
        """
        paths = session_paths(self._player.path.resolve().parent)
        path = next((path for path in paths if path.stem == name), None)
        if path is None:
            raise PlaybackError(f"{name}: there is no such session any more")
        await self._open(path)
        return ""

    async def _open(self, path: Path) -> None:
        before = self._player
        try:
            self._take(await Player.open(path))
            await before.close()
        except RecordingError as error:
            raise self._said(error) from None
        self._tell([Change("site", "")])

    async def turn(self, by: int) -> str:
        """Go to the session before or after this one.

        Raises:
            PlaybackError: there is none, or it cannot be read; this one stays.
        """
        path = self._player.neighbour(by)
        if path is None:
            raise PlaybackError("there is no such session")
        before = self._player
        await self._open(path)
        earlier, later = (before, self._player) if by > 0 else (self._player, before)
        missing = later.base - earlier.last
        return f"{missing} records are missing between the two sessions" if missing > 0 else ""


@asynccontextmanager
async def opened(path: Path, speed: float, at: str | None) -> AsyncIterator[Replayed]:
    """Open a session and stand where the command line says.

    Raises:
        RecordingError: it cannot be read.
        CliError: `at` names no place in it.
    """
    async with await Replayed.open(path) as source:
        start(source.timeline, speed, at, None)
        yield source


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
