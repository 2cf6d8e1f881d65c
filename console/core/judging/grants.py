"""Grants: which calls are alike, which of them one approval may cover for the rest of a run, and for how long. Pure.

A grant stands in for the person's answer where the fresh judgement of a call is to ask, for no other reason than the table
of severity and failure bound. It never lowers a gate: what would be held or denied is, and what differs in anything but
free text asks again.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from msgspec import Struct, field

from bus.canonical import digest
from bus.grant_records import GrantOffer
from console.core.blobs import blob_names
from console.core.judging.effects import classify
from console.core.judging.origin_terms import somebody_elses
from console.core.judging.risk import Assessment
from console.core.paths import joined
from console.core.provenance.leaves import leaf_values
from console.core.provenance.normal import addresses
from console.core.provenance.suspicion import Suspicion
from console.core.text import plain

USES: Final = 20
"""Calls that one grant lets run, at most."""

SECONDS: Final = 3_600
"""How long a grant counts, at most: an hour, within which whoever made it is likely still at the desk."""

OF_RUN: Final = 16
"""Grants that a run may have at a time."""

OF_SITE: Final = 1_024

SEVERITY_MOST: Final = 2
"""No grant from S3 up: what is costly is looked at each time."""

NEVER: Final = frozenset({"identity", "money", "destroy"})
"""Classes of calls that no grant covers, whatever the catalogue says of their severity."""

ONCE: Final = frozenset({"first-use"})
"""Floors that the approval itself answers: nobody has used the tool before, and somebody has looked at it now."""

# fmt: off
FREE: Final = frozenset((
    "text", "content", "contents", "body", "message", "subject", "title", "description", "comment", "note", "notes",
    "summary", "html", "markdown",
))
# fmt: on
"""Names of arguments that hold free text. Every other value is taken for a destination: it must stay as it is."""

_SHOWN: Final = 16
_SHOWN_CHARS: Final = 120


class Grant(Struct, kw_only=True, omit_defaults=True):
    """A grant that counts. `at` is when it was made, in ms of the log; `used` how often it has let a call run."""

    id: str
    agent: str
    run: str
    action: str
    tool: str
    alike: str
    destinations: list[str] = field(default_factory=list)
    by: str = ""
    version: str = ""
    uses: int = USES
    seconds: int = SECONDS
    at: int = 0
    used: int = 0

    @property
    def run_key(self) -> str:
        """The run it is for, as the fleet names it."""
        return f"{self.agent}/{self.run}"

    @property
    def until(self) -> int:
        """When it ends by the clock, in ms of the log."""
        return self.at + self.seconds * 1_000

    def over(self, version: str, at: int) -> str:
        """Why it counts no longer for a run of this version at this time, or nothing. A clock set back ends it, too."""
        if version != self.version:
            return "the agent has another version"
        if self.used >= self.uses:
            return f"its {self.uses} uses are over"
        if not self.at <= at < self.until:
            return f"its {self.seconds // 60} minutes are over"
        return ""


def alike(tool: str, args: dict[str, Any]) -> str:
    """Return what two calls have in common that a grant covers together: a digest of all but their free text.

    Addresses in free text count: a link in a message carries data as well as a recipient does.

    Raises:
        NotCanonicalError: the arguments have no canonical form.
    """
    return digest(tool, {"args": _bare(args, free=False)})


def _bare(value: Any, *, free: bool) -> list[Any]:
    # Each value says what it is, so that nothing an agent sends looks like a text that was left out.
    if isinstance(value, dict):
        return ["object", {name: _bare(inner, free=name.casefold() in FREE) for name, inner in value.items()}]
    if isinstance(value, list):
        return ["list", *(_bare(inner, free=free) for inner in value)]
    if free and isinstance(value, str):
        return ["text", *sorted(set(addresses(value)))]
    return ["value", value]


def destinations(args: dict[str, Any]) -> list[str]:
    """Return the values that a grant leaves as they are, as `path=value`, bounded and fit to be seen."""
    return [plain(f"{path}={value}", _SHOWN_CHARS) for path, value in _fixed(args)][:_SHOWN]


def _fixed(value: Any, path: str = "", *, free: bool = False) -> Iterator[tuple[str, object]]:
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from _fixed(inner, joined(path, name), free=name.casefold() in FREE)
    elif isinstance(value, list):
        for at, inner in enumerate(value):
            yield from _fixed(inner, joined(path, at), free=free)
    elif free and isinstance(value, str):
        yield from ((path, address) for address in sorted(set(addresses(value))))
    elif value is not None and not isinstance(value, bool):
        yield path, value


def offer(
    tool: str, args: dict[str, Any], assessment: Assessment, suspicion: Suspicion | None
) -> GrantOffer | None:
    """Return what a grant for calls like this one would cover; None where there must be none.

    Raises:
        NotCanonicalError: the arguments have no canonical form.
    """
    if not _grantable(tool, args, assessment, suspicion) or not set(assessment.apart) <= ONCE:
        return None
    named = destinations(args)
    return GrantOffer(alike=alike(tool, args), destinations=named) if named else None


def once_because(tool: str, args: dict[str, Any], severity: int | None, gate: str | None) -> str:
    """Why no grant was offered for an action, as far as the action itself tells."""
    if severity is not None and severity > SEVERITY_MOST:
        return f"it is S{severity}, and from S{SEVERITY_MOST + 1} on each is asked for by itself"
    if gate != "ask":
        return f"its gate is {gate}, and only an ask can be"
    if classify(tool, leaf_values(args)) in NEVER:
        return "calls that touch money, rights or what cannot be undone are each asked for by themselves"
    if blob_names(args):
        return "it has large values, and nobody knows what they would be next time"
    if not destinations(args):
        return "no argument of it says where it goes, so that a grant would be for the tool as a whole"
    return "its values, or what asks for it, speak for this one call only: see its reasons"


def covers(
    grant: Grant, tool: str, args: dict[str, Any], assessment: Assessment, suspicion: Suspicion | None
) -> bool:
    """Whether a grant stands in for the answer to a call, by the fresh judgement of that call.

    Raises:
        NotCanonicalError: the arguments have no canonical form.
    """
    if assessment.apart or not _grantable(tool, args, assessment, suspicion):
        return False
    return grant.tool == tool and grant.alike == alike(tool, args)


def _grantable(tool: str, args: dict[str, Any], assessment: Assessment, suspicion: Suspicion | None) -> bool:
    if assessment.gate != "ask" or assessment.severity > SEVERITY_MOST:
        return False
    if suspicion is not None and somebody_elses(suspicion):
        return False
    return classify(tool, leaf_values(args)) not in NEVER and not blob_names(args)
