"""One form for values that are the same: case, white space, URL parts, number formats, dates, separators.

A text becomes words (runs of letters and digits, case-folded) with what stands before each. Two spellings of one value then
have the same words: `A.Smith@x.org` and `a.smith@X.org`, `file compression` and `file_compression`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final, NamedTuple
from unicodedata import normalize

_DIGIT: Final = re.compile(r"\d")
_WORD: Final = re.compile(r"[^\W_]+")
_LINK: Final = re.compile(r"https?://(?:www\.)?|\bwww\.", re.IGNORECASE)
_ESCAPED: Final = re.compile(r"\\[nrt]|\\u00a0|''")
_GROUPED: Final = re.compile(r"(?<![\w.])\d{1,3}(?:,\d{3})+(?:\.\d+)?(?![\w,])|(?<![\w.,])\d+\.\d+(?![\w.])")
_MONTHS: Final = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTH: Final = r"(jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\.?"
_NAMED_DATE: Final = re.compile(
    rf"\b(?:{_MONTH}\s+(\d{{1,2}})(?:st|nd|rd|th)?|(\d{{1,2}})(?:st|nd|rd|th)?\s+(?:of\s+)?{_MONTH}),?\s+(\d{{4}})\b",
    re.IGNORECASE,
)
_NUMBER_DATE: Final = re.compile(
    r"\b(?:(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})|(\d{1,2})[-/.](\d{1,2})[-/.](\d{4}))\b"
)
_ENDS: Final = (
    "com|org|net|edu|gov|mil|int|info|biz|xyz|dev|app|shop|store|online|site|tech|cloud|club|live|page|link|space|website|agency|"
    "email|services|example|test|invalid|local|internal|"
    r"(?!(?:py|js|ts|md|sh|rs|go|rb|pl|cc|cs|hs|kt|ml|so|db|gz|xz|ps|tf|vb|mp|eg|ie)\b)[a-z]{2}"
)
"""Ends of a bare host; two letters are a country, unless files end in them."""

# Every repetition is bounded: an agent may send the worst text there is.
_ADDRESS: Final = re.compile(
    r"(?<![\w.+-])[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,8}"  # a mail address
    r"|(?:https?://|www\.)[^\s\"'<>()\[\]{}|\\]{1,2000}"  # a link
    rf"|\b[a-z0-9][a-z0-9-]{{0,62}}(?:\.[a-z0-9-]{{1,63}}){{0,6}}\.(?:{_ENDS})(?:/[^\s\"'<>()\[\]{{}}|\\]{{0,2000}})?(?![\w@])"
    r"|\b[A-Z]{2}\d{8,30}\b|\b\d{9,20}\b",  # a host, with or without a path; an account number
    re.IGNORECASE,
)

_LONG_NUMBER: Final = re.compile(r"\d{8}")

GLUE: Final = frozenset("@._+-~%#&=\\$")
"""Signs that make two words one name; a match must not end inside one. A slash does not: a path holds its folders."""


class Words(NamedTuple):
    """The words of a text, and for each the sign that glues it to the one before, or nothing."""

    words: list[str]
    glue: list[str]


def clean(text: str) -> str:
    """Undo what writing a value down does to it: link prefixes, escaped line ends, doubled quotes, width and case."""
    text = _ESCAPED.sub(lambda found: "'" if found[0] == "''" else " ", text)
    text = _LINK.sub("", text)
    return (text if text.isascii() else normalize("NFKC", text)).casefold()


def words(text: str) -> Words:
    """Return the words of a text that went through `clean`."""
    found: list[str] = []
    glue: list[str] = []
    end = 0
    for match in _WORD.finditer(text):
        start = match.start()
        between = text[end:start]
        found.append(match[0])
        glue.append(between[-1:] if between and not between[-1].isspace() and len(between) == 1 else "")
        end = match.end()
    return Words(found, glue)


def forms(text: str) -> Iterator[str]:
    """Return numbers and dates of a text in one form each: `#1234.5`, `@2024-05-19`. A date of two readings is both."""
    if not _DIGIT.search(text):
        return
    if "." in text or "," in text:
        for match in _GROUPED.finditer(text):
            yield number(float(match[0].replace(",", "")))
    for match in _NAMED_DATE.finditer(text):
        month = _MONTHS.index((match[1] or match[4])[:3].casefold()) + 1
        yield f"@{match[5]}-{month:02d}-{int(match[2] or match[3]):02d}"
    for match in _NUMBER_DATE.finditer(text):
        if match[1]:
            yield f"@{match[1]}-{int(match[2]):02d}-{int(match[3]):02d}"
        else:
            yield f"@{match[6]}-{int(match[5]):02d}-{int(match[4]):02d}"
            yield f"@{match[6]}-{int(match[4]):02d}-{int(match[5]):02d}"


def number(value: float) -> str:
    """Return the one form of a number."""
    return f"#{value:.12g}"


def addresses(text: str) -> list[str]:
    """Return what looks like a mail address, a link, a host or an account number, as it stands in the text."""
    if "." not in text and "://" not in text and not _LONG_NUMBER.search(text):
        return []  # most values, and told faster
    return [found[0].rstrip(".,;:!?'") for found in _ADDRESS.finditer(text)]


def is_address(text: str) -> bool:
    """Whether a whole value is an address: something that says where to."""
    found = _ADDRESS.match(text)
    return found is not None and found.end() >= len(text.rstrip("./"))


def host(text: str) -> str:
    """Return the host of a link, or the domain of a mail address; empty if there is none."""
    bare = _LINK.sub("", text).casefold()
    if "@" in bare:
        return bare.rpartition("@")[2]
    first = bare.partition("/")[0].partition("?")[0].partition(":")[0]
    return first if "." in first else ""
