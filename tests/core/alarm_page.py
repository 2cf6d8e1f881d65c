"""Prints the table of alarms for docs/alarms.md: `python -m tests.core.alarm_page`."""

from __future__ import annotations

from console.core.alarms.alarm_kinds import KINDS

if __name__ == "__main__":
    for name, kind in KINDS.items():
        latched = " latched" if kind.latched else ""
        print(f"| `{name}` | {kind.priority}{latched} | {kind.means} | {kind.do} |")  # noqa: T201  (it is what it is for)
