"""What a run was told and what it has read: the memory that the origin of its values is told from."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Final, NamedTuple

from msgspec import Struct
from msgspec.structs import replace

from console.core.provenance.abroad import abroad
from console.core.provenance.barred import Barred, Place
from console.core.provenance.forbidden import spoken
from console.core.provenance.index import Index, Query
from console.core.provenance.leaves import LONG
from console.core.provenance.normal import addresses, clean, host, is_address
from console.core.provenance.passages import Passage, passages, sentences
from console.core.provenance.suspicion import Origin, Suspicion, Traits, weigh
from console.core.provenance.vocabulary import PURPOSES, STOP, VERBS, families, name_parts, stem

ADDRESSES: Final = 64
"""Addresses of one value that are looked at; more of them make the call not whole."""

LEAVES_LOOKED_AT: Final = 64
"""Values of one call that are looked at; more of them make the call not whole."""

SAID_CHARS: Final = 8_000
"""Characters of one word of a person that are read, twice what an SDK sends: of more, the rest counts as missing."""

RESULT_CHARS: Final = 200_000
"""Characters of one result that are read."""

VALUE_CHARS: Final = 200

RECENT_RESULTS: Final = 2


RESOURCES_KEPT: Final = 4_096


class Resources:
    """Files, pages and other places that a suspect call has written to, by whichever run; shared by the runs of a site."""

    def __init__(self) -> None:
        self._names: dict[str, None] = {}

    def mark(self, name: str) -> None:
        """A suspect call has written to this place. The oldest are forgotten first."""
        self._names.pop(name, None)
        self._names[name] = None
        if len(self._names) > RESOURCES_KEPT:
            del self._names[next(iter(self._names))]

    def __contains__(self, name: str) -> bool:
        return name in self._names


class _Source(Struct):
    tool: str
    tainted: bool
    demands: bool = False


class _Named(NamedTuple):
    """What a tool's name says: its first verb, the families of all its verbs and purposes, and the stems of the rest."""

    verb: str
    families: frozenset[str]
    objects: frozenset[str]


