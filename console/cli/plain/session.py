"""One sitting in line mode: what is typed, what it means here, and what is told meanwhile."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from console.cli import card, printing
from console.cli.exits import CliError
from console.cli.plain import rows, words
from console.cli.plain.acts import Acts, choices
from console.cli.plain.deeds import Deeds
from console.cli.plain.lists import Lists
from console.cli.plain.meant import meant
from console.cli.plain.questions import Question, Reply
from console.cli.plain.telling import Ring, Telling
from console.cli.plain.things import FIRST, Thing
from console.cli.records.tail import record_line
from console.cli.verbs import reliability
from console.core.fleet.alarm_state import Alarm
from console.core.fleet.state import Action, Run
from console.core.reducing.reduce import Change
from console.tui.rows import filter as filters
from console.tui.rows.frame_rows import View
from console.tui.sheets.confirm_sheets import Sheet

if TYPE_CHECKING:
    from console.cli.plain.printer import Printer
    from console.cli.plain.words import Word
    from console.link.floor import Floor
    from console.link.follower import Applied

WAIT: Final = 5.0
"""Seconds that `wait` waits unless told otherwise."""


class Session:
    """Takes lines, prints lines. `take` returns False once the operator leaves. `ring` is called when a person is wanted."""

    def __init__(
        self,
        floor: Floor,
        printer: Printer,
        *,
        read_only: bool,
        signed: bool,
        timeout: float,
        clock: Callable[[], float] = time.monotonic,
        ring: Ring = lambda: None,
    ) -> None:
        self.floor = floor
        self._read_only = read_only
        self._telling = Telling(floor, printer, read_only=read_only, signed=signed, clock=clock, ring=ring)
        self._say, self._tell, self._view = self._telling.say, self._telling.tell, self._telling.view
        self._index, self._numbers = self._telling.index, self._telling.numbers
        self.deeds = Deeds(floor, self._tell, timeout, lambda: printer.lost)
        self._lists = Lists(self._index, self._numbers)
        self._filter = filters.Filter()
        self._question: Question | None = None
        self._asked_at = float("-inf")
        self._opened: Thing | None = None
        self._read = ""  # the digest of the action that was printed last
        self._menu: list[str] = []
        self._events = False
        self.mistakes = 0
        """Lines that could not be done: words, numbers, ids that are none, and what was not offered."""
        self._stops = [floor.listen(self._heard), floor.listen_to_records(self._recorded)]

    # ---- what is told ------------------------------------------------------------------------------------------------

    def begin(self) -> None:
        """Say where we are and what waits."""
        self._telling.greet()
        self.look()
        self._telling.status()

    def close(self) -> None:
        """Stop listening."""
        for stop in self._stops:
            stop()
        self.deeds.close()

    def look(self) -> None:
        """Tell what is news, and take back a question that is no longer one."""
        self._telling.news()
        question = self._question
        if question is not None and (why := question.outdated(self.floor.fleet)):
            self._question = None
            self._tell(f"{question.wish.label}: the question is taken back, {why}; nothing was sent")

    def _heard(self, changes: list[Change]) -> None:
        self._index.hear(changes)
        self.look()

    def _recorded(self, applied: list[Applied]) -> None:
        if self._events:
            for record, _ in applied:
                self._say(record_line(record))

    # ---- what is typed -----------------------------------------------------------------------------------------------

    async def take(self, line: str | None, ended_at: float = float("inf")) -> bool:
        """Do what a typed line says. Returns whether to go on.

        A line that was ended before a question stood there (`ended_at`, monotonic) is no answer to it, unless it refuses.
        """
        if line is None:
            self._wrong("that line was too long; nothing was done with it")
            return True
        text = line.strip()
        command = words.find(text.partition(" ")[0], read_only=self._read_only)
        if self._question is not None:
            early = ended_at <= self._asked_at and self._question.wish.verb != "reject"
            if early and (command is None or self._question.free):
                self._say(
                    "that was typed before the question stood there, and answers nothing; answer it now"
                )
                return True
            question, self._question = self._question, None
            reply = question.answer(text)
            self._replied(reply._replace(wrong=reply.wrong and command is None))
            if question.free or reply.wish is not None or command is None:
                return True
        if not text:
            return True
        name, _, rest = text.partition(" ")
        if self._menu and name.isascii() and name.isdecimal() and int(name[:6]) < FIRST:
            return self._chosen(int(name[:6]))
        if self._numbers.thing(name) and not rest:
            name, rest = "open", name
        if name.casefold() in ("hold", "resume") and rest.strip().casefold() == "all":
            name, rest = f"{name.casefold()}-all", ""
        word = words.find(name, read_only=self._read_only)
        if word is None:
            self._unknown(name)
            return True
        return await self._do(word, rest.strip())

    def abandon(self) -> bool:
        """Take back an open question. Returns whether there was one."""
        question, self._question = self._question, None
        if question is not None:
            self._say(f"{question.wish.label}: not confirmed; nothing was sent")
        return question is not None

    def _chosen(self, number: int) -> bool:
        if not 1 <= number <= len(self._menu) or self._opened is None:
            self._wrong(f"1 to {len(self._menu)} choose; things have numbers from {FIRST}")
            return True
        word = words.find(self._menu[number - 1], read_only=self._read_only)
        if word is not None:
            self._about(word, "")
        return True

    def _unknown(self, name: str) -> None:
        if name.isdecimal():
            self._wrong(f"nothing has the number {name} here; queue, fleet and alarms give numbers")
        elif self._read_only and words.find(name, read_only=False):
            self._wrong(f"{name}: this console is read-only")
        else:
            self._wrong(f"{name}: no such word; help says what can be typed")

    async def _do(self, word: Word, rest: str) -> bool:
        match word.name:
            case "quit":
                return False
            case "wait":
                await self._wait(rest)
            case "help":
                self._say(*words.page(read_only=self._read_only))
            case "queue" | "fleet" | "alarms":
                self._list(word.name)
            case "reliability":
                self._say(*reliability.lines(self.floor.fleet.reliability, printing.spoken))
                self._say(
                    "to say how a call really ended: watchfloor verify RUN|ACTION --ok, or --failed --reason"
                )
            case "status":
                self._telling.status()
            case "filter":
                self._narrow(rest)
            case "events":
                self._events = rest.casefold() != "off"
                self._say(f"events {'on' if self._events else 'off'}")
            case "hold-all" | "resume-all":
                acts = Acts(self.floor.fleet, self._view())
                why = acts.closed(word.name)
                reply = (
                    Reply(words=(f"not offered: {why}",), wrong=True) if why else acts.about_all(word.name)
                )
                self._replied(reply)
            case _:
                self._about(word, rest)
        return True

    async def _wait(self, rest: str) -> None:
        try:
            seconds = float(rest or WAIT)
        except ValueError:
            self._wrong(f"wait {rest}: not a number of seconds")
            return
        left = await self.deeds.settled(max(0.0, min(seconds, 3_600.0)))
        self._say(f"still open: {left}" if left else "all is settled")

    # ---- things ------------------------------------------------------------------------------------------------------

    def _about(self, word: Word, rest: str) -> None:
        """Do something with the thing that is named first; without a name with the one that was opened."""
        view = self._view()
        name, _, said = rest.partition(" ")
        try:
            found = meant(self.floor.fleet, self._numbers, self._opened, word, name)
        except CliError as error:
            self._wrong(str(error))
            return
        if word.name == "open":
            self._open(found, view)
            return
        acts = Acts(self.floor.fleet, view)
        why = acts.closed(word.name)
        if why:
            self._wrong(f"not offered: {why}")
            return
        match found:
            case Action():
                self._replied(acts.about_action(word.name, found, said.strip(), read=self._read))
            case Run():
                self._replied(acts.about_run(word.name, found, said.strip()))
            case Alarm():
                self._replied(acts.about_alarm(word.name, found, said.strip()))

    def _open(self, found: Action | Run | Alarm, view: View) -> None:
        match found:
            case Action():
                thing = Thing("action", found.key)
                lines = card.action_card(self.floor.fleet, found, view.now)
                run = self.floor.fleet.run(found.agent, found.run)
                worse = self._index.plight(run.key) if run else None
                lines += [f"  not well {worse.fact}"] if worse else []
                lines.append(f"  run      {self._numbers.of('run', f'{found.agent}/{found.run}')}")
            case Run():
                thing = Thing("run", found.key)
                lines = card.run_page(self.floor.fleet, found, view.now, printing.spoken)
            case Alarm():
                thing = Thing("alarm", found.id)
                lines = rows.alarm_page(self._numbers.of(*thing), found, view.now)
        self._read = found.digest if isinstance(found, Action) else ""
        self._opened, self._menu = thing, choices(found, read_only=self._read_only)
        self._say(*lines)
        if self._menu:
            self._say("choose: " + ", ".join(f"{number} {name}" for number, name in enumerate(self._menu, 1)))

    def _wrong(self, text: str) -> None:
        self.mistakes += 1
        self._say(text)

    def _replied(self, reply: Reply) -> None:
        self.mistakes += reply.wrong
        self._say(*reply.words)
        if reply.wish is not None:
            why = reply.then is None and self._outdated(reply)
            if why:
                self._say(f"{reply.wish.label}: {why}; nothing was sent")
            else:
                self.deeds.state(reply.wish)
        if reply.then is not None:
            self._question = reply.then
            self._say(*reply.then.lines())
            self._asked_at = time.monotonic()

    def _outdated(self, reply: Reply) -> str:
        return "" if reply.wish is None else Sheet(reply.wish).outdated(self.floor.fleet)

    # ---- lists -------------------------------------------------------------------------------------------------------

    def _narrow(self, text: str) -> None:
        self._filter = filters.parse(text[: filters.CHARS])
        self._say(f"filter: {self._filter.text}" if self._filter else f"no filter; {filters.FORMS}")

    def _list(self, name: str) -> None:
        view = self._view()
        self._say(*self._lists.of(name, self.floor.fleet, self._filter, view.now))
