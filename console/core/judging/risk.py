"""The judge's arithmetic: from what is known about a proposed action to its severity, its gate and the reasons.

Expected loss is `failure x loss`, in units of one operator interruption. Failure bounds are basis points and losses are
tenths, so their product is an integer and 0.1 x 10 is exactly 1. The gate is the join (maximum) of three things: the
table over severity and failure bound, the floors, and the rules. A join has no order and can only rise: more evidence of
danger never lowers a gate, and nothing an agent claims about itself does. Only a rule denies.

docs/judgement.md has the numbers; a matrix is derived and never authored (Cox 2008, "What's wrong with risk matrices?").
"""

from __future__ import annotations

from typing import Final, NamedTuple

from msgspec import Struct, field
from msgspec.structs import replace

from bus.events import Confidence, Gate, Hints
from bus.limits import CONFIDENCE_LIMIT
from bus.records import Reason
from console.core.judging import origin_terms
from console.core.judging.gate_table import GATES, LOSS_TENTHS, RANK, SEVERITIES, UNIT, join, table_gate
from console.core.judging.tool_facts import RuleHit, Severity, ToolFacts
from console.core.provenance.suspicion import Suspicion
from console.core.reliability.bounds import DOUBTFUL_BP, UNPROVEN_BP, Earned, at_most
from console.core.text import in_quotes, plain

REASON_CHARS: Final = 320
"""Longest sentence of a judgement: it may quote a value and where it was read."""

REASONS: Final = 3
"""Most facts given for one judgement; one sentence more, `instead`, says what would have made it milder."""


class Evidence(Struct, frozen=True, kw_only=True):
    """All that is known about a proposed action.

    `facts` None: the tool is in no catalogue. `tainted` and `sensitive`: the run has read untrusted input, sensitive data,
    before this action. `first_use`: of this tool by this version of the agent. `gap`: events of the run are missing.
    `incomplete`: a blob of the arguments is missing. `digest_ok`: the agent's digest equals ours; None if it gave none.
    `unpinned`: why a pinned catalogue entry is out of force. `policy_error`: why the policy could not be consulted at all.
    `unparsed`: why a shell command is not understood. `suspicion`: where the values came from, None where nobody can tell.
    `earned`: what the call's stratum has proven, and what is wrong with the run.
    """

    tool: str
    facts: ToolFacts | None
    hints: Hints | None = None
    confidence: Confidence | None = None
    tainted: bool = False
    sensitive: bool = False
    first_use: bool = False
    gap: bool = False
    incomplete: bool = False
    digest_ok: bool | None = None
    rules: list[RuleHit] = field(default_factory=list)
    policy_error: str = ""
    unpinned: str = ""
    unparsed: str = ""
    suspicion: Suspicion | None = None
    earned: Earned | None = None

    @property
    def standing(self) -> Earned:
        """What counts of `earned`: of a tool that no catalogue knows the doubt alone, since the agent chooses its name."""
        earned = self.earned or Earned()
        if self.facts is not None and not self.facts.by_name:
            return earned
        return Earned(failure_bp=DOUBTFUL_BP if earned.doubt else UNPROVEN_BP, doubt=earned.doubt)

    @property
    def failure_bp(self) -> int:
        """The upper bound of the failure probability in basis points.

        The row of the origins, which what was earned lowers only where nothing reads like somebody else's wish. Verified
        failures and a doubt raise it always.
        """
        bound = origin_terms.failure_bound(self.suspicion, UNPROVEN_BP)
        standing = self.standing
        if standing.failure_bp > UNPROVEN_BP:
            bound = max(bound, standing.failure_bp)
        elif origin_terms.quiet(self.suspicion):
            bound = min(bound, standing.failure_bp)
        if standing.doubt:
            bound = max(bound, DOUBTFUL_BP)
        return max(bound, UNPROVEN_BP) if self._odd else bound

    @property
    def authorised(self) -> bool:
        """Whether the user said every value of the call, or a program put it in its place, and nothing is odd."""
        return not self._odd and not self.standing.doubt and origin_terms.authorised(self.suspicion)

    @property
    def _odd(self) -> bool:
        """Whether something is missing or wrong that no origin makes up for."""
        broken = self.gap or self.incomplete or self.digest_ok is False
        return self.facts is None or broken or bool(self.policy_error)


