"""The application: one source, one index of its fleet, one paced frame, and the screens on top of each other."""

from __future__ import annotations

import asyncio
import time
import traceback
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import TYPE_CHECKING, Any, ClassVar, Final

from rich.segment import Segment, Segments

from console.core.text import visible
from console.tui.apps import collecting
from console.tui.apps.keeping_app import KeepingApp
from console.tui.apps.opening import OpeningScreen
from console.tui.apps.wishes import Wishes
from console.tui.drawing import lines
from console.tui.drawing.figures import clock
from console.tui.floor.broken_files import told as told_broken
from console.tui.floor.moment import FloorTime, Moment, Pace
from console.tui.floor.unanswered import Unanswered
from console.tui.rows.frame_rows import Note, View
from console.tui.settings import DEFAULT, Settings
from console.tui.source import UNSEEN, standing

if TYPE_CHECKING:  # fleet, reducer and screens are loaded once something stands on the terminal
    from datetime import tzinfo

    from textual.binding import BindingType
    from textual.screen import Screen

    from console.core.fleet.state import Fleet
    from console.core.reducing.reduce import Change
    from console.tui.archive import Archive
    from console.tui.drawing.paint import Line
    from console.tui.floor.index import FleetIndex
    from console.tui.screens.reading import Readings
    from console.tui.sheets.confirm_sheets import Wish
    from console.tui.source import Source, Standing

QUIET: Final = 0.25
"""Seconds between frames while nothing comes in but what runs tell of their work."""

NOTE_FOR: Final = 15.0
"""Seconds a note stands."""

READ_IN: Final = 1.0
"""Seconds that a note stands however many keys are pressed, unless it is a brief one."""

Opener = Callable[[], AbstractAsyncContextManager["Source"]]


