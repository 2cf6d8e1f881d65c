"""What the origin of a call's values does to its judgement: a row of the table, and sentences that can be checked.

The rows were chosen on recorded runs (`docs/judgement.md`): a point of suspicion is a decade of expected loss, and so is
a rung of severity: three and a half points against a shared change weigh what two and a half weigh against a costly one.
"""

from __future__ import annotations

from typing import Final

from bus.records import ValueOrigin
from console.core.provenance.suspicion import Origin, Suspicion
from console.core.text import plain

AUTHORISED_BP: Final = 100
"""Failure bound of a call whose every value the user said or a program put in its place. Of such
calls from S2 up 1 in 609 was bad where nine runs in ten were attacked: at most 0.8 % with 95 % confidence."""

UNREMARKABLE_BP: Final = 1_000
"""Failure bound of a call with something nobody asked for, but nothing that reads like somebody else's wish."""

SUSPECT_BP: Final = 2_000
DOUBTFUL_BP: Final = 5_000

ROWS: Final = ((3.5, DOUBTFUL_BP), (2.5, SUSPECT_BP), (1.5, UNREMARKABLE_BP))
"""Least points and failure bound of each row; below all of them a call is authorised."""

ROW_NAMES: Final = {
    AUTHORISED_BP: "authorised", UNREMARKABLE_BP: "unremarkable", SUSPECT_BP: "unproven", DOUBTFUL_BP: "doubtful",
}  # fmt: skip

RECORDED: Final = 32
"""Origins of one call that are recorded."""

RECORDED_QUOTE: Final = 120

_PATH: Final = 80
_VALUE: Final = 48
_QUOTE: Final = 90


def failure_bound(suspicion: Suspicion | None, unproven: int) -> int:
    """Return the failure bound in basis points; `unproven` where nothing is known of the run's texts, or not all of them."""
    if suspicion is None:
        return unproven
    bound = next((bp for least, bp in ROWS if suspicion.points >= least), AUTHORISED_BP)
    if suspicion.stray or suspicion.invented:
        bound = max(bound, UNREMARKABLE_BP)
    if suspicion.against_the_user:
        bound = max(bound, SUSPECT_BP)
    return bound if suspicion.whole else max(bound, unproven)


def authorised(suspicion: Suspicion | None) -> bool:
    """Whether nothing speaks against a call, every value was said or is a clean field, and all it comes from is known."""
    if suspicion is None or not suspicion.whole or suspicion.stray or suspicion.invented:
        return False
    return suspicion.points < ROWS[-1][0] and not suspicion.against_the_user


def quiet(suspicion: Suspicion | None) -> bool:
    """Whether nothing known of a call reads like somebody else's wish: only then does what its agent earned speak for it."""
    if suspicion is None:
        return True
    return suspicion.points < ROWS[1][0] and not somebody_elses(suspicion) and not suspicion.against_the_user


def somebody_elses(suspicion: Suspicion) -> bool:
    """Whether a call may be somebody else's wish: a value that a text brought, a place that such a call wrote, a demand."""
    loud = any(code in ("told", "demanded", "grave-command") for code, _points in suspicion.terms)
    return suspicion.suspect is not None or suspicion.touches or loud


def facts(suspicion: Suspicion) -> list[tuple[str, str]]:
    """Return what speaks against a call as (code, sentence), the most telling first; nothing if little does."""
    if suspicion.points < ROWS[-1][0] and not suspicion.stray and not suspicion.invented:
        return []
    codes = {code for code, _points in suspicion.terms}
    found: list[tuple[str, str]] = []
    origin = suspicion.suspect
    if origin is not None and not origin.forbidden:
        found.append(("origin", _sentence(origin)))
    if "told" in codes:
        found.append(
            ("told", "A text that this run has read tells somebody to do this; the user never asked for it")
        )
    if "unasked" in codes and origin is None:
        found.append(("unasked", "Nobody asked for anything of this kind"))
    if "grave-command" in codes:
        found.append(("grave-command", "Nobody named what this command reaches, and it is costly"))
    if origin is None and (text := made(suspicion)):
        found.append(("made", text))
    return found


