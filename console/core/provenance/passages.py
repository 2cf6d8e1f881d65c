"""A tool result cut into fields and sentences.

A field is a short value that stands where a program put it: after its key, as a member of a list, or alone. What stands in
running text was written by somebody, for somebody; an instruction can stand nowhere else.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final, Literal, NamedTuple

from console.core.provenance.normal import MONTHS, Words, addresses, clean, slashed, words
from console.core.provenance.tables import cells, elements
from console.core.provenance.vocabulary import demanded

Kind = Literal["field", "text"]

FIELD_WORDS: Final = 6
"""Words of the longest field."""

WIDE_WORD: Final = 3
"""Signs that a word of such a script has at most, where words are not told apart."""

DEPTH: Final = 4
"""How deep a value may be written inside a value, such as a list inside a string."""

_TAG: Final = re.compile(r"<[/!a-zA-Z][^<>]{0,2000}>")
_LINK: Final = re.compile(r"""(?:href|src|action)\s*=\s*["']?([^"'\s>]+)""", re.IGNORECASE)
_QUOTED: Final = re.compile(
    r"'(?:[^'\\\n]|\\.)*'(?=\s*[,:}\])]|\s*$)|\"(?:[^\"\\]|\\.)*\"(?=\s*[,:}\])]|\s*$)", re.DOTALL
)
_KEYED: Final = re.compile(r"^(\s*)((?:- )*)([\"']?[\w$][\w $./()-]{0,40}[\"']?):(?:\s+(.*))?$")
_DATED: Final = rf"(?!\s+(?i:{MONTHS})[^\W\d]{{0,9}}\.?\s+\d{{4}})"
"""Behind `19.` no sentence ends where a month and a year follow."""

_SENTENCE: Final = re.compile(
    rf"(?<=[.!?:;\u061f\u0964])[\"')\]]*{_DATED}\s+|(?<=[\u3002\uff01\uff1f\uff1b])"
    r"|\s[-–—•*|]+\s|\n\s*\n|\n(?=\s*(?:[-*•]|\d+[.)])|[^\n]{1,60}:[ \t]*(?:\n|$))"
)
_ESCAPE: Final = re.compile(r"\\(?:u([0-9a-fA-F]{4})|x([0-9a-fA-F]{2})|([nrtbf\"'\\/]))")
_PLAIN: Final = {
    "n": "\n",
    "r": "\n",
    "t": " ",
    "b": " ",
    "f": "\n",
    '"': '"',
    "'": "'",
    "\\": "\\",
    "/": "/",
}
_SURROGATE: Final = re.compile("[\ud800-\udfff]")
_BARE: Final = re.compile(r"[,:{}\[\]()=\n]+")
_NEWLINE: Final = re.compile(r"\\n|\\r|\n")
_FOLD: Final = re.compile(r"(?<!\n)\n(?!\n)")


class Passage(NamedTuple):
    """A field or a sentence. `demands`: it, or the sentence before or after it, tells somebody to do something."""

    text: str
    kind: Kind
    words: Words
    demands: bool
    demanding: bool


def passages(text: str) -> Iterator[Passage]:
    """Cut a result, first to last."""
    stripped = text.strip()
    if stripped[:1] not in ("{", "[") and (field := _as_field(stripped)):
        yield field  # the whole answer is one value
        return
    yield from _value(text, 0)


def sentences(text: str) -> Iterator[Passage]:
    """Cut running text into sentences."""
    text = slashed(text)
    linked: list[str] = []
    if "<" in text:
        linked = [link for tag in _TAG.findall(text) for link in _LINK.findall(tag)]
        text = _TAG.sub("\n\n", text)
    spoken = _NEWLINE.sub("\n", text) if "\\" in text else text
    found: list[tuple[str, Words, bool]] = []
    for part in _SENTENCE.split(spoken):
        said = clean(" ".join(part.split()))
        if said:
            cut = words(said)
            found.append((said, cut, demanded(said, cut.words)))
    for number, (said, cut, demanding) in enumerate(found):
        near = demanding or any(other[2] for other in found[max(0, number - 1) : number + 2])
        yield Passage(said, "text", cut, near, demanding)
    for link in linked:
        yield _field(link)


def _value(text: str, depth: int) -> Iterator[Passage]:
    stripped = text.strip()
    if depth <= DEPTH and stripped[:1] in ("{", "[") and len(stripped) > 1:
        yield from _structure(stripped, depth)
    elif depth == 0 and (placed := elements(text) or cells(text)):
        for one in placed:
            yield from _leaf(one, 1)
    elif depth == 0 and (keyed := _record_lines(text)):
        yield from _record(keyed)
    else:
        yield from _leaf(text, depth)


def _leaf(text: str, depth: int = DEPTH) -> Iterator[Passage]:
    """A value of a structure: a field if it is short, a structure if it is one, otherwise running text."""
    stripped = text.strip()
    if depth < DEPTH and stripped[:1] in ("{", "[") and stripped[-1:] in ("}", "]"):
        yield from _structure(stripped, depth + 1)
    elif depth and (field := _as_field(stripped)):
        yield field
    else:
        yield from sentences(text)


def _structure(text: str, depth: int) -> Iterator[Passage]:
    """JSON, or what a language prints of its lists and tables; also if its end was cut off."""
    end = 0
    for match in _QUOTED.finditer(text):
        yield from _bare(text[end : match.start()])
        end = match.end()
        if text[end : end + 2].lstrip()[:1] != ":":
            yield from _leaf(_unescaped(match[0][1:-1]), max(depth, 1))
    yield from _bare(text[end:])


def _unescaped(text: str) -> str:
    """A quoted string as it was before it was quoted: JSON's escapes, and those of other languages."""
    if "\\" not in text:
        return text
    found = _ESCAPE.sub(
        lambda match: chr(int(match[1] or match[2], 16)) if match[1] or match[2] else _PLAIN[match[3]], text
    )
    if _SURROGATE.search(found):
        found = found.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return found


def _bare(text: str) -> Iterator[Passage]:
    """What stands between quoted strings: numbers and words; running text if a string was cut off or quoted in vain."""
    if len(text) < 3 and not text.strip(" ,:{}[]()\n"):
        return
    for part in _BARE.split(text):
        stripped = part.strip(" '\"")
        if stripped:
            yield from _leaf(stripped)


def _record_lines(text: str) -> list[tuple[str, re.Match[str] | None]]:
    """The lines of a text that is lines of `key: value`, as YAML has them, each with its key; none if it is not."""
    lines = [(line, _KEYED.match(line)) for line in text.splitlines()]
    written = [keyed for line, keyed in lines if line.strip()]
    keyed_ones = sum(keyed is not None for keyed in written)
    if not written or written[0] is None or 3 * keyed_ones < len(written):
        return []
    return lines


def _record(lines: list[tuple[str, re.Match[str] | None]]) -> Iterator[Passage]:
    """Lines of `key: value`; a value in quotes, or indented below its key, is one value over many lines."""
    held: list[str] = []
    quote, indent = "", 0
    for line, keyed in lines:
        if quote:
            held.append(line)
            if _ends(line, quote):
                quote = ""
            continue
        deeper = len(line) - len(line.lstrip()) > indent or not line.strip()
        if keyed is None and held and deeper:
            held.append(line)
            continue
        yield from _held(held)
        held = []
        if keyed is None:
            held, indent = [line.strip().removeprefix("- ")], len(line) - len(line.lstrip())
            continue
        indent = len(keyed[1]) + len(keyed[2])
        value = (keyed[4] or "").strip()
        held = [value] if value else []
        if value[:1] in ("'", '"') and not _ends(value[1:], value[0]):
            quote = value[0]
        elif value[:1] in ("|", ">") and len(value) <= 2:
            held = [""]
    yield from _held(held)


def _held(held: list[str]) -> Iterator[Passage]:
    if not held:
        return
    value = "\n".join(line.strip().removesuffix("\\").removeprefix("\\") for line in held).strip()
    if value[:1] in ("'", '"') and value[-1:] == value[:1] and len(value) > 1:
        value = value[1:-1]
    yield from _leaf(_FOLD.sub(" ", value) if "\n" in value else value, 1)


def _ends(line: str, quote: str) -> bool:
    """Whether a quoted value ends with this line."""
    stripped = line.rstrip()
    tail = len(stripped) - len(stripped.rstrip(quote))
    return tail % 2 == 1 and not stripped.endswith("\\" + quote)


def _as_field(text: str) -> Passage | None:
    """A text as a field, if it is a value and not a sentence: few words on one line that neither end like one nor demand."""
    if "\n" in text:
        return None
    parts = text.split(None, FIELD_WORDS)
    if not parts or len(parts) > FIELD_WORDS:
        return None
    field = _field(text)
    if not text.isascii() and len(text) > WIDE_WORD:
        parts = field.words.words  # where no spaces are, a sentence is one part
        if len(parts) > FIELD_WORDS * WIDE_WORD:
            return None
    if len(parts) == 1:
        return field
    ended = text[-1] in ".!?\u3002\uff01\uff1f\u061f\u0964" and len(parts) > 2
    if ended:
        return None
    reaches, long = bool(addresses(text)), len(parts) > 3
    if (reaches and long) or ((reaches or long) and demanded(field.text, field.words.words)):
        return None
    return field


def _field(text: str) -> Passage:
    said = clean(text)
    return Passage(said, "field", words(said), demands=False, demanding=False)
