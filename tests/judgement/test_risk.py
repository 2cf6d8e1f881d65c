"""The judge's arithmetic: what each fact does to the gate, and that no evidence of danger ever lowers it."""

from collections.abc import Callable

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bus.events import Confidence, Gate, Hints
from console.core.judging.gate_table import GATES, join, matrix, table_gate
from console.core.judging.risk import REASON_CHARS, Assessment, Evidence, assess, everything
from console.core.judging.tool_facts import EFFECTS, Effect, RuleHit, ToolFacts
from console.core.provenance.suspicion import Origin, Suspicion, Traits, weigh
from console.core.reliability.bounds import Earned
from tests.judgement.strategies import EVIDENCE, HITS

STEADY = settings(derandomize=True, deadline=None, max_examples=200)
READ = ToolFacts(severity=0, effect="read", origin="catalogue.toml: look")


def rank(judged: Assessment) -> int:
    return GATES.index(judged.gate)


def codes(judged: Assessment) -> list[str]:
    return [reason.code for reason in judged.reasons if reason.code != "instead"]


def on(severity: int = 0, effect: Effect = "read", **more: object) -> Evidence:
    """Evidence about a tool of the catalogue; `more` are fields of the evidence or of the facts."""
    about = {name: more.pop(name) for name in list(more) if name in ToolFacts.__struct_fields__}
    facts = msgspec.structs.replace(READ, severity=severity, effect=effect, **about)
    return msgspec.structs.replace(Evidence(tool="look", facts=facts), **more)


# ---- the table -------------------------------------------------------------------------------------------------------


def test_the_matrix_is_the_one_of_the_risk_model() -> None:
    assert matrix() == (
        ("auto", "auto", "auto", "auto"),
        ("auto", "auto", "notify", "notify"),
        ("auto", "notify", "ask", "ask"),
        ("notify", "ask", "hold", "hold"),
        ("ask", "hold", "hold", "hold"),
    )


def test_bounds_of_the_table_are_inclusive_and_exact() -> None:
    # 0.1 x 10 is exactly 1, which floating point would have to be lucky for
    assert table_gate(2, 1_000) == "notify"
    assert table_gate(2, 1_001) == "ask"
    assert table_gate(0, 10_000) == "auto"
    assert table_gate(3, 1_000) == "ask"
    assert table_gate(3, 1_001) == "hold"


@pytest.mark.parametrize("severity, gate", list(enumerate(["auto", "notify", "ask", "hold", "hold"])))
def test_an_unproven_tool_gets_its_row(severity: int, gate: Gate) -> None:
    judged = assess(on(severity, "read" if severity == 0 else "write"))
    assert (judged.severity, judged.failure_bp, judged.gate) == (severity, 2_000, gate)
    assert codes(judged) == ["severity"]


def test_what_changes_something_is_never_s0() -> None:
    assert assess(on(0, "write")).gate == "notify"


def test_an_unknown_tool_is_the_worst() -> None:
    judged = assess(Evidence(tool="x", facts=None))
    assert (judged.severity, judged.gate, codes(judged)) == (4, "hold", ["unknown-tool"])


# ---- each fact by itself ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "evidence, gate, first",
    [
        (on(1, "write", hints=Hints(destructive_hint=True)), "hold", "hint-destructive"),
        (on(1, "write", hints=Hints(open_world_hint=True)), "hold", "hint-open-world"),
        (on(0, "read", hints=Hints(open_world_hint=True)), "auto", "severity"),
        (on(0, "read", hints=Hints(open_world_hint=True, read_only_hint=False)), "hold", "hint-open-world"),
        (on(0, "read", hints=Hints(read_only_hint=False)), "notify", "hint-not-read-only"),
        (on(0, "read", gap=True), "ask", "gap"),
        (on(0, "read", digest_ok=False), "ask", "digest-mismatch"),
        (on(0, "read", digest_ok=True), "auto", "severity"),
        (on(0, "read", policy_error="KeyError"), "ask", "policy-error"),
        (on(0, "read", incomplete=True), "hold", "incomplete"),
        (on(1, "write", first_use=True), "notify", "severity"),
        (on(2, "write", first_use=True), "ask", "first-use"),
        (on(1, "write", tainted=True, sensitive=True), "notify", "severity"),
        (on(1, "send", tainted=True, sensitive=True), "ask", "rule-of-two"),
        (on(1, "read", outside=True, tainted=True, sensitive=True), "ask", "rule-of-two"),
        (
            on(0, "read", tainted=True, sensitive=True, hints=Hints(open_world_hint=True)),
            "ask",
            "rule-of-two",
        ),
        (on(1, "send", tainted=True, reads_sensitive=True), "ask", "rule-of-two"),
        (on(1, "execute", tainted=True, sensitive=True), "ask", "rule-of-two"),
        (on(1, "send", tainted=True), "notify", "severity"),
        (on(1, "send", sensitive=True, reads_untrusted=True), "notify", "severity"),
    ],
)
def test_one_fact_and_its_gate(evidence: Evidence, gate: Gate, first: str) -> None:
    judged = assess(evidence)
    assert (judged.gate, codes(judged)[0]) == (gate, first)


