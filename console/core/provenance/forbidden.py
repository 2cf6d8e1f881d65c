"""Which part of a person's sentence forbids or excepts something, in the languages whose verbs of doing are known.

What is forbidden is not asked for. Where it is not clear how far a prohibition goes, it goes further: that costs a
question, the other mistake an action that somebody said must not be.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final, NamedTuple

from console.core.provenance.abroad import abroad
from console.core.provenance.normal import words
from console.core.provenance.vocabulary import BASE, FAMILIES, READING, VERBS, demanded, stem

_OPEN: Final = r"(?<![\w.@/\\-])"
_CLOSE: Final = r"(?![\w@/\\-]|\.\w)"


def _any(*kinds: str) -> re.Pattern[str]:
    return re.compile(_OPEN + "(?:" + "|".join(kinds) + ")" + _CLOSE)


_HARMLESS: Final = re.compile(
    r"\b(?:do not|don['’]?t|never|not) (?:hesitate|forget|fail|worry|have (?!to\b|him|her|them|it)|know"
    r"|remember|recall|see|"
    r"understand|mind|care)\b|\bnot only\b|\b(?:if|or|why|whether) not\b|\bnot (?:sure|certain|able|aware"
    r"|found|clear)\b"
    r"|\b(?:i|we) (?:can ?not|can['’]t|won['’]t|will not|couldn['’]t|could not)\b"
    r"|\bno (?:later|earlier|more|less|longer|problem|matter|need|doubt|worries|thanks?|thank you)\b"
    r"|\bno\.? ?#?\d|^no\s*[,.!]|^cannot\b"
    r"|\b(?:have|has|had|is|are|was|were|there['’]s|with|see|got) no\b|\b(?:at|by|al|por lo|pelo|al) menos\b"
    r"|\bno (?:más|mas) de\b"
    r"|\bnicht nur\b|\bnon solo\b|\bno s[oó]lo\b|\bnão só\b|\bpas seulement\b"
    r"|不仅|不但|不好意思|不久|特别|特別|类别|分别|区别|级别"
    r"|个别|性别|识别|別の|別途"
    r"|\d\.?\s*mai\b|\bmai \d|\bleave (?:on|at|from|for|by|after|before|in|tomorrow|today)\b|\bnothing else\b"
    r"|\bno (?:other|additional|further)\b|\bexcept [\w, ().]*:|\b(?:not to|not want to|don['’]t want to"
    r"|without) (?:re)?(?:typ|read|repeat|say|spell)\w*\b"
    r"|\b(?:keep|leave) (?:in mind|going|me (?:posted|informed|updated)|a (?:comment|message|review|note|reply))\b"
)
"""What has the words of a prohibition and is none. Nothing but these very words is passed over."""

_EXCEPT: Final = _any(
    "without|except(?:ing|ion)?|excluding|apart from|aside from|other than|save for|instead of|rather than"
    "|with the exception"
    "|outside of|not including",
    "ohne|außer|ausser|ausgenommen|bis auf|abgesehen von|statt|anstatt|anstelle",
    "sans|sauf|excepté|hormis|à part|à l'exception|au lieu d[e']|plutôt qu[e']|hors",
    "sin|excepto|salvo|menos|a excepción|aparte de|en vez de|en lugar de",
    "sem|exceto|a não ser|à exceção|em vez de",
    "senza|tranne|eccetto|a parte|a eccezione|ad eccezione|invece di|fuorché",
)
"""Behind it stands what is excepted; before it what is asked for."""

_DO: Final = _any(
    "do not|don['’]?t|do n['’]t|not|n['’]t|avoid|refrain|stay away|hands off|beware of|nor|neither",
    "(?:please )?(?:keep|leave|spare|preserve|retain|protect|skip|exclude|omit)",
    "behalte|behalten sie|lass|lasse|lassen sie|vermeide|vermeiden sie|verschone|bewahre",
    "garde|gardez|conserve|conservez|laisse|laissez|évite|évitez|épargne",
    "evita|evite|evitar|deja|deje|dejar|conserva|conservar|mantén|mantenga|mantener|mantenha|deixe|deixa|guarde",
    "mantieni|lascia|lasciare|lasciate|tieni|evitare|evitate",
)
"""Behind it stands what is forbidden, and before it too unless that is a request of its own."""

_WHOLE: Final = _any(
    r"(?:must|should|shall|may|can|need) ?not|(?:must|should|shall|can)n['’]?t|cant|never|nothing|nobody"
    r"|no ?one|none of|no",
    r"(?:you|would|wouldn['’]t|will) (?:will )?not (?:like|want)|wouldn['’]t|you (?:won['’]t|will not)|"
    r"did(?: not|n['’]t) (?:want|ask|say|mean|order|request|approve|agree)",
    r"(?:is|are|isn['’]t|aren['’]t|be) (?:not )?(?:to stay|to remain|to be kept|to be left|off[- ]limits"
    r"|forbidden|prohibited|taboo)",
    r"off[- ]limits|forbidden|forbid|prohibited|prohibit|banned|untouched|out of bounds",
    "nicht|nichts|kein(?:e[nmrs]?)?|niemals|nie|niemand(?:e[nm])?|weder|verboten|untersagt|tabu",
    "pas|jamais|rien|aucune?|personne|ni|interdite?s?",
    "nunca|jamás|nada|nadie|ning[uú]n[oa]?|tampoco|prohibid[oa]s?",
    "não|nao|jamais|ninguém|nenhuma?|proibid[oa]s?",
    "non|mai|niente|nulla|nessun[oa]?|vietat[oaie]|proibit[oaie]",
)
"""All of its clause is forbidden, what stands before it too."""

_N: Final = re.compile(r"(?<!\w)(?:ne\s|n['’])")
_SIGNS: Final = re.compile(
    "不|别|別|勿|莫|禁止|严禁|避免|保留|留下|跳过|而非|ない|ません|ませぬ|せず|ずに|禁じ|残し|残す|そのまま|避け|だめ|ダメ|駄目|"
    "지 ?마|지 ?말|지 ?않|안 ?됩|안 ?돼|안 ?되|금지|없이|남겨|피해|그대로"
)
_BEHIND: Final = re.compile("以外|之外|除い|除く|を除|除外|抜き|なしで|제외|빼고|말고|외에|외의|이외")
_EXCEPT_SIGN: Final = re.compile("除了|除去|除(?!去|了|い|く|外)(?=[^,、]*外)|除非")
_DESCRIBES: Final = re.compile(
    r"\b(?:is|are|was|were|am|does|did|has|have|had|could|would|will)(?: not|n['’]t)\b(?! (?:to|for|allowed"
    r"|permitted|ok|okay|be)\b)"
)
_ALL_BUT: Final = re.compile(r"\b(all|every\w*|any\w*) but\b")
_QUICK: Final = re.compile("|".join(each.pattern for each in (_ALL_BUT, _EXCEPT, _DO, _WHOLE, _N)))
_WIDE: Final = re.compile("|".join(each.pattern for each in (_SIGNS, _BEHIND, _EXCEPT_SIGN)))

_BOUND: Final = re.compile(
    r"(,(?!\d)|[()\[\]、]|\s[-–—]+\s|(?<![\w.@/\\-])(?:and|but|however|yet|or|und|aber|sondern|jedoch|oder|et"
    r"|mais|ou|y|pero|sino|o|e|mas|porém|ma|però)(?![\w@/\\-]|\.\w)"
    r"|但是|但|不过|而是|ただし|しかし|けど|ですが|하지만|그러나|지만)"
)
_TURN: Final = frozenset(
    [
        "but",
        "however",
        "yet",
        "aber",
        "sondern",
        "jedoch",
        "mais",
        "pero",
        "sino",
        "mas",
        "porém",
        "ma",
        "però",
        "但是",
        "但",
        "不过",
        "而是",
        "ただし",
        "しかし",
        "けど",
        "ですが",
        "하지만",
        "그러나",
        "지만",
    ]
)
_SPEAKS: Final = re.compile(
    r"\s*(?:i|we)(?:\s+(?:want|need|would|have|am|was|will|prefer|think|can|could|also|just|only|do)\b"
    r"|['’](?:d|ll|m|ve)\b)"
)
_SUBJECT: Final = re.compile(
    r"\s*(?:my|our|your|his|her|their|it|this|that|he|she|they|you|please|only|just|also|instead)\b"
)
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


_NAMES: Final = re.compile(r"[!-~]{0,64}[a-z0-9][./@_\\][a-z0-9][!-~]{0,64}")
"""Names of files, people and places: no word in them is a verb. Bounded, so that no text takes its length squared."""

_TO_YOU: Final = re.compile(r"\b(?:you|please)\b")
_KEEP_WORD: Final = re.compile(r"\b(?:keep|leave)\b")
_COUNTS_ONLY_HERE: Final = re.compile(r"\b(?:no|nothing|nobody)\b")
_HOW_IT_IS: Final = re.compile(
    r"(?:please )?\b(?:keep|leave)\b[^,]*?\b(?:in|as|under|at|below|within|to)\s+(?=[^\d./@_\\]*$|[^\d./@_\\]*[.]$)"
)
"""`keep it in economy` says how something is to be, unless what stands there is a name of its own."""


class Clause(NamedTuple):
    """A part of a sentence. `forbids`: it says what must not be, or what a request does not go for."""

    text: str
    forbids: bool


class Deeds(NamedTuple):
    """What a clause is about: the families of its verbs, whether looking is among it, and whether anything is."""

    families: frozenset[str]
    looks: bool
    broad: bool = False


def clauses(said: str) -> list[Clause]:
    """Cut a sentence that went through `clean` into what it asks for and what it forbids, in order."""
    if not may_forbid(said):
        return [Clause(said, forbids=False)]
    parts = _BOUND.split(_ALL_BUT.sub(r"\1 except", said))
    pieces = [(parts[at - 1] if at else "", parts[at]) for at in range(0, len(parts), 2)]
    found: list[Clause] = []
    barred = False
    leading = 0
    between = ""
    for number, (sign, piece) in enumerate(pieces):
        lead, between = between + sign, ""
        if not piece.strip():
            between = lead + piece
            if sign in _TURN:
                barred = barred and not _released(sign, piece)
            continue
        if barred and number >= leading and (_released(sign, piece) or (leading and number == leading)):
            barred = False
        if barred:
            found.append(Clause(lead + piece, forbids=True))
            continue
        first = len(found)
        barred = _cut(piece, found)
        found[first] = Clause(lead + found[first].text, found[first].forbids)
        if barred and number == 0 and _EXCEPT.match(piece.lstrip()):
            leading = max(
                (at for at, (mark, one) in enumerate(pieces) if mark == "," and _asks(one)), default=0
            )
    return _joined(found)


def _joined(found: list[Clause]) -> list[Clause]:
    """Put neighbours of one kind together again, so that no name is cut in two by a sign inside it."""
    joined: list[Clause] = []
    for clause in found:
        if joined and joined[-1].forbids == clause.forbids:
            joined[-1] = Clause(joined[-1].text + clause.text, clause.forbids)
        elif clause.text.strip(" ,"):
            joined.append(clause)
    return joined


def may_forbid(said: str) -> bool:
    """Whether a text holds any word of a prohibition; most hold none, which is told fast."""
    return _QUICK.search(said) is not None or (not said.isascii() and _WIDE.search(said) is not None)


def deeds(text: str) -> Deeds:
    """Return what a clause is about."""
    text = _LOOKS_LIKE.sub(" ", text)
    cut = words(_NAMES.sub(" ", text)).words
    found = {family for word in cut for family in VERBS.get(_base(word), ())} | abroad(cut, text)
    broad = _BROAD.search(text) is not None
    return Deeds(frozenset(found), broad or any(word in READING for word in cut), broad)


def keeps(text: str) -> bool:
    """Whether a clause says to keep something as it is."""
    return _KEEPS.search(text) is not None


def refers(text: str) -> bool:
    """Whether a clause speaks of what was named before it, and names nothing itself."""
    return _PRONOUN.search(text) is not None and _NAMES.search(text) is None


def _cut(piece: str, found: list[Clause]) -> bool:
    """Put the parts of a piece to those that were found. Returns whether what follows is forbidden as well."""
    blank = _blanked(piece)
    behind = _BEHIND.search(blank)
    if behind is not None:
        start = next(
            (match.start() for match in [re.search("(?<![删刪清移])除", piece[: behind.start()])] if match), 0
        )
        if start == 0:
            _backwards(found)
        found += [Clause(piece[:start], forbids=False), Clause(piece[start : behind.end()], forbids=True)]
        return _cut(piece[behind.end() :], found)
    if _WHOLE.search(blank) or _N.search(blank) or _SIGNS.search(blank):
        if not _COUNTS_ONLY_HERE.search(blank) and _WHOLE.match(blank.lstrip()) is None:
            _backwards(found)
        found.append(Clause(piece, forbids=True))
        return True
    starts = [(match.start(), match) for match in map(_search(blank), (_DO, _EXCEPT, _EXCEPT_SIGN)) if match]
    if not starts:
        found.append(Clause(piece, forbids=False))
        return False
    at, match = min(starts, key=lambda one: one[0])
    if match.re is _DO and not _doing(piece[:at]):
        if piece[:at].strip():
            _backwards(found)
        at = 0
    how = _HOW_IT_IS.match(piece[at:].lstrip()) if match[0].endswith(("keep", "leave")) else None
    end = len(piece) - len(piece[at:].lstrip()) + how.end() if how else len(piece)
    rest = [Clause(piece[end:], forbids=False)] if how else []
    found += [Clause(piece[:at], forbids=False), Clause(piece[at:end], forbids=True), *rest]
    return how is None


def _blanked(piece: str) -> str:
    """A piece without what only looks like a prohibition, as long as before."""
    patterns = [_HARMLESS, _DESCRIBES]
    if piece.endswith("?") and not _TO_YOU.search(piece):
        patterns.append(_KEEP_WORD)
    for pattern in patterns:
        piece = pattern.sub(lambda match: "\u00b7" * len(match[0]), piece)
    return piece


def _search(text: str) -> Callable[[re.Pattern[str]], re.Match[str] | None]:
    return lambda pattern: pattern.search(text)


def _backwards(found: list[Clause]) -> None:
    """What stands before as a mere list belongs to the prohibition: `a, b and c must not be deleted`."""
    for at in range(len(found) - 1, -1, -1):
        if found[at].forbids or _doing(found[at].text):
            return
        found[at] = Clause(found[at].text, forbids=True)


def _released(sign: str, piece: str) -> bool:
    """Whether a prohibition ends where this begins: `but delete old.log`, `, I want the other`."""
    if _SPEAKS.match(piece):
        return True
    return sign in _TURN and (_asks(piece) or _SUBJECT.match(piece) is not None)


def _asks(piece: str) -> bool:
    return demanded(piece, words(piece).words)


def _doing(text: str) -> bool:
    """Whether a text holds a verb of doing."""
    text = _NAMES.sub(" ", text)
    cut = words(text).words
    return any(word in BASE or stem(word) in _VERB_STEMS for word in cut) or bool(abroad(cut, text))


_STEMMED: Final = {stem(verb): verb for listed in FAMILIES.values() for verb in listed.split()}


def _base(word: str) -> str:
    return word if word in VERBS else _STEMMED.get(stem(word), "")
