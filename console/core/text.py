r"""The one sanitiser: whatever text an agent sends, only characters of one line that can be seen reach a screen or a file.

Works character by character; matching escape sequences by pattern keeps missing some. What cannot be seen is shown as
its escape (`\x1b`, `\u202e`), so that nothing vanishes silently: control characters, C1, bidirectional overrides, zero
width, lone surrogates, line and paragraph separators, spaces other than the ASCII one, fillers and blanks, variation
selectors, and combining marks that do not belong to the letter before them. A mark belongs to it if the two compose (NFC),
or if it is of the letter's own script, stands there once, and is one of at most four.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from typing import Final
from unicodedata import category, name, normalize

ELLIPSIS: Final = "…"

MARKS_MOST: Final = 4
"""Combining marks that one letter may carry without composing with it."""

_FAMILIAR: Final = re.compile(r"[ -~\u00a1-\u00ac\u00ae-\u02ff\u2010-\u2027]*")
"""Texts of signs alone, told fast: ASCII, the letters of western Europe, dashes, quotation marks, the ellipsis."""

_BLANK: Final = frozenset(
    map(
        chr,
        (
            0x034F,  # combining grapheme joiner
            *(0x115F, 0x1160, 0x3164, 0xFFA0),  # Hangul fillers
            *(0x17B4, 0x17B5),  # Khmer inherent vowels
            *(0x180B, 0x180C, 0x180D, 0x180E, 0x180F),  # Mongolian variation selectors
            0x2800,  # blank Braille pattern
            *range(0xFE00, 0xFE10),  # variation selectors
            0xFFFC,  # object replacement
            *(0x13441, 0x13442, 0x16FE4),  # Egyptian blanks, Khitan filler
            0x1D159,  # null note head
            *range(0xE0100, 0xE01F0),  # variation selectors
        ),
    )
)
"""What `str.isprintable` lets through and nobody sees. All else that Unicode calls ignorable is not printable."""


def plain(text: str, limit: int = 200) -> str:
    """Return `text` as one visible line of at most `limit` characters; a cut is marked by an ellipsis."""
    if len(text) <= limit and text.isascii() and text.isprintable():
        return text  # nearly always, and a call has a score of texts
    cut = visible(text[: limit + 1])
    if len(cut) > limit:
        return cut[: limit - 1] + ELLIPSIS
    return cut


@lru_cache(1024)
def in_quotes(name: str, limit: int = 40) -> str:
    """Return an agent's name for something in quotes and in ASCII: it can neither end its quotes nor look like another."""
    safe = name[: limit + 1].encode("unicode_escape").decode("ascii").replace("'", "\\'")
    return f"'{safe if len(safe) <= limit else safe[: limit - 1] + ELLIPSIS}'"


def lines(text: str, limit: int = 4_000) -> list[str]:
    """Return `text` as visible lines, split at newlines only, of at most `limit` characters together."""
    whole = len(text) <= limit
    kept = [plain(line.expandtabs(4), limit) for line in text[:limit].split("\n")]
    return kept if whole else [*kept, ELLIPSIS]


def legible(text: str) -> bool:
    """Whether every character of `text` can be seen where it stands."""
    return _all_signs(text) or (text.isprintable() and visible(text) == text)


def visible(text: str, escape: Callable[[str], str] | None = None) -> str:
    """Return `text` with every character that cannot be seen where it stands replaced by its escape."""
    if _all_signs(text):
        return text
    shown: list[str] = []
    base, marks = "", ""
    for char in text:
        kind = _kind(char)
        if kind == "mark":
            composed = normalize("NFC", base + char) if base else char
            if base and len(composed) == 1:
                base = composed
            elif base and char not in marks and len(marks) < MARKS_MOST and _script(char) == _script(base):
                marks += char
            else:
                kind = "blank"
        elif category(char) != "Mc":
            base, marks = char, ""
        if kind == "blank":
            base, marks = "", ""
        shown.append((escape or _escape)(char) if kind == "blank" else char)
    return "".join(shown)


def visible_json(text: str) -> str:
    """Return JSON text with every character that cannot be seen as a JSON escape; its line ends stay."""
    return text if legible(text) else visible(text, _json_escape)


def _all_signs(text: str) -> bool:
    """Whether `text` has neither marks nor anything that cannot be seen: the common case, told fast."""
    if _FAMILIAR.fullmatch(text):
        return True
    return text.isprintable() and {*map(_kind, {*text})} == {"sign"}


@lru_cache(4096)
def _kind(char: str) -> str:
    if not char.isprintable() or char in _BLANK:
        return "blank"
    return "mark" if category(char) in ("Mn", "Me") else "sign"


@lru_cache(4096)
def _script(char: str) -> str:
    """The script as the character's name begins with it; that of a sign without one is no mark's."""
    return name(char, "").partition(" ")[0] if char.isalpha() or category(char) == "Mn" else ""


def _json_escape(char: str) -> str:
    import json  # late: little needs it, and the console's first paint nothing

    return char if char == "\n" else json.dumps(char)[1:-1]


def _escape(char: str) -> str:
    number = ord(char)
    if char == "\n":
        return "\\n"
    if char == "\t":
        return " "
    if number < 0x100:
        return f"\\x{number:02x}"
    if number < 0x1_0000:
        return f"\\u{number:04x}"
    return f"\\U{number:08x}"
