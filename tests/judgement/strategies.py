"""Everything that a judgement may be given, for properties of the judge."""

from hypothesis import strategies as st

from bus.events import Confidence, Hints
from console.core.judging.risk import Evidence
from console.core.judging.tool_facts import EFFECTS, RuleHit, ToolFacts
from console.core.provenance.suspicion import Origin, Traits, weigh
from console.core.reliability.bounds import Earned

UNTOLD = st.sampled_from([None, False, True])
FACTS = st.builds(
    ToolFacts,
    severity=st.integers(0, 4),
    effect=st.sampled_from(EFFECTS),
    outside=st.booleans(),
    reads_untrusted=st.booleans(),
    reads_sensitive=st.booleans(),
    pinned=st.booleans(),
    why=st.text(max_size=300),
)
HINTS = st.builds(
    Hints, read_only_hint=UNTOLD, destructive_hint=UNTOLD, idempotent_hint=UNTOLD, open_world_hint=UNTOLD
)
HITS = st.builds(
    RuleHit,
    rule=st.sampled_from(["a", "b"]),
    raise_gate=st.sampled_from([None, "ask", "hold", "deny"]),
    raise_severity=st.none() | st.integers(0, 4),
    why=st.text(max_size=300),
    kind=st.sampled_from(["rule", "policy-error", "policy-truncated"]),
)
ORIGINS = st.builds(
    Origin,
    path=st.just("to"),
    value=st.text(max_size=60),
    kind=st.sampled_from(["said", "field", "text", "inherited", "made", "plain"]),
    source=st.integers(0, 9),
    quote=st.text(max_size=200),
    demanded=st.booleans(),
    address=st.booleans(),
)
TRAITS = st.builds(
    Traits,
    family_asked=st.booleans(),
    verb_asked=st.booleans(),
    told=st.booleans(),
    recent=st.booleans(),
    visits=st.booleans(),
)
SUSPICION = st.builds(weigh, st.lists(ORIGINS, max_size=3), TRAITS, whole=st.booleans())
EARNED = st.builds(
    Earned,
    failure_bp=st.integers(0, 10_000),
    right=st.integers(0, 500),
    wrong=st.integers(0, 5),
    rung=st.sampled_from(["unproven", "proven-90", "proven-99"]),
    doubt=st.sampled_from(["", "the same call 4 times"]),
    check=st.booleans(),
)
EVIDENCE = st.builds(
    Evidence,
    tool=st.text(max_size=200),
    facts=st.none() | FACTS,
    hints=st.none() | HINTS,
    confidence=st.none() | st.builds(Confidence, value=st.floats(0, 1)),
    tainted=st.booleans(),
    sensitive=st.booleans(),
    first_use=st.booleans(),
    gap=st.booleans(),
    incomplete=st.booleans(),
    digest_ok=UNTOLD,
    rules=st.lists(HITS, max_size=3),
    policy_error=st.sampled_from(["", "KeyError"]),
    unparsed=st.sampled_from(["", "a quote has no end"]),
    suspicion=st.none() | SUSPICION,
    earned=st.none() | EARNED,
)
