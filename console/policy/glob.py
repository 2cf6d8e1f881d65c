"""Patterns with `*` (any text, also none) and `?` (one character); everything else stands for itself.

Not `fnmatch`: its brackets would give tool names like `x[1]` a second meaning, and its case depends on the platform. A
pattern is cut at its stars into pieces of fixed length, which are looked for from left to right; the leftmost place of
each is always right, so there is no backtracking: the work is at most length of the text x length of the pattern.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

PATTERN_CHARS: Final = 200
"""Longest pattern."""


def is_glob(name: str) -> bool:
    """Whether a name holds a wildcard."""
    return "*" in name or "?" in name


class Glob:
    """A compiled pattern. `fold` ignores case: right where matching can only raise; the text must be case-folded then.

    `matches` says whether a whole text fits.

    Raises:
        ValueError: the pattern is empty or longer than `PATTERN_CHARS`.
    """

    __slots__ = ("any", "matches")

    def __init__(self, pattern: str, *, fold: bool = False) -> None:
        if not 0 < len(pattern) <= PATTERN_CHARS:
            raise ValueError(f"a pattern has 1 to {PATTERN_CHARS} characters")
        self.any = pattern.strip("*") == ""
        self.matches: Callable[[str], bool] = _compile(pattern.casefold() if fold else pattern)


def _compile(pattern: str) -> Callable[[str], bool]:
    """Return the fastest test for a pattern: most are a name, a beginning, an end, or something inside."""
    match re.sub(r"\*+", "*", pattern).split("*"):
        case _ if "?" in pattern:
            pass
        case [whole]:
            return lambda text: text == whole
        case ["", ""]:
            return lambda _text: True
        case [first, last]:
            width = len(first) + len(last)
            return lambda text: len(text) >= width and text.startswith(first) and text.endswith(last)
        case ["", inside, ""]:
            return lambda text: inside in text
    return _Pieces(pattern).match


class _Pieces:
    """Any pattern, cut at its stars."""

    __slots__ = ("_first", "_last", "_middle")

    def __init__(self, pattern: str) -> None:
        pieces = [_piece(text) for text in re.sub(r"\*+", "*", pattern).split("*")]
        self._first, self._middle, self._last = (
            pieces[0],
            pieces[1:-1],
            pieces[-1] if len(pieces) > 1 else None,
        )

    def match(self, text: str) -> bool:
        width, first = self._first
        if self._last is None:
            return width == len(text) and first.match(text) is not None
        start, end = width, len(text) - self._last[0]
        if start > end or first.match(text) is None or self._last[1].match(text, end) is None:
            return False
        for _width, piece in self._middle:
            found = piece.search(text, start, end)
            if found is None:
                return False
            start = found.end()
        return True


def _piece(text: str) -> tuple[int, re.Pattern[str]]:
    """Return a piece without stars as its length and its regular expression, which has no quantifier."""
    return len(text), re.compile("".join("." if char == "?" else re.escape(char) for char in text), re.DOTALL)
