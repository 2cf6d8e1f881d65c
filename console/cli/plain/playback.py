"""What is typed at a recorded session in line mode. Every word moves in time, or shows what was; nothing here can act."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

from console.cli import card, printing
from console.cli.exits import CliError
from console.cli.plain import replay_words, rows
from console.cli.plain.lists import Lists
from console.cli.plain.passing import Passing
from console.cli.plain.things import Thing
from console.core.replay.marks import TURNS, MarkKind
from console.core.replay.seek import BadPlaceError, moment_of
from console.core.replay.timeline import FASTEST, SLOWEST
from console.tui.drawing import figures
from console.tui.rows.filter import Filter

if TYPE_CHECKING:
    from console.cli.plain.replay_words import ReplayWord


class Playback(Passing):
    """Takes lines as well as time."""

    # ---- what is typed -----------------------------------------------------------------------------------------------

    async def take(self, line: str | None) -> bool:
        """Do what a typed line says. Returns whether to go on.

        Raises:
            PlaybackError: the recording is damaged on the way to where it was to go.
        """
        text = (line or "").strip()
        if line is None:
            self._wrong("that line was too long; nothing was done with it")
        if not text:
            return True
        name, _, rest = text.partition(" ")
        if self._numbers.thing(name) and not rest:
            name, rest = "open", name
        word = replay_words.find(name)
        if word is None:
            self._wrong(f"{name}: no such word; help says what can be typed")
            return True
        return await self._do(word, rest.strip())

    async def _do(self, word: ReplayWord, rest: str) -> bool:
        match word.name:
            case "quit":
                return False
            case "help":
                self.say(*replay_words.page())
            case "queue" | "fleet" | "alarms":
                now = self._source.timeline.moment
                self._index.update(now)
                lists = Lists(self._index, self._numbers)
                self.say(*lists.of(word.name, self._source.fleet, Filter(), now))
            case "open":
                self._open(rest)
            case "status":
                self.status()
            case "events":
                self._events = rest.casefold() != "off"
                self.say(f"events {'on' if self._events else 'off'}")
            case _:
                await self._wind(word.name, rest)
        return True

    async def _wind(self, name: str, rest: str) -> None:
        timeline = self._source.timeline
        match name:
            case "pause":
                timeline.playing = False
                self.say(f"stands still at {self._where()}")
            case "play":
                self._play()
            case "speed":
                self._speed(rest)
            case "next" | "previous":
                await self._to_mark(1 if name == "next" else -1, TURNS)
            case "mark" | "mark-back":
                await self._to_mark(1 if name == "mark" else -1, None)
            case "step" | "step-back":
                timeline.step(1 if name == "step" else -1)
                if name == "step":
                    await self._catch_up()
                    self.status()
                else:
                    await self._arrive()
            case _:
                await self._go(rest)

    def _play(self) -> None:
        if self.ended:
            self.say("nothing is left to play; go 0% leads to the beginning")
        elif not self._source.timeline.playing:
            self._source.timeline.toggle(self._clock())
            self.say(f"plays from {self._where()}")

    def _speed(self, text: str) -> None:
        if text.casefold() == "all" or text == "0":
            self.rush()
            return
        try:
            speed = float(text)
        except ValueError:
            speed = 0.0
        if not SLOWEST <= speed <= FASTEST:
            self._wrong(f"speed {text}: {SLOWEST:g} to {FASTEST:g}, or all")
            return
        self._source.timeline.set_speed(speed)
        self.say(f"speed {speed:g}")

    async def _go(self, place: str) -> None:
        timeline = self._source.timeline
        try:
            timeline.go_to(moment_of(place, timeline, self._zone))
        except BadPlaceError as error:
            self._wrong(f"go: {error}")
            return
        await self._arrive()

    async def _to_mark(self, by: int, kinds: Collection[MarkKind] | None) -> None:
        marks, timeline = self._source.marks, self._source.timeline
        mark = marks.after(timeline.pos, kinds) if by > 0 else None
        while mark is None and await self._source.look_on():
            mark = marks.after(timeline.pos, kinds) if by > 0 else None
        if by < 0:
            mark = marks.before(timeline.pos, kinds)
        if mark is None or mark.pos > self._upto:
            self.say(f"there is none {'after' if by > 0 else 'before'} this")
            return
        timeline.playing = False
        timeline.go_to_pos(mark.pos)
        await self._arrive()
        self.say(f"{figures.clock(mark.at, self._zone)} {mark.text}")

    # ---- what is shown -----------------------------------------------------------------------------------------------

    def _open(self, name: str) -> None:
        fleet, now = self._source.fleet, self._source.timeline.moment
        thing = self._numbers.thing(name)
        try:
            lines = self._page(thing, now) if thing is not None else self._named(name, now)
        except CliError as error:
            self._wrong(str(error))
            return
        self.say(*(lines or [f"{name} was not on the floor at {figures.clock(fleet.at or now, self._zone)}"]))

    def _page(self, thing: Thing, now: int) -> list[str]:
        fleet = self._source.fleet
        match thing.kind:
            case "action":
                action = fleet.action(thing.key)
                return card.action_card(fleet, action, now) if action else []
            case "run":
                run = fleet.runs.get(thing.key)
                return card.run_page(fleet, run, now, printing.spoken) if run else []
            case "alarm":
                alarm = fleet.alarms.get(thing.key)
                return rows.alarm_page(self._numbers.of(*thing), alarm, now) if alarm else []

    def _named(self, name: str, now: int) -> list[str]:
        from console.cli.names import find_run

        if self._source.fleet.action(name) is not None:
            return self._page(Thing("action", name), now)
        return self._page(Thing("run", find_run(self._source.fleet, name).key), now)

    def _wrong(self, text: str) -> None:
        self.mistakes += 1
        self.say(text)
