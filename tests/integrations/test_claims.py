"""What frameworks hand on is reported as far as the contract can hold it; a call that nobody can decide on does not run."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from bus import Run
from bus.adapters.claims import count, hints_of, parsed, usage_of
from bus.adapters.supervised import Supervised, Told, ToolCall, once
from bus.events import Hints, StepFinished, Usage
from bus.sdk.decision import Decision
from tests.sdk.scripted import RUN, Supervisor


async def never(args: Any, decision: Decision) -> str:
    pytest.fail("the tool ran")


HOPELESS = [2**60, float("nan"), float("inf"), "\ud800", object(), {1: 2}]


@pytest.mark.parametrize(
    "value", HOPELESS, ids=["huge", "nan", "inf", "surrogate", "object", "number as name"]
)
async def test_arguments_that_nobody_can_decide_on_are_told_to_the_model(value: object, job: Run) -> None:
    """The run goes on: the model chose them, and may choose others."""
    told = await Supervised(job, {}).call(ToolCall("count", {"number": value}, call_id="c1"), never)
    assert isinstance(told, Told)
    assert told.error
    assert told.text.startswith("count was not run: no canonical form")


async def test_an_agent_that_an_adapter_changed_is_not_changed_again(job: Run) -> None:
    agent = SimpleNamespace()
    once(job, agent)
    with pytest.raises(TypeError, match=f"under run {RUN} already"):
        once(job, agent)


@pytest.mark.parametrize("value", ["12", -1, True, 1.5, float("nan"), 2**60, None, [3]])
async def test_a_count_that_is_none_is_not_reported(value: object, floor: Supervisor, job: Run) -> None:
    """A provider's word must not make an event that the contract refuses: all that follows would wait behind it."""
    assert count(value) is None
    with await Supervised(job, {}).turn() as turn:
        turn.says("", input_tokens=value, output_tokens=7, cost_usd=value)
    await floor.until(lambda _: "step.finished" in floor.types(RUN))
    [end] = [data for data in floor.data(RUN) if isinstance(data, StepFinished)]
    cost = 1.5 if value == 1.5 else 2.0**60 if value == 2**60 else None
    assert end.usage == Usage(output_tokens=7, cost_usd=cost)


def test_counts_and_costs_are_told_as_they_are() -> None:
    assert usage_of(3, 4.0, 0.25) == Usage(input_tokens=3, output_tokens=4, cost_usd=0.25)
    assert usage_of(0, None, 0.0) is None


@pytest.mark.parametrize(
    "said",
    [
        {"readOnlyHint": True, "destructiveHint": "no"},
        {"read_only_hint": True},
        SimpleNamespace(read_only_hint=True, destructive_hint=None),
        SimpleNamespace(readOnlyHint=True),
    ],
)
def test_hints_are_read_in_either_spelling(said: object) -> None:
    assert hints_of(said) == Hints(read_only_hint=True)


@pytest.mark.parametrize(
    "raw, args", [('{"a": 1}', {"a": 1}), ("", {}), (None, {}), ("{", None), ({"a": 1}, {"a": 1})]
)
def test_arguments_as_a_model_writes_them(raw: object, args: object) -> None:
    assert parsed(raw) == args
    assert hints_of(raw if raw == "" else None) is None
