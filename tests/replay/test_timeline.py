"""The time line, what an operator may type to go somewhere, and the bar: pure, so without a clock."""

from datetime import UTC, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.core.replay.marks import Mark
from console.core.replay.seek import BadPlaceError, moment_of
from console.core.replay.timeline import FASTEST, SLOWEST, Timeline
from console.tui.drawing.paint import text_of
from console.tui.replay import replay_bar
from console.tui.rows.frame_rows import NOWHERE
from tests.fixtures.floor import START

TIMES = [START, START + 1_000, START + 1_000, START + 4_000, START + 64_000]


def line(times: list[int] | None = None) -> Timeline:
    return Timeline(10, START, TIMES if times is None else times)


def test_it_begins_before_the_first_record_and_ends_at_the_last() -> None:
    it = line()
    assert (it.pos, it.moment, it.last, it.state) == (10, START, 15, "paused")
    it.go_to_share(1.0)
    assert (it.pos, it.moment, it.state, it.share) == (15, TIMES[-1], "ended", 1.0)


def test_stepping_goes_by_records_and_seeking_by_time() -> None:
    it = line()
    seen = []
    for _ in range(6):
        it.step(1)
        seen.append((it.pos, it.moment - START))
    assert seen == [(11, 0), (12, 1_000), (13, 1_000), (14, 4_000), (15, 64_000), (15, 64_000)]
    it.step(-2)
    assert it.pos == 13
    it.shift(5)
    assert (it.pos, it.moment - START) == (14, 6_000)
    it.shift(-5)
    assert (it.pos, it.moment - START) == (13, 1_000)  # both records of that millisecond
    it.shift(-100)
    assert (it.pos, it.moment) == (10, START)


def test_it_plays_by_the_clock_it_is_given_at_its_speed() -> None:
    it = line()
    it.toggle(100.0)
    assert it.advance(100.5)
    assert (it.pos, it.moment - START) == (11, 500)
    it.set_speed(4)
    it.advance(101.5)
    assert (it.pos, it.moment - START) == (14, 4_500)
    it.hold(110.0)
    it.advance(111.0)
    assert it.moment - START == 8_500
    it.toggle(111.0)
    assert not it.advance(200.0)
    it.toggle(200.0)
    it.advance(300.0)
    assert (it.state, it.pos, it.moment) == ("ended", 15, TIMES[-1])
    assert not it.advance(400.0)


def test_idle_time_is_skipped_after_a_second_on_the_screen() -> None:
    it = line()
    it.go_to_pos(14)
    it.skip_idle()
    it.toggle(0.0)
    it.advance(0.9)
    assert it.pos == 14
    it.advance(1.0)
    assert it.pos == 15


def test_speed_has_bounds() -> None:
    it = line()
    it.set_speed(1_000)
    assert it.speed == FASTEST
    it.set_speed(0)
    assert it.speed == SLOWEST


@given(
    gaps=st.lists(st.integers(0, 5_000), max_size=30),
    moves=st.lists(st.tuples(st.sampled_from("saptg"), st.floats(-20, 20)), max_size=30),
)
def test_wherever_it_goes_position_and_moment_agree(gaps: list[int], moves: list[tuple[str, float]]) -> None:
    times = [START + sum(gaps[: index + 1]) for index in range(len(gaps))]
    it, now = line(times), 0.0
    for move, by in moves:
        now += abs(by)
        match move:
            case "s":
                it.step(int(by))
            case "a":
                it.shift(by)
            case "p":
                it.toggle(now)
            case "t":
                it.advance(now)
            case _:
                it.go_to_share(by / 20)
        assert it.base <= it.pos <= it.last
        assert it.first_at <= it.moment <= it.last_at
        assert 0.0 <= it.share <= 1.0
        if it.pos > it.base:
            assert it.at(it.pos) <= it.moment
        if it.pos < it.last and it.moment > it.first_at:
            assert it.at(it.pos + 1) >= it.moment