class Assessment(Struct, frozen=True, kw_only=True):
    """The judgement: severity 0 to 4, failure bound in basis points, the gate, one to three reasons, decisive first.

    A last reason `instead` says what would have made the gate milder, where one fact did. `apart` are the codes of what asks
    a person by itself, for another reason than the table of severity and failure bound.
    """

    severity: Severity
    failure_bp: int
    gate: Gate
    reasons: list[Reason]
    apart: list[str] = field(default_factory=list)


class _Case(NamedTuple):
    """Evidence with what is derived from it again and again: the failure bound, and what was earned."""

    evidence: Evidence
    bound: int
    standing: Earned


class _Term(Struct, frozen=True):
    """One member of the join: the gate it demands by itself, and the fact behind it."""

    gate: Gate
    code: str
    text: str


def _reason(term: _Term) -> Reason:
    return Reason(code=plain(term.code), text=plain(term.text, REASON_CHARS))


def assess(evidence: Evidence) -> Assessment:
    """Judge a proposed action. Never raises; what is unknown counts as the worst."""
    case = _case(evidence)
    severity, apart, terms = _terms(case)
    gate = join(*(term.gate for term in terms))
    # A stable sort: among equals the order above stands, so that `incomplete` is never crowded out of a hold. What
    # demands nothing explains nothing, unless nothing else does.
    ranked = _ranked(terms)
    telling = [term for term in ranked if term.gate != "auto"] or ranked[:1]
    reasons = [_reason(term) for term in telling[:REASONS]]
    instead = _instead(evidence, gate)
    if instead:
        reasons.append(Reason(code="instead", text=instead))
    return Assessment(
        severity=severity, failure_bp=case.bound, gate=gate, reasons=reasons, apart=_apart(case, apart)
    )


def _case(evidence: Evidence) -> _Case:
    return _Case(evidence, evidence.failure_bp, evidence.standing)


def _apart(case: _Case, terms: list[_Term]) -> list[str]:
    """Return the codes of all that asks by itself: floors, rules, a low claim, a doubt, and strangers' words in the dark."""
    evidence = case.evidence
    dark = evidence.tainted and (evidence.suspicion is None or not evidence.suspicion.whole)
    more = ["doubt"] * bool(case.standing.doubt) + ["dark"] * dark
    return [*(term.code for term in terms if RANK[term.gate] >= RANK["ask"]), *more]


def severity_of(evidence: Evidence) -> Severity:
    """Return the worst of all grades of an action."""
    return max(level for level, _code, _text in _grades(_case(evidence)))


def everything(evidence: Evidence) -> list[tuple[Gate, Reason]]:
    """Return every member of the join with the gate it demands by itself, the tightest first; `assess` gives three."""
    return [(term.gate, _reason(term)) for term in _ranked(_terms(_case(evidence))[2])]


def _ranked(terms: list[_Term]) -> list[_Term]:
    """Return terms, the tightest first; a fact that demands something in two ways is said once, where it demands most."""
    found: dict[tuple[str, str], _Term] = {}
    for term in sorted(terms, key=lambda term: -RANK[term.gate]):
        found.setdefault((term.code, term.text), term)
    return list(found.values())


def _terms(case: _Case) -> tuple[Severity, list[_Term], list[_Term]]:
    """Return the severity, what asks by itself (floors, rules, a low claim), and every member of the join.

    The most telling kind of the members comes first.
    """
    evidence, bound = case.evidence, case.bound
    graded = _grades(case)
    severity = max(level for level, _code, _text in graded)
    floors = _floors(case, severity)
    floors += [_rule_term(hit) for hit in evidence.rules if hit.raise_gate is not None]
    claim = _claim(case, severity)
    terms = floors[:]
    if evidence.suspicion is not None:
        table = table_gate(severity, bound)
        terms += [_Term(table, code, text) for code, text in origin_terms.facts(evidence.suspicion)]
    terms += [_Term(table_gate(level, bound), code, text) for level, code, text in graded]
    return severity, [*floors, *claim], [*terms, *claim]


