"""The detectors of silent and confident failure: what they must say, and what they must not."""

from __future__ import annotations

import math
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bus.records import Reason
from console.cli.card import run_page
from console.core.fleet.lifecycle import ActionState
from console.core.fleet.state import Action, Fleet, Run
from console.core.health import stall
from console.core.health.budget import Budget, over
from console.core.health.ending import confident_failure, cut_short, open_asks, unverified
from console.core.health.finding import Deed
from console.core.health.stall import Durations, limit, phi
from console.core.health.usage import Usage, texts
from console.core.health.watch import Watch

STEADY = settings(derandomize=True, deadline=None, max_examples=150)


def deed(call: int, result: int = 0, *, failed: bool = False, polls: bool = False) -> Deed:
    return Deed("tool", f"args{call}", f"result{result}", failed, polls)


def said(*deeds: Deed) -> list[set[str]]:
    """What stands after each call; a finding that asks for a pause is `pause`, too."""
    watch, found = Watch(), []
    for one in deeds:
        watch.take(one)
        pause = {"pause"} if any(finding.pause for finding in watch.standing.values()) else set()
        found.append({str(kind) for kind in watch.standing} | pause)
    return found


# ---- loops, streaks, novelty -----------------------------------------------------------------------------------------


def test_the_same_call_with_the_same_result_four_times_is_a_loop_and_six_times_stops() -> None:
    found = said(*[deed(1)] * 6)
    assert ["loop" in one for one in found] == [False, False, False, True, True, True]
    assert ["pause" in one for one in found] == [False] * 5 + [True]


def test_repeats_with_other_work_between_them_count_and_those_long_ago_do_not() -> None:
    between = [one for number in range(4) for one in (deed(0), deed(10 + number))]
    assert "loop" in said(*between)[-2]
    apart = [one for number in range(4) for one in (deed(0), *(deed(10 * number + k) for k in range(1, 10)))]
    assert not any("loop" in one for one in said(*apart))


def test_polling_is_not_a_loop() -> None:
    assert not any(said(*[deed(1, result) for result in range(30)]))
    declared = said(*[deed(1, polls=True)] * 19)
    assert not any(declared)
    assert "loop" in said(*[deed(1, polls=True)] * 20)[-1]
    assert not any(
        "pause" in one for one in said(*[deed(1, polls=True)] * 200)
    )  # who waits long must not be stopped


@pytest.mark.parametrize("period", [2, 3])
def test_a_short_cycle_is_seen_before_it_has_turned_four_times(period: int) -> None:
    found = said(*[deed(number % period) for number in range(12)])
    assert any("loop" in one or "no-progress" in one for one in found)
    assert "loop" in found[-1]


def test_the_same_call_failing_with_ever_other_errors_is_a_loop() -> None:
    assert "loop" in said(*[deed(1, number, failed=True) for number in range(3)])[-1]
    assert "loop" not in said(*[deed(number, number, failed=True) for number in range(3)])[-1]


def test_errors_in_a_row_and_errors_that_pile_up() -> None:
    row = said(deed(1), *[deed(number, number, failed=True) for number in range(2, 5)])
    assert ["error-streak" in one for one in row] == [False, False, False, True]
    half = said(*[deed(number, number, failed=number % 2 == 0) for number in range(10)])
    assert "error-streak" in half[8]
    assert "error-streak" not in half[9]  # the last one went well


def test_a_run_that_learns_nothing_new_makes_no_progress() -> None:
    first = [deed(number, number) for number in range(7)]
    assert "no-progress" in said(*first, *first[:5])[-1]
    assert "no-progress" not in said(*first, *first[:4], deed(99), first[4])[-1]


def test_a_call_of_which_the_arguments_are_unknown_is_compared_with_no_other() -> None:
    assert not any(said(*[Deed("tool", "", "same", failed=False)] * 30))


