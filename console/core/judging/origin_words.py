"""Where a value came from, in a few words for a screen or a line. Pure."""

from __future__ import annotations

import re
from typing import Final

from bus.records import ValueOrigin

SUSPECT: Final = ("text", "inherited")
"""Kinds of origin that take a call's authorisation away."""

_ITEM: Final = re.compile(r"\[(\d+)\]")


def where(origin: ValueOrigin) -> str:
    """Return a sign and the words, such as `! text of fetch_page, result 6`; empty where a value is too short to tell."""
    brought = f"{origin.tool or 'a tool'}, result {origin.result}"
    if origin.forbidden:
        return "! the user said not to"
    match origin.kind:
        case "said":
            return "“ said by the user"
        case "field":
            return f"· {brought}"
        case "text":
            return f"! text of {brought}"
        case "inherited":
            return f"! by way of {brought}"
        case "made":
            return "* made by the model"
        case "plain":
            return ""


def by_path(origins: list[ValueOrigin]) -> dict[str, ValueOrigin]:
    """Return the origin of each argument by its path; of a value with many addresses in it the most suspect one.

    Older recordings write `to[0]` for what is `to.0` now.
    """
    found: dict[str, ValueOrigin] = {}
    for origin in origins:
        path = _ITEM.sub(r".\1", origin.path)
        if path not in found or _weight(origin) > _weight(found[path]):
            found[path] = origin
    return found


def suspect(origin: ValueOrigin) -> bool:
    """Whether a value came from text that nobody vouches for, or is one that the user forbade."""
    return _weight(origin) > 0


def is_suspect(origins: list[ValueOrigin], place: str) -> bool:
    """Whether a value of the arguments, by its path, is suspect."""
    return any(suspect(origin) and _ITEM.sub(r".\1", origin.path) == place for origin in origins)


def _weight(origin: ValueOrigin) -> int:
    return 2 if origin.forbidden else int(origin.kind in SUSPECT)
