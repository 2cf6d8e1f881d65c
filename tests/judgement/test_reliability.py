"""What is proven and what is not: intervals, the e-process, strata, bounds, forecasts, claims, drift."""

from __future__ import annotations

import math
import random
from fractions import Fraction
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from console.core.reliability.bounds import FLOOR_BP, UNPROVEN_BP, at_least, at_most, earned, failure_bp
from console.core.reliability.calibration import claims, diagram
from console.core.reliability.evidence import (
    DRIFT_LENGTH,
    FALSE_PROMOTION,
    RUNGS,
    Rung,
    drift_reference,
    drift_step,
    drifts,
    earned_rung,
    log_evidence,
    more_needed,
)
from console.core.reliability.forecast import compounded, forecast
from console.core.reliability.intervals import (
    beta_cdf,
    beta_quantile,
    jeffreys,
    log_beta_cdf,
    null_band,
)
from console.core.reliability.sofar import SoFar
from console.core.reliability.standing import (
    Reliability,
    Standing,
    Verified,
    demote,
    fold,
    promote,
    stratum_key,
    task_of,
    version_of,
)

STEADY = settings(derandomize=True, deadline=None, max_examples=200)
COUNT = st.integers(0, 400)
SHAPE = st.floats(0.5, 300.0)


# ---- intervals -------------------------------------------------------------------------------------------------------


@STEADY
@given(st.floats(0.001, 0.999), st.integers(1, 60), st.integers(1, 60))
def test_the_distribution_is_the_binomial_one_where_both_shapes_are_whole(x: float, a: int, b: int) -> None:
    # DLMF 8.17.5, summed exactly
    n, exact = a + b - 1, Fraction(x)
    tail = sum(math.comb(n, k) * exact**k * (1 - exact) ** (n - k) for k in range(a, n + 1))
    assert beta_cdf(x, a, b) == pytest.approx(float(tail), rel=1e-9, abs=1e-300)


@STEADY
@given(st.floats(0.001, 0.999), st.floats(0.2, 500.0))
def test_quantiles_are_those_of_the_closed_forms(share: float, shape: float) -> None:
    assert beta_quantile(share, shape, 1.0) == pytest.approx(share ** (1 / shape), abs=1e-9)
    assert beta_quantile(share, 1.0, shape) == pytest.approx(
        -math.expm1(math.log1p(-share) / shape), abs=1e-9
    )
    assert beta_quantile(share, 0.5, 0.5) == pytest.approx(math.sin(math.pi * share / 2) ** 2, abs=1e-9)


@STEADY
@given(st.floats(0.0001, 0.9999), SHAPE, SHAPE)
def test_the_quantile_is_the_inverse_of_the_distribution(share: float, a: float, b: float) -> None:
    assert beta_cdf(beta_quantile(share, a, b), a, b) == pytest.approx(share, abs=1e-6)


@STEADY
@given(st.floats(0.001, 0.999), SHAPE, SHAPE)
def test_the_two_tails_make_one(x: float, a: float, b: float) -> None:
    assert beta_cdf(x, a, b) + beta_cdf(1 - x, b, a) == pytest.approx(1.0, abs=1e-9)


def test_a_tail_that_underflows_still_has_its_logarithm() -> None:
    # I_x(a, 1) = x^a exactly
    assert log_beta_cdf(0.1, 5_000.0, 1.0) == pytest.approx(5_000 * math.log(0.1), rel=1e-12)


@STEADY
@given(COUNT, COUNT)
def test_jeffreys_stands_around_what_was_seen(hits: int, misses: int) -> None:
    low, high = jeffreys(hits, hits + misses)
    assert 0.0 <= low <= high <= 1.0
    if hits + misses:
        assert low <= hits / (hits + misses) <= high
    more = jeffreys(hits + 1, hits + misses + 1)
    assert more.low >= low
    assert more.high >= high or not hits + misses


def test_the_null_band_holds_what_an_honest_claim_would_show() -> None:
    rng = random.Random(7)
    for share in (0.5, 0.9, 0.97):
        low, high = null_band(share, 30)
        inside = sum(low <= sum(rng.random() < share for _ in range(30)) / 30 <= high for _ in range(2_000))
        assert inside >= 0.88 * 2_000
    assert null_band(1.0, 10) == (1.0, 1.0)


