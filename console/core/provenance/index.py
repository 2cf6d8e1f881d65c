"""Where a value was first said or read: an index of words, so that a question costs the same however long the run is."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Set as AbstractSet
from typing import Final, NamedTuple

from console.core.provenance.normal import GLUE, Words, forms, is_address, number, whole_forms, words
from console.core.provenance.passages import Kind, Passage
from console.core.provenance.vocabulary import STOP, families, stem

POSTINGS: Final = 256
"""Places of one word that are kept, the first ones."""

LOOKED_AT: Final = 64
"""Places of a value's rarest word that are looked at."""

WORDS_KEPT: Final = 100_000
"""Words of one run that are kept; what is read beyond them is not known, and `whole` says so."""

PHRASE_MORE: Final = 3
"""Other words that a sentence must hold to count as saying a phrase, if it holds the phrase's words in another order."""

QUOTE_CHARS: Final = 160


class Found(NamedTuple):
    """The first place of a value: which source, field or text, and whether it is near to an instruction."""

    source: int
    kind: Kind
    demands: bool
    quote: str


class Query(NamedTuple):
    """A value that is looked for: its forms as a number or date, its words, and whether it says where to."""

    forms: list[str]
    cut: Words
    address: bool

    @staticmethod
    def of(value: object, text: str) -> Query:
        """Prepare to look for a value, `text` being its cleaned text."""
        return Query(_forms_of(value, text), words(text), is_address(text))


class Index:
    """The words of a run's texts, in order. Sources are numbers of the caller's."""

    def __init__(self) -> None:
        self._words: list[str] = []
        self._glue: list[str] = []
        self._places: dict[str, list[int]] = {}
        self._forms: dict[str, int] = {}
        self._starts: list[int] = []
        self._passages: list[tuple[int, Kind, bool, str]] = []
        self._demands: dict[str, list[frozenset[str]]] = {}
        self.whole = True
        """Whether everything that was given is in the index."""

    @property
    def size(self) -> int:
        """Words kept."""
        return len(self._words)

    def add(self, source: int, passage: Passage) -> None:
        """Put one passage into the index."""
        start = len(self._words)
        if start + len(passage.words.words) > WORDS_KEPT:
            self.whole = False
            return
        self._starts.append(start)
        self._passages.append((source, passage.kind, passage.demands, passage.text[:QUOTE_CHARS]))
        self._words += passage.words.words
        self._glue += passage.words.glue
        if passage.words.glue:
            self._glue[start] = ""
        kept = self._places
        for offset, word in enumerate(passage.words.words):
            places = kept.get(word)
            if places is None:
                kept[word] = [start + offset]
            elif len(places) < POSTINGS:
                places.append(start + offset)
        for form in forms(passage.text):
            self._forms.setdefault(form, start)
        if passage.demanding:
            stems = frozenset(stem(word) for word in passage.words.words)
            for family in families(passage.words.words):
                told = self._demands.setdefault(family, [])
                if len(told) < LOOKED_AT and stems not in told:
                    told.append(stems)

    def find(self, query: Query) -> Found | None:
        """Return the first place of a value; None if it stands nowhere."""
        for form in query.forms:
            at = self._forms.get(form)
            if at is None and form[0] == "#" and form[1:].isdigit():
                at = self._exact(Words([form[1:]], [""]), whole_name=True)
            if at is not None:
                return self._at(at)
        cut = query.cut
        place = self._exact(cut, whole_name=query.address or len(cut.words) == 1)
        if place is None and len(cut.words) >= 2 and not query.address:
            return self._phrase([word for word in cut.words if word not in STOP])
        return None if place is None else self._at(place)

    def demands(self, verbs: AbstractSet[str], objects: AbstractSet[str]) -> bool:
        """Whether a sentence that tells somebody to do something has such a verb, and one of these words (stems)."""
        return any(stems & objects for family in sorted(verbs) for stems in self._demands.get(family, ()))

    def _at(self, place: int) -> Found:
        return Found(*self._passages[bisect_right(self._starts, place) - 1])

    def _exact(self, cut: Words, *, whole_name: bool) -> int | None:
        """Return where these words stand, one after the other. `whole_name`: and are no part of a longer name."""
        rarest, fewest = 0, POSTINGS + 1
        for at, word in enumerate(cut.words):
            places = self._places.get(word)
            if places is None:
                return None
            if len(places) < fewest:
                rarest, fewest = at, len(places)
        if not cut.words:
            return None
        for anchor in self._places[cut.words[rarest]]:
            start, end = anchor - rarest, anchor - rarest + len(cut.words)
            if start < 0 or self._words[start:end] != cut.words:
                continue
            if whole_name and (
                self._glue[start] in GLUE or (end < len(self._glue) and self._glue[end] in GLUE)
            ):
                continue
            return start
        return None

    def _phrase(self, telling: list[str]) -> Found | None:
        """Return the first sentence that holds all these words and some more."""
        if len(telling) < 2 or any(word not in self._places for word in telling):
            return None
        rarest = min(telling, key=lambda word: len(self._places[word]))
        wanted = set(telling)
        for place in self._places[rarest][:LOOKED_AT]:
            number = bisect_right(self._starts, place) - 1
            end = self._starts[number + 1] if number + 1 < len(self._starts) else len(self._words)
            inside = set(self._words[self._starts[number] : end])
            if (
                self._passages[number][1] == "text"
                and wanted <= inside
                and len(inside) >= len(wanted) + PHRASE_MORE
            ):
                return Found(*self._passages[number])
        return None


def _forms_of(value: object, text: str) -> list[str]:
    if isinstance(value, int | float) and not isinstance(value, bool):
        some = math.isfinite(value) and abs(value) < 2**53
        return [number(float(value))] if some and (abs(value) >= 1_000 or value % 1) else []
    if text.isdigit() and 4 <= len(text) <= 15:
        return [number(float(text))]
    return whole_forms(text) if len(text) <= 48 else []
