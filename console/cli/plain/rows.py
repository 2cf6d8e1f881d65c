"""How things read as lines: whole words in one order, no columns, no signs that only an eye can tell apart. Pure."""

from __future__ import annotations

from typing import Final

from console.cli import card
from console.core.alarms.alarm_kinds import kind_of
from console.core.fleet.alarm_standing import began, hidden
from console.core.fleet.alarm_state import Alarm
from console.core.fleet.due import due_at
from console.core.fleet.lifecycle import ENDED
from console.core.fleet.state import Action, Run
from console.core.text import plain
from console.tui.drawing import figures
from console.tui.floor.attention import Level, Plight, wants_answer
from console.tui.floor.counting import Counts
from console.tui.rows.arguments import telling

PRIORITY: Final[dict[Level, str]] = {
    "stop": "priority stop",
    "act": "priority act",
    "watch": "priority watch",
}


def waiting_line(number: int, action: Action, level: Level, now: int) -> str:
    """An action that waits: how urgent, what it is, whose, until when, why."""
    value = telling(action.args)
    return _joined(
        f"{number}: {PRIORITY[level]}",
        action.gate or "ask",
        card.severity(action),
        f"{action.tool} {value}".rstrip(),
        f"{action.agent} run {figures.shown(action.run)}",
        "escalated" if action.escalated_at is not None else "",
        f"due in {figures.left(due_at(action) - now)}",
        f"because {action.reasons[0].text}" if action.reasons else "",
    )


def run_line(number: int, run: Run, found: Plight | None, now: int) -> str:
    """A run: how it stands, how far it is, and what is wrong with it."""
    step = run.steps[-1] if run.steps else None
    of = f" of {run.steps_of}" if run.steps_of else ""
    return _joined(
        f"{number}: {run.agent} run {figures.shown(run.run)}",
        f"{PRIORITY[found.level]}: {found.fact}" if found else "",
        card.state_words(run),
        f"step {step.step}{of} {step.name}".rstrip() if step else "",
        f"claims {run.claims[-1]:.2f}" if run.claims else "",
        run.control,
        f"ended {figures.age(now - run.ended_at)} ago" if run.ended_at is not None and run.state in ENDED
        else f"last heard {figures.age(now - run.last_at)} ago",
        plain(run.goal),
    )  # fmt: skip


def alarm_line(number: int, alarm: Alarm, now: int) -> str:
    """An alarm: how grave, how it stands, what it says."""
    return _joined(
        f"{number}: alarm priority {alarm.priority}",
        _state(alarm, now),
        "latched" if alarm.latched else "",
        f"{alarm.kind}: {alarm.text}" if alarm.text else alarm.kind,
        f"{alarm.agent} {figures.shown(alarm.run)}".strip(),
        f"raised {alarm.count} times" if alarm.count > 1 else "",
        f"{figures.age(now - began(alarm))} ago",
        f"by {alarm.by}" if alarm.by else "",
        f"follows from {alarm.first}" if alarm.first else "",
    )


def alarm_page(number: int, alarm: Alarm, now: int) -> list[str]:
    """An alarm in full."""
    lines = [alarm_line(number, alarm, now), f"  id       {alarm.id}"]
    meaning = kind_of(alarm.kind)
    lines += [f"  means    {meaning.means}", f"  do       {meaning.do}"]
    if alarm.latched:
        lines.append("  it stays until it is reset")
    if alarm.state == "returned":
        lines.append("  its cause went; nobody has seen it yet")
    return lines


def counts_line(counts: Counts, waits: int, runs: int, now: int) -> str:
    """What the floor counts."""
    due = f", first due in {figures.left(counts.first_due - now)}" if counts.first_due is not None else ""
    return (
        f"{_plural(waits, 'action waits', 'actions wait')}{due}; "
        f"{counts.stop} stop, {counts.act} act, {counts.watch} watch; "
        f"{_plural(counts.alarms, 'alarm stands', 'alarms stand')}; {_plural(runs, 'run', 'runs')} known"
    )


def _state(alarm: Alarm, now: int) -> str:
    if alarm.shown == "shelved" and hidden(alarm, now):
        return f"shelved for {figures.age((alarm.shelved_until or 0) - now)} more by {alarm.hidden_by}"
    if hidden(alarm, now):
        return f"{alarm.shown} by {alarm.hidden_by}" if alarm.hidden_by else alarm.shown
    return (
        f"{alarm.state}, escalated"
        if alarm.escalated_at is not None and wants_answer(alarm, now)
        else alarm.state
    )


def _plural(count: int, one: str, more: str) -> str:
    return f"{count} {one if count == 1 else more}"


def _joined(*words: str) -> str:
    return ", ".join(word for word in words if word)
