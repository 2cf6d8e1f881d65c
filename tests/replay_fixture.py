"""A long eventful log, written as a session, and the replay of one in a test: keys in, cells out."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from datetime import UTC
from pathlib import Path
from typing import Any, cast

from rich.style import Style

from bus import codec
from bus.alarm_records import AlarmAcknowledged, AlarmCleared, AlarmShelved
from bus.events import Gate
from bus.records import CommandFailed
from console.cli.screens.replayed import Replayed
from console.core.fleet.state import Fleet, encode
from console.core.reducing.reduce import Change, reduce
from console.recording.bodies import Row
from console.recording.writer import Recording
from console.tui.apps.floor_app import FloorApp
from console.tui.floor.unanswered import Unanswered
from console.tui.replay.replay_app import ReplayApp
from console.tui.screens.floor_screen import FloorScreen
from tests.floor_fixture import START, FakeSource, Script, busy
from tests.tui_console import Console, furnished

SITE = "harbour"
TOOLS = ("send_email", "issue_refund", "delete_files", "write_index")


class Eventful:
    """Goes on writing to a script, whatever comes next decided by chance: runs that end, wait, fail, are lost, killed."""

    def __init__(self, seed: int) -> None:
        self.script = busy()
        self._random = random.Random(seed)
        self._runs = 0
        self._living: list[tuple[str, str, int]] = []
        self._asked: list[tuple[str, str, str]] = []
        self._alarms: list[str] = []

    def write(self, records: int) -> Script:
        chance = self._random
        while len(self.script.rows) < records:
            self.script.tick(
                chance.choice((0.0, 0.01, 0.2, 0.2, 1.0, 30.0 if chance.random() < 0.05 else 0.1))
            )
            turns = (self._work, self._start, self._answer, self._ask, self._end, self._alarm, self._trouble)
            chance.choices(turns, (8, 3, 3, 2, 2, 1, 1))[0]()
        return self.script

    def _start(self) -> None:
        if len(self._living) > 25:
            return
        self._runs += 1
        agent = self._random.choice(("crawler", "refunds", "janitor", "triage", f"solo{self._runs % 5}"))
        run = f"r{self._runs:04d}"
        self.script.start(agent, run, f"Do work {self._runs}", "observed" if agent == "triage" else "gated")
        self._living.append((agent, run, 0))

    def _work(self) -> None:
        if not self._living:
            return
        index = self._random.randrange(len(self._living))
        agent, run, step = self._living[index]
        self._living[index] = (agent, run, step + 1)
        claim = self._random.choice((None, 0.95, 0.9, 0.4))
        self.script.step(
            agent, run, step + 1, "look", claim, of=9, ok=self._random.random() > 0.1,
            seconds=self._random.random(), text=f"seen {step}",
        )  # fmt: skip
        self.script.progress(agent, run, step + 1, 9)

    def _ask(self) -> None:
        if not self._living or len(self._asked) > 6:
            return
        agent, run, _ = self._random.choice(self._living)
        action = f"a{len(self.script.rows)}"
        args = {"to": "desk@acme.example", "amount": self._random.randrange(900), "note": "words " * 5}
        gate: Gate = "hold" if self._random.random() < 0.5 else "ask"
        self.script.ask(
            agent, run, action, self._random.choice(TOOLS), args, gate=gate, reason="It is needed"
        )
        self._asked.append((agent, run, action))

    def _answer(self) -> None:
        if not self._asked:
            return
        agent, run, action = self._asked.pop(self._random.randrange(len(self._asked)))
        found = self.script.fleet.action(f"{agent}/{run}/{action}")
        if found is None or found.state != "asked":
            return
        outcome = self._random.choice(("approved", "approved", "rejected", "expired"))
        command = self.script.decide(agent, run, action, outcome, "clock" if outcome == "expired" else "op-1")
        if self._random.random() < 0.9:
            self.script.obey(agent, run, command)
            if outcome == "approved":
                self.script.do(agent, run, action, "done")

    def _end(self) -> None:
        if self._living:
            agent, run, _ = self._living.pop(self._random.randrange(len(self._living)))
            outcome = self._random.choice(("completed", "completed", "failed"))
            self.script.finish(agent, run, outcome, f"{outcome} {run}")  # type: ignore[arg-type]

    def _alarm(self) -> None:
        chance, script = self._random, self.script
        if self._alarms and chance.random() < 0.6:
            alarm = self._alarms.pop(0)
            script.supervisor(AlarmAcknowledged(alarm=alarm, by="op-1"))
            script.tick(1).supervisor(AlarmCleared(alarm=alarm))
        else:
            name = f"alarm-{len(script.rows)}"
            agent, run, _ = chance.choice(self._living) if self._living else ("", "", 0)
            script.alarm(name, "it is not well", chance.choice((1, 2, 3)), agent, run)
            if chance.random() < 0.3:
                script.supervisor(AlarmShelved(alarm=name, by="op-1", seconds=20.0))
            self._alarms.append(name)

    def _trouble(self) -> None:
        if not self._living:
            return
        agent, run, _ = self._random.choice(self._living)
        match self._random.choice(("pause", "resume", "kill", "lose", "fail")):
            case "lose":
                self.script.lose(agent)
            case "fail":
                command = self.script.command(agent, run, "hold")
                self.script.tick(2).supervisor(
                    CommandFailed(command=command, reason="no word of it"), agent, run
                )
            case kind if kind != "pause" or self.script.fleet.runs[f"{agent}/{run}"].state == "working":
                command = self.script.command(agent, run, kind)
                if kind != "kill":
                    self.script.obey(agent, run, command)


def eventful(records: int, seed: int = 7) -> Script:
    return Eventful(seed).write(records)


async def record(
    rows: Sequence[Row], folder: Path, *, keyframes: int = 1_000, rotate_after: Iterable[int] = ()
) -> list[Path]:
    """Write a log as sessions; returns their files. Keyframes are made every so many records."""
    fleet, ends = Fleet(site=SITE), set(rotate_after)
    clock = [START / 1000]
    async with await Recording.open(folder, initial=encode(fleet), clock=lambda: clock[0]) as recording:
        paths = [recording.path]
        pending: list[Row] = []
        for row in rows:
            reduce(fleet, codec.record(row.pos, row.at, codec.decode_envelope(row.event)))
            pending.append(row)
            clock[0] = row.at / 1000
            due = row.pos in ends
            if due or row.pos % keyframes == 0:
                await recording.append(pending)
                pending = []
                await (
                    recording.rotate(encode(fleet))
                    if due
                    else recording.keyframe(row.pos, row.at, encode(fleet))
                )
                paths += [recording.path] if due else []
        await recording.append(pending)
    return paths


class Feed:
    """The same log, live: what a floor without a bus hears, a row at a time."""

    def __init__(self, rows: Sequence[Row], site: str = SITE) -> None:
        self.fleet = Fleet(site=site)
        self.listeners: list[Any] = []
        self._rows = rows

    def upto(self, pos: int) -> None:
        """Let everything up to a position be heard."""
        for row in self._rows[self.fleet.pos : pos]:
            changes: list[Change] = reduce(
                self.fleet, codec.record(row.pos, row.at, codec.decode_envelope(row.event))
            )
            for listener in self.listeners:
                listener(changes)


class ReplayConsole(Console):
    """A console over a recording."""

    app: ReplayApp

    def __init__(self, app: ReplayApp, pilot: Any, source: Replayed, clock: list[float]) -> None:
        super().__init__(app, pilot, cast("FakeSource", source), clock)
        self.replayed = source

    @property
    def pos(self) -> int:
        return self.replayed.fleet.pos

    async def arrive(self) -> None:
        """Wait until the fleet is where the time line stands."""
        await self.pilot.pause(0)
        while self.app.busy:
            assert self.app._work is not None
            await self.app._work
        await self.settle(0.0)

    async def strike(self, *keys: str) -> None:
        """Press keys one after the other, and arrive after each."""
        for key in keys:
            await self.key(key)
            await self.arrive()

    async def go(self, pos: int) -> None:
        """Go to a position."""
        self.replayed.timeline.go_to_pos(pos)
        self.app._follow_time()
        await self.arrive()

    async def look(self) -> None:
        """Wait until all marks are found."""
        while self.app._looking is not None:
            await self.app._looking
        await self.settle(0.0)


@asynccontextmanager
async def given(source: Replayed) -> AsyncIterator[Replayed]:
    """A session that is open already."""
    yield source


@asynccontextmanager
async def replaying(
    path: Path, *, size: tuple[int, int] = (80, 24), plays: bool = False
) -> AsyncIterator[ReplayConsole]:
    """Open a replay where it begins."""
    clock = [100.0]
    async with await Replayed.open(path) as source:
        source.timeline.playing = plays
        app = ReplayApp(lambda: given(source), site=SITE, zone=UTC, clock=lambda: clock[0], paced=False)
        async with app.run_test(size=size) as pilot:
            await furnished(app, pilot)
            found = ReplayConsole(app, pilot, source, clock)
            await found.arrive()
            await found.look()
            yield found
        await app.left()


@asynccontextmanager
async def watching(feed: Feed, *, size: tuple[int, int] = (80, 24)) -> AsyncIterator[Console]:
    """Open a console on a live floor that hears `feed`."""
    clock = [100.0]
    source = FakeSource(cast("Script", feed))
    app = FloorApp(
        source.open, site=feed.fleet.site, operator="op-2", zone=UTC, clock=lambda: clock[0], paced=False
    )
    async with app.run_test(size=size) as pilot:
        await furnished(app, pilot)
        found = Console(app, pilot, source, clock)
        await found.settle(0.0)
        yield found
    await app.left()


Cells = list[list[tuple[str, Style | None]]]


def cells(app: FloorApp) -> Cells:
    """The screen, cell by cell: a character and its style."""
    strips = app.screen._compositor.render_strips()
    return [[(character, style) for text, style, _ in strip for character in text] for strip in strips]


async def seen(console: Console, screen: FloorScreen | None = None) -> Cells:
    """What a screen shows now to somebody who has seen nothing before, its cursor at the top; without one, the fleet."""
    app = console.app
    app.unanswered = Unanswered()
    if screen is not None:
        app.push_screen(screen)
    await console.pilot.pause(0)
    app.draw()
    if screen is None:
        console.screen.body.move_to(-1)
    await console.pilot.pause(0)
    app.draw()
    await console.pilot.pause(0)
    shown = cells(app)
    if screen is not None:
        app.pop_screen()
        await console.pilot.pause(0)
    return shown
