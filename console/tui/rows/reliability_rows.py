"""The rows of Reliability: a dot with its interval for each version and tool, and one of them in words. Pure.

Everything stands beside its n. What rests on fewer than five verified outcomes is unknown and said to be.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

from console.core.fleet.lifecycle import ENDED
from console.core.fleet.state import Fleet, Run
from console.core.reliability.bounds import at_least
from console.core.reliability.calibration import Bin, claimed_of, diagram
from console.core.reliability.evidence import DRIFT_AFTER, DRIFT_LENGTH, RUNGS, drifts, more_needed
from console.core.reliability.forecast import compounded, forecast
from console.core.reliability.intervals import Interval, jeffreys
from console.core.reliability.standing import FEWEST, Standing, Version, task_of, version_of
from console.tui.drawing import figures, signs
from console.tui.drawing.paint import BLANK, Line, Row, cut, cut_middle, safe
from console.tui.drawing.theme import Ink
from console.tui.rows.frame_rows import View

_TOOL: Final = 19
_LEVEL: Final = 33
_AXIS: Final = 43
_CELLS: Final = 21
STEPS: Final = 8
"""Steps that are compounded where no living run says how many it has."""

_MANY: Final = 300
"""Strata beyond which the axis is not fitted to them."""


class Axis(NamedTuple):
    """What the cells of a plot stand for: shares from `low` to 1."""

    low: float
    cells: int

    def cell(self, share: float) -> int:
        """The cell of a share."""
        return max(0, min(self.cells - 1, round((share - self.low) / (1.0 - self.low) * (self.cells - 1))))


def axis(standings: Sequence[Standing], view: View) -> Axis:
    """From one half to 1, or from 0 where anything is lower."""
    lowest = 0.0
    if len(standings) <= _MANY:
        lowest = min((low for one in standings for low in _lows(one)), default=1.0)
    return Axis(0.5 if lowest >= 0.5 else 0.0, _CELLS + view.spare)


def _lows(standing: Standing) -> Iterable[float]:
    claimed = claimed_of(standing)
    yield jeffreys(standing.right, standing.n).low
    if claimed:
        yield claimed.claimed


def head(view: View, scale: Axis) -> Line:
    row = Row().at(3, "agent", "muted").at(_TOOL, "tool", "muted").at(_LEVEL, "level", "muted")
    middle = f"{(1 + scale.low) / 2:g}"
    row.at(_AXIS, f"{scale.low:g}", "muted").at(_AXIS + scale.cells // 2, middle, "muted")
    row.at(_AXIS + scale.cells - 1, "1", "muted")
    return row.right(view.last - 7, ("claims", "muted")).right(view.last, ("n", "muted")).line


def _dot() -> str:
    return signs.of("●", "*")  # no control level here


def legend() -> Line:
    row = Row().at(3, _dot(), "strong").then("right, verified", "muted", gap=1).then("─", "rule", gap=3)
    return (
        row.then("earned to best, 90 % interval", "muted", gap=1)
        .then("○", gap=3)
        .then("claimed", "muted", gap=1)
        .line
    )


def worrying(standing: Standing) -> str:
    """What is wrong with it in a few words, or nothing."""
    claimed = claimed_of(standing)
    if drifts(standing.drift):
        return "fails more often than at first"
    return "claims more than it earns" if claimed and claimed.overclaims else ""


def stratum_row(standing: Standing, view: View, scale: Axis, *, named: bool) -> Line:
    """One version and tool: who, what, how far it may go, its plot, its claim and n."""
    ink: Ink = "watch" if worrying(standing) else "text"
    row = Row().at(1, "◇" if ink == "watch" else "", ink)
    if named:
        row.at(3, who(standing.agent, standing.version))
    row.at(_TOOL, cut_middle(safe(standing.tool), _LEVEL - _TOOL - 1)).at(_LEVEL, standing.rung, "muted")
    claimed = claimed_of(standing)
    mean = claimed.claimed if claimed else None
    interval = jeffreys(standing.right, standing.n)
    if standing.n < FEWEST:
        row.at(_AXIS, f"unknown below {FEWEST}", "muted")
    else:
        _plot(row, scale, interval, standing.right / standing.n, mean, ink)
    row.right(view.last - 7, (figures.probability(mean), ink if mean is not None else "muted"))
    return row.right(view.last, (figures.grouped(standing.n), "text")).line


def unverified_row(agent: str, version: str, view: View) -> Line:
    """A version on the floor of which nobody ever looked at an outcome."""
    row = Row().at(3, who(agent, version)).at(_LEVEL, figures.NOTHING, "muted")
    row.at(_AXIS, "nothing verified yet", "muted")
    return row.right(view.last, ("0", "text")).line


def who(agent: str, version: str) -> str:
    """An agent and its version, without the model's name, in the cells that there are."""
    return cut(f"{cut_middle(safe(agent), 10)} {safe(version.partition('+')[0])}".rstrip(), _TOOL - 4)


def _plot(row: Row, scale: Axis, interval: Interval, share: float, claim: float | None, ink: Ink) -> None:
    low, high = scale.cell(interval.low), scale.cell(interval.high)
    cells: list[tuple[str, Ink]] = [(" ", "text")] * scale.cells
    line: Ink = "rule" if ink == "text" else ink
    cells[low : high + 1] = [("─", line)] * (high - low + 1)
    if claim is not None:
        cells[scale.cell(claim)] = ("○", ink)
    cells[scale.cell(share)] = (_dot(), "strong")
    first = next(place for place, (sign, _) in enumerate(cells) if sign != " ")
    row.at(_AXIS + first, cells[first][0], cells[first][1])
    for sign, colour in cells[first + 1 :]:
        row.then(sign, colour)


