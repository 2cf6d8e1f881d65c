"""Files of the site of which an edit could not be put in force, as the alarms say. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from console.core.fleet.alarm_state import Alarm
from console.core.text import plain

FILES: Final = (
    "policy-file", "catalogue-file", "operators-file", "wrappers-file", "budgets-file", "alarms-file",
)  # fmt: skip
"""Kinds of the alarms that say so."""


def broken_files(alarms: Iterable[Alarm]) -> list[Alarm]:
    """The alarms about files that are broken now, in the order of their files."""
    found = (one for one in alarms if one.kind in FILES and one.state not in ("returned", "normal"))
    return sorted(found, key=lambda one: FILES.index(one.kind))


def told(alarms: Iterable[Alarm], cells: int) -> str:
    """One line for every screen: which file, by its name and line, and that the last good one holds; or nothing."""
    bad = broken_files(alarms)
    if not bad:
        return ""
    where, _, why = bad[0].text.partition(": ")
    more = f", and {len(bad) - 1} more" if len(bad) > 1 else ""
    held = f"; last good one holds{more}"
    name = f"{plain(where.rpartition('/')[2], cells)} not in force: "
    return f"{name}{plain(why, max(12, cells - len(name) - len(held)))}{held}"