ASKED = Traits(family_asked=True, verb_asked=True, told=False, recent=False)
SAID = weigh(
    [Origin(path="to", kind="said")], Traits(family_asked=True, verb_asked=True, told=False, recent=False)
)
UNASKED = weigh(
    [Origin(path="to", kind="field")], Traits(family_asked=False, verb_asked=False, told=False, recent=False)
)
FROM_TEXT = weigh(
    [Origin(path="to", kind="text")], Traits(family_asked=True, verb_asked=False, told=False, recent=False)
)
TOLD = weigh(
    [Origin(path="to", kind="field")], Traits(family_asked=True, verb_asked=True, told=True, recent=False)
)
PROVEN = Earned(failure_bp=100, right=449, rung="proven-99")
LITTLE = Earned(right=3)
FAILING = Earned(failure_bp=6_000, right=1, wrong=2)
LOOPING = Earned(failure_bp=5_000, right=449, rung="proven-99", doubt="the same call 4 times")


def test_the_floors_hold_without_the_table() -> None:
    # with reliability proven to 99.99 % the table lets S2 go; the floors do not
    proven = Earned(failure_bp=1)
    assert assess(on(2, "write", earned=proven)).gate == "auto"
    assert codes(assess(on(2, "write", earned=proven, first_use=True))) == ["first-use"]
    assert codes(assess(on(2, "write", earned=proven, tainted=True, sensitive=True))) == ["rule-of-two"]
    check = msgspec.structs.replace(proven, check=True)
    assert codes(assess(on(2, "write", earned=check))) == ["spot-check"]
    made = weigh([Origin(path="to", kind="made")], ASKED)
    found = assess(on(4, "write", earned=PROVEN, suspicion=made))
    assert found.gate == "hold"
    assert [code for code in codes(found) if code == "made"] == [
        "made"
    ]  # a floor and a term of the table, said once
    whole = [reason for _, reason in everything(on(4, "write", earned=PROVEN, suspicion=made))]
    assert len({reason.text for reason in whole}) == len(whole)


def test_what_an_unknown_tool_earned_does_not_count() -> None:
    stranger = Evidence(tool="look", facts=None, earned=Earned(failure_bp=1, right=500))
    assert assess(stranger) == assess(msgspec.structs.replace(stranger, earned=None))
    guessed = on(2, "write", by_name=True, suspicion=UNASKED, earned=PROVEN)
    assert assess(guessed).failure_bp == 1_000
    assert assess(msgspec.structs.replace(guessed, earned=LOOPING)).failure_bp == 5_000


@pytest.mark.parametrize(
    "suspicion, earned, bound",
    [
        (None, PROVEN, 100),
        (None, LITTLE, 2_000),
        (None, FAILING, 6_000),
        (UNASKED, None, 1_000),
        (UNASKED, PROVEN, 100),
        (UNASKED, LITTLE, 1_000),  # too little to say: not worse than nothing
        (UNASKED, FAILING, 6_000),
        (SAID, None, 100),
        (SAID, LITTLE, 100),
        (SAID, FAILING, 6_000),
        (SAID, LOOPING, 5_000),
        (FROM_TEXT, PROVEN, 2_000),  # a good agent follows a stranger's wish as well
        (FROM_TEXT, FAILING, 6_000),
        (TOLD, None, 1_000),
        (TOLD, PROVEN, 1_000),
    ],
)
def test_what_was_earned_beside_what_is_suspect(
    suspicion: Suspicion | None, earned: Earned | None, bound: int
) -> None:
    assert assess(on(2, "write", suspicion=suspicion, earned=earned)).failure_bp == bound


@STEADY
@given(EVIDENCE)
def test_nothing_earned_changes_nothing(evidence: Evidence) -> None:
    silent = msgspec.structs.replace(evidence, earned=None)
    assert assess(msgspec.structs.replace(evidence, earned=Earned())) == assess(silent)


@STEADY
@given(EVIDENCE)
def test_what_was_earned_speaks_for_no_suspect_value(evidence: Evidence) -> None:
    known = evidence.suspicion
    if known is not None and known.suspect is not None:
        silent = msgspec.structs.replace(evidence, earned=None)
        assert rank(assess(evidence)) >= rank(assess(silent))


def test_a_doubt_takes_the_pass_of_the_authorised() -> None:
    call = on(1, "send", tainted=True, sensitive=True, suspicion=SAID)
    assert assess(call).gate == "auto"
    doubted = assess(msgspec.structs.replace(call, earned=LOOPING))
    assert (doubted.gate, codes(doubted)[0]) == ("ask", "rule-of-two")


