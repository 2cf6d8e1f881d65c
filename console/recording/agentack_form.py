"""Values as the schema of `agentack` has them: calls, times. See `console.recording.agentack`."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any, Final

OPERATION: Final = "call"
"""The operation of every action: to us a tool is one thing that can be called."""

_DEPTH: Final = 18  # the schema allows 20, and counts itself

_MOST: Final = 253_402_300_799_999
"""The last millisecond of the year 9999: later ones have no ISO form."""


def action(tool: str, args: dict[str, Any], digest: str) -> dict[str, Any]:
    """A call. Its arguments are cut to their digest where they nest deeper than the schema allows."""
    parameters = args if _fits(args, _DEPTH) else {"sha256": digest}
    return {"tool": _named(tool), "operation": OPERATION, "parameters": parameters}


def unknown(tool: str) -> dict[str, Any]:
    """A call of which nobody knows the arguments."""
    return {"tool": _named(tool), "operation": OPERATION, "parameters": {"unknown": True}}


def time(at: int) -> str:
    """Milliseconds since 1970 UTC in ISO form."""
    whole, millis = divmod(min(at, _MOST), 1000)
    return f"{datetime.fromtimestamp(whole, UTC):%Y-%m-%dT%H:%M:%S}.{millis:03d}Z"


def sent_at(text: str) -> int | None:
    """A sender's time in milliseconds since 1970 UTC, or None if it is none: nobody checked it."""
    try:
        found = datetime.fromisoformat(text)
        return int(found.timestamp() * 1000) if found.tzinfo else None
    except (ValueError, OverflowError):
        return None


def _named(tool: str) -> str:
    return tool if tool.strip() else json.dumps(tool)


def _fits(value: Any, depth: int) -> bool:
    match value:
        case dict():
            return depth > 0 and all(_fits(item, depth - 1) for item in value.values())
        case list():
            return depth > 0 and all(_fits(item, depth - 1) for item in value)
        case _:
            return True