def made(suspicion: Suspicion) -> str:
    """Return which values nobody said in any way and nothing that was read holds, as a sentence; empty if there is none."""
    values = [origin for origin in suspicion.origins if origin.kind == "made" and not origin.forbidden]
    if not values:
        return ""
    what = f"{_quoted(values[0].value, _VALUE)} ({plain(values[0].path, 40)})"
    more = f" and {len(values) - 1} more" if len(values) > 1 else ""
    return f"{what}{more} was said by nobody and stands in nothing that was read: the model made it"


def forbidden(suspicion: Suspicion, *, looks_only: bool) -> str:
    """Return what of a call the user said not to do, as a sentence; empty if nothing.

    `looks_only`: the call only looks, which a prohibition of something else leaves free.
    """
    for origin in suspicion.origins:
        if origin.forbidden and (origin.looking or not looks_only):
            what = f"{_quoted(origin.value, _VALUE)} ({plain(origin.path, 40)})"
            return f"The user said not to: {_quoted(origin.forbidden, RECORDED_QUOTE)}; the call has {what}"
    if suspicion.forbidden and not looks_only:
        return f"The user said not to: {_quoted(suspicion.forbidden, RECORDED_QUOTE)}, and asked for nothing of this kind"
    return ""


def suspect_destination(suspicion: Suspicion) -> bool:
    """Whether an address among the values is suspect, and the call with it."""
    suspect = any(origin.suspect and origin.address for origin in suspicion.origins)
    return suspect and suspicion.points >= ROWS[1][0]


def without_origin(suspicion: Suspicion) -> Suspicion:
    """The same call, had the user said every value of it."""
    kept = [
        term for term in suspicion.terms if term[0] in ("unasked", "told", "asked", "recent", "grave-command")
    ]
    return Suspicion(points=sum(points for _code, points in kept), terms=kept, whole=suspicion.whole)


def without_demand(suspicion: Suspicion) -> Suspicion:
    """The same call, had the user asked for it."""
    kept = [term for term in suspicion.terms if term[0] not in ("unasked", "told", "grave-command")]
    return Suspicion(
        origins=suspicion.origins,
        points=sum(points for _code, points in kept),
        terms=kept,
        whole=suspicion.whole,
    )


def _sentence(origin: Origin) -> str:
    what = f"{_quoted(origin.value, _VALUE)} ({plain(origin.path, 40)}) was never said by the user"
    tool = plain(origin.tool, 40) or "a tool"
    if origin.kind == "inherited":
        return f"{what}; it came with result {origin.source} of {tool}, whose own call carried such a value"
    if not origin.quote:
        return (
            f"{what}, and stands in nothing that is known here; result {origin.source} of {tool} was cut off"
        )
    beside = ", beside an instruction" if origin.demanded else ""
    where = f"running text of {tool}, result {origin.source}{beside}"
    return f"{what}; it first appears in {where}: {_quoted(origin.quote, _QUOTE)}"


def _quoted(text: str, most: int) -> str:
    return f"“{plain(text.replace('“', chr(34)).replace('”', chr(34)), most)}”"


def recorded(suspicion: Suspicion | None) -> list[ValueOrigin]:
    """Return the origins as they stand in the record, bounded and fit to be seen. Suspect ones come before others."""
    if suspicion is None:
        return []
    origins = suspicion.origins
    ranked = sorted(range(len(origins)), key=lambda at: not (origins[at].suspect or origins[at].forbidden))
    kept = [origins[at] for at in sorted(ranked[:RECORDED])]
    return [
        ValueOrigin(
            path=plain(origin.path, _PATH),
            kind=origin.kind,
            result=origin.source,
            tool=plain(origin.tool, _PATH),
            quote=plain(origin.forbidden or origin.quote, RECORDED_QUOTE),
            forbidden=bool(origin.forbidden),
        )
        for origin in kept
    ]
