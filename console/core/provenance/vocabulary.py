"""Ordinary English verbs of doing, in families, and the few words that carry nothing.

The families are those in which people ask for things and name tools. They know no benchmark, product or phrase.
"""

from __future__ import annotations

import re
from typing import Final

from console.core.provenance.abroad import demands_abroad

FAMILIES: Final[dict[str, str]] = {
    "buy": "buy purchase order checkout reorder rebuy book reserve rent hire",
    "pay": "pay transfer wire remit donate deposit withdraw spend charge tip bill settle invest",
    "refund": "refund reimburse return credit compensate",
    "send": "send sent mail email message forward reply respond notify text tell inform contact share deliver dispatch",
    "publish": "post publish upload push submit tweet announce broadcast release deploy comment star like follow vote rate",
    "visit": "visit open browse click go navigate access enter follow",
    "fetch": "download fetch pull clone import install save",
    "identity": "invite grant authorize authorise login log sign register enroll enable unlock promote reset "
    "add assign permit allow share collaborate",
    "change": "change update modify edit set replace rename correct fix adjust switch upgrade downgrade convert exchange "
    "configure apply alter revise amend merge",
    "delete": "delete remove erase clear drop cancel destroy wipe purge revoke uninstall close terminate stop disable "
    "unsubscribe ban kick reject discard empty",
    "add": "add create make write insert append generate build start open new attach draft compose put place issue report",
    "move": "move copy rename backup archive restore sync export",
    "run": "run execute launch call invoke trigger test compile eval perform do",
    "schedule": "schedule plan arrange book remind reschedule postpone invite",
}
"""Families of verbs; a verb may belong to more than one."""

READING: Final = frozenset(
    "get read list view show search find look lookup check see fetch retrieve query describe count inspect display browse "
    "preview compare calculate compute think plan summarize summarise analyze analyse explain translate estimate convert "
    "validate is has exists head stat grep ls cat tail diff select scan monitor watch ping detect identify recall recommend "
    "suggest ask load parse extract resolve discover locate review "
    "total info information details status history balance weather time day date help wikipedia calculator".split()
)
"""Words for which a tool that is named by them only looks."""

CONFIRMING: Final = frozenset(
    "verify confirm otp authenticate login logout signin signout log sign finish done submit_answer".split()
)
"""Words for which a call finishes or opens what was judged elsewhere."""

VERBS: Final[dict[str, frozenset[str]]] = {
    verb: frozenset(name for name, listed in FAMILIES.items() if verb in listed.split())
    for listed in FAMILIES.values()
    for verb in listed.split()
}
"""Each verb with its families."""

PURPOSES: Final = {"cart": "buy", "basket": "buy", "trolley": "buy"}
"""Words of a tool's name that say what for, whatever its verb: nobody who wants to buy asks to have it put into a cart."""

BASE: Final = (
    frozenset(VERBS)
    | READING
    - frozenset(
        "is has exists total info information details status history balance weather time day date help wikipedia "
        "calculator".split()
    )
    | frozenset(
        "give use take keep ignore tell let ensure bring leave provide include turn hand disregard forget".split()
    )
)
"""Verbs that may begin an imperative sentence."""

STOP: Final = frozenset(
    "a an the to of in on at for from by with and or but if then than as is are was were be been it its "
    "this that these those i me my we our you your he she they them his her their please can could would "
    "should will may might must not no yes do does did have has had so just also only any all some there "
    "here what which who when where how up out about into over through name id ids type value number new".split()
)
"""Words that carry nothing by themselves."""

_GREETING: Final = frozenset(
    "please kindly hi hello hey dear also then first next finally now and so but instead just always simply "
    "important note urgent step".split()
)
_DEMAND: Final = re.compile(
    r"\b(?:please|kindly)\s+(?:\w+\s+)?(\w+)|\byou\s+(?:must|should|need\s+to|have\s+to|are\s+to|will|shall)\s+(?:\w+ly\s+)?(\w+)"
    r"|\b(?:could|can|would|will)\s+you\s+(?:please\s+)?(\w+)|\bmake\s+sure\s+(?:to\s+|you\s+)(\w+)|\b(?:be\s+sure|remember|"
    r"don't\s+forget|do\s+not\s+forget|want\s+you|need\s+you|ask\s+you|asked)\s+to\s+(\w+)",
)


def stem(word: str) -> str:
    """Return a word without its commonest endings; crude, and the same for both sides of a comparison."""
    for ending in ("ations", "ation", "ings", "ing", "ies", "ied", "ers", "ed", "es", "er", "s", "e", "y"):
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            return word[: -len(ending)]
    return word


def families(found: list[str]) -> set[str]:
    """Return the families of the verbs among some words."""
    return {family for word in found for family in VERBS.get(word, ())}


def demanded(sentence: str, found: list[str]) -> bool:
    """Whether a sentence tells somebody to do something. `found` are its words."""
    for word in found[:4]:
        if word in BASE:
            return True
        if word not in _GREETING and not word.isdigit():
            break
    if any(word in BASE for match in _DEMAND.finditer(sentence) for word in match.groups() if word):
        return True
    return demands_abroad(found, sentence)


_PARTS: Final = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+|\d+")


def name_parts(tool: str) -> list[str]:
    """Return the words of a tool's name: `createEvent`, `git_push`, `mcp__mail__send-draft`."""
    return [part.casefold() for part in _PARTS.findall(tool)]
