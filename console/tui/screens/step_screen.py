"""Step: one line of a run in full, with its neighbours a key away, and what only the log still has of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar, Final, Literal

from console.core.fleet.state import Run
from console.core.replay.past_run import NoHistoryError, PastRun
from console.tui.drawing import figures
from console.tui.drawing.paint import Line, Row
from console.tui.keys.actions import KeyAction
from console.tui.rows import run_rows, step_rows
from console.tui.rows.frame_rows import Note
from console.tui.rows.run_rows import Entry
from console.tui.rows.step_rows import Told
from console.tui.screens.acts import ActingScreen
from console.tui.screens.floor_screen import Subject

PAGES: Final = 4
"""Pages of the log that are asked for by itself to find the line that is shown; a key asks for more."""


class StepScreen(ActingScreen):
    """One step, action or message of a run. `chosen` is what Run's cursor was on; empty for the newest line."""

    place = "step"
    paned: ClassVar[bool] = True

    def __init__(self, key: str, chosen: str = "") -> None:
        super().__init__()
        self._key, self._chosen = key, chosen
        self._past = PastRun(*key.split("/", 1))
        self._asking = False
        self._asked: set[tuple[Any, ...]] = set()
        self._pages = 0
        self._no_log = ""
        self._unfolded = self._back = False
        self._run: Run | None = None
        self._entries: list[Entry] = []
        self._lines: list[Line] = []

    def trail(self) -> Sequence[str]:
        agent, _, run = self._key.partition("/")
        return ["Fleet", f"{agent} {figures.shown(run)}", "Step"]

    def subject(self) -> Subject:
        run = self.floor.fleet.runs.get(self._key)
        return Subject(run, None, "the run has left the floor; the recording has it")

    # ---- what is shown -----------------------------------------------------------------------------------------------

    @property
    def _entry(self) -> Entry | None:
        return next((entry for entry in self._entries if entry.chosen_as == self._chosen), None)

    def _told(self) -> Told | None:
        if self._run is None:
            return None
        entry = self._entry
        action = self._run.actions.get(entry.action) if entry and entry.action else None
        command = self.floor.fleet.commands.get(action.decision) if action and action.decision else None
        return Told(self._run, self._past, self._unfolded, command)

    def names(self) -> Sequence[str]:
        run = self.floor.fleet.runs.get(self._key)
        if self._past.until > self.floor.fleet.pos:  # a replay went back: what comes later is not known yet
            self._past = PastRun(*self._key.split("/", 1))
            self._asked.clear()
        past = self._past
        self._run = past.merged(run) if past.records else run
        self._entries = run_rows.entries(self._run) if self._run else []
        if not self._chosen and self._entries:
            self._chosen = self._entries[-1].chosen_as
        if self._back and not self._asking:
            self._go_back()
        self._want()
        told, entry = self._told(), self._entry
        self._lines = step_rows.rows(told, entry, self.view) if told and entry else []
        return [""] * len(self._lines)

    def _load(self, names: Sequence[str]) -> bool:
        self._anew = True  # nothing here is chosen: what comes in may stand there at once
        return super()._load(names)

    def line(self, row: int) -> Line:
        return self._lines[row] if row < len(self._lines) else ()

    def above(self) -> list[Line]:
        told, entry = self._told(), self._entry
        if told is None or entry is None:
            why = self._no_log or (
                "the log is being read" if self._asking else "neither floor nor log has anything of it"
            )
            return [Row().at(3, f"Nothing to show: {why}.", end=self.view.last + 1).line]
        return step_rows.head(told, entry, self.view, self._reach())

    def under(self) -> list[Line]:
        entries, entry = self._entries, self._entry
        row = Row().at(3, "in the run", "muted")
        if entry is not None:
            at = entries.index(entry)
            row.at(14, f"line {at + 1} of {len(entries)}")
            if self._past.more and entries[0].step != 1:
                row.then("that are kept; the log has earlier ones", "muted", gap=1)
        words = "reading the log" if self._asking else self._no_log
        row.then(words, "muted", gap=2, end=self.view.last + 1)
        return [(), row.line]

    def detail(self, cells: int) -> list[Line]:
        entry, run = self._entry, self._run
        if run is None or entry is None:
            return []
        from console.tui.rows.story import lines_around

        return lines_around(run, self._entries, entry, cells)

    def _reach(self) -> str:
        shown, total = self.body.in_view, len(self._lines)
        if not total > len(shown) > 0:
            return ""
        below = f", {total - shown.stop} below" if total > shown.stop else ""
        return f"lines {shown.start + 1}-{shown.stop} of {total}{below}"

    # ---- the log -----------------------------------------------------------------------------------------------------

    def _want(self) -> None:
        """Ask for what the fleet does not keep of this line: once, and again when more became of it."""
        run, entry = self._run, self._entry
        action = run.actions.get(entry.action) if run and entry and entry.action else None
        step = next((each for each in run.steps if each.step == entry.step), None) if run and entry else None
        ended = action.finished_at if action else step.finished_at if step else None
        wanted = (self._chosen, ended, action.outcome if action else None)
        if wanted in self._asked or self._asking:
            return
        past = self._past
        known = bool(past.records) and (ended is None or past.records[-1].at >= ended)
        self._asked.add(wanted)
        if known and self._here():
            return
        self._pages = 0
        self._ask("earlier" if known else "later")

    def _ask(self, which: Literal["earlier", "later"]) -> None:
        if self._asking:
            return
        if not self.is_mounted:
            self._asked.clear()
            return
        self._asking = True
        self.run_worker(self._read(which), name="read the log", exit_on_error=True)

    async def _read(self, which: Literal["earlier", "later"]) -> None:
        """Read the newest page, or those before what is here, until the line in view was found."""
        source, past = self.floor.source, self._past
        agent, _, run = self._key.partition("/")
        try:
            while source is not None:
                before = past.before if which == "earlier" and past.before else self.floor.fleet.pos + 1
                past.add(await source.history(agent, run, before))
                self._pages += 1
                self._no_log = ""
                if self._here() or not past.more or self._pages >= PAGES:
                    break
                which = "earlier"
        except NoHistoryError as error:
            self._no_log = str(error)
        finally:
            self._asking = False
            self.floor.draw_again()

    def _here(self) -> bool:
        """Whether the pages reach back to where this line begins."""
        entry, past = self._entry, self._past
        return entry is None or bool(entry.message) or past.has(entry.chosen_as)

    # ---- acts --------------------------------------------------------------------------------------------------------

    def label(self, key: KeyAction) -> str:
        if key.id == "open":
            return key.label if self._waits() else ""
        return super().label(key)

    def _waits(self) -> bool:
        entry, run = self._entry, self._run
        action = run.actions.get(entry.action) if run and entry and entry.action else None
        return action is not None and action.state == "asked"

    def act_open(self) -> None:
        entry = self._entry
        if entry is not None and self._waits():
            from console.tui.screens.decide_screen import DecideScreen

            self.app.push_screen(DecideScreen(f"{self._key}/{entry.action}"))

    def act_unfold(self) -> None:
        self._unfolded = not self._unfolded
        self.floor.pace.settle()

    def act_later(self) -> None:
        self._go(1)

    def act_earlier(self) -> None:
        self._no_log = ""
        self._pages = 0
        self._go_back()

    def _go_back(self) -> None:
        """Go to the line before, once the pages tell that none is missing between the two."""
        before = self._beside(-1)
        past = self._past
        known = before is not None and (bool(before.message) or past.has(before.chosen_as))
        self._back = not (known or not past.more or self._no_log or self._pages >= PAGES)
        if self._back:
            self._ask("earlier")
        elif not self._go(-1):
            words = self._no_log or "this is the beginning of the run"
            self.floor.tell(Note(words, brief=True))

    def _beside(self, by: int) -> Entry | None:
        entry, entries = self._entry, self._entries
        if entry is None or not 0 <= entries.index(entry) + by < len(entries):
            return None
        return entries[entries.index(entry) + by]

    def _go(self, by: int) -> bool:
        beside = self._beside(by)
        if beside is None:
            return False
        self._chosen = beside.chosen_as
        self.floor.pace.settle()
        self.body.move_to(-1)
        return True
