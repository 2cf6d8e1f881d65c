"""The application over a recording: it paints, then reads, and has nothing to send with."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import TYPE_CHECKING, Final, cast

from console.tui.apps import collecting
from console.tui.apps.floor_app import FloorApp
from console.tui.replay.replay_source import Playback
from console.tui.replay.replay_time import RecordedTime
from console.tui.rows.frame_rows import Note, View
from console.tui.settings import DEFAULT, Settings
from console.tui.source import Source, Standing

if TYPE_CHECKING:
    from datetime import tzinfo

    from console.tui.archive import Archive
    from console.tui.sheets.confirm_sheets import Wish

RECORDED: Final = Standing("up", "up", recording=True, conflict=False, joined=True, lost_for=0)
"""How the link stands in a replay: the screens show what was so then, and nothing is stale about it."""


class RecordedApp(FloorApp):
    """Shows a playback, which `open_playback` reads after the first paint; `reading` is what it is called until then.

    `clock` is monotonic, in seconds, and paces it; every time on the screens is a recorded one. `playback` is there once it
    was read.
    """

    playback: Playback

    def __init__(
        self,
        open_playback: Callable[[], AbstractAsyncContextManager[Playback]],
        *,
        site: str,
        reading: str = "",
        archive: Archive | None = None,
        clock: Callable[[], float] = time.monotonic,
        zone: tzinfo | None = None,
        paced: bool = True,
        settings: Settings = DEFAULT,
    ) -> None:
        super().__init__(
            open_playback,
            site=site,
            operator="",
            read_only=True,
            archive=archive,
            clock=clock,
            zone=zone,
            paced=paced,
            settings=settings,
        )
        self._standing = self._reading = RECORDED._replace(joined=False, reason=reading)

    # ---- what differs from a live floor --------------------------------------------------------------------------------

    @property
    def standing(self) -> Standing:
        """Always the same once it was read: there is no link."""
        return self._reading if self.source is None else RECORDED

    def state(self, wish: Wish) -> None:
        """Say that nothing can be stated."""
        self.tell(Note(f"{wish.label}: this is a replay, nothing here can act"))

    def view(self, width: int) -> View:
        return super().view(width)._replace(replay=True)

    async def _start(self) -> None:
        collecting.resume()  # now: what is read has more garbage than what is loaded
        self._following = asyncio.create_task(self._follow(), name="read the recording")

    async def _opened(self, source: Source) -> None:
        """It was read: put Fleet where the opening stood, and let time go."""
        self.playback = cast("Playback", source)
        self._site = source.fleet.site or self._site
        self._moment = RecordedTime(self.playback)
        self.playback.timeline.hold(self._clock())
        self.source = source
        await self._furnish()
