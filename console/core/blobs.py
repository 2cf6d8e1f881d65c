"""References to large values: `{"$blob": sha256, "bytes": n}` stands in arguments for what the SDK sent apart. Pure.

The one place that says what a reference is, for the gates and for everything that shows arguments. A `$blob` with a string
makes one, whatever stands beside it; what stands beside it is the agent's word.
"""

from __future__ import annotations

from typing import Any, Final, TypeGuard

BLOB: Final = "$blob"


def is_blob(value: Any) -> TypeGuard[dict[str, Any]]:
    """Whether a JSON value is a reference to one that was sent apart."""
    return isinstance(value, dict) and isinstance(value.get(BLOB), str)


def blob_names(value: Any) -> list[str]:
    """The SHA-256 names of all blobs that a JSON value refers to."""
    return [reference[BLOB] for reference in references(value)]


def references(value: Any) -> list[dict[str, Any]]:
    """Every reference in a JSON value, in the order in which they were sent."""
    found: list[dict[str, Any]] = []
    stack = [value]
    while stack:
        item = stack.pop()
        if is_blob(item):
            found.append(item)
        if isinstance(item, dict):
            stack.extend(reversed(item.values()))
        elif isinstance(item, list):
            stack.extend(reversed(item))
    return found


def blob_bytes(reference: dict[str, Any]) -> int | None:
    """How large a blob is by its reference, or None when that does not say."""
    size = reference.get("bytes")
    return size if type(size) is int and size >= 0 else None


def apart(reference: dict[str, Any], arrived: dict[str, list[int]]) -> str:
    """What there is to say of a value that cannot be shown. `arrived` is `Run.blobs`: parts here, and of how many."""
    here = parts_here(reference, arrived)
    return (
        f"{said_bytes(reference)} bytes, sent apart: not shown here, watchfloor blob ACTION shows it; {here}"
    )


def said_bytes(reference: dict[str, Any]) -> str:
    """How large a blob is by its reference, or `?`."""
    size = blob_bytes(reference)
    return "?" if size is None else str(size)


def parts_here(reference: dict[str, Any], arrived: dict[str, list[int]]) -> str:
    """How much of a blob has arrived. `arrived` is as for `apart`."""
    have, of = arrived.get(reference[BLOB], [0, 0])
    return f"all {of} parts are here" if 0 < of <= have else f"{have} of {of or '?'} parts are here"
