"""The arguments of an action as far as conditions see them, so that their work is bounded whatever an agent sends."""

from __future__ import annotations

from typing import Any, Final, NamedTuple

from console.core.paths import PATH_CHARS
from console.policy.leaves import ALL_CHARS, LEAF_CHARS, LEAVES

DEPTH: Final = 32
"""Levels of nesting that are handed over. The engine converts values recursively, in native code."""

_INT: Final = 2**63


class Handed(NamedTuple):
    """Arguments within bounds. `cut` are the names of arguments that were shortened or left out, or are not there yet."""

    args: dict[str, Any]
    cut: frozenset[str]


class _Cut(Exception):
    """A value that is not handed over at all."""


class _Copy:
    """Copies JSON values while there is room. `whole` turns False when something is left out."""

    def __init__(self) -> None:
        self.whole = True
        self._values = LEAVES
        self._chars = ALL_CHARS

    def of(self, value: Any, depth: int) -> Any:
        self._values -= 1
        if self._values < 0 or self._chars <= 0 or depth > DEPTH:
            raise _Cut
        match value:
            case str():
                return self._text(value)
            case bool() | None | float():
                return value
            case int():
                if -_INT <= value < _INT:
                    return value
                raise _Cut
            case dict():
                self.whole = self.whole and "$blob" not in value
                return self._members(value, depth)
            case list():
                return self._items(value, depth)
            case _:
                raise TypeError(f"not JSON: {type(value).__name__}")

    def _text(self, text: str) -> str:
        most = min(LEAF_CHARS, self._chars)
        self._chars -= len(text)
        if len(text) > most:
            self.whole = False
            text = text[:most]
        if text.isascii():
            return text
        clean = text.encode("utf-8", "replace").decode("utf-8")
        self.whole = self.whole and clean == text
        return clean

    def _members(self, value: dict[str, Any], depth: int) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for key, member in value.items():
            try:
                found[self.key(key)] = self.of(member, depth + 1)
            except _Cut:
                self.whole = False
                if self._values < 0:
                    break
        return found

    def _items(self, value: list[Any], depth: int) -> list[Any]:
        found: list[Any] = []
        for item in value:
            try:
                found.append(self.of(item, depth + 1))
            except _Cut:
                self.whole = False
                if self._values < 0:
                    break
        return found

    def key(self, key: str) -> str:
        if len(key) > PATH_CHARS:
            raise _Cut
        self._chars -= len(key)
        clean = key if key.isascii() else key.encode("utf-8", "replace").decode("utf-8")
        if clean != key:
            raise _Cut
        return key


def handed(args: dict[str, Any]) -> Handed:
    """Return JSON arguments within bounds: 256 values, 10,000 characters each, 100,000 together, integers of 64 bits.

    Raises:
        TypeError: a value that is not JSON.
    """
    copy, found, cut = _Copy(), {}, set()
    for name, value in args.items():
        copy.whole = True
        try:
            found[copy.key(name)] = copy.of(value, 1)
        except _Cut:
            copy.whole = False
        if not copy.whole:
            cut.add(name)
    return Handed(found, frozenset(cut))
