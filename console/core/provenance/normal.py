"""One form for values that are the same: case, white space, URL parts, number formats, dates, separators.

A text becomes words (runs of letters and digits, case-folded) with what stands before each. Two spellings of one value then
have the same words: `A.Smith@x.org` and `a.smith@X.org`, `file compression` and `file_compression`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final, NamedTuple
from unicodedata import normalize

_FORMED: Final = re.compile(r"[\d+](?:\d{3}|[.,' \u00a0\u202f\u2019]\d|(?<=\+)\d|(?<=[a-z]{2}\d)\d)")
"""Without any of these a text holds neither a number of many spellings nor a date nor an account: most texts, told fast."""

_WIDE: Final = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3005-\u3007\u3040-\u30fa\u30fc-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff"
    "\U00020000-\U0003ffff"
)
"""Scripts that are written without spaces: Thai, Lao, Burmese, Khmer, kana, Chinese; and Korean, whose particles cling."""

_WORD: Final = re.compile(r"([^\W_]+)")
_WIDE_WORD: Final = re.compile(rf"([{_WIDE}]|[^\W_{_WIDE}]+)")
_WIDE_SIGN: Final = re.compile(rf"[{_WIDE}]")
_LINK: Final = re.compile(r"https?://(?:www\.)?|\bwww\.", re.IGNORECASE)
_STEP: Final = r"[^\\/\s\"'<>|:*?]{1,200}"
_PATH: Final = re.compile(rf"\b[A-Za-z]:(?:\\{{1,4}}{_STEP}){{1,64}}|\\\\{_STEP}(?:\\{_STEP}){{1,64}}")
"""A path as Windows writes it, its separators doubled or not."""

_SEPARATOR: Final = re.compile(r"\\+")
_ESCAPED: Final = re.compile(r"\\[nrt]|\\u00a0|''")
_GROUPED: Final = re.compile(r"(?<![\w.])\d{1,3}(?:,\d{3})+(?:\.\d+)?(?![\w,])|(?<![\w.,])\d+\.\d+(?![\w.])")
_GROUPED_ELSEWHERE: Final = re.compile(
    r"(?<![\w.,])\d{1,3}(?:([. '\u2019])\d{3})(?:\1\d{3})*(?:,\d{1,2})?(?![\w])|(?<![\w.,])\d+,\d{1,2}(?![\w])"
)
_GROUP_SIGN: Final = re.compile(r"[. '\u2019]")
"""The same number as much of the world writes it: `1.250,50`, `1 250,50`, `1'250`, `0,5`."""

_MONTH_NAMES: Final[dict[str, int]] = {
    name: number
    for number, names in enumerate(
        (
            "jan ene gen", "feb fév fev", "mar mär maer mrt", "apr avr abr", "may mai mei mag", "jun juin giu",
            "jul juil lug", "aug août aout ago", "sep set", "oct okt ott out", "nov", "dec déc dez dic",
        ),
        1,
    )
    for name in names.split()
}  # fmt: skip
MONTHS: Final = "|".join(sorted(_MONTH_NAMES, key=len, reverse=True))
"""How names of months begin, for a pattern."""

_MONTH: Final = rf"({MONTHS})[^\W\d_]*\.?"
_NAMED_DATE: Final = re.compile(
    rf"\b(?:{_MONTH}\s+(\d{{1,2}})(?:st|nd|rd|th)?|(\d{{1,2}})(?:st|nd|rd|th|\.|er)?\s+(?:(?:of|de)\s+)?{_MONTH}),?\s+"
    r"(?:de\s+)?(\d{4})\b",
    re.IGNORECASE,
)
_NUMBER_DATE: Final = re.compile(
    r"(?<![\d])(?:(\d{4})(?:[-/.](\d{1,2})[-/.](\d{1,2})(?!\d)|年(\d{1,2})月(\d{1,2})日)"
    r"|(\d{1,2})[-/.](\d{1,2})[-/.](\d{4})(?!\d))"
)
_ACCOUNT: Final = re.compile(
    r"(?<!\w)[a-z]{2}\d{2} ?[a-z0-9]{4}(?: ?(?=[a-z]{0,3}\d)[a-z0-9]{4}){1,6}(?: ?(?=[a-z]{0,3}\d)[a-z0-9]{1,3})?(?!\w)"
    r"|(?<![\w.])\+\d[\d ().-]{6,20}\d(?!\w)"
)
"""A bank account or a telephone number, in groups or not; of a text that went through `clean`."""

_GROUPING: Final = re.compile(r"[ ().-]")
_BESIDE: Final = re.compile(
    r"[\s$€£¥₹₩%.,:;+-]|\b(?:usd|eur|euros?|gbp|chf|jpy|cny|rmb|inr|aud|cad|sek|nok|dkk|pln|brl|mxn|krw|dollars?|pounds?)\b"
    r"|t?\d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:z|[+-]\d{2}:?\d{2})?"
)
"""What may stand beside a number or a date in a value that is nothing else: a currency, a time of the day."""

_ENDS: Final = (
    "com|org|net|edu|gov|mil|int|info|biz|xyz|dev|app|shop|store|online|site|tech|cloud|club|live|page|link|space|website|agency|"
    "finance|money|bank|pay|zone|world|today|news|media|group|support|systems|network|digital|studio|work|top|icu|vip|pro|health|"
    "email|services|example|test|invalid|local|internal|"
    r"(?!(?:py|js|ts|md|sh|rs|go|rb|pl|cc|cs|hs|kt|ml|so|db|gz|xz|ps|tf|vb|mp|eg|ie)\b)[a-z]{2}"
)
"""Ends of a bare host; two letters are a country, unless files end in them."""

# Every repetition is bounded: an agent may send the worst text there is.
_ADDRESS: Final = re.compile(
    r"(?<![\w.+-])[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,8}"  # a mail address
    r"|(?:\b[a-z][a-z0-9+-]{1,15}://|www\.)[^\s\"'<>()\[\]{}|\\]{1,2000}"  # a link
    r"|\b(?:\d{1,3}\.){3}\d{1,3}\b(?::\d{1,5})?"  # the number of a machine
    rf"|\b[a-z0-9][a-z0-9-]{{0,62}}(?:\.[a-z0-9-]{{1,63}}){{0,6}}\.(?:{_ENDS})(?:/[^\s\"'<>()\[\]{{}}|\\]{{0,2000}})?(?![\w@])"
    r"|(?-i:\b[A-Z]{2}\d{2} ?[A-Z0-9]{4}(?: ?(?=[A-Z]{0,3}\d)[A-Z0-9]{4}){1,6}(?: ?(?=[A-Z]{0,3}\d)[A-Z0-9]{1,3})?\b)"
    r"|(?<![\w.])\+\d[\d ().-]{6,20}\d(?!\w)"  # an account, a telephone
    r"|\b0x[0-9a-f]{40}\b|\b(?:bc1|ltc1)[a-z0-9]{20,70}\b"  # a wallet
    r"|\b[A-Z]{2}\d{8,30}\b|\b\d{9,20}\b",  # a host, with or without a path; an account number
    re.IGNORECASE,
)

_LONG_NUMBER: Final = re.compile(
    r"[\d+](?:\d{7}|(?<=[A-Z]{2}\d)\d ?[A-Z0-9]{4}|(?<=\+)\d|(?<=bc1)|(?<=0)x)", re.IGNORECASE
)
"""What an account, a telephone or a wallet has. Like `_FORMED` it begins at a digit: a text without one is told fast."""

GLUE: Final = frozenset("@._+-~%#&=\\$")
"""Signs that make two words one name; a match must not end inside one. A slash does not: a path holds its folders."""


class Words(NamedTuple):
    """The words of a text, and for each the sign that glues it to the one before, or nothing."""

    words: list[str]
    glue: list[str]


_APOSTROPHES: Final = str.maketrans(dict.fromkeys("\u02bc\u2032\u201b\u00b4", "'"))
"""What is typed or written for an apostrophe, beside the typographic one."""


def clean(text: str) -> str:
    """Undo what writing a value down does to it: link prefixes, escaped line ends, doubled quotes, width and case."""
    if "\\" in text or "''" in text:
        text = _ESCAPED.sub(lambda found: "'" if found[0] == "''" else " ", slashed(text))
    if "://" in text or "www." in text.casefold():
        text = _LINK.sub("", text)
    return (text if text.isascii() else normalize("NFKC", text).translate(_APOSTROPHES)).casefold()


def slashed(text: str) -> str:
    """Write paths of Windows with slashes: a backslash and an n in them is no line end."""
    return _PATH.sub(lambda found: _SEPARATOR.sub("/", found[0]), text) if "\\" in text else text


def words(text: str) -> Words:
    """Return the words of a text that went through `clean`."""
    parts = (_WORD if text.isascii() else _WIDE_WORD).split(text)
    between = parts[:-1:2]
    return Words(parts[1::2], [sign if sign in GLUE else "" for sign in between])


def forms(text: str) -> Iterator[str]:
    """Return what has many spellings in one each: `#1234.5`, `@2024-05-19`, `+4917012345`. What has two readings is both."""
    return (form for form, _span in _formed(text))


def whole_forms(text: str) -> list[str]:
    """Return the forms of a value that is nothing but one number, date or account; else none: the rest would go unseen."""
    found = list(_formed(text))
    left = list(text)
    for _form, (start, end) in found:
        left[start:end] = " " * (end - start)
    return [form for form, _span in found] if found and not _BESIDE.sub("", "".join(left)) else []


def _formed(text: str) -> Iterator[tuple[str, tuple[int, int]]]:
    if not _FORMED.search(text):
        return
    yield from _dates(text)
    if not text.isascii():
        text = _WIDE_SIGN.sub(" ", text)
    if "." in text or "," in text:
        for match in _GROUPED.finditer(text):
            yield number(float(match[0].replace(",", ""))), match.span()
    for match in _GROUPED_ELSEWHERE.finditer(text):
        plainly = _GROUP_SIGN.sub("", match[0]).replace(",", ".")
        yield number(float(plainly)), match.span()
    for match in _ACCOUNT.finditer(text):
        yield "+" + _GROUPING.sub("", match[0]).removeprefix("+"), match.span()


def _dates(text: str) -> Iterator[tuple[str, tuple[int, int]]]:
    for match in _NAMED_DATE.finditer(text):
        month = _MONTH_NAMES[(match[1] or match[4]).casefold()]
        yield f"@{match[5]}-{month:02d}-{int(match[2] or match[3]):02d}", match.span()
    for match in _NUMBER_DATE.finditer(text):
        year, month, day = (
            (match[1] or match[8]),
            int(match[2] or match[4] or match[7]),
            int(match[3] or match[5] or match[6]),
        )
        yield f"@{year}-{month:02d}-{day:02d}", match.span()
        if match[8]:
            yield f"@{year}-{day:02d}-{month:02d}", match.span()


def number(value: float) -> str:
    """Return the one form of a number."""
    return f"#{value:.12g}"


def addresses(text: str) -> list[str]:
    """Return what looks like a mail address, a link, a host or an account number, as it stands in the text."""
    if "." not in text and "://" not in text and not _LONG_NUMBER.search(text):
        return []  # most values, and told faster
    if not text.isascii():
        text = _WIDE_SIGN.sub(" ", normalize("NFKC", text))
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