# ---- promotion -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("rate, clean", [(0.90, 43), (0.95, 88), (0.99, 449), (0.999, 4_512)])
def test_so_many_clean_outcomes_prove_a_rate(rate: float, clean: int) -> None:
    needed = math.log(1 / FALSE_PROMOTION)
    assert log_evidence(clean - 1, 0, rate) < needed <= log_evidence(clean, 0, rate)


@cache
def rung_of(right: int, wrong: int) -> Rung:
    return earned_rung(right, wrong)


@pytest.mark.parametrize("rung", RUNGS)
def test_looking_after_every_outcome_does_not_promote_what_has_not_earned_it(rung: Rung) -> None:
    rng, promoted, runs = random.Random(11), 0, 1_500
    for _ in range(runs):
        right = wrong = 0
        for _ in range(400 if rung == "proven-90" else 1_000):
            if rng.random() < RUNGS[rung]:
                right += 1
            else:
                wrong += 1
            # Only a right outcome can add evidence, so only then is there something to see.
            if not wrong and right < 43:
                continue
            if rung_of(right, wrong) in (rung, "proven-99"):
                promoted += 1
                break
    assert promoted <= FALSE_PROMOTION * runs


def test_peeking_at_an_interval_would_have_promoted_far_too_often() -> None:
    rng, promoted = random.Random(11), 0
    low = cache(lambda right, n: jeffreys(right, n).low)
    for _ in range(300):
        right = 0
        for n in range(1, 201):
            right += rng.random() < 0.90
            if low(right, n) > 0.90:
                promoted += 1
                break
    assert promoted > 3 * FALSE_PROMOTION * 300


@STEADY
@given(COUNT, COUNT, st.integers(0, 4))
def test_evidence_grows_with_right_outcomes_and_shrinks_with_wrong_ones(
    right: int, wrong: int, lost: int
) -> None:
    for rate in RUNGS.values():
        here = log_evidence(right, wrong, rate)
        assert log_evidence(right, wrong + 1, rate) < here + 1e-9
    order = ["unproven", *RUNGS]
    assert order.index(earned_rung(right, wrong, lost + 1)) <= order.index(earned_rung(right, wrong, lost))


@given(st.integers(0, 60), st.integers(0, 3), st.integers(0, 2))
@settings(derandomize=True, deadline=None, max_examples=40)
def test_what_is_missing_to_a_rung_is_exactly_that(right: int, wrong: int, lost: int) -> None:
    more = more_needed(right, wrong, "proven-90", lost)
    assert more is not None
    assert earned_rung(right + more, wrong, lost) != "unproven"
    assert not more or earned_rung(right + more - 1, wrong, lost) == "unproven"


# ---- strata and bounds -----------------------------------------------------------------------------------------------


def told(*outcomes: bool, claimed: float | None = None, tool: str = "pay", version: str = "1") -> Reliability:
    known = Reliability()
    for ok in outcomes:
        fold(known, Verified(agent="a", version=version, tool=tool, effect="write", ok=ok, claimed=claimed))
    return known


@STEADY
@given(st.lists(st.booleans(), max_size=60), st.sampled_from(list(FLOOR_BP)))
def test_no_bound_is_below_its_rung_and_a_failure_never_lowers_it(outcomes: list[bool], rung: Rung) -> None:
    known = told(*outcomes)
    for key in known.strata:
        promote(known, key, rung)
    standing = next(iter(known.strata.values()), None)
    version = next(iter(known.versions.values()), None)
    bound = failure_bp(standing, version)
    assert (UNPROVEN_BP if standing is None else FLOOR_BP[rung]) <= bound <= 10_000
    worse = told(*outcomes, False)
    for key in worse.strata:
        promote(worse, key, rung)
    [one], [two] = worse.strata.values(), worse.versions.values()
    assert failure_bp(one, two) >= bound


