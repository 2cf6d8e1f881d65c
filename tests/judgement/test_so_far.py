"""What a run has shown: the same whether it is lived or read from a file, and the same forecast either way."""

from __future__ import annotations

import json
from typing import Any, Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bus import codec
from bus.events import ActionFinished, ActionProposed, ActionStarted, MessageSeen, StepFinished, StepStarted
from bus.records import OutcomeVerified
from console.core.fleet.state import decode, encode
from console.core.reliability import history
from console.core.reliability.forecast import forecast, of_estimate
from console.core.reliability.history import Ended, History, estimate, learn, of_kind
from console.core.reliability.sofar import CALLS_KEPT, MARKS, WORDS_KEPT, SoFar, reached, telling
from console.core.reliability.standing import Reliability, Verified, fold, version_key
from console.demo.recorded import RecordedRun, RecordedStep
from console.evaluation.forecast import AT, so_far
from tests.fixtures.floor import Script

STEADY = settings(derandomize=True, deadline=None, max_examples=60)
REQUESTS = ("Book a flight to Oslo", "Cancel the order 17", "Bestellung stornieren", "")
TEXT = st.sampled_from((*REQUESTS, "Unfortunately I cannot", "Done.", "What is your name?"))
STEP = st.one_of(
    st.tuples(st.sampled_from(("user", "agent")), TEXT),
    st.tuples(st.just("call"), st.sampled_from(("pay", "look"))),
    st.tuples(st.just("result"), st.booleans()),
)


def recorded(steps: list[tuple[str, Any]]) -> RecordedRun:
    made = []
    for i, (kind, value) in enumerate(steps):
        match kind:
            case "call":
                made.append(RecordedStep(i=i, kind="tool_call", actor="agent", name=value, args={"x": value}))
            case "result":
                made.append(RecordedStep(i=i, kind="tool_result", actor="environment", error=value))
            case _:
                made.append(RecordedStep(i=i, kind="message", actor=kind, text=value))
    return RecordedRun(run_id="r", steps=made)


def live(script: Script, run: str, steps: list[tuple[str, Any]]) -> None:
    """The same steps, as an agent reports them that has no goal of its own."""
    script.start("a", run, "")
    for i, (kind, value) in enumerate(steps):
        match kind:
            case "call":
                script.agent("a", run, ActionProposed(action=f"c{i}", tool=value, args={"x": value}))
            case "result":
                script.agent("a", run, MessageSeen(role="tool", name="t", error=value))
            case _:
                role: Literal["user", "assistant"] = "user" if kind == "user" else "assistant"
                script.agent("a", run, MessageSeen(role=role, text=value))


@STEADY
@given(st.lists(STEP, max_size=25))
def test_a_living_run_shows_what_its_recording_shows(steps: list[tuple[str, Any]]) -> None:
    script = Script()
    live(script, "r1", steps)
    run = script.fleet.run("a", "r1")
    assert run is not None
    assert run.so_far == so_far(recorded(steps))
    assert decode(encode(script.fleet)) == script.fleet
    assert encode(decode(encode(script.fleet))) == encode(script.fleet)


def test_a_result_counts_once_and_a_goal_is_the_request() -> None:
    script = Script()
    script.start("a", "r1", "Book a flight to Oslo")
    script.agent("a", "r1", ActionProposed(action="c", tool="book", args={}))
    script.agent("a", "r1", ActionStarted(action="c", digest="", decision=""))
    script.agent("a", "r1", ActionFinished(action="c", outcome="failed"))
    run = script.fleet.run("a", "r1")
    assert run is not None
    found = run.so_far
    assert (found.entries, found.failed) == (2, 1)
    assert found.request == pytest.approx(3.09, abs=0.01)
    assert list(found.heard) == telling("book flight oslo")
    script.finish("a", "r1")
    assert not found.made