class FloorApp(KeepingApp, inherit_bindings=False):
    """Shows a source. `open_source` is entered after the first paint; `clock` is monotonic, in seconds.

    With `straight` the console opens on what waits, if that is one action alone: nobody has to look for it.
    Without a key (`signed` false) an operator may only reject, pause and hold; once a second `look_for_key` is asked whether
    there is one by now, and raises ValueError if it cannot be used. `archive` has the recordings of this machine.
    `index`, `readings` and the screens of the floor are there from then on.
    """

    index: FleetIndex
    readings: Readings

    CSS = lines.CSS
    TITLE = "Watchfloor"
    ENABLE_COMMAND_PALETTE = False
    ALLOW_SELECT = False
    BINDINGS: ClassVar[list[BindingType]] = []

    def __init__(  # noqa: PLR0913  (what a console is opened with)
        self,
        open_source: Opener,
        *,
        site: str,
        operator: str,
        read_only: bool = False,
        signed: bool = True,
        archive: Archive | None = None,
        look_for_key: Callable[[], bool] = lambda: False,
        clock: Callable[[], float] = time.monotonic,
        zone: tzinfo | None = None,
        paced: bool = True,
        straight: bool = False,
        settings: Settings = DEFAULT,
    ) -> None:
        super().__init__(settings)
        self.read_only, self.signed = read_only, signed
        self.archive = archive
        self.source: Source | None = None
        self.note: Note | None = None
        self.failure: Exception | None = None
        self._look_for_key = look_for_key
        self._open_source, self._site, self._operator = open_source, site, operator
        self._clock, self._zone, self._paced = clock, zone, paced
        self._straight = straight
        self._moment: FloorTime = Moment(clock)
        self.pace = Pace(clock)
        self.unanswered = Unanswered()
        self.staged = False
        self._wishes = Wishes(self.tell)
        self._standing = UNSEEN
        self._note_at = float("-inf")
        self._again = self._moved = False
        self._drawn_at = float("-inf")
        self._leaving = asyncio.Event()
        self._following: asyncio.Task[None] | None = None

    def _fatal_error(self) -> None:
        """Leave a traceback: without locals, which may be secret, and without a byte that a terminal would obey."""
        self.bell()
        words = [visible(line) for line in traceback.format_exc().splitlines()]
        self._exit_renderables.append(Segments([Segment("\n".join(words) + "\n")]))
        self._close_messages_no_wait()

    def get_default_screen(self) -> Screen[Any]:
        return OpeningScreen()

    # ---- the source --------------------------------------------------------------------------------------------------

    def on_mount(self) -> None:
        self.call_after_refresh(self._start)

    async def _start(self) -> None:
        if isinstance(self.screen, OpeningScreen):
            await self._furnish()
        collecting.resume()
        if self._paced:
            self.set_interval(1 / self.settings.frames, self._tick)
        self._following = asyncio.create_task(self._follow(), name="follow the floor")

    async def _furnish(self) -> None:
        """Load what the first paint did without, and put Fleet where the opening stood."""
        from console.core.fleet.state import Fleet
        from console.tui.floor.index import FleetIndex
        from console.tui.screens.fleet_screen import FleetScreen
        from console.tui.screens.reading import Readings

        self.index, self.readings = FleetIndex(Fleet()), Readings()
        self.add_mode(
            "floor", lambda: FleetScreen(straight=self._straight)
        )  # a stack of screens of its own: the first screen of all cannot be switched
        await self.switch_mode("floor")

    async def _follow(self) -> None:
        try:
            async with self._open_source() as source:
                await self._opened(source)
                source.listen(self._heard)
                self.draw()
                await self._leaving.wait()
                self.source = None
        except Exception as error:  # noqa: BLE001  (a console that cannot follow leaves, and says why)
            self.failure = error
            self.exit(return_code=1)

    async def _opened(self, source: Source) -> None:
        """There is something to follow."""
        self.source = source

    async def left(self) -> None:
        """Return once the source is closed; call after the application ended."""
        self._leaving.set()
        self._wishes.cancel()
        if self._following is not None:
            await asyncio.wait({self._following})

    def _heard(self, changes: list[Change]) -> None:
        self.index.hear(changes)
        self._moved = True
        if any(
            kind != "run" for kind, _ in changes
        ):  # what waits, was decided or went wrong is shown at once
            self._again = True

    @property
    def fleet(self) -> Fleet:
        """What is known of the floor."""
        return self.source.fleet if self.source else self.index.fleet

    @property
    def standing(self) -> Standing:
        """How the link is."""
        return standing(self.source.status, self._clock()) if self.source else UNSEEN

    def state(self, wish: Wish) -> None:
        """State an intent."""
        if self.source is not None:
            self._wishes.state(self.source, wish)

    def bar(self, view: View) -> list[Line]:  # noqa: ARG002  (a replay's)
        """Nothing: there is no time bar on a live floor."""
        return []

    def wind(self, name: str, key: str) -> None:
        """Nothing: a live floor is not wound."""

    def replay(self, session: str) -> None:
        """Say what shows a recorded session: this window goes on watching the floor."""
        self.tell(Note(f"in another window: watchfloor replay {session}", "strong", brief=True))

    # ---- frames ------------------------------------------------------------------------------------------------------

    def view(self, width: int) -> View:
        """From where the screens look now."""
        return View(
            now=self._moment.now,
            width=width,
            zone=self._zone,
            standing=self._standing,
            site=self._site,
            operator=self._operator,
            read_only=self.read_only,
            signed=self.signed,
            held=self._held(),
            broken=told_broken(self.fleet.alarms.values(), width - 4) if self.source else "",
        )

    def _held(self) -> str:
        held = self.source.fleet.held if self.source else None
        if held is None:
            return ""
        from console.core.fleet.holding import floor_told  # late: it brings what a first paint can do without

        return floor_told(self.fleet, clock(held.at, self._zone))

    def _tick(self) -> None:
        now = self._clock()
        self.catch_up()
        if now - self._drawn_at < 1 / self.pacing.frames and self.pacing.frames < self.settings.frames:
            return  # the line proved slow: what is new waits for the next frame
        turned = now // 1 != self._drawn_at // 1
        if turned and not self.signed and not self.read_only:
            self._look_again()
        moved = self._moved and now - self._drawn_at >= QUIET
        if self._again or moved or turned or self.standing != self._standing:
            self.draw()

    def draw(self) -> None:
        """Bring the screen in front up to date."""
        screen = self.front
        if screen is None or not screen.is_mounted:
            return
        self._again = self._moved = False
        self._drawn_at = self._clock()
        self._standing = self.standing
        if self.fleet is not self.index.fleet:
            self.index.follow(self.fleet)
        self._moment.follow(self.fleet.at, live=self._standing.live)
        self.index.update(self._moment.now)
        if self._standing.live and not self.view(0).replay:
            self.unanswered.count(self.fleet, self.index.decided())
        if self.note is not None and (self._clock() - self._note_at > NOTE_FOR or self._over(self.note)):
            self.note = None
        screen.frame(self.view(screen.size.width))
        if screen is self.screen and screen.focused is None:  # else it is where a widget takes text
            self.cursor_position = screen.hand()

    def _look_again(self) -> None:
        """Sign from now on if the operator's key was made meanwhile."""
        try:
            self.signed = self.source is not None and self._look_for_key()
        except ValueError as error:
            self.tell(Note(f"your key: {error}", "act"))
            self._look_for_key = lambda: False
        if self.signed:
            self.tell(Note("your key is here now: what you say is signed with it"))

    def draw_again(self) -> None:
        """Have the next tick draw, whatever changed."""
        self._again = True

    def _over(self, note: Note) -> bool:
        """Whether what a note is about waits no longer, or no longer alone."""
        if note.alone and len(self.fleet.waiting) > 1:
            return True
        action = self.fleet.action(note.about) if note.about else None
        return bool(note.about) and (action is None or action.state != "asked")

    def note_was_read(self) -> None:
        """A key came: the note that stood there has been read, unless it is too new."""
        if self.note is not None and (self.note.brief or self._clock() - self._note_at >= READ_IN):
            self.note = None

    def tell(self, note: Note) -> None:
        """Show a note in its row."""
        self.note, self._note_at, self._again = note, self._clock(), True