@STEADY
@given(st.lists(st.integers(0, 10_000), unique=True, max_size=60))
def test_work_that_is_always_new_and_goes_well_is_never_remarked_on(calls: list[int]) -> None:
    assert not any(said(*[deed(call, call) for call in calls]))


@STEADY
@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 2), st.booleans()), max_size=60))
def test_a_detector_says_how_much_it_counted(calls: list[tuple[int, int, bool]]) -> None:
    watch = Watch()
    for call, result, failed in calls:
        for finding in watch.take(deed(call, result, failed=failed))[0]:
            assert any(char.isdigit() for char in finding.text)
            assert finding.kind in watch.standing


# ---- stalls ----------------------------------------------------------------------------------------------------------


def durations(median: float, sigma: float, n: int, seed: int = 1) -> Durations:
    rng, known = random.Random(seed), Durations()
    for _ in range(n):
        known.add(math.exp(rng.gauss(math.log(median), sigma)))
    return known


def test_nothing_known_is_two_minutes_and_little_known_is_three_times_the_parent() -> None:
    assert limit("pytest", None, None).seconds == stall.UNKNOWN
    parent = durations(20.0, 0.3, 50)
    cold = limit("pytest", durations(1.0, 0.3, 9), parent)
    assert cold.seconds == pytest.approx(3 * parent.quantile(1.6449))
    assert "50 earlier pieces" in cold.why


def test_a_limit_is_neither_below_half_a_minute_nor_above_an_hour() -> None:
    assert limit("ls", durations(0.01, 0.2, 50), None).seconds == stall.LEAST
    assert limit("train", durations(3_000.0, 1.0, 50), None).seconds == stall.MOST


def test_slow_tools_are_given_time_and_fast_ones_are_not() -> None:
    fast, slow = limit("ls", durations(2.0, 0.5, 50), None), limit("pytest", durations(90.0, 0.5, 50), None)
    assert fast.seconds < 60
    assert slow.seconds > 300
    assert "50 earlier times pytest took" in slow.why


@pytest.mark.parametrize("sigma", [0.3, 0.9, 1.3])
@pytest.mark.parametrize("n", [10, 50, 200])
def test_heavy_tails_raise_few_false_alarms(sigma: float, n: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stall, "LEAST", 0.0)
    rng, false, pieces = random.Random(3), 0, 0
    for seed in range(400):
        bound = limit("x", durations(5.0, sigma, n, seed), None).seconds
        for _ in range(25):
            false += math.exp(rng.gauss(math.log(5.0), sigma)) > bound
            pieces += 1
    assert false <= 0.0015 * pieces


def test_phi_grows_with_silence() -> None:
    known = durations(10.0, 0.5, 100)
    values = [phi(known, seconds) for seconds in (0.0, 1.0, 10.0, 60.0, 600.0, 1e9)]
    assert values == sorted(values)
    assert values[0] == 0.0
    assert phi(known, known.quantile(5.6120)) == pytest.approx(8.0, abs=0.01)


# ---- endings ---------------------------------------------------------------------------------------------------------


def run(*states: tuple[str, ActionState, int | None]) -> Run:
    made = Run(agent="a", run="r", state="completed")
    for number, (tool, state, severity) in enumerate(states):
        made.actions[str(number)] = Action(
            id=str(number), agent="a", run="r", tool=tool, state=state, severity=severity
        )
    return made


def test_success_claimed_over_a_failed_change_is_a_confident_failure() -> None:
    assert "pay, failed" in confident_failure(
        run(("look", "done", 0), ("pay", "failed", 2), ("look", "done", 0))
    )
    assert "did not run" in confident_failure(run(("pay", "denied", 2)))
    assert confident_failure(run(("pay", "failed", 2), ("pay", "done", 2))) == ""
    assert confident_failure(run(("look", "failed", 0))) == ""
    assert confident_failure(run()) == ""
    mixed = confident_failure(run(("look", "done", 0), ("pay", "failed", 2), ("pay", "denied", 2)))
    assert mixed.endswith("pay, did not run; of its 2 changes 2 did not happen")
    stranger = run(("search", "failed", 4))
    stranger.actions["0"].reasons = [Reason(code="unknown-tool", text="in no catalogue")]
    assert confident_failure(stranger) == ""