def test_steps_are_entries_where_nothing_else_is_reported() -> None:
    script = Script()
    script.start("a", "r1", "")
    for number in (1, 2, 3):
        script.agent("a", "r1", StepStarted(step=number))
        script.agent("a", "r1", StepFinished(step=number, ok=number != 2))
    run = script.fleet.run("a", "r1")
    assert run is not None
    assert (run.so_far.entries, run.so_far.failed, len(run.so_far.shown)) == (3, 1, 2)


@STEADY
@given(st.integers(0, 400))
def test_a_mark_is_reached_once_there_are_so_many_entries(steps: int) -> None:
    found = SoFar()
    for _ in range(steps):
        found.came()
    assert len(found.shown) == sum(steps >= mark for mark in MARKS)
    assert reached(steps) == max(1, len(found.shown))


def test_what_is_kept_of_a_run_is_bounded() -> None:
    found = SoFar()
    found.said(" ".join(f"word{n}" for n in range(1_000)))
    for n in range(1_000):
        found.called("t", {"n": n})
    assert (len(found.heard), len(found.made)) == (WORDS_KEPT, CALLS_KEPT)
    found.called("t", {"n": 10**400})  # it cannot be written: never the same as another
    found.said("\ud800 surrogate")
    assert MARKS[:5] == AT


def ended(n: int, *, ok: bool, kind: str = "k", words: str = "") -> Ended:
    return Ended(
        kind=kind, ok=ok, steps=6, heard={words or f"w{n}": 1, "x": 3}, shown=[(None, 0.0, 0.0, 0.0)]
    )


@STEADY
@given(st.lists(st.tuples(st.booleans(), st.sampled_from(("", "same", "other"))), min_size=1, max_size=30))
def test_what_is_known_survives_being_written_down(runs: list[tuple[bool, str]]) -> None:
    script = Script()
    for n, (ok, words) in enumerate(runs):
        learn(script.fleet.reliability.history, ended(n, ok=ok, words=words))
    again = decode(encode(script.fleet))
    assert encode(again) == encode(script.fleet)
    for one in (script.fleet, again):
        learn(one.reliability.history, ended(99, ok=True, words="same"))
    assert encode(again) == encode(script.fleet)


def test_only_so_many_requests_are_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(history, "REQUESTS_KEPT", 20)
    known = History()
    for n in range(100):
        learn(known, ended(n, ok=n % 2 == 0))
    assert len(known.requests) <= 20
    assert set(known.numbers.values()) == set(known.requests)
    assert {number for _uses, *numbers in known.words.values() for number in numbers} == set(known.requests)
    assert len(known.words) <= 21
    assert of_kind(known, "k", 2) == (50, 100)


def test_a_good_run_that_is_corrected_counts_as_bad() -> None:
    known = History()
    for n in range(10):
        learn(known, ended(n, ok=True, words="same"))
    before = estimate(known, "k", {"same": 1, "x": 3}, (None,) * 4, 2)
    correction = Ended(kind="k", ok=False, steps=6, heard={"same": 1, "x": 3}, corrects=True)
    learn(known, correction)
    assert of_kind(known, "k", 2) == (9, 10)
    after = estimate(known, "k", {"same": 1, "x": 3}, (None,) * 4, 2)
    assert after.share < before.share
    assert of_estimate(after).n == 10


def test_a_verdict_carries_what_the_forecast_needs_and_nothing_readable() -> None:
    showed = so_far(recorded([("user", "Cancel the order 17"), ("agent", "Unfortunately not")]))
    data = OutcomeVerified(ok=False, by="op", steps=showed.entries, heard=showed.heard, shown=showed.shown)
    written = codec.encode(data)
    assert b"cancel" not in written.lower()
    known = Reliability()
    back = json.loads(written)
    for _ in range(6):
        shown = [tuple(values) for values in back["shown"]]
        fold(known, Verified(agent="a", version="1", ok=False, steps=2, heard=back["heard"], shown=shown))
    assert list(known.history.kinds) == [version_key("a", "1")]
    found = forecast(known, "a", "1", "", showed)
    assert found.share is not None
    assert found.share < 0.3
    assert found.words.endswith("(6 runs like this)") or found.words.endswith("(6 runs of this version)")
