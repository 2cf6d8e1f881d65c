"""The shift report in Markdown. Pure. No text of an agent can become a link, an image, HTML or a heading in it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any, Final

from console.cli import printing
from console.cli.oncall.parts import Alarmed, Ask, Stop
from console.cli.oncall.shape import summary
from console.cli.oncall.shift import Shift
from console.core.fleet.floor_hold import FloorHold
from console.core.text import plain

CELL: Final = 160
"""Characters of a cell that an agent or an operator wrote; the record has the rest."""

_SIGNS: Final = re.compile(r"[\\`*_{}\[\]<>#+!|~&@$^]|:(?=\S)|(?<=[wW])\.")
"""What begins something in CommonMark or GitHub's Markdown wherever it stands in a line; `:` and `.` only make links."""


def escaped(text: str, limit: int = CELL) -> str:
    """Text as Markdown that reads as the same text: one line, cut, and with nothing in it that means anything."""
    return _SIGNS.sub(lambda found: f"\\{found[0]}", plain(text, limit))


def report(shift: Shift, since: int, upto: int) -> list[str]:
    """A shift as the lines of a Markdown page."""
    span = f"{printing.clock(since, day=True)} to {printing.clock(upto, day=True)}"
    sums = summary(shift, since, upto)
    lines = [
        f"# Shift report: site {escaped(shift.site)}",
        "",
        f"{span}, {shift.records} records, times of this machine's zone. Made from the recording.",
        "",
        "## In short",
        "",
        *(f"- **The newest records may be lost**: {escaped(words)}." for words in shift.lost),
        *_short(sums, upto - since, lost=bool(shift.lost)),
    ]
    lines += _section("Still open", _open(shift))
    lines += _section("Decisions", _decisions(shift))
    lines += _section("Pauses, holds and kills", _stops(shift))
    lines += _section("Alarms", _alarms(shift))
    lines += _section("People", _people(shift))
    return lines + _section("Gaps, losses, refusals and escalations", _events(shift))


def _short(sums: dict[str, Any], asked: int, *, lost: bool) -> list[str]:
    outcomes = ", ".join(f"{count} {word}" for word, count in sums["outcomes"].items()) or "none"
    alone = ", ".join(f"{count} {word}" for word, count in sums["decided_alone"].items()) or "none"
    levels = sums["alarms_by_priority"].items()
    by_priority = ", ".join(f"{count} of priority {level}" for level, count in levels if count)
    by_priority = f" ({by_priority})" if by_priority else ""
    waited, gone = "", ", and what the recording lost" if lost else ""
    if sums["waited_median"] is not None:
        waited = (
            f"; waited {_span(sums['waited_median'])} (median), {_span(sums['waited_longest'])} (longest)"
        )
    begun = [f"- Recorded of it: {_span(sums['recorded'])}; the rates are of that."]
    return [
        *(begun if sums["recorded"] < asked else []),
        _rated(f"- Asks: {sums['asks']} ({outcomes}){waited}", sums, "asks"),
        f"- Decided without a person: {alone}.",
        _rated(
            f"- Alarms: {sums['alarms']}{by_priority}, {sums['alarms_unacknowledged']} not acknowledged",
            sums,
            "alarms",
        ),
        f"- Commands: {sums['commands']}, {sums['commands_not_effective']} without effect.",
        f"- Gaps and drops: {sums['gaps']}{gone}; agents lost: {sums['agents_lost']}.",
        f"- Intents refused: {sums['refused']}; supervisor starts: {sums['supervisor_starts']}.",
    ]


def _rated(text: str, sums: dict[str, Any], what: str) -> str:
    most = sums[f"{what}_most_in_10_minutes"]
    return f"{text}; {sums[f'{what}_per_hour']} an hour, at most {most} in 10 minutes."


def _open(shift: Shift) -> list[str]:
    rows = ["- What the lost records would say: how all below ended is not known."] if shift.lost else []
    rows += [f"- {_held(shift.held)}"] if shift.held else []
    rows += [
        f"- waits since {_at(ask.asked_at)}: {escaped(ask.tool or '?')}, {ask.gate}, {_about(ask)}"
        for ask in shift.asks.values()
        if not ask.outcome
    ]
    rows += [
        f"- {stop.kind} of {_whose(stop.agent, stop.run)} by {escaped(stop.by)}, {_at(stop.requested_at)}: {_end(stop)}"
        for stop in shift.stops.values()
        if stop.open
    ]
    return rows + [
        f"- alarm of priority {alarm.priority}: {escaped(alarm.text or alarm.kind)}, {_who_saw(alarm)}"
        for alarm in shift.alarms
        if alarm.cleared_at is None
    ]


def _decisions(shift: Shift) -> list[str]:
    head = ("At", "Waited", "Run", "Tool", "Gate", "Outcome", "By", "Reason")
    decided = sorted((ask for ask in shift.asks.values() if ask.outcome), key=lambda ask: ask.decided_at or 0)
    return _table(
        head,
        (
            (
                _at(ask.decided_at), "–" if ask.waited is None else _span(ask.waited), _about(ask), escaped(ask.tool or "?"),
                ask.gate or "–", f"**{ask.outcome}**" if ask.outcome == "expired" else ask.outcome, escaped(ask.by),
                escaped(ask.reason),
            )
            for ask in decided
        ),
    )  # fmt: skip


