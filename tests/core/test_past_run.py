"""A run lived again from pages of its records: what the fleet let go, whole, and nothing that was not so."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bus import codec
from bus.codec import Record
from bus.events import Usage
from console.core.replay.past_run import Page, PastRun
from console.recording.bodies import Row
from tests.fixtures.floor import Script

LONG = "a line of a long answer\n" * 40


def long_run() -> Script:
    script = Script()
    script.start("miner", "m1", "Dig")
    usage = Usage(input_tokens=1_200, output_tokens=80, cost_usd=0.01)
    for number in range(1, 61):
        script.step("miner", "m1", number, f"dig_{number}", 0.9, text=LONG, usage=usage)
        if number % 2:
            action = f"a{number}"
            script.ask("miner", "m1", action, "drill", {"depth": number, "where": "north"}, step=number)
            script.obey("miner", "m1", script.decide("miner", "m1", action))
            script.do("miner", "m1", action, LONG)
        script.start("other", f"o{number}", "Something else")
    return script


def records(rows: Sequence[Row], key: str = "miner/m1") -> list[Record]:
    return [
        codec.record(row.pos, row.at, codec.decode_envelope(row.event))
        for row in rows
        if f"{row.agent}/{row.run}" == key
    ]


SCRIPT = long_run()
RECORDS = records(SCRIPT.rows)


def paged(size: int, pages: int) -> PastRun:
    past = PastRun("miner", "m1")
    for _ in range(pages):
        before = past.before or SCRIPT.fleet.pos + 1
        earlier = [record for record in RECORDS if record.pos < before]
        past.add(Page(earlier[-size:], more=len(earlier) > size))
    return past


def test_the_fleet_lets_go_of_what_this_test_is_about() -> None:
    run = SCRIPT.fleet.runs["miner/m1"]
    assert run.steps[0].step > 1
    assert any(action.args_cut for action in run.actions.values())
    assert "a1" not in run.actions


def test_all_pages_give_the_whole_run() -> None:
    past = paged(len(RECORDS), 1)
    run = past.merged(SCRIPT.fleet.runs["miner/m1"])
    assert [step.step for step in run.steps] == list(range(1, 61))
    assert run.actions["a1"].args == {"depth": 1, "where": "north"}
    assert run.actions["a1"].outcome == "approved"
    assert run.actions["a1"].state == "done"
    assert not any(action.args_cut for action in run.actions.values())
    step, action = past.whole("step:1"), past.whole("action:a1")
    assert step is not None
    assert action is not None
    assert step.text == action.text == LONG
    assert step.usage is not None
    assert step.usage.input_tokens == 1_200
    command = past.command(run.actions["a1"])
    assert command is not None
    assert command.effective_at is not None


@settings(max_examples=30, deadline=None)
@given(size=st.integers(1, 60), pages=st.integers(1, 12))
def test_a_part_of_the_pages_tells_only_what_is_so(size: int, pages: int) -> None:
    past, whole = paged(size, pages), paged(len(RECORDS), 1).run
    told = past.run
    steps = {step.step: step for step in whole.steps}
    for step in told.steps:  # only those that began in these pages, and as they were
        assert (step.name, step.started_at) == (steps[step.step].name, steps[step.step].started_at)
    for name, action in told.actions.items():
        assert (action.tool, action.args) == (whole.actions[name].tool, whole.actions[name].args)
    merged = past.merged(SCRIPT.fleet.runs["miner/m1"])
    assert [step.step for step in merged.steps] == sorted({step.step for step in merged.steps})
    assert {step.step for step in SCRIPT.fleet.runs["miner/m1"].steps} <= {step.step for step in merged.steps}


def test_the_same_page_twice_and_a_page_of_another_run_change_nothing() -> None:
    past = paged(50, 2)
    before = (list(past.records), past.more)
    past.add(Page(past.records[-10:], more=True))
    past.add(Page(records(SCRIPT.rows, "other/o3"), more=past.more))
    assert (past.records, past.more) == before


def test_reading_does_not_touch_the_floor() -> None:
    from console.core.fleet.state import encode

    before = encode(SCRIPT.fleet)
    past = paged(20, 40)
    past.merged(SCRIPT.fleet.runs["miner/m1"])
    assert encode(SCRIPT.fleet) == before
    assert past.more is False


@pytest.mark.parametrize("size", [1, 7, 64])
def test_pages_go_back_to_the_beginning(size: int) -> None:
    past = paged(size, -(-len(RECORDS) // size))
    assert past.records == RECORDS
    assert not past.more