@STEADY
@given(EVIDENCE, st.integers(0, 10_000), st.integers(0, 10_000))
def test_a_higher_failure_bound_never_lowers_the_gate(evidence: Evidence, one: int, other: int) -> None:
    low, high = (
        assess(msgspec.structs.replace(evidence, earned=Earned(failure_bp=bp))) for bp in sorted((one, other))
    )
    assert rank(high) >= rank(low)


@pytest.mark.parametrize(
    "severity, value, gate",
    [
        (0, 0.0, "auto"),
        (1, 0.69, "ask"),
        (1, 0.7, "notify"),
        (2, 0.1, "hold"),
        (3, 0.1, "hold"),
        (4, 0.0, "hold"),
        (1, float("nan"), "ask"),
    ],
)
def test_a_low_claim_lifts_one_rung_from_s1_up(severity: int, value: float, gate: Gate) -> None:
    effect: Effect = "write" if severity else "read"
    judged, silent = (
        assess(on(severity, effect, confidence=Confidence(value=value))),
        assess(on(severity, effect)),
    )
    assert judged.gate == gate
    assert ("confidence" in codes(judged)) is (gate != silent.gate)


@STEADY
@given(EVIDENCE, st.floats(0, 1))
def test_no_claim_ever_lowers(evidence: Evidence, value: float) -> None:
    silent = msgspec.structs.replace(evidence, confidence=None)
    claimed = msgspec.structs.replace(evidence, confidence=Confidence(value=value))
    assert rank(assess(claimed)) >= rank(assess(silent))
    if value >= 0.7:
        assert assess(claimed) == assess(silent)


# ---- the join --------------------------------------------------------------------------------------------------------


def test_join_is_the_tightest_and_of_nothing_auto() -> None:
    assert join("ask", "auto", "deny", "hold") == "deny"
    assert join() == "auto"


Worsen = Callable[[Evidence, st.DataObject], Evidence]


def with_facts(evidence: Evidence, **change: object) -> Evidence:
    if evidence.facts is None:
        return evidence
    return msgspec.structs.replace(evidence, facts=msgspec.structs.replace(evidence.facts, **change))


def with_hint(evidence: Evidence, **change: object) -> Evidence:
    return msgspec.structs.replace(
        evidence, hints=msgspec.structs.replace(evidence.hints or Hints(), **change)
    )


def less_sure(evidence: Evidence, data: st.DataObject) -> Evidence:
    top = 1.0 if evidence.confidence is None else evidence.confidence.value
    return msgspec.structs.replace(evidence, confidence=Confidence(value=data.draw(st.floats(0, top))))


def more_suspicious(evidence: Evidence, data: st.DataObject) -> Evidence:
    known = evidence.suspicion
    if known is None:
        return evidence
    points = known.points + data.draw(st.floats(0, 6))
    more = [*known.origins, Origin(path="q", kind="text", address=data.draw(st.booleans()))]
    worse = msgspec.structs.replace(known, origins=more, points=points)
    return msgspec.structs.replace(evidence, suspicion=worse)


def with_earned(evidence: Evidence, **change: object) -> Evidence:
    return msgspec.structs.replace(
        evidence, earned=msgspec.structs.replace(evidence.earned or Earned(), **change)
    )


def more_failures(evidence: Evidence, data: st.DataObject) -> Evidence:
    earned = evidence.earned or Earned()
    bound = data.draw(st.integers(earned.failure_bp, 10_000))
    return with_earned(evidence, failure_bp=bound, wrong=earned.wrong + 1)


def half_known(evidence: Evidence, _data: st.DataObject) -> Evidence:
    known = evidence.suspicion
    if known is None:
        return evidence
    return msgspec.structs.replace(evidence, suspicion=msgspec.structs.replace(known, whole=False))


def graver(evidence: Evidence, data: st.DataObject) -> Evidence:
    if evidence.facts is None:
        return evidence
    effects = st.sampled_from(EFFECTS[EFFECTS.index(evidence.facts.effect) :])
    severities = st.integers(evidence.facts.severity, 4)
    return with_facts(evidence, severity=data.draw(severities), effect=data.draw(effects))


