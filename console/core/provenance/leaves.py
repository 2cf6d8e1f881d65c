"""The single values of a call's arguments, each with its path."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import msgspec

from console.core.paths import joined
from console.core.provenance.normal import addresses

LONG: Final = 80
"""Characters of a value that may be one thing. The addresses in a value are looked at whatever its length."""


def leaf_values(args: dict[str, Any], *, names: bool = False) -> Iterator[tuple[str, object]]:
    """Every value of the arguments with its path: `to.0`, `message.body`.

    With `names`, a member's name that holds an address too, under the member's path: `{"a@b.example": "reader"}` says whom.
    """
    stack: list[tuple[str, Any]] = [("", args)]
    while stack:
        path, value = stack.pop()
        if isinstance(value, dict):
            inside = [(joined(path, name), name) for name in value]
            if names:
                yield from ((where, name) for where, name in inside if addresses(name))
            stack += [(where, value[name]) for where, name in reversed(inside)]
        elif isinstance(value, list):
            stack += [(joined(path, at), inner) for at, inner in reversed(list(enumerate(value)))]
        elif isinstance(value, str) and (inner := _written(value)) is not None:
            stack.append((path, inner))
        else:
            yield path, value


def _written(value: str) -> dict[str, Any] | list[Any] | None:
    """What is written in a value as JSON, if it is long: a short one is looked up as it stands."""
    if len(value) <= LONG or value.lstrip()[:1] not in ("{", "["):
        return None
    try:
        found = msgspec.json.decode(value)
    except (msgspec.MsgspecError, RecursionError, ValueError):
        return None
    return found if isinstance(found, dict | list) and found else None
