"""The names that a condition may use: everything that is known about a call when it is judged."""

from __future__ import annotations

from typing import Any, Final

from msgspec import Struct, field

from bus.events import ActionProposed
from console.core.call_facts import CallFacts
from console.core.fleet.kept import TOOLS_KEPT
from console.core.judging.origin_terms import authorised
from console.core.judging.risk import Evidence, severity_of
from console.core.judging.tool_facts import Severity
from console.core.paths import PATH_CHARS
from console.core.provenance.suspicion import OriginKind, Suspicion
from console.policy.leaves import ALL_CHARS

ORIGINS: Final = 256
"""Values of one call whose origin is handed over."""

_WORST_LAST: Final[tuple[OriginKind, ...]] = ("plain", "said", "field", "made", "inherited", "text")


class Known(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a condition sees, each field under its own name; docs/policy.md says what each means.

    An example of a rule is one of these with everything left out that does not matter. None is CEL's `null`: not known, or
    not said.
    """

    tool: str = ""
    args: dict[str, Any] = field(default_factory=dict)
    agent: str = ""
    run: str = ""
    version: str = ""
    model: str = ""
    control: str = "gated"
    described: bool = True
    effect: str = "read"
    severity: Severity = 0
    outside: bool = False
    confidence: float | None = None
    confidence_kind: str = ""
    tainted: bool = False
    sensitive: bool = False
    first_use: bool = False
    gap: bool = False
    incomplete: bool = False
    traced: bool = False
    authorised: bool = False
    suspect: bool = False
    origins: dict[str, OriginKind] = field(default_factory=dict)
    failure: float = 0.2
    verified: int = 0
    wrong: int = 0
    doubt: str = ""
    step: int | None = None
    steps: int = 0
    calls: int = 0
    errors: int = 0
    seconds: float = 0.0
    tokens: int = 0
    cost_usd: float = 0.0
    used: list[str] = field(default_factory=list)


NAMES: Final = Known.__struct_fields__
"""All names, in the order of the documentation's table."""

LISTS: Final = frozenset({"args", "origins", "used"})
"""Names that hold other values, and may be looped over."""


class Judged(Known, frozen=True, kw_only=True):
    """What a condition sees of a real call. `partial` names what is not all there: no condition may be silent for that."""

    partial: frozenset[str] = frozenset()


def known(proposal: ActionProposed, call: CallFacts, evidence: Evidence) -> Judged:
    """Return what a condition sees of a call. `evidence` is without the rules, which are asked with this."""
    run = call.circumstances
    origins, whole = _origins(evidence.suspicion)
    partial = {"origins": whole, "used": len(run.used) < TOOLS_KEPT}
    facts, suspicion, earned = evidence.facts, evidence.suspicion, evidence.standing
    hints, claim = evidence.hints, evidence.confidence
    return Judged(
        partial=frozenset(name for name, all_there in partial.items() if not all_there),
        tool=proposal.tool,
        args=proposal.args,
        agent=call.agent,
        run=run.run,
        version=run.version,
        model=run.model,
        control=run.control,
        described=facts is not None and not facts.by_name,
        effect="" if facts is None else facts.effect,
        severity=severity_of(evidence),
        outside=facts is None or facts.carries_out or (hints is not None and hints.open_world_hint is True),
        confidence=None if claim is None else claim.value,
        confidence_kind="" if claim is None else claim.kind,
        tainted=evidence.tainted,
        sensitive=evidence.sensitive,
        first_use=evidence.first_use,
        gap=evidence.gap,
        incomplete=evidence.incomplete,
        traced=suspicion is not None,
        authorised=authorised(suspicion),
        suspect=suspicion is not None and suspicion.suspect is not None,
        origins=origins,
        failure=evidence.failure_bp / 10_000,
        verified=earned.right + earned.wrong,
        wrong=earned.wrong,
        doubt=earned.doubt,
        step=run.step,
        steps=run.steps,
        calls=run.calls,
        errors=run.errors,
        seconds=run.seconds,
        tokens=run.tokens,
        cost_usd=run.cost_usd,
        used=list(run.used),
    )


def _origins(suspicion: Suspicion | None) -> tuple[dict[str, OriginKind], bool]:
    """Return the worst origin of each path, and whether that is all of them, each with its whole path."""
    found: dict[str, OriginKind] = {}
    if suspicion is None:
        return found, True  # nothing is known of any value, and `traced` says so
    whole, room = suspicion.whole, ALL_CHARS
    for path, kind in ((origin.path, origin.kind) for origin in suspicion.origins):
        if path in found:
            found[path] = max(found[path], kind, key=_WORST_LAST.index)
        elif len(path) > PATH_CHARS or len(path) > room or len(found) == ORIGINS:
            whole = False
        else:
            clean = path.isascii() or path == path.encode("utf-8", "replace").decode("utf-8")
            whole, room = whole and clean, room - len(path)
            if clean:
                found[path] = kind
    return found, whole
