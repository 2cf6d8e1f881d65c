"""A recorded session in line mode: its lines as the recorded time passes. Nothing here can act."""

from __future__ import annotations

from collections.abc import Callable
from datetime import tzinfo
from typing import TYPE_CHECKING, Final

from bus.codec import Record
from console.cli.plain import recorded_words, rows
from console.cli.plain.news import News
from console.cli.plain.things import Numbers
from console.cli.records.tail import record_line
from console.core.reducing.reduce import Change
from console.tui.drawing import figures
from console.tui.floor.index import FleetIndex
from console.tui.replay.replay_source import PlaybackError

if TYPE_CHECKING:
    from console.cli.plain.printer import Printer
    from console.cli.screens.replayed import Replayed

PART: Final = 256
"""Records that are printed at a time where nothing is waited for."""

_QUIET: Final = ("step.started", "step.finished", "progress", "message", "blob.part")
"""Record types after which nothing can have begun or ceased to wait, and no alarm changed."""


class Passing:
    """Takes time, prints lines. `upto` is the last position that is played; `clock` is monotonic, in seconds."""

    def __init__(
        self,
        source: Replayed,
        printer: Printer,
        *,
        upto: int,
        clock: Callable[[], float],
        zone: tzinfo | None = None,
    ) -> None:
        self._source = source
        self._printer = printer
        self._upto = upto
        self._clock = clock
        self._zone = zone
        self._numbers = Numbers()
        self._index = FleetIndex(source.fleet)
        self._news = News(self._numbers)
        self._events = False
        self._rush = False
        self.mistakes = 0
        """Lines that could not be done."""
        source.listen(self._heard)

    def _heard(self, changes: list[Change]) -> None:
        if self._source.fleet is not self._index.fleet:
            self._index.follow(self._source.fleet)
        self._index.hear(changes)

    # ---- time --------------------------------------------------------------------------------------------------------

    @property
    def ended(self) -> bool:
        """Whether there is nothing left to play."""
        return self._source.fleet.pos >= self._upto

    def show_events(self) -> None:
        """Print every record as a line."""
        self._events = True

    async def begin(self, *, alone: bool) -> None:
        """Say what is shown, and how things stand where it begins; `alone`: nobody can type anything.

        Raises:
            PlaybackError: the recording is damaged before that place.
        """
        more = "" if alone else "; help says what can be typed"
        self.say(f"replay of session {self._source.session}; nothing here can act{more}")
        await self._arrive()

    async def pass_time(self) -> None:
        """Let the recorded time follow the clock, and print what was recorded by then.

        Raises:
            PlaybackError: the recording is damaged there.
        """
        timeline = self._source.timeline
        if self._rush:  # in parts, so that what is typed meanwhile is heard
            timeline.go_to_pos(min(self._source.fleet.pos + PART, self._upto))
        elif not timeline.advance(self._clock()):
            return
        if timeline.pos >= self._upto:
            timeline.playing = self._rush = False
            timeline.go_to_pos(self._upto)
        await self._catch_up()
        timeline.hold(self._clock())
        if self.ended:
            self._end()

    @property
    def rushes(self) -> bool:
        """Whether it prints all that is left without waiting for the recorded time."""
        return self._rush

    def rush(self) -> None:
        """Have all that is left printed at once."""
        self._rush = True

    async def _catch_up(self) -> None:
        async for record in self._source.passing(self._source.timeline.pos):
            if self._events:
                self.say(record_line(record))
            self._tell(record)

    def _tell(self, record: Record) -> None:
        text, level = recorded_words.told(record, self._source.fleet)
        if text:
            self._printer.line(f"{figures.clock(record.at, self._zone)} {text}", level)
        if getattr(record.data, "TYPE", "") not in _QUIET:
            self._tell_news(record.at)

    def _tell_news(self, now: int) -> None:
        self._index.update(now)
        for item in self._news.since(self._index, now, "", followed=True):
            self._printer.line(f"{figures.clock(now, self._zone)} {item.text}", item.level)

    def _end(self) -> None:
        after = self._source.neighbour(1) if self._upto >= self._source.timeline.last else ""
        more = f"; the log goes on in session {after}" if after else ""
        self.say(f"{self._where()}: what was to be played ends here{more}")

    async def _arrive(self) -> None:
        """Go where the time line stands without telling the way, and say how things stood there."""
        timeline = self._source.timeline
        if timeline.pos > self._upto:
            timeline.go_to_pos(self._upto)
        await self._source.wind(timeline.pos)
        timeline.hold(self._clock())
        self._news = News(self._numbers)
        self.status()
        self._tell_news(timeline.moment)

    # ---- how it stands ---------------------------------------------------------------------------------------------

    def status(self) -> None:
        """Say where the replay stands, and what the floor counted there."""
        timeline, fleet = self._source.timeline, self._source.fleet
        self._index.update(timeline.moment)
        counts = self._index.counts(timeline.moment)
        playing = f"plays at speed {timeline.speed:g}" if timeline.playing else "stands still"
        playing = "all at once from here" if self._rush else playing
        self.say(
            f"{self._where()}, {playing}",
            rows.counts_line(counts, len(fleet.waiting), len(fleet.runs), timeline.moment),
        )

    def _where(self) -> str:
        timeline = self._source.timeline
        at = figures.clock(timeline.moment, self._zone)
        return f"{at}, record {timeline.pos - timeline.base} of {len(timeline.times)}, {timeline.share:.0%}"

    def say(self, *texts: str) -> None:
        """Print lines."""
        self._printer.lines(texts)

    def damaged(self, error: PlaybackError) -> None:
        """Say that the recording cannot be followed there, and stand where it can."""
        timeline = self._source.timeline
        timeline.playing = self._rush = False
        timeline.go_to_pos(self._source.fleet.pos)
        self.mistakes += 1
        self.say(str(error))
