"""The Reliability screen: what is shown, what is unknown, and that grey is good news."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from bus.events import RunStarted
from bus.records import AutonomyPromoted, OutcomeVerified
from console.core.fleet.state import decode, encode
from console.core.reliability.standing import Reliability, Standing, Verified, fold, stratum_key
from console.tui.drawing.paint import text_of, width_of
from console.tui.rows.frame_rows import NOWHERE
from console.tui.rows.reliability_rows import Axis, axis, stratum_row, words, worrying
from tests.fixtures.alarms import proven
from tests.fixtures.console import console
from tests.fixtures.floor import Script, calm


def sound() -> Script:
    """One agent that claims what it earns, verified often enough for a rung."""
    script = calm()
    for _ in range(60):
        found = OutcomeVerified(
            action="a", ok=True, by="op-1", version="1.0", tool="scan", effect="read", claimed=0.97
        )
        script.supervisor(found, "crawler", "old")
    key = stratum_key("crawler", "1.0", "scan", "read")
    script.supervisor(AutonomyPromoted(stratum=key, rung="proven-90"), "crawler")
    return script


async def test_a_sound_floor_has_no_colour() -> None:
    async with console(sound()) as it:
        await it.press("4")
        assert it.screen.mode == "reliability"
        assert "crawler 1.0     scan          proven-90" in it.text()
        assert it.coloured() == []


async def test_a_claim_that_was_not_earned_is_marked_and_said_in_words() -> None:
    async with console(proven()) as it:
        await it.press("4", "down", "down", "down")
        row = next(line for line in it.lines() if "cite   " in line and "unproven" in line)
        assert row.startswith("▌◇ researcher 3.1")
        assert "0.96" in row
        assert "earned     ≥0.65  n 36  28 right, 8 wrong" in it.text()
        assert "claims too much" in it.text()
        assert "◇" in it.coloured()


async def test_below_five_it_is_unknown_and_of_nothing_nothing_is_said() -> None:
    async with console(proven()) as it:
        await it.press("4", "down", "down")
        assert "unknown below 5" in it.text()
        assert "of 8 such steps: unknown, 3 verified" in it.text()
        await it.press("G")
        assert "Nobody has said yet how any of its calls or runs really ended." in it.text()
        assert "unknown (0 verified)" in it.text()


async def test_a_living_run_is_forecast_with_interval_and_n() -> None:
    async with console(proven()) as it:
        await it.press("4", "down", "down", "down")
        assert "forecast   r000  step 0  likely 39–85 % (9 runs of this version)" in it.text()


async def test_a_run_of_steps_is_an_interval_of_as_many_steps_as_a_run_says() -> None:
    script = proven()
    script.agent("researcher", "r777", RunStarted(goal="long", control="gated", agent_version="3.1"))
    script.step("researcher", "r777", 1, "cite", of=20)
    async with console(script) as it:
        await it.press("4", "down", "down", "down")
        assert "of 20 such steps goes right 0.00 to 0.07" in it.text()
        assert "0.78 ^" not in it.text()


async def test_an_empty_floor_says_so() -> None:
    async with console(Script()) as it:
        await it.press("4")
        assert "nothing was ever verified" in it.text()


async def test_verifying_is_explained_and_nothing_is_stated_from_here() -> None:
    async with console(proven(), read_only=True) as it:
        await it.press("4", "v")
        assert "watchfloor verify RUN|ACTION --ok" in it.text()
        assert it.said == []


def test_the_screen_goes_through_a_keyframe() -> None:
    script = proven()
    again = decode(encode(script.fleet))
    for key, standing in script.fleet.reliability.strata.items():
        lines = words(standing, script.fleet, NOWHERE)
        assert lines == words(again.reliability.strata[key], again, NOWHERE)


@given(st.lists(st.tuples(st.booleans(), st.none() | st.floats(0.0, 1.0), st.booleans()), max_size=60))
def test_the_claims_of_a_stratum_are_counted_as_those_of_its_version(
    outcomes: list[tuple[bool, float | None, bool]],
) -> None:
    known = Reliability()
    for ok, claimed, corrects in outcomes:
        verified = Verified(
            agent="a",
            version="1",
            tool="t",
            effect="write",
            ok=ok and not corrects,
            claimed=claimed,
            corrects=corrects,
        )
        fold(known, verified)
    for standing in known.strata.values():
        bins = known.versions["a@1"].claims
        assert standing.claims[0] == sum(one[0] for one in bins)
        assert abs(standing.claims[2] - sum(one[2] for one in bins)) < 1e-9


@given(st.integers(0, 500), st.integers(0, 500), st.none() | st.floats(0.0, 1.0), st.text(max_size=40))
def test_a_row_fits_whatever_it_has_to_show(right: int, wrong: int, claim: float | None, name: str) -> None:
    n = right + wrong
    claims = [0, 0, 0.0] if claim is None or not n else [n, right, n * claim]
    one = Standing(agent=name or "a", version=name, tool=name or "t", right=right, wrong=wrong, claims=claims)
    scale = axis([one], NOWHERE)
    line = stratum_row(one, NOWHERE, scale, named=True)
    assert width_of(line) <= 80
    if n >= 5:
        assert text_of(line).count("●") >= 1
        ink = {span.ink for span in line if "─" in span.text}
        assert ink <= ({"watch"} if worrying(one) else {"rule"})


def test_the_axis_begins_at_one_half_unless_something_is_lower() -> None:
    good = Standing(agent="a", version="1", tool="t", right=90, wrong=2)
    bad = Standing(agent="a", version="1", tool="u", right=10, wrong=20)
    assert axis([good], NOWHERE) == Axis(0.5, 21)
    assert axis([good, bad], NOWHERE) == Axis(0.0, 21)
    assert Axis(0.5, 21).cell(0.2) == 0
    assert Axis(0.5, 21).cell(1.0) == 20
