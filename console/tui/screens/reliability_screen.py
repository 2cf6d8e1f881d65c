"""Reliability: what every version of every agent has proven with each tool, beside what it claims.

The numbers are the fleet's, folded from the log: in a replay they are what was known then.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

from console.core.fleet.lifecycle import ENDED
from console.core.reliability.standing import Standing, version_of, version_standing
from console.tui.drawing.paint import BLANK, Line, Row
from console.tui.rows import reliability_rows
from console.tui.rows.frame_rows import Note
from console.tui.screens.acts import ActingScreen
from console.tui.screens.placed import PlacedScreen

TALL: Final = 30
"""Rows of a terminal from which more than one run is forecast."""


class Place(NamedTuple):
    """A row: a stratum by its key, or a version on the floor of which nothing was verified."""

    key: str
    agent: str
    version: str
    first: bool


class ReliabilityScreen(PlacedScreen[Place], ActingScreen):
    """One row a version and tool, in the order of their names; the one under the cursor in words below."""

    place = "reliability"

    def __init__(self) -> None:
        super().__init__()
        self._scale = reliability_rows.Axis(0.5, 21)

    def trail(self) -> Sequence[str]:
        return ["Reliability"]

    def names(self) -> Sequence[str]:
        self._places = self._listed()
        return [place.key for place in self._places] or [""]

    def _listed(self) -> list[Place]:
        fleet = self.floor.fleet
        strata = fleet.reliability.strata
        found = [(one.agent, one.version, one.tool, one.effect, key) for key, one in strata.items()]
        known = {(agent, version) for agent, version, *_ in found}
        on_floor = {
            (run.agent, version_of(run.version, run.model))
            for run in fleet.runs.values()
            if run.state not in ENDED
        }
        found += [(agent, version, "", "", f"?{agent}@{version}") for agent, version in on_floor - known]
        places, before = [], None
        for agent, version, _, _, key in sorted(found):
            places.append(Place(key, agent, version, first=(agent, version) != before))
            before = (agent, version)
        return places

    def _load(self, names: Sequence[str]) -> bool:
        taken = super()._load(names)
        self._scale = reliability_rows.axis(list(self.floor.fleet.reliability.strata.values()), self.view)
        return taken

    def above(self) -> list[Line]:
        return [reliability_rows.head(self.view, self._scale)]

    def line(self, row: int) -> Line:
        if not self._shown:
            return Row().at(3, "No agent has reported yet, and nothing was ever verified.", "muted").line
        if row >= len(self._shown):
            return BLANK
        place = self._shown[row]
        standing = self.floor.fleet.reliability.strata.get(place.key)
        if standing is None:
            return reliability_rows.unverified_row(place.agent, place.version, self.view)
        return reliability_rows.stratum_row(standing, self.view, self._scale, named=place.first)

    def _chosen(self) -> Place | None:
        return next((place for place in self._shown if place.key == self.body.cursor), None)

    def _standing(self) -> Standing | None:
        return self.floor.fleet.reliability.strata.get(self.body.cursor)

    def under(self) -> list[Line]:
        fleet, view, place = self.floor.fleet, self.view, self._chosen()
        lines = [BLANK, reliability_rows.legend()]
        if place is None:
            return lines
        standing = self._standing()
        if standing is not None:
            lines += reliability_rows.words(standing, fleet, view)
        else:
            lines += [BLANK, Row().at(3, f"{place.agent} {place.version}".rstrip(), "strong").line]
            lines.append(Row().at(3, "Nobody has said yet how any of its calls or runs really ended.").line)
        most = 1 if self.extent.height < TALL else 6
        lines += reliability_rows.forecasts(fleet, place.agent, place.version, view, most)
        version = version_standing(fleet.reliability, place.agent, place.version)
        return [*lines, *(reliability_rows.bars(version, view) if version else [])]

    def act_verify(self) -> None:
        self.floor.tell(
            Note("watchfloor verify RUN|ACTION --ok, or --failed --reason …: what you found", brief=True)
        )