# ---- the row under the cursor, in words ------------------------------------------------------------------------------


def words(standing: Standing, fleet: Fleet, view: View) -> list[Line]:
    """A stratum in words: counts, what they mean over a whole run, what comes next, whether it became worse."""
    wrong = worrying(standing)
    name = f"{standing.agent} {standing.version}".rstrip()
    lines = [
        BLANK,
        Row()
        .at(1, "◇" if wrong else "", "watch")
        .at(3, f"{name}  {safe(standing.tool)}  {wrong}".rstrip(), "strong", end=view.last + 1)
        .line,
    ]
    row = Row().at(3, "earned", "muted").at(14, figures.earned(at_least(standing.right, standing.wrong)))
    row.then(f"n {standing.n}", gap=2).then(f"{standing.right} right, {standing.wrong} wrong", gap=2)
    row.then(standing.effect, "muted", gap=2, end=view.last + 1)
    lines.append(row.line)
    lines.append(_chain(standing, fleet))
    lines.append(Row().at(3, "next level", "muted").at(14, _next(standing), end=view.last + 1).line)
    lines.append(Row().at(3, "drift", "muted").at(14, _drift(standing), end=view.last + 1).line)
    return lines


def _chain(standing: Standing, fleet: Fleet) -> Line:
    """What this means over a run of such steps: the posterior's interval, never the bare power of a share."""
    lengths = [run.steps_of for run in living(fleet, standing.agent, standing.version) if run.steps_of]
    steps = max(lengths, default=STEPS)
    found = compounded(standing.right, standing.wrong, steps)
    row = Row().at(3, "a run", "muted")
    if found.interval is None:
        return row.at(14, f"of {steps} such steps: unknown, {found.n} verified").line
    low, high = found.interval
    row.at(14, f"of {steps} such steps goes right {low:.2f} to {high:.2f}")
    return row.then("if no failure is mended", "muted", gap=2).line


def _next(standing: Standing) -> str:
    if standing.rung == "proven-99":
        return "none; it is lost at once by one verified failure"
    if not standing.version or not standing.effect:
        return "none can be earned: it names no version, or no catalogue knows the tool"
    rung = next(rung for rung in RUNGS if rung != standing.rung)
    more = more_needed(standing.right_since, standing.wrong_since, rung, standing.lost)
    lost = f", lost {'once' if standing.lost == 1 else f'{standing.lost} times'}" if standing.lost else ""
    return f"{rung} after {more} more verified right in a row{lost}" if more is not None else "out of reach"


def _drift(standing: Standing) -> str:
    if standing.reference is None:
        return f"nothing to compare with before {DRIFT_AFTER} verdicts since it began"
    level, most = max(0.0, standing.drift), math.log(DRIFT_LENGTH)
    rate = f"failed {standing.reference * 100:.0f} % at first"
    if drifts(standing.drift):
        return f"fails more often than at first; {rate}"
    return f"{rate}; evidence that it became worse: {level:.1f} of {most:.1f}"


def bars(version: Version, view: View) -> list[Line]:
    """The reliability diagram of a version, one line a bin: what it claimed, what was found, where honesty would lie."""
    found = diagram(version)
    if not found:
        return []
    row = Row().at(3, "claimed", "muted").at(14, "n", "muted").at(19, "found", "muted").at(26, "0", "muted")
    scale = Axis(0.0, 31 + view.spare)
    row.at(26 + scale.cells - 1, "1", "muted").then("┄ if honest, 90 %", "muted", gap=2, end=view.last + 1)
    return [row.line, *(_bin(bar, scale) for bar in found)]


def _bin(bar: Bin, scale: Axis) -> Line:
    ink: Ink = "watch" if bar.overclaims else "text"
    row = (
        Row()
        .at(3, f"{bar.claimed:.2f}", ink)
        .right(14, (str(bar.n), "text"))
        .at(19, f"{bar.earned:.2f}", ink)
    )
    low, high = scale.cell(bar.band.low), scale.cell(bar.band.high)
    cells: list[tuple[str, Ink]] = [(" ", "text")] * scale.cells
    cells[low : high + 1] = [("┄", "rule")] * (high - low + 1)
    cells[scale.cell(bar.claimed)] = ("○", ink)
    cells[scale.cell(bar.earned)] = (_dot(), "strong")
    row.at(26, "")
    start = next(place for place, (sign, _) in enumerate(cells) if sign != " ")
    row.at(26 + start, cells[start][0], cells[start][1])
    for sign, colour in cells[start + 1 :]:
        row.then(sign, colour)
    said = "claims too much" if bar.overclaims else f"unknown below {FEWEST}" if bar.n < FEWEST else ""
    return row.at(26 + scale.cells + 2, said, ink if bar.overclaims else "muted").line


def living(fleet: Fleet, agent: str, version: str) -> list[Run]:
    """The living runs of a version, as reliability counts versions."""
    return [
        run
        for run in fleet.runs.values()
        if run.agent == agent and run.state not in ENDED and version_of(run.version, run.model) == version
    ]


def forecasts(fleet: Fleet, agent: str, version: str, view: View, most: int) -> list[Line]:
    """How the version's living runs will probably end, the first `most` of them."""
    runs = living(fleet, agent, version)
    lines = []
    for number, run in enumerate(runs[:most]):
        found = forecast(fleet.reliability, agent, version, task_of(run.goal), run.so_far)
        row = Row().at(3, "" if number else "forecast", "muted").at(14, figures.shown(run.run))
        row.at(20, f"step {run.steps_seen}", "muted").at(28, found.words, end=view.last + 1)
        if number == most - 1 and len(runs) > most:
            row.then(f"and {len(runs) - most} more runs", "muted", gap=2, end=view.last + 1)
        lines.append(row.line)
    return lines