def test_density_counts_every_record_once() -> None:
    counts = line().density(8)
    assert sum(counts) == 5
    assert counts[0] == 4
    assert sum(line([]).density(8)) == 0


# ---- what is typed -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text, seconds",
    [
        ("50%", 32),
        ("0 %", 0),
        ("+30", 31),
        ("-1s", 0),
        ("+1m", 61),
        ("08:53:24", 4),
        ("8:53:21.5", 1.5),
        ("08:54", 40),
        ("2025-10-09T08:53:30", 10),
        ("2025-10-09 10:53:30+02:00", 10),
    ],
)
def test_a_place_can_be_typed(text: str, seconds: float) -> None:
    it = line()
    it.go_to_pos(12)
    assert moment_of(text, it, UTC) == START + seconds * 1000


def test_a_time_of_day_is_of_the_zone() -> None:
    assert moment_of("10:53:24", line(), timezone(timedelta(hours=2))) == START + 4_000


def test_a_recording_over_midnight_finds_both_sides() -> None:
    hour = 3_600_000
    it = line([START, START + 20 * hour])
    assert moment_of("23:00", it, UTC) < moment_of("01:00", it, UTC)
    it.go_to_share(1.0)
    assert moment_of("23:00", it, UTC) < it.moment


@pytest.mark.parametrize(
    "text", ["", "soon", "101%", "25:00", "08:61", "05:00", "12:00:00", "2024-01-01", "--5", "5"]
)
def test_what_is_no_place_is_said_in_one_line(text: str) -> None:
    with pytest.raises(BadPlaceError) as caught:
        moment_of(text, line(), UTC)
    assert "\n" not in str(caught.value)


# ---- the bar -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("width", [80, 100, 120, 200])
def test_the_bar_fits_and_shows_where_we_are(width: int) -> None:
    it = line()
    view = NOWHERE._replace(width=width, zone=UTC, replay=True)
    marks = [Mark(12, TIMES[1], "ask", ""), Mark(13, TIMES[1], "alarm-1", ""), Mark(15, TIMES[4], "kill", "")]
    laid = replay_bar.heights(it, marks, replay_bar.cells(view))
    for share in (0.0, 0.3, 0.5, 0.99, 1.0):
        it.go_to_share(share)
        signs, bars, ends = map(text_of, replay_bar.rows(it, laid, view))
        assert max(map(len, (signs, bars, ends))) <= width - 1
        head = 1 + replay_bar.column_of(it, it.moment, width - 2)
        assert signs[head] == bars[head] == replay_bar.PLAYHEAD
        assert ends.startswith(" 08:53:20")
        assert ends.endswith("08:54:24")
        assert replay_bar.exact(it.moment, UTC) in ends
        assert it.state in ends
    it.go_to_share(0.5)
    signs = text_of(replay_bar.rows(it, laid, view)[0])
    assert signs[1 + replay_bar.column_of(it, TIMES[1], width - 2)] == "■"  # the weightiest of a column
    assert signs.rstrip()[-1] == "×"


def test_only_what_stops_is_coloured_in_the_bar() -> None:
    assert {ink for _, ink in replay_bar.SIGNS.values()} == {"muted", "stop"}
    assert {kind for kind, (_, ink) in replay_bar.SIGNS.items() if ink == "stop"} == {"alarm-1", "hold"}


@pytest.mark.parametrize("holds, red", [(1, True), (9, True), (40, False)])
def test_a_bar_full_of_what_stopped_is_calm(holds: int, red: bool) -> None:
    it = line([START + 1_000 * number for number in range(78)])
    view = NOWHERE._replace(width=80, zone=UTC, replay=True)
    marks = [Mark(11 + number, START + 1_000 * number, "hold", "") for number in range(2, 2 + holds)]
    laid = replay_bar.heights(it, marks, replay_bar.cells(view))
    signs = [(text, ink) for text, ink in replay_bar.rows(it, laid, view)[0] if "■" in text]
    assert sum(text.count("■") for text, _ in signs) == holds
    assert {ink for _, ink in signs} == {"stop" if red else "muted"}
