"""The rows of Bus: the broker and both ends of it, agents as the bus knows them, what is lost. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from bus.inquiry import HealthReport, SenderHealth
from bus.limits import EVENTS_IN_FLIGHT, LEASE_RENEW
from console.core.fleet.agent_life import AgentLife
from console.core.fleet.state import Fleet, Run
from console.tui.drawing import figures
from console.tui.drawing.paint import BLANK, Line, Row, cut
from console.tui.floor.attention import CONTROL, MARKS
from console.tui.rows.frame_rows import View

if TYPE_CHECKING:
    from console.link.status import Heard, LinkStatus
    from console.tui.drawing.theme import Ink

VALUES: Final = 14
_STATE: Final = 22
_CONTROL: Final = 30
_SINCE: Final = 48
_HEARD: Final = 55
_EVENTS: Final = 63
_LOST: Final = 70

_RANK: Final = {"lost": 0, "online": 1, "stopped": 2}


@dataclass(slots=True)
class Sums:
    """What the log says of the runs of an agent that are on the floor, together."""

    runs: int = 0
    events: int = 0
    gaps: int = 0
    dropped: int = 0
    misdeeds: int = 0
    unknown: int = 0

    def add(self, run: Run) -> None:
        """Count a run."""
        self.runs += 1
        self.events += run.seq
        self.gaps += run.gaps
        self.dropped += run.dropped
        self.misdeeds += run.misdeeds
        self.unknown += run.unknown_types


def sums(runs: Iterable[Run]) -> dict[str, Sums]:
    """What there is of each agent."""
    found: dict[str, Sums] = {}
    for run in runs:
        found.setdefault(run.agent, Sums()).add(run)
    return found


def order(lives: dict[str, AgentLife]) -> list[str]:
    """Agents as they stand in the list: lost ones first, then by name."""
    return sorted(lives, key=lambda name: (_RANK.get(lives[name].status, 3), name))


# ---- above the list --------------------------------------------------------------------------------------------------


def _named(name: str) -> Row:
    return Row().at(3, name, "muted").at(VALUES, "")


def above(
    status: LinkStatus,
    where: str,
    heard: Heard | None,
    fleet: Fleet,
    view: View,
    *,
    rate: float | None,
    stale: bool,
) -> list[Line]:
    """The broker, the supervisor, this console, what is in flight."""
    if view.replay:
        return [*_replayed(where, fleet, view), BLANK, heading(view)]
    report = heard.report if heard else None
    return [
        _broker(status, where, view),
        *_supervisor(status, report, view),
        _links(report, view, stale=stale),
        _console(status, heard, fleet, view, rate),
        _flight(status, report, view),
        *_operators(fleet, view),
        BLANK,
        heading(view),
    ]


def _replayed(where: str, fleet: Fleet, view: View) -> list[Line]:
    lines = [
        _named("broker")
        .at(VALUES, "none: this is a recording")
        .then(where, "muted", gap=2, end=view.last + 1)
        .line
    ]
    row = _named("supervisor").at(VALUES, f"epoch {fleet.epoch[:8] or figures.NOTHING}")
    lines.append(row.then(f"at position {figures.grouped(fleet.pos)}", gap=2).line)
    return [*lines, *_operators(fleet, view)]


def _broker(status: LinkStatus, where: str, view: View) -> Line:
    row = _named("broker").at(VALUES, where, end=view.last - 24)
    ink: Ink = "stop" if status.bus == "down" else "text"
    row.then({"up": "up", "down": "down", "connecting": "not reached yet"}[status.bus], ink, gap=2)
    return row.then(status.bus_reason, "muted", gap=2, end=view.last + 1).line


def _supervisor(status: LinkStatus, report: HealthReport | None, view: View) -> list[Line]:
    row = _named("supervisor").at(
        VALUES, status.supervisor, "stop" if status.supervisor in ("lost", "stopped") else "text"
    )
    row.then(f"epoch {status.epoch[:8] or figures.NOTHING}", gap=2)
    if report is not None:
        row.then(f"for {figures.age(report.up)}", gap=2)
    row.then(f"lease renewed every {LEASE_RENEW:g} s", "muted", gap=2)
    if status.conflict:
        row.then("another one claims this site", "stop", gap=2)
    key = _named("key").at(VALUES, cut(status.key, 24) or "none seen yet")
    if status.key:
        words = (
            "pinned in this machine's files" if status.pinned else "taken with the first state: not pinned"
        )
        key.then(words, "muted", gap=2)
    lines = [row.line, key.line]
    if status.other:
        words = f"a supervisor under {cut(status.other, 24)} is up and not believed"
        lines.append(_named("other").at(VALUES, words, "act", end=view.last + 1).line)
    return lines


def _links(report: HealthReport | None, view: View, *, stale: bool) -> Line:
    row = _named("its links")
    if report is None:
        words = "it gives no report" if stale else "asked" if view.live else "nobody says"
        return row.at(VALUES, words, "muted").line
    for name, since in (("control", report.control), ("events", report.bulk)):
        row.at(max(VALUES, row.cells + 2 if row.cells > VALUES else VALUES), name)
        row.then(
            "down" if since is None else f"up {figures.age(since)}",
            "stop" if since is None else "text",
            gap=1,
        )
    if report.holes:
        row.then(
            f"{figures.counted(report.holes, 'run')} with missing events, asked for",
            "watch",
            gap=2,
            end=view.last + 1,
        )
    return row.line


def _console(status: LinkStatus, heard: Heard | None, fleet: Fleet, view: View, rate: float | None) -> Line:
    row = _named("console").at(
        VALUES,
        "follows the log" if status.joined else "does not follow the log",
        "text" if status.joined else "stop",
    )
    row.then(f"at {figures.grouped(fleet.pos)}", gap=1 if status.joined else 2)
    if rate is not None:
        row.then(f"{rate:.1f} records/s", gap=2)
    if heard is not None:
        row.then(f"answered in {heard.took * 1000:.0f} ms", gap=2)
    if status.refused:
        row.then(f"{status.refused} not believed", "watch", gap=2, end=view.last + 1)
    return row.line


def _flight(status: LinkStatus, report: HealthReport | None, view: View) -> Line:
    row = _named("in flight").at(
        VALUES, f"at most {status.window} unstored events an agent, {EVENTS_IN_FLIGHT} a site"
    )
    if report is not None:
        row.then(f"{report.staged} not committed", gap=2)
        if report.waiting:
            row.then(f"{report.waiting} consoles wait to join", "watch", gap=2, end=view.last + 1)
    return row.line


def _operators(fleet: Fleet, view: View) -> list[Line]:
    names: dict[str, int] = {}
    for operator in fleet.operators.values():
        names[operator] = names.get(operator, 0) + 1
    told = [name if count == 1 else f"{name} ×{count}" for name, count in sorted(names.items())]
    row = _named("watching").at(VALUES, figures.joined(told) or "nobody", end=view.last - 14)
    return [row.right(view.last, (figures.counted(len(fleet.operators), "console"), "muted")).line]


# ---- agents ----------------------------------------------------------------------------------------------------------


def heading(view: View) -> Line:
    """The names of the columns."""
    row = Row().at(3, "agent", "muted").at(_STATE + view.spare, "state", "muted")
    row.at(_CONTROL + view.spare, "control", "muted")
    for column, word in zip(_columns(view), ("since", "heard", "events", "lost", "odd"), strict=True):
        row.right(column, (word, "muted"))
    return row.line


def _columns(view: View) -> tuple[int, ...]:
    return (*(column + view.spare for column in (_SINCE, _HEARD, _EVENTS, _LOST)), view.last)


def agent_row(life: AgentLife, summed: Sums, sender: SenderHealth | None, view: View) -> Line:
    """One agent: its process, how long ago it was heard, what came of it and what is missing."""
    lost = summed.gaps + summed.dropped
    odd = summed.misdeeds + summed.unknown + (sender.bad if sender else 0)
    row = Row()
    if life.status == "lost" or lost or odd:
        row.at(1, MARKS["watch"], "watch")
    row.at(3, life.agent, end=_STATE - 1 + view.spare)
    row.at(_STATE + view.spare, life.status, "watch" if life.status == "lost" else "text")
    row.at(_CONTROL + view.spare, f"{CONTROL[life.control]} {life.control}")
    told = (
        (figures.age(view.now - life.since), "text"),
        (
            figures.age(sender.heard) if sender is not None and sender.heard is not None else figures.NOTHING,
            "text",
        ),
        (figures.grouped(summed.events), "text"),
        (figures.grouped(lost) if lost else figures.NOTHING, "watch" if lost else "text"),
        (figures.grouped(odd) if odd else figures.NOTHING, "watch" if odd else "text"),
    )
    for column, (words, ink) in zip(_columns(view), told, strict=True):
        row.right(column, (words, "watch" if ink == "watch" else "text"))
    return row.line


def about(life: AgentLife, summed: Sums, sender: SenderHealth | None) -> list[list[tuple[str, str]]]:
    """All there is about one agent, in groups of a name and its words."""
    library = f", {life.sdk}" if life.sdk else ""
    process = [("process", f"incarnation {life.incarnation}, connection {life.connection}{library}")]
    if life.why:
        process.append(
            ("gone by", {"will": "its will: the link broke", "silence": "silence"}.get(life.why, life.why))
        )
    came = [
        (
            "events",
            f"{figures.grouped(summed.events)} recorded of {figures.counted(summed.runs, 'run')} on the floor",
        )
    ]
    missing = figures.joined(
        [
            f"{summed.gaps} missing for good" if summed.gaps else "",
            f"{summed.dropped} dropped by the agent, its spool was full" if summed.dropped else "",
            f"{summed.misdeeds} not allowed" if summed.misdeeds else "",
            f"{summed.unknown} of unknown type" if summed.unknown else "",
        ]
    )
    came.append(("lost, odd", missing or "nothing"))
    if sender is not None:
        asked = f"{figures.counted(sender.resent, 'time')} asked to send again"
        words = f"{asked}, {sender.repeated} came twice, {sender.bad} not understood"
        came.append(("counted", words))
    passes = ", ".join(sorted([*life.passes, *life.pass_schemas])) or "none"
    return [process, came, [("passes", passes)]]


# ---- what still holds ------------------------------------------------------------------------------------------------

_DIRECT: Final = "Contained runs can be stopped past the bus, on their machine:"


def without(view: View) -> list[Line]:
    """What can be done while bus or supervisor is down, beside what every screen says then."""
    link = view.standing
    if view.replay or (link.bus != "down" and link.supervisor not in ("lost", "stopped")):
        return []
    return [
        BLANK,
        Row().at(3, _DIRECT).line,
        Row()
        .at(3, "watchfloor pause RUN --direct", "strong")
        .then("or", gap=1)
        .then("kill RUN --direct", "strong", gap=1)
        .line,
        Row().at(3, "Agents keep their events in their spools and send them when it is back.").line,
    ]
