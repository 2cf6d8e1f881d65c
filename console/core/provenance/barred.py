"""What a person forbade or excepted: the words of each such clause, and the deeds that it is about."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple

from console.core.provenance.deeds import NAMES, Deeds, deeds, keeps, named, refers, takes_up
from console.core.provenance.forbidden import Clause
from console.core.provenance.index import Index, Query
from console.core.provenance.normal import Words, addresses, host, words
from console.core.provenance.passages import Passage
from console.core.provenance.vocabulary import READING, STOP, VERBS, demanded, stem

CLAUSES: Final = 64
"""Forbidding clauses that are told apart; the words of more are kept with the last of them, of any deed."""

QUOTE_CHARS: Final = 120

STEPS: Final = 8
"""Folders of a path that are looked at, from the innermost on."""

KEPT_FROM: Final = frozenset({"delete", "change"})
"""What may not be done to a thing that somebody says to keep."""

_TOLD: Final = frozenset(
    ["commit", "rebase", "tag", "apply", "migrate", "rollback", "restart", "scale", "force"]
) | {verb for verb, found in VERBS.items() if found & {"publish", "send", "fetch", "delete", "pay", "buy"}}
"""Deeds that a program is told by name, as `git push`: `do not push` means them."""

_EMPTY: Final = frozenset(STOP | VERBS.keys() | READING)


class Place(NamedTuple):
    """A value that is looked for: as a question to an index, as clean text, and its host if it is a link."""

    query: Query
    text: str
    host: str


class Found(NamedTuple):
    """The words that forbid a value, and whether they may forbid looking too."""

    quote: str
    looks: bool


class _Rule:
    def __init__(self, quote: str, about: Deeds) -> None:
        self.quote = quote
        self.about = about
        self.verbs: frozenset[str] = frozenset()
        self.stems: frozenset[str] = frozenset()
        self.index = Index()
        self.hosts: set[str] = set()

    def put(self, text: str) -> None:
        self.index.add(0, Passage(text, "text", words(text), demands=False, demanding=False))
        self.hosts |= {host(found) for found in addresses(text)} - {""}


class Barred:
    """The forbidding clauses of one run's task, in order. More of them never bar less."""

    def __init__(self) -> None:
        self._rules: list[_Rule] = []
        self._before = ""
        self._told = ""
        self.hosts: set[str] = set()

    def __bool__(self) -> bool:
        return bool(self._rules)

    @property
    def size(self) -> int:
        """Words kept."""
        return sum(rule.index.size for rule in self._rules)

    @property
    def whole(self) -> bool:
        """Whether every forbidding word that was given is kept."""
        return all(rule.index.whole for rule in self._rules)

    def before(self, text: str) -> Iterator[Passage]:
        """A request was said, of which more may be said. Gives back the names that it takes up from what was told."""
        told, self._told = self._told, ""
        self._before = text
        if told and takes_up(text):
            names = named(told)
            yield Passage(names, "text", words(names), demands=False, demanding=False)

    def take(self, parts: list[Clause]) -> Iterator[Passage]:
        """Keep what forbids, and give back the rest as sentences of its own."""
        asking = ""
        for number, part in enumerate(parts):
            cut = words(part.text)
            if part.forbids:
                other = next((each.text for each in parts[number + 1 :] if not each.forbids), "")
                self._keep(part.text, self._before, asking or other or self._before)
                self._told = ""
                continue
            if part.tells:
                self._before = self._told = part.text
                continue
            asking = part.text
            yield from self.before(part.text)
            demanding = demanded(part.text, cut.words)
            yield Passage(part.text, "text", cut, demanding, demanding)

    def value(self, place: Place, does: frozenset[str], *, asked: bool) -> Found | None:
        """Return what forbids a value; None if nothing does.

        A value that was `asked` for as well is forbidden only where the clause may be about what is done.
        """
        if all(word in _EMPTY for word in place.query.cut.words):
            return None
        queries = [place.query, *_around(place.text)]
        for rule in self._rules:
            about = rule.about
            of_this = about.broad or bool(about.families & does) or not (about.families or about.looks)
            if asked and does and not of_this:
                continue
            named = any(rule.index.find(query) is not None for query in queries)
            if named or (place.host and "@" not in place.text and place.host in rule.hosts):
                return Found(rule.quote, rule.about.looks)
        return None

    def deed(self, does: frozenset[str]) -> str:
        """Return what forbids doing this at all, where nobody asked for it; empty if nothing does."""
        if not does:
            return ""
        return next((rule.quote for rule in self._rules if rule.verbs & does), "")

    def word(self, stems: set[str]) -> str:
        """Return what forbids by its very name what a program is told to do; empty if nothing does."""
        return next((rule.quote for rule in self._rules if rule.stems & stems), "")

    def _keep(self, text: str, before: str, request: str) -> None:
        quote = " ".join(text.strip(" ,").split())[:QUOTE_CHARS]
        own = about = deeds(text)
        if keeps(text):
            about = Deeds(about.families | KEPT_FROM, about.broad, about.broad)
        elif not about.families and not about.looks:
            about = deeds(request)  # `delete all but this`: what is excepted is excepted from that
        if len(self._rules) >= CLAUSES:
            rule = self._rules[-1]
            rule.about = Deeds(rule.about.families | about.families, looks=True, broad=True)
        else:
            rule = _Rule(quote, about)
            self._rules.append(rule)
        rule.verbs |= own.families
        rule.stems |= {stem(word) for word in words(NAMES.sub(" ", text)).words if word in _TOLD}
        rule.put(text)
        if refers(text) and before:
            rule.put(before)
        else:
            self.hosts |= {host(found) for found in addresses(text)} - {""}


def _around(text: str) -> Iterator[Query]:
    """The last name of a path, and the folders that it lies in."""
    if "/" not in text or " " in text:
        return
    steps = text.removeprefix("./").split("/")
    yield _query(steps[-1])
    for end in range(len(steps) - 1, max(len(steps) - 1 - STEPS, 0), -1):
        yield _query("/".join(steps[:end]))


def _query(text: str) -> Query:
    cut = words(text)
    return Query([], cut if any(word not in _EMPTY for word in cut.words) else Words([], []), address=True)
