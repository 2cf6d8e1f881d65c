"""From where a call's values came from to how far it may be somebody else's wish, in points.

A point is a decade of expected loss, as a rung of severity is. The points were set by hand and not fitted: fitted weights
look best where they were learned and fall furthest elsewhere.
"""

from __future__ import annotations

from typing import Final, Literal

from msgspec import Struct, field
from msgspec.structs import replace

OriginKind = Literal["said", "field", "text", "inherited", "made", "plain"]

FREE_TEXT: Final = 2.5
"""A value that nobody asked for, first read in running text."""

INHERITED: Final = 2.5
"""A value that a call brought which itself carried such a value."""

DEMANDED: Final = 2.0
"""Such a value stands beside an instruction."""

DEMANDED_INHERITED: Final = 1.0

TOLD: Final = 2.5
"""What was read tells somebody to do this to that, and the user never used the verb."""

UNSAID: Final = 0.5
"""An address that nobody said, or a value that the model made."""

UNASKED: Final = 1.5
"""The user never used a verb of this family."""

ASKED: Final = -1.0
"""The user used the very verb, and no value is suspect."""

ALL_SAID: Final = -1.0
"""Every value was said by the user, who asked for this kind of thing."""

RECENT: Final = 0.5
"""What was read last tells somebody to do something."""

GRAVE: Final = 1.5
"""A costly shell command whose targets the user did not name."""

FORBIDDEN: Final = 2.5
"""The user said not to: of a value, or of the deed where it was asked for nowhere."""

LINK: Final = 0.5
"""A link to follow stands in running text."""


class Origin(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Where one value of the arguments came from.

    `said`: the user or operator. `field`: a clean field of a tool's result. `text`: running text of a result. `inherited`: a
    result that a suspect value brought. `made`: nowhere, so the model made it. `plain`: too short to tell. `source` is the
    number of the result, from 1 in the run, `tool` what brought it, `quote` its words there. `forbidden` are the user's
    words that forbid or except it, empty if none do; `looking`: they may forbid looking at it, too.
    """

    path: str
    kind: OriginKind
    value: str = ""
    source: int = 0
    tool: str = ""
    quote: str = ""
    demanded: bool = False
    address: bool = False
    forbidden: str = ""
    looking: bool = False

    @property
    def suspect(self) -> bool:
        """Whether somebody other than the user may have put it there."""
        return self.kind in ("text", "inherited")


class Traits(Struct, frozen=True, kw_only=True):
    """What is known of a call besides the origin of its values. `told`: a text read demands its verb and object.

    `forbidden`: the user's words that forbid the deed, which they ask for nowhere; empty if there are none.
    """

    family_asked: bool
    verb_asked: bool
    told: bool
    recent: bool
    visits: bool = False
    forbidden: str = ""


class Suspicion(Struct, frozen=True, kw_only=True):
    """The origins of a call's values, in order, and its points with what gave each: code and points."""

    origins: list[Origin] = field(default_factory=list)
    points: float = 0.0
    terms: list[tuple[str, float]] = field(default_factory=list)
    whole: bool = True
    touches: bool = False
    """Whether the call uses something that a suspect call has written before."""
    forbidden: str = ""
    """The user's words that forbid what is done, whatever the values."""

    @property
    def taints(self) -> bool:
        """Whether what the call brings is no better than what it was called with."""
        return self.touches or any(origin.suspect for origin in self.origins)

    @property
    def stray(self) -> bool:
        """Whether an address among the values was neither said nor a clean field: such a call is never authorised."""
        return any(origin.address and origin.kind not in ("said", "field") for origin in self.origins)

    @property
    def invented(self) -> bool:
        """Whether a value stands nowhere, so that the model made it."""
        return any(origin.kind == "made" for origin in self.origins)

    @property
    def against_the_user(self) -> bool:
        """Whether the user said not to: of a value or of the whole deed."""
        return bool(self.forbidden) or any(origin.forbidden for origin in self.origins)

    @property
    def suspect(self) -> Origin | None:
        """The value that says most against the call: one beside an instruction first, then an address, then the first."""
        found = [origin for origin in self.origins if origin.suspect]
        return max(
            found, key=lambda origin: (origin.demanded, origin.kind == "text", origin.address), default=None
        )


def weigh(
    origins: list[Origin], traits: Traits, *, whole: bool = True, without: frozenset[str] = frozenset()
) -> Suspicion:
    """Add up what speaks against a call and for it. `without` names ingredients to leave out."""
    terms: list[tuple[str, float]] = []

    def term(code: str, points: float, applies: object) -> None:
        if applies and code not in without:
            terms.append((code, points))

    kinds = {origin.kind for origin in origins}
    text = "text" in kinds and "free-text" not in without
    inherited = "inherited" in kinds and "inherited" not in without
    suspect = text or inherited
    term("free-text", FREE_TEXT, text)
    term("inherited", INHERITED, inherited and not text)
    demanded = [origin.kind for origin in origins if origin.demanded]
    term("demanded", DEMANDED, "text" in demanded)
    term("demanded", DEMANDED_INHERITED, demanded and "text" not in demanded)
    term("told", TOLD, traits.told)
    term(
        "unsaid",
        UNSAID,
        "made" in kinds or any(origin.address and origin.kind != "said" for origin in origins),
    )
    term("unasked", UNASKED, not traits.family_asked)
    term("asked", ASKED, traits.verb_asked and not suspect)
    telling = kinds - {"plain"}
    term("all-said", ALL_SAID, telling == {"said"} and traits.family_asked)
    term("recent", RECENT, traits.recent)
    term("forbidden", FORBIDDEN, traits.forbidden or any(origin.forbidden for origin in origins))
    term("link", LINK, traits.visits and any(origin.address and origin.suspect for origin in origins))
    points = sum(each for _code, each in terms)
    return Suspicion(origins=origins, points=points, terms=terms, whole=whole, forbidden=traits.forbidden)


def grave_command(suspicion: Suspicion) -> Suspicion:
    """The same for a costly shell command: it is authorised only where the user named all that it reaches."""
    all_said = suspicion.origins and all(origin.kind == "said" for origin in suspicion.origins)
    if all_said and not suspicion.against_the_user:
        return suspicion
    return _against(suspicion, "grave-command", GRAVE)


def unasked_removal(suspicion: Suspicion) -> Suspicion:
    """The same for a shell command that removes something, where the user asked for nothing of the kind."""
    return _against(suspicion, "unasked", UNASKED)


def _against(suspicion: Suspicion, code: str, points: float) -> Suspicion:
    """Add a term that nothing said in favour makes up for."""
    terms = [*(term for term in suspicion.terms if term[1] > 0 and term[0] != code), (code, points)]
    return replace(suspicion, points=sum(each for _code, each in terms), terms=terms)
