"""Bus: the broker and who is on it, how both ends of it do, and what is missing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Final

from bus.inquiry import SenderHealth
from console.core.fleet.agent_life import AgentLife
from console.tui.drawing.paint import BLANK, Line, Row
from console.tui.rows import bus_rows, panes
from console.tui.rows.bus_rows import Sums
from console.tui.screens.reported_screen import ReportedScreen

SUMMED: Final = 1_000
"""Milliseconds for which what was summed over all runs holds."""


class BusScreen(ReportedScreen):
    """One row an agent, those that are lost first; the one under the cursor in words below or beside."""

    place = "bus"
    paned: ClassVar[bool] = True

    def __init__(self) -> None:
        super().__init__()
        self._shown: list[str] = []
        self._sums: dict[str, Sums] = {}
        self._summed_at: tuple[int, int] | None = None
        self._senders: dict[str, SenderHealth] = {}

    def trail(self) -> Sequence[str]:
        return ["Bus"]

    def names(self) -> Sequence[str]:
        self.want()
        fleet, now = self.floor.fleet, self.view.now
        if (
            self._summed_at is None
            or self._summed_at[0] != id(fleet)
            or abs(now - self._summed_at[1]) >= SUMMED
        ):
            self._summed_at = (id(fleet), now)
            self._sums = bus_rows.sums(fleet.runs.values())
        self._senders = {one.agent: one for one in self.heard.report.senders} if self.heard else {}
        self.count()
        self._shown = bus_rows.order(fleet.agents)
        return self._shown or [""]

    def above(self) -> list[Line]:
        source = self.floor.source
        if source is None:
            return []
        lines = bus_rows.above(
            source.status,
            source.where,
            self.heard,
            self.floor.fleet,
            self.view,
            rate=self.rate(),
            stale=self.stale,
        )
        without = bus_rows.without(self.view)
        return [*lines[:-2], *without, *lines[-2:]] if without else lines

    def line(self, row: int) -> Line:
        fleet = self.floor.fleet
        if not self._shown:
            return Row().at(3, "No agent has announced itself yet.", "muted").line
        life = fleet.agents.get(self._shown[row]) if row < len(self._shown) else None
        if life is None:
            return BLANK
        return bus_rows.agent_row(
            life, self._sums.get(life.agent, Sums()), self._senders.get(life.agent), self.view
        )

    def _chosen(self) -> AgentLife | None:
        return self.floor.fleet.agents.get(self.body.cursor)

    def _groups(self, life: AgentLife) -> list[list[tuple[str, str]]]:
        return bus_rows.about(life, self._sums.get(life.agent, Sums()), self._senders.get(life.agent))

    def under(self) -> list[Line]:
        life = self._chosen()
        if life is None or self.pane.display:
            return []
        lines: list[Line] = [BLANK]
        for name, words in [pair for group in self._groups(life)[:-1] for pair in group]:
            lines.append(Row().at(3, name, "muted").at(bus_rows.VALUES, words, end=self.view.last + 1).line)
        return lines

    def detail(self, cells: int) -> list[Line]:
        life = self._chosen()
        if life is None:
            return []
        head = Row().at(0, life.agent, "strong", end=cells - 10).right(cells - 1, (life.status, "text")).line
        groups = [
            [line for name, words in group for line in panes.field(name[: panes.NAMES - 1], words, cells, 6)]
            for group in self._groups(life)
        ]
        runs = self.floor.index.agent(life.agent, 8)
        listed = [
            Row()
            .at(0, run.run, end=cells - 16)
            .right(cells - 1, (f"{run.state}  seq {run.seq}", "muted"))
            .line
            for run in runs
        ]
        return panes.joined([head], *groups, listed)
