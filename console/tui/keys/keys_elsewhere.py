"""What is said of a key that does nothing on the screen where it was pressed: no key is silent. Pure."""

from __future__ import annotations

from typing import Final

from console.tui.keys.actions import KeyAction, Mode, anywhere, key_for

_OPENED: Final = ("fleet", "queue", "run")
"""Screens from which Decide is opened."""

_MOST: Final = 3
"""Screens that are named."""


def why_not(mode: Mode, key: str, *, read_only: bool, replay: bool, impossible: dict[str, str]) -> str:
    """Why a key does nothing here, or nothing if it is none that a person would mean.

    `impossible` says of actions, by name, why they make no sense for what is under the cursor.
    """
    rows = [row for row in anywhere(key) if row.floor != ("live" if replay else "replay")]
    if not rows:
        if replay and anywhere(key):
            return f"{anywhere(key)[0].label}: this is a replay, nothing here can act"
        return f"{key}: no such key; {key_for('help')} lists those of this screen" if len(key) == 1 else ""
    row = rows[0]
    if row.acting and replay:
        return f"{row.label}: this is a replay, nothing here can act"
    if row.acting and read_only:
        return f"{row.label}: this console is read-only"
    if row.id == mode:
        return f"{row.label}: you are here"
    if row.id == "open" and mode == "decide":
        return f"{row.label}: it is open; {key_for('unfold')} opens long values, {key_for('back')} leads back"
    if "decide" in row.modes and mode in _OPENED:
        first = f"open it first, {key_for('open')} does"
        return f"{row.label}: {impossible.get(row.id) or first}"
    return f"{row.label}: not on this screen; it is a key of {_where(rows)}"


def _where(rows: list[KeyAction]) -> str:
    names = sorted({mode.capitalize() for row in rows for mode in row.modes})
    return ", ".join(names[:_MOST]) + (" and others" if len(names) > _MOST else "")