def _instead(evidence: Evidence, gate: Gate) -> str:
    """Return what one fact less would have made of a gate that stops an action; empty if it takes more than one."""
    if RANK[gate] < RANK["ask"]:
        return ""
    other: list[tuple[str, Evidence]] = []
    if evidence.suspicion is not None and evidence.suspicion.suspect is not None:
        said = origin_terms.without_origin(evidence.suspicion)
        other.append(("if the user had said every value", replace(evidence, suspicion=said)))
    if evidence.suspicion is not None:
        asked = origin_terms.without_demand(evidence.suspicion)
        other.append(("if the user had asked for it", replace(evidence, suspicion=asked)))
    other += [
        ("without the untrusted input that this run has read", replace(evidence, tainted=False)),
        ("if this version had used the tool before", replace(evidence, first_use=False)),
        ("without the rules", replace(evidence, rules=[])),
        ("with all events of the run", replace(evidence, gap=False)),
        ("with a higher claim", replace(evidence, confidence=None)),
    ]
    for words, changed in other:
        milder = join(*(term.gate for term in _terms(_case(changed))[2])) if changed != evidence else gate
        if RANK[milder] < RANK[gate]:
            return f"It would be {milder} {words}"
    return ""


def _grades(case: _Case) -> list[tuple[int, str, str]]:
    """Return every claim about the severity as (severity, code, sentence). The worst of them counts.

    Hints are the supervised party's own words: what they admit raises, what they deny or leave out changes nothing. Hence
    `readOnlyHint: true` is not even read here.
    """
    evidence = case.evidence
    facts, hints, tool = evidence.facts, evidence.hints, in_quotes(evidence.tool)
    if facts is None:
        grades = [(4, "unknown-tool", f"{tool} is in no catalogue, so it is {_loss(4, case)}")]
    else:
        known = facts.severity if facts.effect == "read" else max(facts.severity, 1)
        why = f" ({facts.why.rstrip('.')})" if facts.why else ""
        grades = [(known, "severity", f"{tool} is {_loss(known, case, why)} ({facts.origin or 'catalogue'})")]
    if hints is not None:
        changes = facts is None or facts.effect != "read" or hints.read_only_hint is False

        def hint(level: int, code: str, words: str) -> None:
            grades.append((level, code, f"{tool} {words}, by its own hint: {_loss(level, case)}"))

        if hints.destructive_hint is True:
            hint(3, "hint-destructive", "may destroy")
        if hints.open_world_hint is True and changes:
            hint(3, "hint-open-world", "does more than read and reaches outside")
        if hints.read_only_hint is False:
            hint(1, "hint-not-read-only", "does more than read")
    for hit in evidence.rules:
        if hit.raise_severity is not None:
            text = f"Rule {hit.rule}: {hit.why.rstrip('.')}; {_loss(hit.raise_severity, case)}"
            grades.append((hit.raise_severity, f"{hit.kind}:{hit.rule}", text))
    return grades


def _claim(case: _Case, severity: int) -> list[_Term]:
    """A claim below the limit lifts the table's gate one rung from S1 up, to `hold` at most. No other claim counts.

    An absent claim is unknown, neither high nor low. The test is for being high, so what is not a number is low.
    """
    confidence = case.evidence.confidence
    if confidence is None or severity < 1 or confidence.value >= CONFIDENCE_LIMIT:
        return []
    table = table_gate(severity, case.bound)
    lifted = GATES[min(RANK[table] + 1, RANK["hold"])]
    if lifted == table:
        return []
    text = f"The agent claims only {confidence.value:.4g} ({confidence.kind}), below {CONFIDENCE_LIMIT:.2f}: one rung up"
    return [_Term(lifted, "confidence", text)]


