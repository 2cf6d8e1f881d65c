"""The one way to write where a value stands in an action's arguments: `to.0.email`. Rules, origins and screens share it."""

from __future__ import annotations

from typing import Final

PATH_CHARS: Final = 1_000
"""Characters of one path that are looked at. A longer one is cut, and stays longer than this, so that it shows."""


def joined(path: str, name: str | int) -> str:
    """Return the path of a member or item of the value at `path`, which is empty for the arguments themselves."""
    inner = str(name)[: PATH_CHARS + 1]
    return f"{path[: PATH_CHARS + 1]}.{inner}" if path else inner
