"""Arguments of an action as an operator must see them: every leaf, its path, its exact value, nothing left out. Pure.

A value stands bare only where that is unambiguous; otherwise it is JSON, in which every sign that cannot be seen, or that
looks like another, is an escape. What is shown determines what is sent.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from itertools import islice
from typing import Any, Final, NamedTuple

from console.core.state import Run
from console.tui.figures import size
from console.tui.paint import wrap

FOLD_AT: Final = 4
"""Lines a value may take before it is folded."""

_NAME: Final = re.compile(r"[A-Za-z0-9_-]{1,64}")
_SCALAR: Final = re.compile(r"-?\d+(\.\d+)?([eE][+-]?\d+)?|true|false|null")
_TELLING: Final = (
    "to", "recipient", "destination", "email", "url", "amount", "command", "cmd", "path", "file", "query",
    "user_id", "order_id",
)  # fmt: skip


_LOOKED_AT: Final = 40
"""Arguments that a row of a list looks at; it is painted often."""


class Leaf(NamedTuple):
    """One argument. `odd` values mix scripts in one word; `blob` values did not come with the action."""

    path: str
    value: str
    odd: bool = False
    blob: str = ""


def leaves(args: dict[str, Any]) -> list[Leaf]:
    """Every leaf of the arguments, in the order in which they were sent."""
    return list(_walk(args, ""))


def _walk(value: Any, path: str) -> Iterator[Leaf]:
    if isinstance(value, dict) and value:
        if set(value) == {"$blob"} and isinstance(value["$blob"], str):
            yield Leaf(path or "$", exact(value["$blob"]), blob=value["$blob"])
            return
        for name, inner in value.items():
            step = name if _NAME.fullmatch(name) else f"[{exact(name, quoted=True)}]"
            yield from _walk(inner, f"{path}.{step}" if path and not step.startswith("[") else path + step)
    elif isinstance(value, list) and value:
        for number, inner in enumerate(value):
            yield from _walk(inner, f"{path}[{number}]")
    else:
        yield Leaf(path or "$", exact(value), odd=isinstance(value, str) and mixed(value))


def mixed(text: str) -> bool:
    """Whether one word of `text` has letters of ASCII and others: the way look-alike names are made."""
    return (
        any(
            any(char.isascii() and char.isalpha() for char in word)
            and any(not char.isascii() and char.isalpha() for char in word)
            for word in re.split(r"[\s@./:_-]+", text)
        )
        and not text.isascii()
    )


def exact(value: Any, *, quoted: bool = False) -> str:
    """A scalar or empty container so that no two different values look the same."""
    if not isinstance(value, str):
        return json.dumps(value, ensure_ascii=True)
    bare = value.isprintable() and value == value.strip() and value and not set(value) & {'"', "\\"}
    if (
        bare
        and not quoted
        and not mixed(value)
        and not _SCALAR.fullmatch(value)
        and value not in ("{}", "[]")
    ):
        return value
    return visible(json.dumps(value, ensure_ascii=mixed(value)))


def visible(text: str) -> str:
    """JSON text with every unprintable character inside its strings as a JSON escape."""
    return text if text.isprintable() else "".join(_escape(char) for char in text)


def _escape(char: str) -> str:
    return char if char.isprintable() or char == "\n" else json.dumps(char)[1:-1]


def telling(args: dict[str, Any]) -> str:
    """The value that says most about a call, for a row of a list; empty when there is none."""
    best: tuple[int, str] | None = None
    for leaf in islice(_walk(args, ""), _LOOKED_AT):
        rank = _TELLING.index(leaf.path) if leaf.path in _TELLING else len(_TELLING)
        if best is None or rank < best[0]:
            bare = leaf.value[1:-1] if _SCALAR.fullmatch(leaf.value.strip('"')) else leaf.value
            best = (rank, bare if leaf.value.startswith('"') else leaf.value)
    return best[1] if best else ""


class Piece(NamedTuple):
    """One line of the arguments. `leaf` counts from 0; `fold` says how much more there is behind it."""

    leaf: int
    part: int
    path: str
    text: str
    odd: bool = False
    fold: str = ""


def pieces(args: dict[str, Any], run: Run, cells: int, *, unfolded: bool) -> list[Piece]:
    """All arguments in lines of at most `cells` cells of value; long values are folded unless `unfolded`."""
    found: list[Piece] = []
    for number, leaf in enumerate(leaves(args)):
        if leaf.blob:
            have, of = run.blobs.get(leaf.blob, [0, 0])
            text = f"sent apart, {have} of {of or '?'} parts here: {leaf.blob[:16]}"
            found.append(Piece(number, 0, leaf.path, text, odd=True))
            continue
        lines = _split(leaf.value, cells)
        if len(lines) > FOLD_AT and not unfolded:
            hidden = f"… {size(len(leaf.value))} in {len(lines)} lines, o opens"
            found += [Piece(number, part, leaf.path, text, leaf.odd) for part, text in enumerate(lines[:2])]
            found.append(Piece(number, 2, leaf.path, "", fold=hidden))
        else:
            found += [Piece(number, part, leaf.path, text, leaf.odd) for part, text in enumerate(lines)]
    return found


def _split(value: str, cells: int) -> list[str]:
    """A value in lines: broken after each escaped newline, and wherever the width ends."""
    if len(value) <= cells and value.isascii():
        return [value]
    broken = re.split(r"(?<=(?<!\\)\\n)", value) if value.startswith('"') else [value]
    return [line for part in broken if part for line in wrap(part, cells)] or [""]


def incomplete(args: dict[str, Any], run: Run) -> bool:
    """Whether a value that was sent apart is not here whole."""
    for leaf in leaves(args):
        if leaf.blob:
            have, of = run.blobs.get(leaf.blob, [0, 1])
            if have < of:
                return True
    return False


def has_blob(args: dict[str, Any]) -> bool:
    return any(leaf.blob for leaf in leaves(args))


class ArgumentError(ValueError):
    """Edited text that is no set of arguments. The text says what is wrong and where."""


def editable(args: dict[str, Any]) -> str:
    """The arguments as indented JSON to edit, harmless to a terminal."""
    return visible(json.dumps(args, indent=2, ensure_ascii=any(leaf.odd for leaf in leaves(args))))


def parse(text: str) -> dict[str, Any]:
    """The arguments that an operator typed.

    Raises:
        ArgumentError: not JSON, not an object, a name twice, or no number that JSON has.
    """

    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        names = [name for name, _ in pairs]
        twice = next((name for name in names if names.count(name) > 1), None)
        if twice is not None:
            raise ArgumentError(f"{exact(twice)} stands there twice")
        return dict(pairs)

    def constant(name: str) -> Any:
        raise ArgumentError(f"{name} is not JSON")

    try:
        value = json.loads(text, object_pairs_hook=once, parse_constant=constant)
    except json.JSONDecodeError as error:
        raise ArgumentError(f"line {error.lineno}, column {error.colno}: {error.msg}") from None
    except RecursionError:
        raise ArgumentError("nested too deep") from None
    if not isinstance(value, dict):
        raise ArgumentError("arguments are an object: { ... }")
    return value


def changes(before: dict[str, Any], after: dict[str, Any]) -> list[str]:
    """What an edit changed, one line a leaf."""
    old, new = ({leaf.path: leaf.value for leaf in leaves(args)} for args in (before, after))
    return [
        f"{path}: {old.get(path, 'absent')} → {new.get(path, 'absent')}"
        for path in dict.fromkeys([*old, *new])
        if old.get(path) != new.get(path)
    ]