def _stops(shift: Shift) -> list[str]:
    head = ("What", "Run", "By", "Requested", "Sent", "Acknowledged", "Effective", "End", "Reason")
    rows = [
        (
            stop.requested_at or 0,
            (
                stop.kind, _whose(stop.agent, stop.run), escaped(stop.by), _at(stop.requested_at), _at(stop.sent_at),
                _at(stop.acknowledged_at), _at(stop.effective_at), _end(stop), escaped(stop.reason),
            ),
        )
        for stop in shift.stops.values()
    ]  # fmt: skip
    whole = [
        (
            deed.at,
            (deed.kind, "every run", escaped(deed.by), _at(deed.at), "", "", "", "", escaped(deed.reason)),
        )
        for deed in shift.floor
    ]
    # The word for all comes before the commands to runs that it led to, which may have the same time.
    return _table(head, (cells for _, cells in sorted(whole + rows, key=lambda row: row[0])))


def _alarms(shift: Shift) -> list[str]:
    head = ("Raised", "Priority", "What", "Run", "Times", "Acknowledged", "Cleared")
    return _table(
        head,
        (
            (
                _at(alarm.raised_at), str(alarm.priority), escaped(alarm.text or alarm.kind), _whose(alarm.agent, alarm.run),
                str(alarm.times), _seen(alarm), _cleared(alarm),
            )
            for alarm in shift.alarms
        ),
    )  # fmt: skip


def _people(shift: Shift) -> list[str]:
    head = ("Operator", "There from", "Left", "Decisions", "Commands", "Alarms acknowledged")
    return _table(
        head,
        (
            (
                escaped(person.name), _at(person.joined_at), _at(person.left_at), _counted(person.decisions),
                _counted(person.commands), str(person.alarms),
            )
            for person in shift.people.values()
        ),
    )  # fmt: skip


def _events(shift: Shift) -> list[str]:
    head = ("At", "What", "Run", "Words")
    rows = (
        (_at(each.at), each.kind, _whose(each.agent, each.run), escaped(each.text)) for each in shift.events
    )
    return _table(head, rows)


# ---- words -----------------------------------------------------------------------------------------------------------


def _section(title: str, lines: list[str]) -> list[str]:
    return ["", f"## {title}", "", *(lines or ["Nothing."])]


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    lines = [f"| {' | '.join(cell or '–' for cell in row)} |" for row in rows]
    return [f"| {' | '.join(head)} |", f"|{'---|' * len(head)}", *lines] if lines else []


def _at(at: int | None) -> str:
    return "–" if at is None else printing.clock(at, day=True)[5:]


def _span(ms: int) -> str:
    return printing.span(ms / 1000) if ms >= 1000 else f"{ms} ms"


def _about(ask: Ask) -> str:
    return escaped(f"{ask.agent}/{ask.run}/{ask.action}")


def _whose(agent: str, run: str) -> str:
    return escaped(f"{agent}/{run}" if run else agent)


def _held(held: FloorHold) -> str:
    because = f": {escaped(held.reason)}" if held.reason else ""
    return f"the floor is held by {escaped(held.by)} since {_at(held.at)}, runs that begin too{because}"


def _end(stop: Stop) -> str:
    if stop.refused_at is not None and stop.effective_at is None:
        return f"refused at {_at(stop.refused_at)}: {escaped(stop.problem)}"
    if stop.failed_at is not None and stop.effective_at is None:
        return f"failed at {_at(stop.failed_at)}: {escaped(stop.problem)}"
    if stop.effective_at is not None:
        return "effective"
    if stop.acknowledged_at is not None:
        return "acknowledged, not effective"
    return "sent, not acknowledged" if stop.sent_at is not None else "requested, not sent"


def _seen(alarm: Alarmed) -> str:
    if not alarm.acknowledged_by:
        return f"shelved by {escaped(alarm.shelved_by)}" if alarm.shelved_by else "–"
    after = ""
    if alarm.acknowledged_at is not None and alarm.raised_at is not None:
        after = f", after {_span(max(0, alarm.acknowledged_at - alarm.raised_at))}"
    return f"{escaped(alarm.acknowledged_by)}{after}"


def _who_saw(alarm: Alarmed) -> str:
    return (
        f"acknowledged by {escaped(alarm.acknowledged_by)}" if alarm.acknowledged_by else "not acknowledged"
    )


def _cleared(alarm: Alarmed) -> str:
    if alarm.cleared_at is None:
        return "–"
    by = f" by {escaped(alarm.cleared_by)}" if alarm.cleared_by else " by itself"
    reason = f": {escaped(alarm.reason)}" if alarm.reason else ""
    return f"{_at(alarm.cleared_at)}{by}{reason}"


def _counted(counter: Any) -> str:
    return ", ".join(f"{count} {word}" for word, count in counter.items())