def test_a_no_of_a_person_is_no_failure_of_the_agent() -> None:
    for outcome in ("rejected", "responded"):
        refused = run(("delete", "done", 2), ("delete", "denied", 2))
        refused.actions["1"].outcome, refused.actions["1"].decided_by = outcome, "op-1"
        assert confident_failure(refused) == ""
        refused.actions["0"].state = "failed"
        assert "delete, failed; of its 1 changes" in confident_failure(refused)
    for state in ("denied", "withdrawn"):
        misfit = run(("pay", state, 2))
        misfit.actions["0"].outcome, misfit.actions["0"].decided_by = "edited", "op-1"
        assert confident_failure(misfit) == ""
    ran = run(("pay", "failed", 2))
    ran.actions["0"].outcome, ran.actions["0"].decided_by = "edited", "op-1"
    assert "pay, failed" in confident_failure(ran)
    denied = run(("delete", "denied", 2))
    denied.actions["0"].outcome, denied.actions["0"].decided_by = "rejected", "policy"
    assert "did not run" in confident_failure(denied)


def test_what_nobody_looked_at_is_unverified_until_somebody_says() -> None:
    def completed(*actions: tuple[str, ActionState, int | None]) -> Run:
        made = run(*actions)
        made.state = "completed"
        return made

    made = completed(("look", "done", 0), ("pay", "done", 2), ("pay", "done", 2))
    words = "2 changes at the end (pay last), and nothing was read back since"
    assert unverified(made) == words
    assert f"  unseen   {words}" in run_page(Fleet(), made, 0)
    assert unverified(completed(("pay", "done", 2), ("look", "done", 0))) == ""
    made.verified = "ok"
    assert unverified(made) == ""
    made.verified, made.state = "", "working"
    assert unverified(made) == ""  # it may still look


def test_asks_left_behind_and_changes_cut_short() -> None:
    assert "2 of its actions" in open_asks(run(("pay", "asked", 2), ("pay", "asked", 2)))
    assert open_asks(run(("pay", "done", 2))) == ""
    lost = run(("pay", "started", 2), ("look", "started", 0), ("odd", "ungated", None), ("pay", "done", 2))
    assert [action.tool for action in cut_short(lost)] == ["pay", "odd"]


# ---- budgets ---------------------------------------------------------------------------------------------------------


def test_a_budget_is_said_at_four_fifths_and_stops_at_its_end() -> None:
    budget = Budget(steps=10, writes=2)
    usage = Usage()
    made = Run(agent="a", run="r", steps_seen=7)
    assert over(budget, usage.used(made, 0)) == []
    made.steps_seen = 8
    [near] = over(budget, usage.used(made, 0))
    assert (near.text, near.pause) == ("8 of 10 steps used (80%)", False)
    made.steps_seen = 10
    [spent] = over(budget, usage.used(made, 0))
    assert spent.pause


def test_destinations_are_hosts_counted_once() -> None:
    usage = Usage()
    for to in ("a@shop.example", "b@shop.example", "see https://x@evil.example/path", "nothing"):
        usage.count(Action(id="1", agent="a", run="r", tool="send", args={"to": [{"address": to}]}))
    assert usage.destinations == {"shop.example", "evil.example"}
    assert usage.writes == 4


@given(
    st.recursive(st.text(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=20)
)
@settings(derandomize=True, deadline=None)
def test_every_text_of_a_value_is_looked_at(value: object) -> None:
    def leaves(one: object) -> list[str]:
        if isinstance(one, str):
            return [one]
        inner = one.values() if isinstance(one, dict) else one if isinstance(one, list) else ()
        return [text for each in inner for text in leaves(each)]

    assert sorted(texts(value)) == sorted(leaves(value))