def _floors(case: _Case, severity: int) -> list[_Term]:  # noqa: C901  (one branch a floor)
    """Return what no statistics can ever lower, the most telling first."""
    evidence = case.evidence
    facts, hints, tool = evidence.facts, evidence.hints, in_quotes(evidence.tool)
    terms: list[_Term] = []

    def floor(gate: Gate, code: str, text: str) -> None:
        terms.append(_Term(gate, code, text))

    if evidence.incomplete:
        floor("hold", "incomplete", "Part of the arguments has not arrived: it cannot be approved")
    if evidence.digest_ok is False:
        floor("ask", "digest-mismatch", "The agent's digest of these arguments is not ours")
    if evidence.policy_error:
        floor("ask", "policy-error", f"The policy could not be consulted: {evidence.policy_error}")
    if evidence.unpinned:
        floor("ask", "schema-changed", f"{tool} is pinned by its definition, and {evidence.unpinned}")
    if evidence.unparsed:
        floor("ask", "unparsed", f"The command is not understood: {evidence.unparsed}")
    if evidence.gap:
        floor("ask", "gap", "Events of this run are missing: what it did in between is not known")
    carries_out = facts is None or facts.carries_out or (hints is not None and hints.open_world_hint is True)
    private = evidence.sensitive or facts is None or facts.reads_sensitive
    if evidence.tainted and private and (carries_out or severity >= 2) and not evidence.authorised:
        does = "can carry data out" if carries_out else f"is at S{severity}"
        text = f"This run has read untrusted input, sensitive data is in reach, and {tool} {does}"
        floor("ask", "rule-of-two", text)
    suspicion = evidence.suspicion
    leaves_by = facts is None or facts.outside or carries_out
    terms += _forbidden(case, severity)
    if suspicion is not None and leaves_by and origin_terms.suspect_destination(suspicion):
        text = f"{tool} reaches outside, to an address that nobody asked for and a text brought"
        floor("ask", "suspect-destination", text)
    if severity == 4 and suspicion is not None and (text := origin_terms.made(suspicion)):
        floor("hold", "made", text)
    if facts is not None and facts.by_name and severity >= 2:
        floor("notify", "by-name", f"{tool} is in no catalogue and changes something, by its name")
    if case.standing.check:
        floor(
            "ask", "spot-check", f"Spot check: {tool} is trusted by now; look, and say afterwards how it went"
        )
    if evidence.first_use and severity >= 2:
        floor("ask", "first-use", f"First use of {tool} by this version of the agent, at S{severity}")
    return terms


def _forbidden(case: _Case, severity: int) -> list[_Term]:
    """What the user said not to do asks at least, whoever proposes it; only looking is free, unless that was forbidden."""
    facts, suspicion = case.evidence.facts, case.evidence.suspicion
    if suspicion is None:
        return []
    looks_only = facts is not None and facts.effect == "read" and not facts.carries_out and severity == 0
    text = origin_terms.forbidden(suspicion, looks_only=looks_only)
    return [_Term(join("ask", table_gate(severity, case.bound)), "forbidden", text)] if text else []


def _rule_term(hit: RuleHit) -> _Term:
    what = "Rule" if hit.kind == "rule" else "Could not check rule"
    return _Term(hit.raise_gate or "auto", f"{hit.kind}:{hit.rule}", f"{what} {hit.rule}: {hit.why}")


def _loss(severity: int, case: _Case, why: str = "") -> str:
    bound, standing = case.bound, case.standing
    loss = at_most(bound * LOSS_TENTHS[severity] / UNIT)
    if bound == standing.failure_bp and (standing.doubt or standing.right + standing.wrong):
        words = standing.words
    else:
        words = f"{origin_terms.ROW_NAMES.get(bound, 'unproven')}, up to {at_most(bound / 100)} % may fail"
    return f"graded S{severity} {SEVERITIES[severity]}{why}; {words}: expected loss {loss}"
