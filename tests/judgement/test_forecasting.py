"""The parts that a forecast is made of: how far a level agrees, and what a run shows of itself."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from console.core.reliability.agreement import CLOSE, Agreement, narrowed
from console.core.reliability.trouble_signs import BELIEF, MOST, SIGNS, Signs, Slope, Spread, refusals

STEADY = settings(derandomize=True, deadline=None, max_examples=100)
COUNTS = st.integers(0, 30).flatmap(lambda of: st.tuples(st.integers(0, of), st.just(of)))
NOTES = st.lists(st.tuples(st.floats(0.01, 0.99), COUNTS, st.booleans()), max_size=40)
VALUES = st.tuples(*(st.none() | st.floats(0, 1e6) for _ in SIGNS))


def agreement(notes: list[tuple[float, tuple[int, int], bool]]) -> Agreement:
    found = Agreement()
    for above, (hits, of), hit in notes:
        found.note(above, hits, of, hit=hit)
    return found


@STEADY
@given(NOTES, st.floats(0.01, 0.99), COUNTS)
def test_a_level_moves_a_share_towards_what_it_holds_and_no_further(
    notes: list[tuple[float, tuple[int, int], bool]], share: float, level: tuple[int, int]
) -> None:
    hits, of = level
    found = narrowed(share, 5.0, [(agreement(notes), hits, of)])
    ends = sorted([share, hits / of if of else share])
    assert ends[0] - 1e-9 <= found.share <= ends[1] + 1e-9
    assert found.runs > 0


@STEADY
@given(NOTES)
def test_a_level_above_counts_for_a_quarter_of_a_run_at_least(
    notes: list[tuple[float, tuple[int, int], bool]],
) -> None:
    weight = agreement(notes).prior_runs
    assert weight is None or weight >= (1 - CLOSE) / CLOSE - 1e-9


def test_a_level_that_holds_nothing_counts_for_nothing_and_one_that_holds_all_for_much() -> None:
    chance = random.Random(1)
    nothing, all_of_it = Agreement(), Agreement()
    for _ in range(400):
        hits = sum(chance.random() < 0.5 for _ in range(3))
        nothing.note(0.5, hits, 3, hit=chance.random() < 0.5)
        always = chance.random() < 0.5
        all_of_it.note(0.5, 3 * always, 3, hit=always)
    assert nothing.prior_runs is None or nothing.prior_runs > 20
    assert all_of_it.prior_runs == pytest.approx((1 - CLOSE) / CLOSE)
    assert Agreement().prior_runs is None
    borrowed = Agreement().after(all_of_it).prior_runs
    assert borrowed is not None
    assert borrowed > (1 - CLOSE) / CLOSE  # others' agreement is believed less than one's own


@STEADY
@given(
    st.lists(st.tuples(VALUES, st.floats(0.01, 0.99), st.booleans()), max_size=30),
    VALUES,
    st.floats(0.01, 0.99),
)
def test_signs_keep_a_share_a_chance(
    ended: list[tuple[tuple[float | None, ...], float, bool]], values: tuple[float | None, ...], share: float
) -> None:
    signs = Signs()
    for one, was, hit in ended:
        signs.note(3, one, was, hit=hit)
    standings = signs.standings(3, values)
    assert all(-MOST <= standing <= MOST for standing in standings)
    assert 0 < signs.tilted(share, standings) < 1
    assert signs.tilted(share, signs.standings(8, values)) == share  # nothing is known of that step


def test_what_is_usual_tells_nothing_and_what_is_not_lowers_at_first() -> None:
    spread = Spread()
    assert spread.standing(3.0) == 0
    for value in (1.0, 1.0, 1.0):
        spread.note(value)
    assert spread.standing(9.0) == 0  # all alike: no scale
    spread.note(3.0)
    assert spread.standing(1.5) == pytest.approx(0)
    assert spread.standing(3.0) > 0 > spread.standing(0.0)
    assert Slope().value == BELIEF


@pytest.mark.parametrize("turn", [-1, 1])
def test_a_belief_gives_way_to_what_is_seen(turn: int) -> None:
    """Runs of which a sign told with a slope of 1, either way: it is learnt, at most as far as it is so."""
    slope, chance = Slope(), random.Random(2)
    for _ in range(3_000):
        standing = chance.choice((-1.0, 1.0))
        slope.note(standing, 0.5, hit=chance.random() < 0.5 + turn * standing * 0.23)
    assert 0.5 < turn * slope.value < 1.0


def test_a_chance_is_not_taken_for_a_slope() -> None:
    slope = Slope(pull=5.0, told=25.0)
    assert slope.value == pytest.approx(BELIEF * 80 / 105)


@pytest.mark.parametrize(
    "text, count",
    [
        ("Unfortunately I am unable to do that.", 2),
        ("I can't, and I can\u2019t, and I cannot.", 3),
        ("That is not possible, and not allowed.", 2),
        ("Done: the candle is lit and the cannery open.", 0),
        ("SORRY: it CANNOT be done, and I CAN\u2019T help it.", 3),
        ("It is Not Permitted.", 1),
        ("Notable: that is not far.", 0),
    ],
)
def test_refusals_are_ordinary_words(text: str, count: int) -> None:
    assert refusals(text) == count
