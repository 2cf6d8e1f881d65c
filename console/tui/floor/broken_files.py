"""Files of the site of which an edit could not be put in force, as the alarms say. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Final

from console.core.text import plain

if TYPE_CHECKING:
    from console.core.fleet.alarm_state import Alarm

FILES: Final = (
    "policy-file", "catalogue-file", "operators-file", "wrappers-file", "budgets-file", "alarms-file",
)  # fmt: skip
"""Kinds of the alarms that say so."""

_HOLDS: Final = {
    " (the last good version stays in force)": "last good one holds",
    " (there was none before: nothing of it is in force)": "nothing of it holds",
}
"""What the alarm ends with; the line says it in its own, shorter words."""


def broken_files(alarms: Iterable[Alarm]) -> list[Alarm]:
    """The alarms about files that are broken now, in the order of their files."""
    found = (one for one in alarms if one.kind in FILES and one.state not in ("returned", "normal"))
    return sorted(found, key=lambda one: FILES.index(one.kind))


def told(alarms: Iterable[Alarm], cells: int) -> str:
    """One line for every screen: which file, by its name and line, and what holds instead; or nothing."""
    bad = broken_files(alarms)
    if not bad:
        return ""
    _, why, instead = _taken_apart(bad[0])
    more = f", and {len(bad) - 1} more" if len(bad) > 1 else ""
    held = f"{instead and '; '}{instead}{more}"
    start = f"{named(bad[0], cells)}: "
    return f"{start}{plain(why, max(12, cells - len(start) - len(held)))}{held}"


def named(alarm: Alarm, cells: int = 60) -> str:
    """Which file it is, without the way to it, and on which line; for a row that has no room for why."""
    return f"{plain(_taken_apart(alarm)[0].rpartition('/')[2], cells)} not in force"


def without_folder(alarm: Alarm) -> str:
    """What the alarm says, but for the way to the file: a row of a list would show nothing else."""
    where, why, _ = _taken_apart(alarm)
    return f"{where.rpartition('/')[2]}: {why}"


def _taken_apart(alarm: Alarm) -> tuple[str, str, str]:
    """Where it is broken, why, and what holds instead, in the line's words; nothing where the alarm does not say it."""
    end = next((end for end in _HOLDS if alarm.text.endswith(end)), "")
    where, _, why = alarm.text.removesuffix(end).partition(": ")
    return where, why, _HOLDS.get(end, "")
