"""What a sitting tells: how things stand by the log's own time, and the news of it, a line each."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from console.cli.plain import rows
from console.cli.plain.news import News
from console.cli.plain.things import Numbers
from console.core.fleet.holding import floor_told
from console.tui.drawing import figures
from console.tui.floor.index import FleetIndex
from console.tui.floor.moment import Moment
from console.tui.rows.frame_rows import View
from console.tui.source import standing

if TYPE_CHECKING:
    from console.cli.plain.printer import Printer
    from console.link.floor import Floor

Ring = Callable[[], None]


class Telling:
    """Prints through one printer. `ring` is called when a line wants a person; `clock` is monotonic, in seconds."""

    def __init__(
        self,
        floor: Floor,
        printer: Printer,
        *,
        read_only: bool,
        signed: bool,
        clock: Callable[[], float],
        ring: Ring,
    ) -> None:
        self.index = FleetIndex(floor.fleet)
        self.numbers = Numbers()
        self._floor, self._printer, self._ring = floor, printer, ring
        self._read_only, self._signed, self._clock = read_only, signed, clock
        self._moment = Moment(clock)
        self._news = News(self.numbers)

    def view(self) -> View:
        """How things stand now."""
        floor = self._floor
        at = standing(floor.status, self._clock())
        if floor.fleet is not self.index.fleet:
            self.index.follow(floor.fleet)
        self._moment.follow(floor.fleet.at, live=at.live)
        self.index.update(self._moment.now)
        return View(
            now=self._moment.now, width=80, zone=None, standing=at, site=floor.topics.site,
            operator=floor.operator, read_only=self._read_only, signed=self._signed,
        )  # fmt: skip

    def news(self) -> None:
        """Tell what is news: after each change, and when time alone may have brought some."""
        view = self.view()
        followed = self._floor.status.joined
        for item in self._news.since(self.index, view.now, self._floor.trouble, followed=followed):
            if item.calls:
                self._ring()
            self._printer.line(f"{self._time()} {item.text}", item.level)

    def tell(self, text: str) -> None:
        """Print a line with its time."""
        self._printer.line(f"{self._time()} {text}")

    def say(self, *texts: str) -> None:
        """Print lines."""
        self._printer.lines(texts)

    def greet(self) -> None:
        """Say where we are and as whom."""
        who = (
            f"{self._floor.operator}, read only: nothing here can act"
            if self._read_only
            else self._floor.operator
        )
        unsigned = "" if self._signed or self._read_only else ", no key here: only reject, pause and hold"
        site = self._floor.topics.site
        self.say(f"watchfloor, site {site}, operator {who}{unsigned}; help says what can be typed")

    def status(self) -> None:
        """Say how the link is, and what the floor counts."""
        view, fleet = self.view(), self._floor.fleet
        counts = self.index.counts(view.now)
        held = fleet.held
        self.say(
            f"link: {self._floor.trouble or 'the floor is followed'}",
            *([floor_told(fleet, figures.clock(held.at, None))] if held else []),
            rows.counts_line(counts, len(fleet.waiting), len(fleet.runs), view.now),
        )

    def _time(self) -> str:
        return figures.clock(self._moment.now, None) if self._floor.fleet.at else "--:--:--"
