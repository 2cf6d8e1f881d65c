"""What a replay's screens need of a recording: a source like the live one, with a time line and nothing to send with."""

from __future__ import annotations

from typing import Protocol

from console.core.replay.marks import Marks
from console.core.replay.timeline import Timeline
from console.tui.source import Source


class PlaybackError(Exception):
    """The recording cannot be shown there. The text is one line that says why."""


class Playback(Source, Protocol):
    """A recorded session. Whoever shows it moves `timeline`, then calls `wind`; the fleet follows."""

    @property
    def timeline(self) -> Timeline: ...

    @property
    def marks(self) -> Marks:
        """What is worth stopping at, as far as it was looked for; it grows until `upto` is the last position."""

    @property
    def session(self) -> str:
        """The session's name."""

    async def wind(self, pos: int) -> None:
        """Bring the fleet to a position.

        Raises:
            PlaybackError: something on the way is damaged; the fleet is as it was right before that.
        """

    def remark(self) -> str:
        """What is to be said of this session now, and was not yet; empty if there is nothing."""

    async def look_on(self) -> bool:
        """Look a little further for marks. Returns whether there is more to look at.

        Raises:
            PlaybackError: something there is damaged.
        """

    def neighbour(self, by: int) -> str:
        """The name of the session before (-1) or after (1) this one, empty if there is none."""

    async def turn(self, by: int) -> str:
        """Go to the session before (-1), at its end, or after (1), at its beginning; returns what is odd about that.

        Raises:
            PlaybackError: it cannot be read; this one stays.
        """

    async def turn_to(self, name: str) -> str:
        """Go to the beginning of a session of the same folder; returns what is odd about that.

        Raises:
            PlaybackError: it is not there or cannot be read; this one stays.
        """