class Trail:
    """The memory of one run. Feed it in order: `said`, `called`, `read`. `folder`: where it says that it works, or empty."""

    def __init__(self, resources: Resources | None = None) -> None:
        self._resources = Resources() if resources is None else resources
        self._user = Index()
        self._stems: set[str] = set()
        self._verbs: set[str] = set()
        self._families: set[str] = set()
        self._abroad: set[str] = set()
        self._hosts: set[str] = set()
        self._asked_hosts: set[str] = set()
        self._barred = Barred()
        self._read = Index()
        self._sources: list[_Source] = []
        self._whole = True
        self._cut = 0
        self.folder = ""

    @property
    def told(self) -> bool:
        """Whether anybody has said what to do."""
        return bool(self._stems)

    @property
    def size(self) -> int:
        """Words kept."""
        return self._user.size + self._read.size + self._barred.size

    def asks(self, verb: str) -> bool:
        """Whether a person used a verb of the family of this one."""
        return bool(VERBS.get(verb, frozenset()) & self._families)

    def said(self, text: str, *, whole: bool = True) -> None:
        """Take up the words of a person: the user's task or answer, an operator's. Not `whole`: some of it is missing."""
        self._whole = self._whole and whole and len(text) <= SAID_CHARS
        said = list(sentences(text[:SAID_CHARS]))
        for passage, parts in zip(said, spoken([one.text for one in said]), strict=True):
            if parts:
                for part in self._barred.take(parts):
                    self._asked(part)
            else:
                for taken_up in self._barred.before(passage.text):
                    self._asked(taken_up)
                self._asked(passage)
        self._whole = self._whole and self._barred.whole
        found = self._verbs | {_verb_of(word) for word in self._stems} - {""}
        self._families = families(sorted(found)) | self._abroad
        self._hosts |= {host(found) for found in addresses(text[:SAID_CHARS])} - {""}
        self._hosts -= self._barred.hosts - self._asked_hosts

    def _asked(self, passage: Passage) -> None:
        """Take up a sentence, or what is left of one, that forbids nothing."""
        self._user.add(0, passage)
        self._stems |= {stem(word) for word in passage.words.words}
        self._verbs |= {word for word in passage.words.words if word in VERBS}
        self._abroad |= abroad(passage.words.words, passage.text)
        self._asked_hosts |= {host(found) for found in addresses(passage.text)}

    def read(self, tool: str, text: str, *, tainted: bool = False, cut: bool = False) -> int:
        """Take up a tool's result. `tainted`: the call carried a suspect value. `cut`: the agent saw more than this.

        Returns the number of the result, from 1.
        """
        source = _Source(tool, tainted)
        self._sources.append(source)
        if cut or len(text) > RESULT_CHARS:
            self._cut = len(self._sources)
        for passage in passages(text[:RESULT_CHARS]):
            self._read.add(len(self._sources), passage)
            source.demands = source.demands or passage.demanding
        return len(self._sources)

    def call(
        self,
        tool: str,
        leaves: Iterable[tuple[str, object]],
        *,
        whole: bool = True,
        without: frozenset[str] = frozenset(),
        does: frozenset[str] = frozenset(),
        verbs: frozenset[str] = frozenset(),
    ) -> Suspicion:
        """Tell where the values of a call came from, and what speaks against it.

        `leaves` are the paths and values of its arguments, names that may be addresses among them (`leaf_values`). `tool`
        is empty where its name is not what is done, as of a shell, of which `does` are the families of its deeds that are
        known, and `verbs` what its programs are told to do. Not `whole`: some values are not among them.
        """
        name = _named(tool)
        does = does | name.families
        origins: list[Origin] = []
        whole = whole and self._whole and self._read.whole and self._user.whole
        for number, (path, value) in enumerate(leaves):
            if number >= LEAVES_LOOKED_AT:
                whole = False
                break
            text = value if isinstance(value, str) else _text(value)
            found = addresses(text)
            whole = whole and len(found) <= ADDRESSES
            origins += self._leaf(path, value, text, found[:ADDRESSES])
        if self._barred:
            origins = [self._marked(origin, does) for origin in origins]
        verb_asked = bool(name.verb) and (name.verb in self._verbs or stem(name.verb) in self._stems)
        traits = Traits(
            family_asked=not name.verb or bool(name.families & self._families) or verb_asked,
            verb_asked=verb_asked,
            told=bool(name.verb) and not verb_asked and self._read.demands(name.families, name.objects),
            recent=any(source.demands for source in self._sources[-RECENT_RESULTS:]),
            visits=any(origin.address for origin in origins),
            forbidden=self._forbidden(does, verbs),
        )
        suspicion = weigh(origins, traits, whole=whole, without=without)
        places = {place for origin in origins if (place := _place(origin.value))}
        if any(place in self._resources for place in places):
            return replace(suspicion, touches=True)
        return suspicion

    def _forbidden(self, does: frozenset[str], verbs: frozenset[str]) -> str:
        """What forbids a deed that nobody asked for, whatever it is done to."""
        found = "" if does & self._families else self._barred.deed(does)
        return found or self._barred.word({stem(verb) for verb in verbs} - self._stems)

    def wrote(self, suspicion: Suspicion) -> None:
        """A call that changes something was made: where it wrote is as suspect as what it wrote."""
        if suspicion.taints:
            for origin in suspicion.origins:
                place = _place(origin.value)
                if place:
                    self._resources.mark(place)

    def _leaf(self, path: str, value: object, text: str, found: list[str]) -> Iterator[Origin]:
        """Tell where a value came from, and each address that is part of it: a name beside an address hides nothing."""
        if len(text) <= LONG:
            address = bool(found) and is_address(text.strip())
            yield self._origin(path, value, text, address=address)
            if address:
                return  # the value is the address
        for each in found:
            yield self._origin(path, each, each, address=is_address(each.strip()))

    def _origin(self, path: str, value: object, text: str, *, address: bool) -> Origin:
        shown = text[:VALUE_CHARS]
        small = isinstance(value, int | float) and abs(value) < 10
        if value is None or isinstance(value, bool) or small or len(text.strip()) < 3:
            return Origin(path=path, kind="plain", value=shown)
        bare = clean(text).strip().rstrip("/")
        query = Query.of(value, bare)
        if self._was_said(query, bare, address=address):
            return Origin(path=path, kind="said", value=shown, address=address)
        found = self._read.find(query)
        if found is None and address and self._cut:
            tool = self._sources[
                self._cut - 1
            ].tool  # it may stand in what was cut off, and nobody could tell
            return Origin(path=path, kind="text", value=shown, source=self._cut, tool=tool, address=True)
        if found is None:
            return Origin(path=path, kind="made", value=shown, address=address)
        source = self._sources[found.source - 1]
        return Origin(
            path=path,
            kind="inherited" if source.tainted else found.kind,
            value=shown,
            source=found.source,
            tool=source.tool,
            quote=found.quote,
            demanded=found.demands,
            address=address,
        )

    def forbids(self, text: str, does: frozenset[str]) -> bool:
        """Whether the user forbade or excepted this; what was asked for as well, only of such deeds (families)."""
        if not self._barred:
            return False
        bare = clean(text).strip().rstrip("/")
        query = Query.of(text, bare)
        asked = self._was_said(query, bare, address=False)
        return self._barred.value(Place(query, bare, ""), does, asked=asked) is not None

    def _marked(self, origin: Origin, does: frozenset[str]) -> Origin:
        """Add to the origin of a value whether the user forbade or excepted it."""
        if origin.kind == "plain":
            return origin
        bare = clean(origin.value).strip().rstrip("/")
        place = Place(Query.of(origin.value, bare), bare, host(bare) if origin.address else "")
        found = self._barred.value(place, does, asked=origin.kind == "said")
        return origin if found is None else replace(origin, forbidden=found.quote, looking=found.looks)

    def _was_said(self, query: Query, text: str, *, address: bool) -> bool:
        if self._user.find(query) is not None:
            return True
        if address:
            return "@" not in text and host(text) in self._hosts
        telling = [word for word in query.cut.words if word not in STOP]
        return (
            bool(telling)
            and not any(map(str.isdigit, text))
            and all(stem(word) in self._stems for word in telling)
        )


@lru_cache(1_024)
def _named(tool: str) -> _Named:
    parts = name_parts(tool)
    verbs = [part for part in parts if part in VERBS]
    objects = {stem(part) for part in parts if part not in VERBS and part not in STOP and len(part) > 2}
    objects |= {stem(part) for part in verbs[1:]}
    meant = families(verbs) | {PURPOSES[part] for part in parts if part in PURPOSES}
    return _Named(verbs[0] if verbs else "", frozenset(meant), frozenset(objects))


def _place(value: str) -> str:
    """Return a value in one form if it names a place that keeps something: a path or a link; otherwise nothing."""
    if "/" not in value and "\\" not in value and value.isascii():  # of other signs some become one
        return ""
    bare = clean(value).strip().rstrip("/")
    return bare if "/" in bare and " " not in bare else ""


def _text(value: object) -> str:
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**53:
        return str(int(value))
    return "" if value is None else str(value)


_STEMMED: Final = {stem(verb): verb for verb in VERBS}


def _verb_of(stemmed: str) -> str:
    return _STEMMED.get(stemmed, "")