DANGERS: dict[str, Worsen] = {
    name: (lambda evidence, _data, name=name: msgspec.structs.replace(evidence, **{name: True}))
    for name in ("tainted", "sensitive", "first_use", "gap", "incomplete")
} | {
    "digest": lambda evidence, _data: msgspec.structs.replace(evidence, digest_ok=False),
    "unparsed": lambda evidence, _data: msgspec.structs.replace(evidence, unparsed="a quote has no end"),
    "suspicion": more_suspicious,
    "part of the texts unknown": half_known,
    "a doubt about the run": lambda evidence, _data: with_earned(evidence, doubt="5 calls without news"),
    "a spot check": lambda evidence, _data: with_earned(evidence, check=True),
    "more verified failures": more_failures,
    "policy error": lambda evidence, _data: msgspec.structs.replace(evidence, policy_error="broken"),
    "unknown tool": lambda evidence, _data: msgspec.structs.replace(evidence, facts=None),
    "a rule more": lambda evidence, data: msgspec.structs.replace(
        evidence, rules=[*evidence.rules, data.draw(HITS)]
    ),
    "destructive": lambda evidence, _data: with_hint(evidence, destructive_hint=True),
    "open world": lambda evidence, _data: with_hint(evidence, open_world_hint=True),
    "not read-only": lambda evidence, _data: with_hint(evidence, read_only_hint=False),
    "outside": lambda evidence, _data: with_facts(evidence, outside=True),
    "reads sensitive": lambda evidence, _data: with_facts(evidence, reads_sensitive=True),
    "reads untrusted": lambda evidence, _data: with_facts(evidence, reads_untrusted=True),
    "graver": graver,
    "less sure": less_sure,
}


@pytest.mark.parametrize("danger", DANGERS)
@STEADY
@given(data=st.data())
def test_more_danger_never_lowers(danger: str, data: st.DataObject) -> None:
    before = data.draw(EVIDENCE)
    after = DANGERS[danger](before, data)
    assert rank(assess(after)) >= rank(assess(before))
    assert assess(after).severity >= assess(before).severity


@STEADY
@given(EVIDENCE)
def test_hints_that_deny_change_nothing(evidence: Evidence) -> None:
    harmless = Hints(read_only_hint=True, destructive_hint=False, idempotent_hint=True, open_world_hint=False)
    silent = msgspec.structs.replace(evidence, hints=None)
    assert assess(msgspec.structs.replace(evidence, hints=harmless)) == assess(silent)


@STEADY
@given(EVIDENCE)
def test_only_a_rule_denies(evidence: Evidence) -> None:
    denied = any(hit.raise_gate == "deny" for hit in evidence.rules)
    assert (assess(evidence).gate == "deny") is denied


@STEADY
@given(EVIDENCE)
def test_s4_is_never_below_ask_and_the_incomplete_never_below_hold(evidence: Evidence) -> None:
    judged = assess(evidence)
    if judged.severity == 4:
        assert rank(judged) >= GATES.index("ask")
    if evidence.incomplete:
        assert rank(judged) >= GATES.index("hold")
        assert judged.gate == "deny" or codes(judged)[0] == "incomplete"


@STEADY
@given(EVIDENCE)
def test_the_order_of_rules_is_nothing(evidence: Evidence) -> None:
    turned = msgspec.structs.replace(evidence, rules=evidence.rules[::-1])
    assert assess(turned).gate == assess(evidence).gate


# ---- the reasons -----------------------------------------------------------------------------------------------------


@STEADY
@given(EVIDENCE)
def test_one_to_three_short_printable_reasons(evidence: Evidence) -> None:
    judged = assess(evidence)
    assert 1 <= len(codes(judged)) <= 3
    assert len(judged.reasons) - len(codes(judged)) <= 1
    for reason in judged.reasons:
        assert reason.text.isprintable()
        assert reason.code.isprintable()
        assert len(reason.text) <= REASON_CHARS


def test_the_most_decisive_reason_comes_first() -> None:
    rule = RuleHit(rule="no-prod", raise_gate="deny", why="Production is closed on Fridays")
    judged = assess(on(2, "write", gap=True, incomplete=True, rules=[rule]))
    assert codes(judged) == ["rule:no-prod", "incomplete", "gap"]
    assert judged.reasons[0].text == "Rule no-prod: Production is closed on Fridays"


def test_a_reason_is_a_counted_fact() -> None:
    said = assess(on(3, "write", why="cannot be unsent.")).reasons[0].text
    assert said == (
        "'look' is graded S3 costly (cannot be unsent); unproven, up to 20 % may fail: expected loss 20 "
        "(catalogue.toml: look)"
    )


@pytest.mark.parametrize(
    "tool, shown",
    [
        ("x' is safe; 'y", r"'x\' is safe; \'y'"),
        ("\x1b[31mred\n", r"'\x1b[31mred\n'"),
        ("\u202eevil", r"'\u202eevil'"),
        ("rеad", r"'r\u0435ad'"),
        ("t" * 128, "'" + "t" * 39 + "…'"),
    ],
)
def test_a_hostile_tool_name_stays_inside_its_quotes(tool: str, shown: str) -> None:
    text = assess(Evidence(tool=tool, facts=None)).reasons[0].text
    assert text.startswith(shown + " is in no catalogue")
