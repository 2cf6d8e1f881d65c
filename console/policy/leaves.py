"""The arguments of an action as a flat list of paths and texts, so that a rule's work is bounded whatever an agent sends."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from msgspec import Struct

from console.core.paths import PATH_CHARS, joined

LEAF_CHARS: Final = 10_000
"""Characters of one value that a rule looks at."""

LEAVES: Final = 256
"""Values of one action that a rule looks at."""

ALL_CHARS: Final = 100_000
"""Characters of all values together that a rule looks at. More than any event holds; blobs can be larger."""

_EXACT: Final = 2.0**53


class Leaves(Struct, frozen=True):
    """Every value with its path, case-folded. `whole` False: something was cut, left out, or is a blob not there."""

    found: list[tuple[str, str]]
    whole: bool


def leaves(args: dict[str, Any]) -> Leaves:
    """Flatten JSON arguments: `{"to": ["a"]}` is one leaf, `to.0` with the text `a`.

    Numbers, booleans and null are their JSON text, 100.0 is `100`, an empty list is `[]`.

    Raises:
        TypeError: a value that is not JSON.
        ValueError: an integer of thousands of digits.
    """
    found: list[tuple[str, str]] = []
    whole = True
    room = ALL_CHARS
    open_ones: list[Iterator[tuple[str, Any]]] = [_members("", args)]
    while open_ones:
        for path, value in open_ones[-1]:
            if value and isinstance(value, dict | list):
                whole = whole and "$blob" not in value
                open_ones.append(_members(path, value))
                break
            if len(found) == LEAVES or room <= 0:
                return Leaves(found, whole=False)
            text = value if isinstance(value, str) else _text(value)
            most = min(LEAF_CHARS, room)
            if len(text) > most or len(path) > PATH_CHARS:
                whole = False
            room -= len(text)
            found.append((path[:PATH_CHARS].casefold(), text[:most].casefold()))
        else:
            open_ones.pop()
    return Leaves(found, whole)


def _members(path: str, value: dict[str, Any] | list[Any]) -> Iterator[tuple[str, Any]]:
    members = value.items() if isinstance(value, dict) else enumerate(value)
    for key, member in members:
        yield joined(path, key), member


def _text(value: object) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case float() if value.is_integer() and abs(value) <= _EXACT:
            return str(int(value))
        case int() | float():
            return str(value)
        case dict():
            return "{}"
        case list():
            return "[]"
        case _:
            raise TypeError(f"not JSON: {type(value).__name__}")
