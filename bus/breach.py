"""What does not fit the contract, in words that people read in alarms and agents' authors in answers.

The JSON library names Python types and regular expressions. Here stands what the field is called and what it must be.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from bus.events import Digest, Id, MaybeId
from bus.limits import ID_CHARS


def _pattern(kind: object) -> str:
    return str(kind.__metadata__[0].pattern)  # type: ignore[attr-defined]  # what typing.Annotated keeps


PATTERNS: Final = {
    _pattern(Id): f"an id, 1 to {ID_CHARS} of A-Z a-z 0-9 _ . -",
    _pattern(MaybeId): f"empty or an id, at most {ID_CHARS} of A-Z a-z 0-9 _ . -",
    _pattern(Digest): "a SHA-256, 64 hexadecimal digits 0-9 a-f",
}
"""What each pattern of the contract means, by its regular expression."""

_TYPES: Final = {
    "array": "a list",
    "bool": "true or false",
    "float": "a number",
    "int": "a whole number",
    "null": "null",
    "object": "an object",
    "str": "a text",
}
_BOUNDS: Final = {"<=": "at most", ">=": "at least", "<": "below", ">": "above"}
_AT: Final = re.compile(r" - at `\$\.?([^`]*)`$")
_MISSING: Final = re.compile(r"Object missing required field `([^`]*)`")


def breach(said: str) -> str:
    """Return in words what does not fit, given what msgspec `said`: the field and what it must be. Else as it is."""
    found = _AT.search(said)
    path = found[1] if found else ""
    text = said[: found.start()] if found else said
    if missing := _MISSING.fullmatch(text):
        return f"the field {f'{path}.' if path else ''}{missing[1]} is missing"
    for form, words in _FORMS:
        if match := form.fullmatch(text):
            return f"{f'the field {path}' if path else 'it'} {words(match)}"
    return said


def _kinds(names: str) -> str:
    return " or ".join(_TYPES.get(name, name) for name in names.split(" | "))


def _matching(match: re.Match[str]) -> str:
    # Written as Python writes a text, in which a backslash is two.
    pattern = match[1].replace("\\\\", "\\")
    return f"must be {PATTERNS.get(pattern, f'a text like {pattern}')}"


def _length(match: re.Match[str]) -> str:
    things = "characters" if match[1] == "str" else "entries"
    return f"must have {_BOUNDS[match[2]]} {match[3]} {things}"


_FORMS: Final[tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], str]], ...]] = (
    (re.compile(r"Expected `str` matching regex '(.*)'"), _matching),
    (re.compile(r"Expected `(\w+)` of length (<=|>=|<|>) (\d+)"), _length),
    (
        re.compile(r"Expected `(\w+)` (<=|>=|<|>) (\S+)"),
        lambda match: f"must be {_kinds(match[1])}, {_BOUNDS[match[2]]} {match[3]}",
    ),
    (
        re.compile(r"Expected `([^`]+)`, got `([^`]+)`"),
        lambda match: f"must be {_kinds(match[1])}, not {_kinds(match[2])}",
    ),
    (re.compile(r"Invalid enum value (.*)", re.DOTALL), lambda match: f"has the unknown value {match[1]}"),
)
