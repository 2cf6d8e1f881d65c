"""Reading the operator's TOML files, with one failure type and one clear line per failure."""

from __future__ import annotations

import ast
import re
import tomllib
from pathlib import Path
from typing import Any, Final, TypeVar

import msgspec

from console.core.text import plain

T = TypeVar("T")

FILE_BYTES: Final = 1_000_000
"""Largest policy file: more is a wrong file."""

_MESSAGE_CHARS: Final = 600
_TWICE: Final = re.compile(r"Cannot declare \((.*)\) twice \(at line (\d+)")
_RULE: Final = re.compile(r"\s*\[\[\s*rule\s*\]\]")


class PolicyFileError(ValueError):
    """A catalogue or a policy that cannot be put in force. The message is one line: file, entry, what to do."""


def refuse(path: str | Path, where: str, what: str) -> PolicyFileError:
    """Return the error that names a file, an entry of it (or nothing) with its line, and what to do."""
    number = _line(Path(path), where) if where else None
    file = str(path) if number is None else f"{path}:{number}"
    return PolicyFileError(plain(": ".join(part for part in (file, where, what) if part), _MESSAGE_CHARS))


def _line(path: Path, where: str) -> int | None:
    """The line at which an entry begins, as far as it can be found: TOML's parser does not tell."""
    try:
        lines = path.read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        return None
    rules = [number for number, line in enumerate(lines, 1) if _RULE.match(line)]
    match where.partition(" "):
        case ("rule", _, rest) if rest.startswith("number "):
            number = int(rest.removeprefix("number "))
            return rules[number - 1] if number <= len(rules) else None
        case ("rule", " ", name):
            # The last one: where an id stands twice, it is the second that is refused.
            named = re.compile(rf"""\s*id\s*=\s*["']{re.escape(name[1:-1])}["']""")
            at = max((number for number, line in enumerate(lines, 1) if named.match(line)), default=0)
            return max((number for number in rules if number <= at), default=None)
        case (key, _, _) if not key.startswith("["):
            begins = re.compile(rf"\s*\[*\s*{re.escape(key)}\b")
        case _:
            name = re.escape(where.removeprefix('[tool."').removesuffix('"]'))
            begins = re.compile(rf"""\s*\[\s*tool\s*\.\s*(["']?){name}\1\s*\]""")
    return next((number for number, line in enumerate(lines, 1) if begins.match(line)), None)


def read_toml(path: Path) -> dict[str, Any]:
    """Return the content of a TOML file.

    Raises:
        PolicyFileError: the file is missing, unreadable, far too large, not UTF-8 or not TOML.
    """
    try:
        with path.open("rb") as file:
            raw = file.read(FILE_BYTES + 1)
    except OSError as error:
        raise refuse(path, "", f"cannot be read: {error.strerror or error}") from None
    if len(raw) > FILE_BYTES:
        raise refuse(path, "", f"larger than {FILE_BYTES:,} bytes: not a policy file")
    try:
        return tomllib.loads(raw.decode("utf-8"))
    except UnicodeDecodeError as error:
        raise refuse(path, "", f"not UTF-8 text (byte {error.start}): save it as UTF-8") from None
    except tomllib.TOMLDecodeError as error:
        twice = _TWICE.match(str(error))
        if twice is None:
            raise refuse(path, "", f"not valid TOML: {error}") from None
        keys = ast.literal_eval(f"({twice[1]},)")
        name = f'[{keys[0]}."{keys[1]}"]' if len(keys) > 1 else str(keys[0])
        raise refuse(f"{path}:{twice[2]}", "", f"{name}: stands a second time: keep one") from None
    except (ValueError, RecursionError) as error:  # ValueError: a bad number is not always a TOMLDecodeError
        raise refuse(path, "", f"not valid TOML: {error}") from None


def table(path: Path, content: dict[str, Any], known: tuple[str, ...]) -> None:
    """Refuse a file with anything at its top but the known keys.

    Raises:
        PolicyFileError: an unknown key.
    """
    for key in content:
        if key not in known:
            raise refuse(path, "", f"unknown key {key!r} at the top: only {_listed(known)} may stand there")


def convert(path: Path, where: str, value: object, kind: type[T]) -> T:
    """Return a table of a file as the Struct it must be.

    Raises:
        PolicyFileError: an unknown or missing key, or a value of the wrong type.
    """
    try:
        return msgspec.convert(value, kind)
    except msgspec.ValidationError as error:
        known = _listed(tuple(item.encode_name for item in msgspec.structs.fields(kind)))  # type: ignore[arg-type]
        said = str(error).replace("Object", "the table")
        raise refuse(path, where, f"{said}; the keys are {known}") from None


def _listed(names: tuple[str, ...]) -> str:
    return ", ".join(f"`{name}`" for name in names)