def test_a_bound_of_failure_is_shrunk_to_the_version_as_a_whole() -> None:
    alone, among = told(False), told(False)
    for _ in range(200):
        fold(among, Verified(agent="a", version="1", tool="look", effect="read", ok=True))
    key = stratum_key("a", "1", "pay", "write")
    bounds = [failure_bp(known.strata[key], known.versions["a@1"]) for known in (alone, among)]
    assert bounds[0] > bounds[1] > UNPROVEN_BP


def test_a_doubt_about_the_run_outweighs_what_was_earned() -> None:
    known = told(*[True] * 50)
    [(key, standing)] = known.strata.items()
    promote(known, key, "proven-90")
    assert earned(known, standing).failure_bp == 1_000
    doubted = earned(known, standing, doubt="the last 3 calls failed")
    assert doubted.failure_bp == 5_000
    assert doubted.words.startswith("the last 3 calls failed")


def test_demotion_keeps_the_evidence_and_begins_anew() -> None:
    known = told(*[True] * 43)
    [(key, standing)] = known.strata.items()
    promote(known, key, "proven-90")
    demote(known, key)
    assert (standing.rung, standing.right, standing.right_since, standing.lost) == ("unproven", 43, 0, 1)


def test_a_verdict_on_one_stratum_says_nothing_about_another() -> None:
    known = told(*[True] * 10)
    fold(known, Verified(agent="a", version="2", tool="pay", effect="write", ok=False))
    assert [one.right for one in known.strata.values()] == [10, 0]
    assert [one.wrong for one in known.strata.values()] == [0, 1]


NAME = st.text(max_size=8)


@STEADY
@given(st.tuples(NAME, NAME, NAME), st.tuples(NAME, NAME, NAME))
def test_no_two_strata_share_a_name(one: tuple[str, str, str], other: tuple[str, str, str]) -> None:
    keys = [
        stratum_key("a", version or "v", tool, effect.replace("/", ""))
        for version, tool, effect in (one, other)
    ]
    same = [(version or "v", tool, effect.replace("/", "")) for version, tool, effect in (one, other)]
    assert (keys[0] == keys[1]) is (same[0] == same[1])


def test_names_of_versions_and_tasks() -> None:
    assert version_of("1", "gpt") == "1+gpt"
    assert version_of("", "gpt") == ""
    assert task_of(" Pay  the BILLS ") == task_of("pay the bills") != task_of("pay the bill")
    assert task_of(" ") == ""


def test_unknown_below_five() -> None:
    assert at_least(4, 0) is None
    assert at_least(5, 0) == jeffreys(5, 5).low


# ---- forecasts -------------------------------------------------------------------------------------------------------


def test_compounding_is_shown_with_what_is_not_known() -> None:
    few, many = compounded(19, 1, 10), compounded(95, 5, 10)
    assert few.share == pytest.approx(0.54, abs=0.005)
    assert few.interval == pytest.approx((0.14, 0.91), abs=0.005)
    assert many.interval == pytest.approx((0.37, 0.79), abs=0.005)
    assert compounded(4, 0, 10).words == "unknown (4 verified)"


@STEADY
@given(COUNT, COUNT, st.integers(1, 60))
def test_a_longer_chain_is_never_likelier(right: int, wrong: int, steps: int) -> None:
    shorter, longer = compounded(right, wrong, steps), compounded(right, wrong, steps + 1)
    if shorter.share is None or shorter.interval is None or longer.share is None:
        return
    assert longer.share <= shorter.share
    assert shorter.interval.low <= shorter.share <= 1.0


def ran(known: Reliability, *outcomes: bool, task: str = "t", steps: int = 5) -> None:
    for ok in outcomes:
        fold(known, Verified(agent="a", version="1", ok=ok, task=task, steps=steps))


def test_a_forecast_is_unknown_until_there_are_five_and_then_leans_on_the_same_task() -> None:
    known = Reliability()
    ran(known, True, False, True, True)
    assert forecast(known, "a", "1", "t", SoFar(entries=1)).words == "unknown (4 verified)"
    assert forecast(known, "a", "2", "t", SoFar(entries=1)).words == "unknown (0 verified)"  # another version
    for _ in range(8):
        ran(known, False, task="hard")
        ran(known, True)
    easy, hard = (forecast(known, "a", "1", task, SoFar(entries=1)) for task in ("t", "hard"))
    assert easy.share is not None
    assert hard.share is not None
    assert hard.share < 0.2
    assert easy.share > 0.5
    assert "8 runs like this" in hard.words


