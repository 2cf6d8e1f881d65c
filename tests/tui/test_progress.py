"""Forecast, history, budgets and facts of commands on Run and Fleet: with their n, unknown below five."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from bus.events import Usage
from bus.policy_records import PolicyAdopted, PolicyBudget
from bus.records import CommandSent, OutcomeVerified
from console.core.fleet.usual import usual
from console.tui.rows.frame_rows import NOWHERE
from console.tui.rows.progress_rows import bound, measures
from console.tui.screens.run_screen import RunScreen
from tests.fixtures.console import console
from tests.fixtures.floor import Script


def lived(seconds: list[float], *, verified: int = 0, goal: str = "Refund order {}") -> Script:
    """An agent of which some runs completed, each after so many seconds, and one goes on."""
    script = Script()
    for number, length in enumerate(seconds):
        script.start("refunds", f"old{number}", goal.format(number))
        script.tick(length).finish("refunds", f"old{number}")
        if number < verified:
            script.supervisor(OutcomeVerified(ok=True, by="op-1", version="1.0"), "refunds", f"old{number}")
    script.start("refunds", "r1", goal.format(99))
    usage = Usage(input_tokens=9_000, output_tokens=3_000, cost_usd=0.41)
    script.step("refunds", "r1", 1, "look", 0.9, of=4, usage=usage)
    return script


async def test_below_five_forecast_and_history_are_unknown() -> None:
    async with console(lived([60, 60, 60, 60], verified=4)) as it:
        it.app.push_screen(RunScreen("refunds/r1"))
        await it.settle()
        assert "forecast   unknown (4 verified)  3 steps left" in it.text()
        assert "usual      unknown (4 completed)" in it.text()


async def test_from_five_on_they_are_told_with_interval_and_n() -> None:
    script = lived([60, 120, 180, 240, 300, 360], verified=6)
    async with console(script, size=(120, 36)) as it:
        assert "usual     1m to 6m (6 runs of" in it.text()
        it.app.push_screen(RunScreen("refunds/r1"))
        await it.settle()
        assert "% (6 runs of this version)" in it.text()
        assert "usual      1m to 6m (6 runs of refunds)" in it.text()
        assert "longer than any" not in it.text()
        script.tick(400).progress("refunds", "r1", 2, 4)
        await it.settle()
        assert "longer than any of 1m to 6m (6 runs of refunds)" in it.text()
        assert it.coloured() == []


async def test_time_money_and_tokens_stand_beside_their_budgets() -> None:
    script = lived([])
    budgets = [
        PolicyBudget(agent="*", cost_usd=9.0, seconds=3_600.0),
        PolicyBudget(agent="ref*", cost_usd=2.0, tokens=50_000),
        PolicyBudget(agent="other", cost_usd=0.1),
    ]
    script.supervisor(PolicyAdopted(digest="a" * 64, content="b" * 64, budgets=budgets))
    assert bound(script.fleet.policy, "refunds", "cost_usd") == 2.0
    assert bound(script.fleet.policy, "refunds", "writes") is None
    async with console(script) as it:
        it.app.push_screen(RunScreen("refunds/r1"))
        await it.settle()
        assert "of 1h  $0.41 of 2.00  12k of 50k tokens" in it.text()


async def test_the_facts_of_a_command_stand_beside_its_run() -> None:
    script = lived([])
    pause = script.command("refunds", "r1", "pause")
    script.tick(0.2).supervisor(CommandSent(command=pause), "refunds", "r1")
    async with console(script, size=(120, 36)) as it:
        assert "pause     asked for by op-1" in it.text()
        shown = " ".join(line[84:].strip() for line in it.lines())
        assert "sent +0.2s, acknowledged –, effective –" in " ".join(shown.split())


async def test_who_paused_a_run_and_how_far_that_is_stands_in_its_row() -> None:
    script = lived([])
    script.obey("refunds", "r1", script.command("refunds", "r1", "pause", "op-2"))
    async with console(script) as it:
        assert "by op-2, effective" in it.text()


@given(st.lists(st.integers(1, 10_000), max_size=12), st.booleans())
def test_history_is_of_like_runs_first_and_lies_within_what_was_seen(seconds: list[int], same: bool) -> None:
    script = lived([float(each) for each in seconds], goal="Refund" if same else "Refund order {}")
    run = script.fleet.runs["refunds/r1"]
    found = usual(script.fleet, run)
    assert found.n == len(seconds)
    if found.n < 5:
        assert (found.low, found.high, found.longest) == (None, None, None)
    else:
        assert found.low is not None
        assert found.high is not None
        assert min(seconds) * 1000 <= found.low <= found.high <= max(seconds) * 1000
        assert found.like == ("runs like this" if same else "runs of refunds")


def test_a_run_that_is_over_has_no_forecast() -> None:
    script = lived([60])
    assert measures(script.fleet.runs["refunds/old0"], script.fleet, NOWHERE) == []
    assert len(measures(script.fleet.runs["refunds/r1"], script.fleet, NOWHERE)) == 2
