"""What a clause of a person's sentence is about: its deeds, and whether it keeps or takes up what was named before it."""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from console.core.provenance.abroad import abroad
from console.core.provenance.normal import words
from console.core.provenance.vocabulary import BASE, FAMILIES, READING, VERBS, stem

_PRONOUN: Final = re.compile(
    r"\b(?:it|them|this|that|these|those|him|her|anything else|ihn|sie|es|diese[nmrs]?|l['’]|le|la|les|lo|los|las|"
    r"-l[ao]s?|gli|li)\b|(?:它|他|她|这|這|それ|これ|그것|이것|그걸)"
)
_KEEPS: Final = re.compile(
    r"(?<!\w)(?:keep|leave|leav|spare|preserv|retain|protect|behalt|lass|bewahr|verschon|gard|conserv|laiss"
    r"|épargn|dej|mant|deix|"
    r"guard|lasci|tien)|保留|留|残|そのまま|남겨|그대로"
)
_BROAD: Final = re.compile(
    r"\b(?:touch|use|access|look|go near|open|anfass|zugreif|toca|touche|acced)|碰|触|動|만지"
)
_LOOKS_LIKE: Final = re.compile(r"\blook(?:s|ed|ing)?\s+(?:like|as)\b")
_VERB_STEMS: Final = frozenset(map(stem, VERBS))


NAMES: Final = re.compile(r"[!-~]{0,64}[a-z0-9][./@_\\][a-z0-9][!-~]{0,64}")
"""Names of files, people and places: no word in them is a verb. Bounded, so that no text takes its length squared."""

_NAMED: Final = re.compile(r"[!-~]{0,64}(?:\d|[./@_\\](?=\w))[!-~]{0,64}")
_REST: Final = re.compile(r"\b(?:rest|others?|everything|else|remaining)\b")
_GRAVE: Final = frozenset({"delete", "change", "send", "pay", "buy", "refund", "publish", "identity", "move"})


class Deeds(NamedTuple):
    """What a clause is about: the families of its verbs, whether looking is among it, and whether anything is."""

    families: frozenset[str]
    looks: bool
    broad: bool = False


def deeds(text: str) -> Deeds:
    """Return what a clause is about."""
    text = _LOOKS_LIKE.sub(" ", text)
    cut = words(NAMES.sub(" ", text)).words
    found = {family for word in cut for family in VERBS.get(_base(word), ())} | abroad(cut, text)
    broad = _BROAD.search(text) is not None
    return Deeds(frozenset(found), broad or any(word in READING for word in cut), broad)


def keeps(text: str) -> bool:
    """Whether a clause says to keep something as it is."""
    return _KEEPS.search(text) is not None


def refers(text: str) -> bool:
    """Whether a clause speaks of what was named before it, and names nothing itself. A heading speaks of what follows."""
    if text.rstrip().endswith(":"):
        return False
    return _PRONOUN.search(text) is not None and NAMES.search(text) is None


def takes_up(text: str) -> bool:
    """Whether a request is for what was named just before it: `I can't open a.txt, so delete it`."""
    if NAMES.search(text) is not None or _REST.search(text) is not None:
        return False
    return _PRONOUN.search(text) is not None or (not text.isascii() and bool(abroad([], text)))


def named(text: str) -> str:
    """The names of files, people and places, and the numbers, that stand in a text."""
    return " ".join(_NAMED.findall(text))


def grave(text: str) -> bool:
    """Whether a text speaks of a deed that more than looks."""
    return bool(deeds(text).families & _GRAVE)


def grave_abroad(text: str) -> bool:
    """The same of the verbs of other languages than English: in English what denies stands close to what it denies."""
    text = NAMES.sub(" ", text)
    return bool(abroad(words(text).words, text) & _GRAVE)


def doing(text: str) -> bool:
    """Whether a text holds a verb of doing."""
    text = NAMES.sub(" ", text)
    cut = words(text).words
    return any(word in BASE or stem(word) in _VERB_STEMS for word in cut) or bool(abroad(cut, text))


_STEMMED: Final = {stem(verb): verb for listed in FAMILIES.values() for verb in listed.split()}


def _base(word: str) -> str:
    return word if word in VERBS else _STEMMED.get(stem(word), "")