def test_what_lasts_longer_than_its_like_is_less_likely_to_succeed() -> None:
    known = Reliability()
    ran(known, *[True] * 10, task="", steps=5)
    ran(known, *[False] * 5, task="", steps=40)
    early, late = (forecast(known, "a", "1", "", SoFar(entries=steps)) for steps in (1, 20))
    assert forecast(known, "a", "1", "", SoFar(entries=200)) == forecast(
        known, "a", "1", "", SoFar(entries=35)
    )
    assert early.share is not None
    assert late.share is not None
    assert late.share < 0.5
    assert early.share > 0.6


@STEADY
@given(st.lists(st.tuples(st.booleans(), st.sampled_from(["t", "u", ""]), st.integers(0, 300)), max_size=40))
def test_forecasts_stay_within_their_interval_and_within_zero_and_one(
    runs: list[tuple[bool, str, int]],
) -> None:
    known = Reliability()
    for ok, task, steps in runs:
        ran(known, ok, task=task, steps=steps)
    for steps in (0, 3, 50):
        found = forecast(known, "a", "1", "t", SoFar(entries=steps))
        if found.share is not None and found.interval is not None:
            assert 0.0 <= found.interval.low <= found.interval.high <= 1.0
            assert 0.0 < found.share < 1.0


# ---- claims and drift ------------------------------------------------------------------------------------------------


def test_a_claim_that_was_not_earned_shows() -> None:
    known = told(*[True, False] * 10, claimed=0.95)
    [version] = known.versions.values()
    [bar] = diagram(version)
    assert (bar.n, bar.earned, bar.overclaims) == (20, 0.5, True)
    assert claims(version) is not None
    assert claims(version) == pytest.approx((0.95, 0.5, 20))
    [honest] = diagram(next(iter(told(*[True] * 19, False, claimed=0.95).versions.values())))
    assert not honest.overclaims
    [few] = diagram(next(iter(told(False, False, claimed=0.95).versions.values())))
    assert not few.overclaims


def test_no_claim_is_no_claim() -> None:
    [version] = told(True, True).versions.values()
    assert diagram(version) == []
    assert claims(version) is None


def test_a_drift_is_seen_soon_and_seldom_imagined() -> None:
    rng = random.Random(5)

    def until(rate: float, reference: float, most: int) -> int:
        level = 0.0
        for n in range(1, most):
            level = drift_step(level, reference, wrong=rng.random() < rate)
            if drifts(level):
                return n
        return most

    reference = drift_reference(19, 1)
    assert reference == pytest.approx(2 / 22)
    soon = sorted(until(0.5, reference, 500) for _ in range(200))
    assert soon[100] <= 16
    seldom = [until(reference, reference, 5_000) for _ in range(100)]
    assert sum(seldom) / len(seldom) >= DRIFT_LENGTH


def test_a_stratum_begins_to_watch_for_drift_when_it_has_a_reference() -> None:
    known = told(*[True] * 19)
    [standing] = known.strata.values()
    assert standing.reference is None
    fold(known, Verified(agent="a", version="1", tool="pay", effect="write", ok=True))
    assert standing.reference == pytest.approx(drift_reference(20, 0))
    assert isinstance(standing, Standing)


@STEADY
@given(st.integers(1, 10_000), st.sampled_from([1, 10, 100, 1_000]))
def test_a_bound_is_said_in_two_digits_and_never_lower_than_it_is(bp: int, unit: int) -> None:
    said = at_most(bp / unit)
    assert bp / unit <= float(said) * (1 + 1e-9)
    assert float(said) <= bp / unit * 1.1
    assert len(said.strip("0").replace(".", "").strip("0")) <= 2
    for gate in (0.1, 1.0, 10.0):  # it says no more than the gate that was made of it
        assert (float(said) <= gate) == (bp / unit <= gate)


def test_bounds_in_words() -> None:
    assert [at_most(bound) for bound in (0.0, 0.2328, 1.0, 20.0, 23.28, 100.0)] == [
        "0",
        "0.24",
        "1",
        "20",
        "24",
        "100",
    ]
