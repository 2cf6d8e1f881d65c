"""Which part of a person's sentence asks, which forbids or excepts, and which only tells how something is.

What is forbidden is not asked for. Where it is not clear how far a prohibition goes, it goes further: that costs a
question, the other mistake an action that somebody said must not be. So a clause with any word that denies asks for nothing,
unless it plainly does (`don't forget to`) or what denies is a part of its own.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from itertools import islice
from typing import Final, NamedTuple

from console.core.provenance.deeds import NAMES, doing, grave, grave_abroad, named
from console.core.provenance.denials import DESCRIBES, KEEPS_NOT, PLAINLY_ASKS, WISHES
from console.core.provenance.normal import words
from console.core.provenance.prohibitions import (
    ALL_BUT,
    BEHIND,
    BOUND,
    CONDITIONS,
    DO,
    EXCEPT,
    EXCEPT_SIGN,
    NE,
    QUICK,
    SIGNS,
    SUBORDINATE,
    TURNS,
    UNLESS,
    WHOLE,
    WIDE,
)
from console.core.provenance.vocabulary import BASE, demanded

_SPEAKS: Final = re.compile(
    r"\s*(?:i|we)(?:\s+(?:want|need|would|have|am|was|will|prefer|think|can|could|also|just|only|do)\b"
    r"|['’](?:d|ll|m|ve)\b)"
)
_THEN: Final = re.compile(
    r"\s*(?:then|please|let['’]?s|i|we|you|can|could|would|dann|bitte|alors|entonces|então|allora)(?![\w@/\\-]|\.\w)"
)
_SUBJECT: Final = re.compile(
    r"\s*(?:my|our|your|his|her|their|it|this|that|he|she|they|you|please|only|just|also|instead)\b"
)
_NO: Final = re.compile(
    r"\W*(?:no(?: way)?|nope|never|don['’]?t|nein|nicht|nie|non|jamais|nunca|não|mai"
    r"|不|不要|不行|いいえ|だめ|아니[요오]?)\W*"
)
_TO_YOU: Final = re.compile(r"\b(?:you|please)\b")
_KEEP_WORD: Final = re.compile(r"\b(?:keep|leave)\b")
_COUNTS_ONLY_HERE: Final = re.compile(r"\b(?:no|nothing|nobody)\b")
_NO_EXCEPTION: Final = BASE | {"do", "don't", "don’t", "not", "never", "please", "also", "i", "we", "you"}
_BARE: Final = re.compile(r"\W*(?:please )?(?:don['’]?t|do not)(?: do (?:it|that|so))?(?: please)?\W*")
"""Alone it says that what stands before it must not be."""

_HOW_IT_STANDS: Final = re.compile(
    r"\s*(?:it|they|he|she|i|you|we|this|that|there|es|sie|er|ich|du|il|elle|tu|vous|está|é|è)\b"
)
_OF_IT: Final = re.compile(
    r"\s*(?:must|should|shall|may|might|can|is|are|ought|has|have)\b|\s*(?:ca|is|are|must|should|sha)n"
)
"""So goes on what was named before: `keep.txt is old and must not be deleted`."""

_HOW_IT_IS: Final = re.compile(
    r"(?:please )?\b(?:keep|leave)\b[^,]*?\b(?:in|as|under|at|below|within|to)\s+(?=[^\d./@_\\]*$|[^\d./@_\\]*[.]$)"
)
"""`keep it in economy` says how something is to be, unless what stands there is a name of its own."""


LISTED: Final = 12
"""Words that an entry of a list has at most, unless it begins with a sign of one."""

MOST_SIGNS: Final = 64
"""Exceptions that one sentence makes of what stands before them. One with more is nobody's request, and is forbidden as a
whole: each is cut by itself, which takes its time."""


class Clause(NamedTuple):
    """A part of a sentence.

    `forbids`: it says what must not be, or what a request does not go for. `tells`: it denies, but only tells how something
    is; it neither asks nor forbids.
    """

    text: str
    forbids: bool
    tells: bool = False


def clauses(said: str) -> list[Clause]:
    """Cut a sentence that went through `clean` into what it asks for and what it forbids, in order."""
    if not may_forbid(said):
        return [Clause(said, forbids=False)]
    if sum(1 for _ in islice(BEHIND.finditer(said), MOST_SIGNS)) == MOST_SIGNS:
        return [Clause(said, forbids=True)]
    return _joined(_apart(said))


def _apart(said: str) -> list[Clause]:
    said = ALL_BUT.sub(_excepted, said)
    for kept, asked in KEEPS_NOT:
        said = kept.sub(asked, said)
    wishes = WISHES.search(said) is not None
    pieces = _pieces(said)
    found: list[Clause] = []
    barred = False
    leading = 0
    between = started = ""
    for number, (sign, piece, blank) in enumerate(pieces):
        lead, between = between + sign, ""
        if not piece.strip():
            between = lead + piece
            if sign in TURNS:
                barred = barred and not _released(sign, piece)
            continue
        if barred and number >= leading and (_released(sign, piece) or (leading and number == leading)):
            barred = False
        elif barred and started in CONDITIONS and sign == "," and (_THEN.match(piece) or _asks(piece)):
            barred = False  # `if you can't, then send it`: the condition is over
        if barred:
            found.append(Clause(lead + piece, forbids=True))
            continue
        first, started = len(found), sign
        barred = _cut(piece, blank, found, sign, wishes=wishes)
        found[first] = found[first]._replace(text=lead + found[first].text)
        if barred and number == 0 and EXCEPT.match(piece.lstrip()):
            leading = max(
                (at for at, (mark, one, _blank) in enumerate(pieces) if mark == "," and _asks(one)), default=0
            )
    return found


def _joined(found: list[Clause]) -> list[Clause]:
    """Put neighbours of one kind together again, so that no name is cut in two by a sign inside it."""
    joined: list[Clause] = []
    for clause in found:
        if joined and joined[-1][1:] == clause[1:]:
            joined[-1] = clause._replace(text=joined[-1].text + clause.text)
        elif clause.text.strip(" ,"):
            joined.append(clause)
    return joined


def may_forbid(said: str) -> bool:
    """Whether a text holds any word of a prohibition; most hold none, which is told fast."""
    return QUICK.search(said) is not None or (not said.isascii() and WIDE.search(said) is not None)


def spoken(said: list[str]) -> Iterator[list[Clause]]:
    """Cut sentences that were said one after the other, as `clauses` cuts each; none for one without a word that denies.

    What stands below a heading that forbids (`do not delete these:`) is forbidden until a request or the end of a sentence.
    """
    below = False
    for number, one in enumerate(said):
        answer = said[number + 1] if number + 1 < len(said) else ""
        if (below and _listed(one)) or refused(one, answer):
            below = below and (not one.endswith((".", "!", "?")) or one[:-1].isdigit())
            yield [Clause(one, forbids=True)]
            continue
        parts = clauses(one) if may_forbid(one) else []
        below = one.endswith(":") and bool(parts) and parts[-1].forbids
        yield parts


def _listed(said: str) -> bool:
    """Whether this may stand in a list below a heading: it asks for nothing, and is no speech without a sign of a list."""
    return not _asks(said) and (said[:1] in "-*•" or said[:1].isdigit() or len(said.split()) <= LISTED)


def refused(question: str, answer: str) -> bool:
    """Whether a question is for a thing or a deed, and the answer is nothing but no: `keep.txt? No!`."""
    if not question.endswith(("?", ":")) or _NO.fullmatch(answer) is None:
        return False
    return grave(question) or not words(question.replace(named(question) or "?", "")).words


def _excepted(match: re.Match[str]) -> str:
    """`everything in /srv but keep.txt` excepts, `everything but send it` goes on to ask."""
    return match[0] if match[2].strip(",.") in _NO_EXCEPTION else f"{match[1]} except"


def _pieces(said: str) -> list[tuple[str, str, str]]:
    """A sentence cut at its bounds: the bound, what follows it, and the same without what only looks like a prohibition."""
    blank = _dotted(PLAINLY_ASKS, said)
    found: list[tuple[str, str, str]] = []
    sign, start = "", 0
    for match in BOUND.finditer(blank):
        found.append((sign, said[start : match.start()], blank[start : match.start()]))
        sign, start = match[0], match.end()
    found.append((sign, said[start:], blank[start:]))
    if not said.endswith("?"):
        return found
    return [(s, p, b if _TO_YOU.search(p) else _dotted(_KEEP_WORD, b)) for s, p, b in found]


def _cut(piece: str, blank: str, found: list[Clause], sign: str, *, wishes: bool) -> bool:
    """Put the parts of a piece to those that were found. Returns whether what follows is forbidden as well."""
    if (told := _telling(piece, blank, sign, wishes=wishes)) is not None:
        found += [Clause(piece[:told], forbids=False)] if told else []
        found.append(Clause(piece[told:], forbids=False, tells=True))
        return False
    behind = BEHIND.search(blank)
    if behind is not None:
        start = next(
            (match.start() for match in [re.search("(?<![删刪清移])除", piece[: behind.start()])] if match), 0
        )
        if start == 0:
            _backwards(found)
        found += [Clause(piece[:start], forbids=False), Clause(piece[start : behind.end()], forbids=True)]
        end = behind.end()
        return _cut(piece[end:], blank[end:], found, "", wishes=wishes)
    if _denies(blank):
        alone = _COUNTS_ONLY_HERE.search(blank) is not None or WHOLE.match(blank.lstrip()) is not None
        if not alone or sign in SUBORDINATE or _OF_IT.match(blank):
            _backwards(found)
        found.append(Clause(piece, forbids=True))
        return not piece.endswith(("て", "で"))
    if found and _BARE.fullmatch(piece):
        found[-1] = Clause(found[-1].text, forbids=True)
    return _cut_apart(piece, blank, found)


def _cut_apart(piece: str, blank: str, found: list[Clause]) -> bool:
    """The same of a piece that asks at its beginning and forbids or excepts behind it."""
    starts = [(match.start(), match) for match in map(_search(blank), (DO, EXCEPT, EXCEPT_SIGN)) if match]
    if not starts:
        found.append(Clause(piece, forbids=False))
        return False
    at, match = min(starts, key=lambda one: one[0])
    at_the_end = match.re is EXCEPT and not words(piece[match.end() :]).words
    if at_the_end or (match.re is DO and not doing(piece[:at])):
        if piece[:at].strip():
            _backwards(found)
        at = 0
    if match[0] in UNLESS and _HOW_IT_STANDS.match(piece[match.end() :]) and not named(piece[at:]):
        found += [Clause(piece[:at], forbids=False), Clause(piece[at:], forbids=False, tells=True)]
        return False
    how = _HOW_IT_IS.match(piece[at:].lstrip()) if match[0].endswith(("keep", "leave")) else None
    end = len(piece) - len(piece[at:].lstrip()) + how.end() if how else len(piece)
    rest = [Clause(piece[end:], forbids=False)] if how else []
    found += [Clause(piece[:at], forbids=False), Clause(piece[at:end], forbids=True), *rest]
    return how is None


def _denies(blank: str) -> bool:
    return bool(WHOLE.search(blank) or NE.search(blank) or SIGNS.search(blank))


def _telling(piece: str, blank: str, sign: str, *, wishes: bool) -> int | None:
    """Where the part of a piece begins that denies and only describes; None if it does more, or denies nothing."""
    if sign in CONDITIONS and _denies(blank) and not grave(piece) and not named(piece):
        return 0
    match = None if wishes else DESCRIBES.search(blank)
    if match is None or may_forbid(_dotted(DESCRIBES, blank)):
        return None
    if ord(match[0][0]) > _LETTERS or not _asks(piece[: match.start()]):
        return None if grave_abroad(_dotted(DESCRIBES, piece)) else 0
    return match.start()


_LETTERS: Final = 0x1100
"""Languages beyond put the verb, and what denies it, at the end of its clause."""


def _dotted(pattern: re.Pattern[str], text: str) -> str:
    """A text with what a pattern finds made unreadable, as long as before."""
    return pattern.sub(lambda match: "\u00b7" * len(match[0]), text)


def _search(text: str) -> Callable[[re.Pattern[str]], re.Match[str] | None]:
    return lambda pattern: pattern.search(text)


def _backwards(found: list[Clause]) -> None:
    """What stands before as a mere list belongs to the prohibition: `a, b and c must not be deleted`."""
    for at in range(len(found) - 1, -1, -1):
        if found[at].forbids or doing(found[at].text):
            return
        found[at] = Clause(found[at].text, forbids=True)


def _released(sign: str, piece: str) -> bool:
    """Whether a prohibition ends where this begins: `but delete old.log`, `, I want the other`."""
    if sign in SUBORDINATE:
        return False
    if _SPEAKS.match(piece):
        return True
    return sign in TURNS and (_asks(piece) or _SUBJECT.match(piece) is not None)


def _asks(piece: str) -> bool:
    piece = NAMES.sub(" ", piece)
    return demanded(piece, words(piece).words)
