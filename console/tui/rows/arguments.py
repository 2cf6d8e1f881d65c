"""Arguments of an action as an operator must see them: every leaf, its path, its exact value, nothing left out. Pure.

A value stands bare only where that is unambiguous; otherwise it is JSON as `console.core.exact` spells it. What is shown
determines what is sent, but for a value that was sent apart: of that there is a reference, and the words that it is one.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from itertools import islice
from typing import Any, Final, NamedTuple

from console.core.blobs import BLOB, apart, blob_bytes, blob_names, is_blob
from console.core.exact import document, mixed, unambiguous
from console.core.exact import quoted as in_quotes
from console.core.fleet.state import Run
from console.core.paths import joined
from console.tui.drawing import signs
from console.tui.drawing.figures import size
from console.tui.drawing.paint import wrap
from console.tui.drawing.theme import Ink

FOLD_AT: Final = 4
"""Lines a value may take before it is folded."""

_NAME: Final = re.compile(r"[A-Za-z0-9_-]{1,64}")
_SCALAR: Final = re.compile(r"-?\d+(\.\d+)?([eE][+-]?\d+)?|true|false|null")
_CURRENCY: Final = re.compile(r"[A-Z]{3}")
_TELLING: Final = (
    "to", "recipient", "destination", "email", "url", "amount", "command", "cmd", "path", "file", "query",
    "user_id", "order_id",
)  # fmt: skip


_LOOKED_AT: Final = 40
"""Arguments that a row of a list looks at; it is painted often."""


class Leaf(NamedTuple):
    """One argument. `odd` values mix scripts in one word; of a value that was sent apart `blob` is the reference."""

    path: str
    value: str
    odd: bool = False
    blob: dict[str, Any] | None = None
    place: str = ""
    """The path as rules and origins write it."""


def leaves(args: dict[str, Any]) -> list[Leaf]:
    """Every leaf of the arguments, in the order in which they were sent."""
    return list(_walk(args, "", ""))


def _walk(value: Any, path: str, place: str) -> Iterator[Leaf]:
    if isinstance(value, dict) and value:
        members = value
        if is_blob(value):
            said = {name: inner for name, inner in value.items() if _of_reference(name, inner)}
            words = signs.in_json(document(said, indent=None))
            yield Leaf(path or "$", words, blob=said, place=place)
            members = {name: inner for name, inner in value.items() if name not in said}
        for name, inner in members.items():
            step = name if _NAME.fullmatch(name) else f"[{exact(name, quoted=True)}]"
            yield from _walk(
                inner,
                f"{path}.{step}" if path and not step.startswith("[") else path + step,
                joined(place, name),
            )
    elif isinstance(value, list) and value:
        for number, inner in enumerate(value):
            yield from _walk(inner, f"{path}[{number}]", joined(place, number))
    else:
        yield Leaf(path or "$", exact(value), odd=isinstance(value, str) and mixed(value), place=place)


def _of_reference(name: str, value: Any) -> bool:
    """Whether a member of a reference is one that the SDK gives it; others are shown as arguments of their own."""
    return (
        name == BLOB
        or (name == "bytes" and blob_bytes({name: value}) is not None)
        or (name == "json" and value is True)
    )


def exact(value: Any, *, quoted: bool = False) -> str:
    """A scalar or empty container so that no two different values look the same."""
    if not isinstance(value, str):
        return json.dumps(value, ensure_ascii=True)
    if signs.ascii_only() and not value.isascii():
        return json.dumps(value)  # no twin may pass for a sign that was sent
    bare = value and value == value.strip() and not set(value) & {'"', "\\"} and unambiguous(value)
    if bare and not quoted and not _SCALAR.fullmatch(value) and value not in ("{}", "[]"):
        return value
    return in_quotes(value)


class Telling(NamedTuple):
    """The argument that says most about a call: its path for people, its exact value, its path as origins write it."""

    path: str = ""
    value: str = ""
    place: str = ""


def telling(args: dict[str, Any]) -> str:
    """The value that says most about a call, for a row of a list; empty when there is none."""
    return telling_leaf(args).value


def telling_leaf(args: dict[str, Any]) -> Telling:
    """That value with its path. An amount has its currency before it, where the call names one beside it."""
    best: tuple[int, Telling] | None = None
    for leaf in islice(_walk(args, "", ""), _LOOKED_AT):
        if leaf.blob is not None:
            continue
        rank = _TELLING.index(leaf.path) if leaf.path in _TELLING else len(_TELLING)
        if best is None or rank < best[0]:
            bare = leaf.value[1:-1] if _SCALAR.fullmatch(leaf.value.strip('"')) else leaf.value
            best = (rank, Telling(leaf.path, bare if leaf.value.startswith('"') else leaf.value, leaf.place))
    if best is None:
        return Telling()
    found, currency = best[1], args.get("currency")
    if found.path == "amount" and isinstance(currency, str) and _CURRENCY.fullmatch(currency):
        return found._replace(value=f"{currency} {found.value}")
    return found


class Piece(NamedTuple):
    """One line of the arguments. `leaf` counts from 0; `fold` says how much more there is behind it."""

    leaf: int
    part: int
    path: str
    text: str
    odd: bool = False
    fold: str = ""
    place: str = ""
    """The path as rules and origins write it."""
    ink: Ink = "text"


def told(lines: list[str]) -> list[Piece]:
    """Lines beside the arguments that are none."""
    return [Piece(0, part, "", line) for part, line in enumerate(lines, 1)]


def pieces(args: dict[str, Any], run: Run, cells: int, *, unfolded: bool) -> list[Piece]:
    """All arguments in lines of at most `cells` cells of value; long values are folded unless `unfolded`."""
    found: list[Piece] = []
    for number, leaf in enumerate(leaves(args)):
        if leaf.blob is not None:
            words = [*wrap(apart(leaf.blob, run.blobs), cells), *_split(leaf.value, cells)]
            found += [
                Piece(number, part, leaf.path, text, odd=True, place=leaf.place)
                for part, text in enumerate(words)
            ]
            continue
        lines = _split(leaf.value, cells)
        if len(lines) > FOLD_AT and not unfolded:
            hidden = f"… {size(len(leaf.value))} in {len(lines)} lines, o opens"
            found += [
                Piece(number, part, leaf.path, text, leaf.odd, place=leaf.place)
                for part, text in enumerate(lines[:2])
            ]
            found.append(Piece(number, 2, leaf.path, "", fold=hidden, place=leaf.place))
        else:
            found += [
                Piece(number, part, leaf.path, text, leaf.odd, place=leaf.place)
                for part, text in enumerate(lines)
            ]
    return found


def _split(value: str, cells: int) -> list[str]:
    """A value in lines: broken after each escaped newline, and wherever the width ends."""
    if len(value) <= cells and value.isascii():
        return [value]
    broken = re.split(r"(?<=(?<!\\)\\n)", value) if value.startswith('"') else [value]
    return [line for part in broken if part for line in wrap(part, cells)] or [""]


def incomplete(args: dict[str, Any], run: Run) -> bool:
    """Whether a value that was sent apart is not here whole."""
    parts = [run.blobs.get(name, [0, 1]) for name in blob_names(args)]
    return any(have < of for have, of in parts)


class ArgumentError(ValueError):
    """Edited text that is no set of arguments. The text says what is wrong and where."""


def editable(args: dict[str, Any]) -> str:
    """The arguments as indented JSON to edit, harmless to a terminal."""
    return signs.in_json(document(args))


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
