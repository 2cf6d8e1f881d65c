"""Which step of a team's talk decided that a run failed: a score for each step, from it and what came before it.

For runs without tool calls, where no call can be judged. Nothing is learnt: the points were set by hand, for evidence that
is not about one team or task, and a step counts for a little less the later it comes, because what follows from an error
often repeats it.
"""

from __future__ import annotations

import re
from typing import Final

from msgspec import Struct

from console.demo.recorded import RecordedRun, RecordedStep

CODE: Final = 0.5
ASSUMED: Final = 1.0
CLAIMED: Final = 0.5
BROKE: Final = 1.0
DID: Final = 1.0
THOUGHT: Final = -1.0
NEW: Final = 0.5
LATER: Final = 0.1

MANY: Final = 4
"""New facts in one step from which no more are counted."""

_ASSUMES: Final = re.compile(
    r"\b(?:assum\w+|hypothe\w+|placeholder\w*|simulat\w+|synthetic|mock\w*|dummy|suppose|guess\w*|approximat\w+|estimat\w+"
    r"|sample (?:data|list)|example (?:data|values?)|for (?:demonstration|illustration)|from memory|internal knowledge"
    r"|manually)\b",
    re.IGNORECASE,
)
_CLAIMS: Final = re.compile(
    r"\b(?:(?:answer|result) is|final (?:answer|output|result)|therefore|thus|hence|conclude that|(?:is|been) confirmed"
    r"|confirmed that|(?:fully |request )satisfied|successfully \w+ed)\b",
    re.IGNORECASE,
)
_BREAKS: Final = re.compile(r"\btraceback\b|\bunhandled exception\b", re.IGNORECASE)
_DOES: Final = re.compile(r"\s*I(?:'ve| have)? \w+ed\b")
_CONTROL: Final = re.compile(r"\s*(?:next speaker\b.*|terminate\W*|request satisfied\W*)?\s*$", re.IGNORECASE)
_FACTS: Final = re.compile(r"\d[\d.,]*\d|\d|\b[A-Z][a-z]{2,}(?: [A-Z][a-z]+)+")


class Evidence(Struct, frozen=True):
    """What speaks for a step as the one that decided. `score` grows with it; None: nobody did anything in this step."""

    score: float | None
    found: tuple[str, ...] = ()


def evidence(run: RecordedRun, *, without: frozenset[str] = frozenset()) -> list[Evidence]:
    """Weigh every step of a run by itself and what came before it; `without` leaves kinds of evidence out."""
    known: set[str] = set()
    told: list[Evidence] = []
    work = 0
    for at, step in enumerate(run.steps):
        text = step.text or ""
        facts = set(_FACTS.findall(text))
        if at == 0 or not _works(step):
            told.append(Evidence(None))
        else:
            found = _signs(step, len(facts - known), work)
            kept = {name: value for name, value in found.items() if name not in without}
            told.append(
                Evidence(
                    round(sum(kept.values()), 4), tuple(name for name, value in kept.items() if value > 0)
                )
            )
            work += 1
        known |= facts
    return told


def ranked(told: list[Evidence]) -> list[int]:
    """Return the places of all steps, the likeliest first, of equals the earlier, those in which nothing was done last."""

    def key(at: int) -> tuple[bool, float, int]:
        score = told[at].score
        return (score is None, -(score or 0.0), at)

    return sorted(range(len(told)), key=key)


def _works(step: RecordedStep) -> bool:
    """Whether somebody of the team did something: no result, no word that only passes the turn."""
    return step.kind == "message" and not _CONTROL.match((step.text or "").split("\n", 1)[0])


def _signs(step: RecordedStep, new: int, work: int) -> dict[str, float]:
    text = step.text or ""
    return {
        "code": CODE * ("```" in text),
        "assumed": ASSUMED * bool(_ASSUMES.search(text)),
        "claimed": CLAIMED * bool(_CLAIMS.search(text)),
        "broke": BROKE * bool(_BREAKS.search(text)),
        "did": DID * bool(_DOES.match(text)),
        "thought": THOUGHT * ("thought" in step.actor.casefold()),
        "new facts": NEW * min(new, MANY) / MANY,
        "later": -LATER * work,
    }
