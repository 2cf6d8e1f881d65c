"""The machine's clock is set and jumps: the log's time goes on as it did, and an alarm says so."""

from __future__ import annotations

import itertools

from hypothesis import given, settings
from hypothesis import strategies as st

from bus.events import ActionProposed, MessageSeen, RunStarted
from console.core.fleet.due import due_at
from console.core.fleet.state import decode, encode
from console.supervisor.clock import BEHIND, FOLLOW, JUMP, Clock
from tests.fixtures.desk import Bench

HOUR = 3_600_000
YEAR = 365 * 24 * HOUR


def clock_alarm(bench: Bench) -> str:
    return bench.desk.fleet.alarms["clock"].state


def test_the_log_goes_on_while_the_clock_is_behind_it() -> None:
    """What ends by the log's time ends: here a console would show the time that is really left."""
    bench = Bench()
    bench.event(1, RunStarted())
    bench.wall -= HOUR
    bench.event(2, ActionProposed(action="a1", tool="no_such_tool", args={"n": 1}, decide_within=600.0))
    bench.pass_time(540, 5)
    bench.event(3, MessageSeen(role="user", text="newest record"))
    left = due_at(bench.run().actions["a1"]) - bench.desk.fleet.at
    assert 60_000 <= left <= 60_000 + (1 - BEHIND) * 540_000 + 1
    assert "60 min behind the log" in bench.last("alarm.raised")["text"]
    assert clock_alarm(bench) == "unacknowledged"


def test_a_shelf_ends_and_an_alarm_escalates_while_the_clock_is_behind() -> None:
    bench = Bench()
    bench.desk.alarms.raise_("internal-error", "x")
    bench.desk.alarms.raise_("bad-input", "x")
    bench.commit()
    bench.wall -= HOUR
    bench.intent("shelve", alarm="bad-input", seconds=900, reason="known")
    bench.pass_time(920, 5)
    assert {"alarm.escalated", "alarm.restored"} <= set(bench.types())


def test_they_meet_again_and_the_alarm_goes() -> None:
    bench = Bench()
    bench.wall -= 8_000
    bench.pass_time(10)
    assert clock_alarm(bench) == "unacknowledged"
    bench.intent("acknowledge", alarm="clock")
    bench.pass_time(3_000 / (1_000 * (1 - BEHIND)) + 60, 5)
    assert "clock" not in bench.desk.fleet.alarms
    bench.pass_time(JUMP / (1_000 * (1 - BEHIND)) + 60, 5)
    assert bench.desk.log.now() == bench.wall


def test_a_jump_that_is_put_right_leaves_no_trace_in_the_log() -> None:
    bench = Bench()
    good = bench.wall
    bench.wall += 10 * YEAR
    bench.event(1, RunStarted())
    bench.pass_time(FOLLOW - 5)
    assert bench.desk.fleet.at < good + FOLLOW * 1_000
    assert "3650 days forward" in bench.last("alarm.raised")["text"]
    bench.wall -= 10 * YEAR
    bench.pass_time(1)
    assert clock_alarm(bench) == "returned"
    assert max(entry.at for entry in bench.log) < good + FOLLOW * 1_000


def test_a_jump_that_stays_is_followed() -> None:
    """The machine slept, or its clock was wrong before. Going back, the log goes on from there, over a restart, too."""
    bench = Bench()
    bench.wall += HOUR
    bench.pass_time(FOLLOW + 1)
    assert bench.desk.log.now() == bench.wall
    assert clock_alarm(bench) == "returned"
    bench.wall -= HOUR
    bench.event(1, RunStarted())
    again = Bench(decode(encode(bench.desk.fleet)), epoch="epoch2")
    again.wall = bench.wall
    for seq in range(2, 5):
        again.pass_time(5)
        again.event(seq, MessageSeen(role="user", text="hi"))
    times = [entry.at for entry in again.log if entry.from_agent]
    assert [after - before for before, after in itertools.pairwise(times)] == [4_950, 4_950]
    assert clock_alarm(again) == "unacknowledged"


def test_nobody_resets_the_alarm_while_the_clock_is_off() -> None:
    bench = Bench()
    bench.wall -= HOUR
    bench.pass_time(1)
    assert not bench.intent("reset", alarm="clock", reason="go away").accepted


@settings(max_examples=200, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.floats(0.0, 100.0, allow_nan=False), st.integers(-2 * HOUR, 2 * HOUR), st.integers(0, 2**40)
        ),
        max_size=30,
    )
)
def test_time_never_goes_back_and_never_stands_still(steps: list[tuple[float, int, int]]) -> None:
    """However the clock is set: as much passes as on the monotonic clock, but for one in a hundred."""
    wall, steady = 2 * 10**12, 0.0
    clock = Clock(lambda: wall, lambda: steady)
    before = clock.now(0)
    for seconds, jump, least in steps:
        steady += seconds
        wall += int(seconds * 1_000) + jump
        now = clock.now(least)
        assert now >= max(least, before + BEHIND * seconds * 1_000 - 1)
        before = now
