"""Audit: who did what, out of the log, the newest first."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import ClassVar, Final

from console.core.deeds import Deed
from console.tui.archive import ArchiveError
from console.tui.drawing.paint import BLANK, Line
from console.tui.rows import audit_rows
from console.tui.rows.aside import in_pane
from console.tui.rows.frame_rows import Note
from console.tui.screens.filtering import FilteringScreen

MOST: Final = 5_000
"""Deeds that are held at once, older pages included."""


class AuditScreen(FilteringScreen):
    """What the fleet remembers of deeds, with what scrolled out of it meanwhile; older ones by page from the recordings."""

    place = "audit"
    paned: ClassVar[bool] = True

    def __init__(self) -> None:
        super().__init__()
        self._deeds: list[Deed] = []
        self._by_name: dict[str, Deed] = {}
        self._made: tuple[object, ...] = ()
        self._names: list[str] = []
        self._shown: list[str] = []
        self._whole = False
        self.reading: asyncio.Task[None] | None = None

    def trail(self) -> Sequence[str]:
        return ["Audit", *self.crumbs()]

    def on_unmount(self) -> None:
        """Nobody looks any more."""
        if self.reading is not None:
            self.reading.cancel()

    def _take(self) -> None:
        """Bring what is known to what the fleet remembers now; a hole before that forgets what came before the hole."""
        audit = self.floor.fleet.audit
        first = audit.deeds[0].pos if audit.deeds else 0
        if audit.cut and self._deeds and self._deeds[-1].pos < first:
            self._deeds, self._whole = [], False
        before = [deed for deed in self._deeds if deed.pos < first]
        self._deeds = [*before, *audit.deeds][-MOST:]

    def names(self) -> Sequence[str]:
        deeds = self.floor.fleet.audit.deeds
        ends = (deeds[0].pos, deeds[-1].pos) if deeds else (0, 0)
        of = (ends, self.filter, len(self._deeds), self._deeds[0].pos if self._deeds else 0)
        if of != self._made:
            self._take()
            kept = [deed for deed in reversed(self._deeds) if not self.filter or self._admits(deed)]
            self._by_name = {f"deed:{deed.pos}": deed for deed in kept}
            self._names = list(self._by_name)
            self._made = (ends, self.filter, len(self._deeds), self._deeds[0].pos if self._deeds else 0)
        return self._names or [""]

    def _admits(self, deed: Deed) -> bool:
        agent, _, rest = deed.about.partition("/")
        word, _ = audit_rows.outcome(deed, self.floor.fleet)
        text = [
            deed.who,
            audit_rows.about(deed, self.floor.fleet),
            deed.about,
            deed.alarm,
            deed.text,
            deed.key,
        ]
        fields = {
            "agent": agent,
            "run": rest.partition("/")[0],
            "state": word,
            "tool": deed.did,
            "text": "\n".join(text),
        }
        return self.filter.passes({name: value.casefold() for name, value in fields.items()})

    def _load(self, names: Sequence[str]) -> bool:
        leads = self.body.at_first  # who has moved nowhere goes on looking at the newest
        taken = super()._load(names)
        if taken:
            self._shown = self._names
            if leads:
                self.body.move_to(-1)
        return taken

    def narrowed(self) -> tuple[int, int, int]:
        return len(self._names), len(self._deeds), 0

    def above(self) -> list[Line]:
        return [audit_rows.head(self.view)]

    def line(self, row: int) -> Line:
        deed = self._by_name.get(self._shown[row]) if row < len(self._shown) else None
        return audit_rows.deed_row(deed, self.floor.fleet, self.view) if deed else BLANK

    def under(self) -> list[Line]:
        deed = self._chosen()
        more = self.floor.archive is not None and not self._whole and len(self._deeds) < MOST
        first = self._deeds[0] if self._deeds else None
        said = audit_rows.words(deed, self.floor.fleet, self.view) if deed and not self.beside else []
        return [audit_rows.since(first, self.view, more=more), *said]

    def detail(self, cells: int) -> list[Line]:
        deed, fleet = self._chosen(), self.floor.fleet
        return in_pane(lambda view: audit_rows.words(deed, fleet, view), self.view, cells) if deed else []

    def _chosen(self) -> Deed | None:
        return self._by_name.get(self.body.cursor)

    # ---- keys --------------------------------------------------------------------------------------------------------

    def act_open(self) -> None:
        deed = self._chosen()
        if deed is None:
            return
        fleet = self.floor.fleet
        run = "/".join(deed.about.split("/")[:2])
        if fleet.action(deed.about) is not None:
            from console.tui.screens.decide_screen import DecideScreen

            self.app.push_screen(DecideScreen(deed.about))
        elif run in fleet.runs:
            from console.tui.screens.run_screen import RunScreen

            self.app.push_screen(RunScreen(run))
        elif deed.alarm in fleet.alarms:
            from console.tui.rows.alarm_rows import tab_of
            from console.tui.screens.alarms_screen import AlarmsScreen

            tab = tab_of(fleet.alarms[deed.alarm], self.view.now)
            self.app.push_screen(AlarmsScreen(deed.alarm, tab))
        elif deed.did == "adopt policy":
            self.floor.show("policy")
        else:
            self.floor.tell(Note("what it is about has left the floor; the recording has it", brief=True))

    def act_older(self) -> None:
        if self.floor.archive is None:
            self.floor.tell(
                Note("this console was given no recordings; watchfloor oncall reads them", brief=True)
            )
        elif self._whole:
            self.floor.tell(Note("nothing older is recorded here", brief=True))
        elif self.reading is None or self.reading.done():
            self.floor.tell(Note("reading what was done before", "muted", brief=True))
            self.reading = asyncio.create_task(self._read(), name="read older deeds")

    async def _read(self) -> None:
        archive = self.floor.archive
        first = self._deeds[0].pos if self._deeds else self.floor.fleet.pos + 1
        if archive is None:
            return
        try:
            found = await archive.deeds(first)
        except ArchiveError as error:
            self._tell(Note(str(error), "act", brief=True))
            return
        still = self._deeds[0].pos if self._deeds else self.floor.fleet.pos + 1
        if still != first:
            return  # time went elsewhere meanwhile
        self._deeds = [*found, *self._deeds]
        self._whole = not found
        self._tell(Note(f"{len(found)} more" if found else "nothing older is recorded here", brief=True))

    def _tell(self, note: Note) -> None:
        """Say what came of reading, to whom still looks at it."""
        if self.is_current:
            self.floor.tell(note)
