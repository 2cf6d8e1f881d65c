"""Replay: the screens of the floor over a recording. Keys move a time line, the fleet follows it; nothing here can act."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Coroutine
from typing import TYPE_CHECKING, Any, Final

from console.core.replay.seek import FORMS, BadPlaceError, moment_of
from console.tui.replay.recorded_app import RecordedApp
from console.tui.replay.replay_source import PlaybackError
from console.tui.replay.replay_time import MOVES
from console.tui.rows.frame_rows import Note, View
from console.tui.source import Source

if TYPE_CHECKING:  # what shows the recording is loaded with it, once something stands on the terminal
    from console.core.replay.marks import Mark, MarkKind
    from console.tui.drawing.paint import Line
    from console.tui.replay import replay_bar

PLACE_CHARS: Final = 40


class ReplayApp(RecordedApp):
    """Moves the time line of a playback by keys and by the clock, and has the fleet follow it."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.prompt: str | None = None
        self._work: asyncio.Task[None] | None = None
        self._looking: asyncio.Task[None] | None = None
        self._looked = asyncio.Event()
        self._laid: tuple[tuple[object, ...], replay_bar.Heights] | None = None

    def bar(self, view: View) -> list[Line]:
        from console.tui.replay import replay_bar

        timeline, marks = self.playback.timeline, self.playback.marks
        columns = replay_bar.cells(view)
        looked_at = 50 * (marks.upto - timeline.base) // max(1, timeline.last - timeline.base)
        made_of = (timeline, columns, looked_at)  # not at every mark that is found
        if self._laid is None or self._laid[0] != made_of:
            self._laid = made_of, replay_bar.heights(timeline, marks.found, columns)
        return replay_bar.rows(timeline, self._laid[1], view)

    def draw(self) -> None:
        """Bring the screen in front up to date, with what is typed if a place is asked for."""
        if self.prompt is not None:
            self.tell(Note(f"go to  {self.prompt}_    {FORMS}; enter goes, esc stays", "strong"))
        super().draw()

    async def left(self) -> None:
        """Return once all is closed."""
        reading = (
            self._following if self.source is None else None
        )  # nobody waits for what is not wanted any more
        tasks = {task for task in (self._work, self._looking, reading) if task is not None}
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)
        await super().left()

    # ---- time --------------------------------------------------------------------------------------------------------

    async def _opened(self, source: Source) -> None:
        await super()._opened(source)
        self._follow_time()
        self._look()
        if self._paced:
            self.set_interval(1 / self.settings.frames, self._tick)

    @property
    def busy(self) -> bool:
        """Whether the fleet is on its way to where the time line stands."""
        return self._work is not None and not self._work.done()

    def _tick(self) -> None:
        now, timeline = self._clock(), self.playback.timeline
        if self.busy:
            timeline.hold(now)
            return
        if timeline.advance(now):
            self._again = True
            if timeline.ended:
                self._ended()
            else:
                self._follow_time()
        super()._tick()

    def _ended(self) -> None:
        """It was played to its end: go on where the log goes on."""
        if self.playback.neighbour(1):
            self._do(self._turn(1, play=True))
        else:
            self.playback.timeline.playing = False
            self._follow_time()

    def _follow_time(self) -> None:
        if not self.busy and self.playback.fleet.pos != self.playback.timeline.pos:
            self._do(self._wind())

    def _do(self, work: Coroutine[Any, Any, None]) -> None:
        if self.busy:
            work.close()
        else:
            self._work = asyncio.create_task(self._done(work), name="wind")

    async def _done(self, work: Coroutine[Any, Any, None]) -> None:
        try:
            await work
        except PlaybackError as error:
            timeline = self.playback.timeline
            timeline.playing = False
            timeline.go_to_pos(self.playback.fleet.pos)
            self.tell(Note(str(error), "stop"))
        self.draw()

    async def _wind(self) -> None:
        playback = self.playback
        while playback.fleet.pos != playback.timeline.pos:  # it may move on meanwhile
            await playback.wind(playback.timeline.pos)
        if remark := playback.remark():
            self.tell(Note(remark))

    def replay(self, session: str) -> None:
        """Go to the beginning of another session, and to Fleet."""
        if session == self.playback.session:
            self.tell(Note("this session is the one that is shown"))
        else:
            self.show("fleet")
            self.pace.settle()
            self._do(self._turn(0, name=session))

    async def _turn(self, by: int, *, play: bool = False, name: str = "") -> None:
        before = self.playback.timeline
        odd = await (self.playback.turn_to(name) if name else self.playback.turn(by))
        timeline = self.playback.timeline
        timeline.set_speed(before.speed)
        timeline.skips_idle = before.skips_idle
        if by < 0:
            timeline.go_to_share(1.0)
        if play:
            timeline.toggle(self._clock())
        await self._wind()
        self.tell(Note(odd or f"session {self.playback.session}", "act" if odd else "text"))
        self.index.hear_all()
        self._look()

    # ---- marks -------------------------------------------------------------------------------------------------------

    def _look(self) -> None:
        if self._looking is None or self._looking.done():
            self._looking = asyncio.create_task(self._look_through(), name="look for marks")

    async def _look_through(self) -> None:
        try:
            while await self.playback.look_on():
                self._looked.set()
                self._looked.clear()
                self._again = True
                await asyncio.sleep(0)  # keys first
        except PlaybackError as error:
            self.tell(Note(str(error), "stop"))
        self._looking = None
        self._again = True
        self._looked.set()

    async def _go_to_mark(self, by: int, kinds: Collection[MarkKind] | None) -> None:
        playback = self.playback
        pos = playback.timeline.pos
        while (mark := self._mark(pos, by, kinds)) is None and self._looking is not None:
            self.tell(Note("looking", "muted"))
            await self._looked.wait()
        if mark is None:
            self.tell(Note("there is none after this" if by > 0 else "there is none before this"))
            return
        playback.timeline.playing = False
        playback.timeline.go_to_pos(mark.pos)
        await self._wind()
        from console.tui.replay import replay_bar

        self.tell(Note(f"{replay_bar.exact(mark.at, self._zone)}  {mark.text}"))

    def _mark(self, pos: int, by: int, kinds: Collection[MarkKind] | None) -> Mark | None:
        marks = self.playback.marks
        if by > 0:
            return marks.after(pos, kinds)
        return marks.before(pos, kinds) if marks.upto >= pos - 1 or self._looking is None else None

    # ---- keys --------------------------------------------------------------------------------------------------------

    def wind(self, name: str, key: str) -> None:
        """Do what a key of the table says about time."""
        self.pace.settle()  # rows may move at once: that is what was asked for
        if name in MOVES:
            MOVES[name](self.playback.timeline, key)
            self._follow_time()
            return
        match name:
            case "play":
                self._play()
            case "mark":
                self._do(self._go_to_mark(-1 if key == "left_square_bracket" else 1, None))
            case "turn":
                from console.core.replay.marks import TURNS

                self._do(self._go_to_mark(-1 if key == "E" else 1, TURNS))
            case "session":
                self._change_session(-1 if key == "P" else 1)
            case _:
                self.playback.timeline.playing = False
                self.prompt = ""

    def _play(self) -> None:
        timeline, after = self.playback.timeline, self.playback.neighbour(1)
        if not timeline.ended:
            timeline.toggle(self._clock())
        elif after:
            self.tell(Note(f"this session ends here; the log goes on in {after}: N opens it"))
        else:
            self.tell(Note("the recording ends here; 0 goes to its beginning"))

    def _change_session(self, by: int) -> None:
        if self.playback.neighbour(by):
            self._do(self._turn(by))
        else:
            self.tell(Note(f"there is no session {'after' if by > 0 else 'before'} this one"))

    @property
    def asks_for_place(self) -> bool:
        """Whether one is being typed."""
        return self.prompt is not None

    def take(self, key: str, character: str | None) -> bool:
        """Take what is typed while a place is asked for."""
        if self.prompt is None:
            return False
        if key == "enter":
            self._go(self.prompt)
        elif key == "escape" or (key == "backspace" and not self.prompt):
            self._leave_prompt()
        elif key == "backspace":
            self.prompt = self.prompt[:-1]
        elif character is not None and len(self.prompt) < PLACE_CHARS:
            self.prompt += character
        return True

    def _leave_prompt(self) -> None:
        self.prompt = self.note = None

    def _go(self, text: str) -> None:
        self._leave_prompt()
        try:
            self.playback.timeline.go_to(moment_of(text, self.playback.timeline, self._zone))
        except BadPlaceError as error:
            self.tell(Note(f"go to: {error}"))
        else:
            self._follow_time()
