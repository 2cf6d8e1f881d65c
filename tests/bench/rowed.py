"""The same floor in two applications, each in a process and a pty of its own: ours, and one whose list is a DataTable.

`python -m tests.bench.rowed lines|table|paced|none RUNS SECONDS FILE`. Runs of as many agents tell two things a second
each, made by the same script in the same process, so that no broker is measured. `lines` is ours. `table` writes each cell
whose text changed when it hears of it; `paced` does so at the moments at which ours brings its rows up to date; `none` does
all of that but show a row. In all of them, as in our console, the interpreter searches for garbage in nothing that was there
at the start. FILE gets from when to when (monotonic) was measured, and the seconds of CPU in that time, without those in
which the floor was made.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import Callable
from itertools import count, islice
from pathlib import Path
from typing import Final

from textual.app import App, ComposeResult
from textual.widgets import DataTable, Static

from bus.events import Data, Progress, StepFinished, StepStarted
from console.core.reducing.reduce import Change
from console.tui.apps import collecting
from console.tui.apps.floor_app import QUIET, FloorApp
from console.tui.drawing import figures
from console.tui.floor.attention import CONTROL
from console.tui.floor.index import FleetIndex
from console.tui.rows import fleet_rows
from console.tui.settings import FRAMES, Settings
from tests.fixtures.floor import FakeSource, Script

EACH: Final = 2.0
"""Events a second of every run."""

BATCH: Final = 0.02
"""Seconds of events that come at once: as long as the supervisor lets telemetry wait for company."""

WARM: Final = 3.0
"""Seconds before anything is counted."""

COLUMNS: Final = (
    ("agent", 10), ("control", 1), ("run", 5), ("bar", 1), ("doing", 22), ("runs", 4), ("done", 4), ("earned", 5), ("n", 3),
)  # fmt: skip
"""What a row of Fleet shows, and how wide it is there, in a terminal of 80 columns with a DataTable's padding."""


class Feed:
    """A floor at work. `made` are the seconds of CPU that making it took so far."""

    def __init__(self, runs: int) -> None:
        self.script = Script()
        self.made = 0.0
        self._names = [(f"agent{number:03d}", f"r{number:03d}") for number in range(runs)]
        for agent, run in self._names:
            self.script.start(agent, run, "measure")

    async def work(self, changed: Callable[[list[Change]], None]) -> None:
        """Go on for good, a batch at a time as a journal comes; `changed` is told apart from the making."""
        found: list[Change] = []
        self.script.listeners = [found.extend]
        batch, every = max(1, int(EACH * len(self._names) * BATCH)), 1 / (EACH * len(self._names))
        due = time.monotonic()
        events = ((name, data) for step in count(1) for data in _step(step) for name in self._names)
        while True:
            began = time.thread_time()
            for (agent, run), data in islice(events, batch):
                self.script.tick(every)
                self.script.agent(agent, run, data)
            self.made += time.thread_time() - began
            changed([*found])
            found.clear()
            due += batch * every
            await asyncio.sleep(max(0.0, due - time.monotonic()))


def _step(step: int) -> tuple[Data, ...]:
    return (
        StepStarted(step=step, name=f"look at order {step}"),
        Progress(step=step, done=step % 20, of=20, text="orders looked at"),
        StepFinished(step=step, ok=True, text="nothing to do"),
    )


class TableApp(App[None]):
    """Fleet's rows as anybody would write them with the toolkit's own table."""

    CSS = "DataTable { height: 1fr; } Static { height: 1; }"

    def __init__(self, feed: Feed, kind: str) -> None:
        super().__init__()
        self._filled, self._paced = kind != "none", kind != "table"
        self.animation_level = "none"
        self._fleet = feed.script.fleet
        self._index = FleetIndex(self._fleet)
        self._dirty: set[str] = set()
        self._shown: dict[str, tuple[str, ...]] = {}
        self._drawn_at = 0.0

    def compose(self) -> ComposeResult:
        yield Static("harbour › Fleet", id="header")
        yield DataTable(id="rows", cursor_type="row", show_header=True)
        yield Static("enter open   q quit", id="keys")

    def on_mount(self) -> None:
        table = self._table
        for key, width in COLUMNS:
            table.add_column(key, key=key, width=width)
        for key in self._fleet.runs if self._filled else ():
            self._shown[key] = self._cells(key)
            table.add_row(*self._shown[key], key=key)
        self.set_interval(1 / FRAMES, self._tick)

    def changed(self, changes: list[Change]) -> None:
        """Note what changed."""
        self._index.hear(changes)
        self._dirty.update(key for kind, key in changes if kind == "run")
        if not self._paced:
            self._update()

    @property
    def _table(self) -> DataTable[str]:
        return self.query_one("#rows", DataTable)

    def _tick(self) -> None:
        now = time.monotonic()
        if self._dirty and now - self._drawn_at >= QUIET:
            self._drawn_at = now
            self._update()

    def _update(self) -> None:
        self._index.update(self._fleet.at)
        table = self._table
        for key in self._dirty if self._filled else ():
            cells = self._cells(key)
            for (column, _), old, new in zip(COLUMNS, self._shown[key], cells, strict=True):
                if old != new:
                    table.update_cell(key, column, new)
            self._shown[key] = cells
        self._dirty.clear()

    def _cells(self, key: str) -> tuple[str, ...]:
        run = self._fleet.runs[key]
        step = run.steps[-1] if run.steps else None
        right, wrong = fleet_rows.verified_calls(self._fleet, run)
        return (
            run.agent, CONTROL[run.control], run.run, figures.spark(fleet_rows.progress(run)),
            f"step {step.step} {step.name}" if step else run.state, "1", str(self._index.done(run.agent)),
            figures.earned(None), str(right + wrong),
        )  # fmt: skip


async def main(kind: str, runs: int, seconds: float, path: Path) -> None:
    """Run one of them, and leave."""
    collecting.put_off()  # as our console does at its start, and for all kinds alike: see `resume`
    feed = Feed(runs)
    app: App[None] | FloorApp
    if kind != "lines":
        app = table = TableApp(feed, kind)
        tell = table.changed
    else:
        source = FakeSource(feed.script)
        app = ours = FloorApp(source.open, site="harbour", operator="op-1", settings=Settings())
        tell = ours._heard

    async def measure() -> None:
        await asyncio.sleep(WARM / 2)  # until it stands there
        collecting.resume()
        working = asyncio.create_task(feed.work(tell))
        await asyncio.sleep(WARM)
        began, cpu, made = time.monotonic(), time.process_time(), feed.made
        await asyncio.sleep(seconds)
        spent = time.process_time() - cpu - (feed.made - made)
        path.write_text(  # noqa: ASYNC240  (the measuring is over)
            json.dumps([began, time.monotonic(), spent]), "utf-8"
        )
        working.cancel()
        app.exit()

    measuring = asyncio.create_task(measure())
    await app.run_async()
    await measuring
    if isinstance(app, FloorApp):
        await app.left()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], int(sys.argv[2]), float(sys.argv[3]), Path(sys.argv[4])))
