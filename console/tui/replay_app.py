"""Replay: the screens of the floor over a recording. Keys move a time line, the fleet follows it; nothing here can act."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from datetime import tzinfo
from typing import Any, Final

from console.core.marks import TURNS, Mark
from console.core.seek import FORMS, BadPlaceError, moment_of
from console.tui import replay_bar
from console.tui.floor_app import FloorApp
from console.tui.frame_rows import Note, View
from console.tui.paint import Line
from console.tui.replay_source import Playback, PlaybackError
from console.tui.sheets import Wish
from console.tui.source import Standing

RECORDED: Final = Standing("up", "up", recording=True, conflict=False, joined=True, lost_for=0)
"""How the link stands in a replay: the screens show what was so then, and nothing is stale about it."""

SECONDS: Final = 5.0
PLACE_CHARS: Final = 40


class RecordedTime:
    """The time of the floor, by the time line alone."""

    def __init__(self, playback: Playback) -> None:
        self._playback = playback

    def follow(self, at: int, *, live: bool) -> None:
        """Take no note: the records do not drive the time, it drives them."""

    @property
    def now(self) -> int:
        """Milliseconds since 1970 UTC."""
        return self._playback.timeline.moment


class ReplayApp(FloorApp):
    """Shows a playback. `clock` is monotonic, in seconds, and paces it; every time on the screens is a recorded one."""

    def __init__(
        self,
        playback: Playback,
        *,
        site: str,
        clock: Callable[[], float] = time.monotonic,
        zone: tzinfo | None = None,
        paced: bool = True,
    ) -> None:
        super().__init__(
            lambda: _opened(playback), site=site, operator="", read_only=True, clock=clock, zone=zone,
            paced=paced, moment=RecordedTime(playback),
        )  # fmt: skip
        self.playback = playback
        self.prompt: str | None = None
        self._work: asyncio.Task[None] | None = None
        self._looking: asyncio.Task[None] | None = None
        self._seen = 0
        self._laid: tuple[tuple[object, ...], replay_bar.Heights] | None = None

    # ---- what differs from a live floor --------------------------------------------------------------------------------

    @property
    def standing(self) -> Standing:
        """Always the same: there is no link."""
        return RECORDED

    def state(self, wish: Wish) -> None:
        """Say that nothing can be stated."""
        self.tell(Note(f"{wish.label}: this is a replay, nothing here can act"))

    def view(self, width: int) -> View:
        """From where the screens look now."""
        return super().view(width)._replace(replay=True)

    def bar(self, view: View) -> list[Line]:
        """The time bar."""
        timeline, marks = self.playback.timeline, self.playback.marks
        columns = replay_bar.cells(view)
        made_of = (timeline, columns, len(marks.found))
        if self._laid is None or self._laid[0] != made_of:
            self._laid = made_of, replay_bar.heights(timeline, marks.found, columns)
        return replay_bar.rows(timeline, self._laid[1], view)

    def draw(self) -> None:
        """Bring the screen in front up to date; going back in time, nothing of later may stay."""
        moment = self.playback.timeline.moment
        if moment < self._seen:
            self.index.hear_all()
        self._seen = moment
        if self.prompt is not None:
            self.tell(Note(f"go to  {self.prompt}_    {FORMS}; enter goes, esc stays", "strong"))
        super().draw()

    async def left(self) -> None:
        """Return once all is closed."""
        for task in (self._work, self._looking):
            if task is not None:
                task.cancel()
                await asyncio.wait({task})
        await super().left()

    # ---- time ----------------------------------------------------------------------------------------------------------

    def on_mount(self) -> None:
        super().on_mount()
        self.call_after_refresh(self._look)

    def _tick(self) -> None:
        now, timeline = self._clock(), self.playback.timeline
        if self.busy:
            timeline.hold(now)
            return
        if timeline.advance(now):
            self._again = True
            self._follow_time()
            if timeline.ended and self.playback.neighbour(1):
                self._start(self._turn(1))
        super()._tick()

    @property
    def busy(self) -> bool:
        """Whether the fleet is on its way to where the time line stands."""
        return self._work is not None and not self._work.done()

    def _follow_time(self) -> None:
        if not self.busy and self.playback.fleet.pos != self.playback.timeline.pos:
            self._start_work(self._wind())

    def _start_work(self, work: Coroutine[Any, Any, None]) -> None:
        self._work = asyncio.create_task(work, name="wind")

    async def _wind(self) -> None:
        playback = self.playback
        try:
            while playback.fleet.pos != playback.timeline.pos:
                await playback.wind(playback.timeline.pos)
        except PlaybackError as error:
            self._stop(error)
        self.draw()

    def _stop(self, error: PlaybackError) -> None:
        timeline = self.playback.timeline
        timeline.playing = False
        timeline.go_to_pos(self.playback.fleet.pos)
        self.tell(Note(str(error), "stop"))
