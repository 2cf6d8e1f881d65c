"""Words with alternatives in braces, `{a,b}`: a shell makes several words of one, so an option may hide in them."""

from __future__ import annotations

import re
from typing import Final

from console.core.shell.simple import ParseError

OPEN: Final = "\ue000"
COMMA: Final = "\ue001"
CLOSE: Final = "\ue002"
MARKED: Final = {"{": OPEN, ",": COMMA, "}": CLOSE}
"""What unquoted signs are written as until the words are made. No command may hold these characters itself."""

MOST: Final = 512
"""Most words that one may become."""

_MARKS: Final = str.maketrans({mark: sign for sign, mark in MARKED.items()})
_RANGE: Final = re.compile(f"{OPEN}(?!-?\\d+\\.\\.-?\\d+)[^{OPEN}{CLOSE}]*\\.\\.[^{OPEN}{CLOSE}]*{CLOSE}")


def unmarked(word: str) -> str:
    """Return a word as it was written."""
    return word.translate(_MARKS)


def expanded(word: str) -> list[str]:
    """Return the words that a shell makes of one.

    Raises:
        ParseError: it becomes too many, or is a range of letters.
    """
    if OPEN not in word:
        return [unmarked(word)]
    if word.count(OPEN) > 32 or _RANGE.search(word):
        raise ParseError("its braces are not understood")
    done: list[str] = []
    left = [word]
    while left:
        cut = _cut(now := left.pop())
        if cut is None:
            done.append(unmarked(now))
        else:
            before, inside, after = cut
            left += [before + one + after for one in reversed(inside)]
        if len(done) + len(left) > MOST:
            raise ParseError("its braces make too many words")
    return done


def _cut(word: str) -> tuple[str, list[str], str] | None:
    """Cut at the first pair of braces that holds alternatives; None where there is none."""
    for start, sign in enumerate(word):
        if sign != OPEN:
            continue
        depth, parts, begun = 0, [], start + 1
        for at in range(start, len(word)):
            if word[at] == OPEN:
                depth += 1
            elif word[at] == COMMA and depth == 1:
                parts.append(word[begun:at])
                begun = at + 1
            elif word[at] == CLOSE:
                depth -= 1
                if not depth:
                    if parts:
                        return word[:start], [*parts, word[begun:at]], word[at + 1 :]
                    break
    return None
