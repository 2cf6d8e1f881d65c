"""The shift report: out of a real recording, in numbers, in Markdown, and with text that would like to be more than text."""

from __future__ import annotations

import asyncio
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from bus.alarm_records import AlarmAcknowledged, AlarmCleared, AlarmEscalated
from bus.events import ActionFinished, ActionProposed, ActionStarted, EventsDropped
from bus.floor_records import FloorHeld, FloorReleased
from bus.home import Home
from bus.operator_records import OperatorJoined, OperatorLeft
from bus.records import (
    ActionAssessed,
    ActionDecided,
    ActionEscalated,
    CommandFailed,
    GapFound,
    IntentRefused,
    OutcomeVerified,
)
from console.cli import printing
from console.cli.main import cli
from console.cli.oncall.markdown import escaped
from console.cli.oncall.shift import median, most_within
from console.cli.options import Place
from console.core.text import plain
from tests.fixtures.floor import START, Script
from tests.fixtures.replay import record

SITE = "harbour"
HOSTILE = (
    "[x](http://evil.example) <b>b</b> ![i](http://e/i.png) | `c` *s* _e_ ~~t~~ www.evil.example a@b.example @me"
    " #1 \x1b[2J\n# H"
)
Run = Callable[..., Result]


def shift(reason: str = "not today", text: str = "it is not well") -> Script:
    """Two hours on which everything happened once."""
    script = Script()
    script.start("refunds", "7q4f", "Refund order")
    script.supervisor(OperatorJoined(operator="op-1", console="c1"))
    script.ask("refunds", "7q4f", "a1", "issue_refund", {"amount": 62.0}, gate="hold")
    script.tick(30)
    script.obey("refunds", "7q4f", script.decide("refunds", "7q4f", "a1"))
    script.do("refunds", "7q4f", "a1", "done")
    script.ask("refunds", "7q4f", "a2", "send_email", {"to": "x"})
    script.tick(90)
    script.supervisor(
        ActionDecided(action="a2", outcome="rejected", command="r2", by="op-1", reason=reason),
        "refunds",
        "7q4f",
    )
    script.ask("refunds", "7q4f", "a3", "send_email", {"to": "y"})
    script.tick(600).decide("refunds", "7q4f", "a3", "expired", "clock")
    script.agent("refunds", "7q4f", ActionProposed(action="a4", tool="read_file", args={}))
    script.supervisor(
        ActionAssessed(action="a4", digest="0" * 64, severity=0, failure_bp=1, gate="auto"), "refunds", "7q4f"
    )
    script.supervisor(
        ActionDecided(action="a4", outcome="approved", by="policy", digest="0" * 64), "refunds", "7q4f"
    )
    script.agent("refunds", "7q4f", ActionProposed(action="b4", tool="list_files", args={}))
    passed = ActionAssessed(action="b4", digest="1" * 64, severity=0, failure_bp=1, gate="auto")
    script.supervisor(passed, "refunds", "7q4f")
    script.supervisor(ActionDecided(action="b4", outcome="approved", by="pass-list"), "refunds", "7q4f")
    pause = script.command("refunds", "7q4f", "pause")
    script.obey("refunds", "7q4f", pause)
    kill = script.command("refunds", "7q4f", "kill")
    script.tick(10).supervisor(CommandFailed(command=kill, reason="no word of it"), "refunds", "7q4f")
    script.alarm("alarm-1", text, 1, "refunds", "7q4f")
    script.tick(45).supervisor(AlarmAcknowledged(alarm="alarm-1", by="op-1"))
    script.supervisor(AlarmCleared(alarm="alarm-1"))
    script.alarm("alarm-2", "still so", 2)
    script.supervisor(GapFound(first=3, last=9, reason="its spool was full"), "refunds", "7q4f")
    script.agent("refunds", "7q4f", EventsDropped(count=4))
    script.supervisor(
        IntentRefused(intent="i1", operator="op-2", verb="approve", outcome="unsigned", reason="no key"),
        "refunds",
        "7q4f",
    )
    script.supervisor(OutcomeVerified(action="a1", ok=True, by="op-1"), "refunds", "7q4f")
    script.ask("refunds", "7q4f", "a5", "issue_refund", {"amount": 1.0})
    script.supervisor(ActionEscalated(action="a5"), "refunds", "7q4f")
    script.alarm("alarm-3", "comes and goes", 3)
    script.supervisor(AlarmCleared(alarm="alarm-3"))
    script.alarm("alarm-3", "comes and goes", 3)
    script.supervisor(AlarmEscalated(alarm="alarm-3"))
    script.tick(60).supervisor(OperatorLeft(operator="op-1", console="c1"))
    return script


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    monkeypatch.setenv("WATCHFLOOR_HOME", str(tmp_path))
    return Home.of(SITE)


@pytest.fixture
def run(home: Home, monkeypatch: pytest.MonkeyPatch) -> Run:
    def run(script: Script, *args: str, rotate_after: tuple[int, ...] = ()) -> Result:
        monkeypatch.setattr(printing, "now_ms", lambda: script.at + 1_000)
        if not home.sessions.exists():
            home.sessions.mkdir(parents=True)
            asyncio.run(record(script.rows, home.sessions, keyframes=10, rotate_after=rotate_after))
        result = CliRunner().invoke(cli, ["oncall", *args], obj=Place(site=SITE))
        assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
        return result

    return run


def shape(result: Result) -> dict[str, Any]:
    assert result.exit_code == 0, result.stderr
    found: dict[str, Any] = json.loads(result.stdout)
    return found


def test_an_escalation_of_a_person_is_told_as_theirs(run: Run) -> None:
    script = shift()
    script.start("mailer", "m9", "Mail")
    script.ask("mailer", "m9", "a1", "send_all", {"to": "x"})
    said = ActionEscalated(action="a1", by="op-2", reason="look at the list", intent="i1")
    script.tick(5).supervisor(said, "mailer", "m9")
    events = shape(run(script, "--json"))["events"]
    assert "the ask a1: op-2 wants others to look. look at the list" in [event["text"] for event in events]


def test_whoever_decides_after_leaving_has_left_no_earlier(run: Run) -> None:
    script = shift()
    script.start("mailer", "m9", "Mail")
    script.ask("mailer", "m9", "a1", "send_all", {"to": "x"})
    script.tick(90).decide("mailer", "m9", "a1")
    (person,) = shape(run(script, "--json"))["people"]
    assert person["left_at"] == script.at


def test_rates_are_over_the_time_that_there_is_a_record_of(run: Run) -> None:
    script = shift()
    sums = shape(run(script, "--json"))["summary"]
    recorded = script.at + 1_000 - script.rows[0].at
    assert sums["recorded"] == recorded < 12 * 3_600_000
    assert sums["asks_per_hour"] == round(sums["asks"] * 3_600_000 / recorded, 2)
    assert "Recorded of it: " in run(script).stdout
    assert shape(run(script, "--json", "--since", "5m"))["summary"]["recorded"] == 300_000
    assert "Recorded of it" not in run(script, "--since", "5m").stdout


def test_the_report_counts_what_happened(run: Run) -> None:
    found = shape(run(shift(), "--json"))
    sums = found["summary"]
    assert sums["outcomes"] == {"approved": 1, "rejected": 1, "expired": 1, "open": 1}
    assert (sums["waited_median"], sums["waited_longest"]) == (90_000, 600_000)
    assert sums["decided_alone"] == {"approved": 2}
    assert sums["alarms_by_priority"] == {"1": 1, "2": 1, "3": 1}
    assert (sums["alarms_unacknowledged"], sums["commands"], sums["commands_not_effective"]) == (2, 2, 1)
    assert [event["text"] for event in found["events"] if event["kind"] == "escalated"] == [
        "the ask a5: half of its time is over", "the alarm alarm-3: half of its time is over",
    ]  # fmt: skip
    assert (sums["gaps"], sums["refused"], sums["supervisor_starts"]) == (2, 1, 1)
    (person,) = found["people"]
    assert (person["decisions"], person["commands"], person["alarms"]) == (
        {"approved": 1, "rejected": 1}, {"pause": 1, "kill": 1}, 1,
    )  # fmt: skip
    pause, kill = found["commands"]
    times = [pause[f"{fact}_at"] for fact in ("requested", "sent", "acknowledged", "effective")]
    assert times == sorted(times)
    assert None not in times
    assert (kill["effective_at"], kill["problem"]) == (None, "no word of it")


def test_the_report_in_markdown_says_who_and_how_long(run: Run) -> None:
    page = run(shift()).stdout
    assert (
        "- Asks: 4 (1 approved, 1 rejected, 1 expired, 1 open); waited 1m 30s (median), 10m 00s (longest)"
        in page
    )
    assert "| send\\_email | ask | rejected | op-1 | not today |" in page
    assert "| send\\_email | ask | **expired** | clock | – |" in page
    assert "| issue\\_refund | hold | approved | op-1 | – |" in page
    assert "failed at" in page
    assert "op-1, after 45s" in page
    assert "- alarm of priority 2: still so, not acknowledged" in page
    assert "- alarm of priority 3: comes and goes, not acknowledged" in page
    assert "events 3 to 9 are missing for ever" in page
    assert "- waits since" in page


def test_a_floor_that_is_held_is_still_open_until_all_go_on(run: Run) -> None:
    script = shift()
    script.supervisor(FloorHeld(by="op-2", reason="fire"))
    page = run(script).stdout
    still_open, _, stops = page.partition("## Still open")[2].partition("## Decisions")
    first = still_open.strip().splitlines()[0]
    since = printing.clock(script.at, day=True)[5:]
    assert first == f"- the floor is held by op-2 since {since}, runs that begin too: fire"
    assert f"| hold all | every run | op-2 | {since} | – | – | – | – | fire |" in stops
    found = shape(run(script, "--json"))
    assert found["held"] == {"since": script.at, "by": "op-2", "reason": "fire"}
    assert found["floor"] == [{"kind": "hold all", "at": script.at, "by": "op-2", "reason": "fire"}]
    assert {"name": "op-2", "commands": {"hold all": 1}}.items() <= found["people"][-1].items()
    later = shape(run(script, "--json", "--since", "0m"))
    assert (later["held"], later["floor"]) == (found["held"], [])  # held before the span began, and still so


def test_a_word_that_a_later_one_took_the_place_of_is_not_open(run: Run) -> None:
    script = shift()
    script.start("mailer", "m9", "Mail")
    script.supervisor(FloorHeld(by="op-2"))
    hold = script.command("mailer", "m9", "hold", "op-2", floor=True)
    script.tick(5).supervisor(FloorReleased(by="op-1"))
    script.supervisor(CommandFailed(command=hold, reason="superseded by a resume"), "mailer", "m9")
    script.command("mailer", "m9", "resume", floor=True)
    still_open = run(script).stdout.partition("## Still open")[2].partition("## Decisions")[0]
    assert "- hold of mailer" not in still_open
    assert "- resume of mailer/m9 by op-1" in still_open


def test_a_floor_that_goes_on_again_is_held_no_longer(run: Run) -> None:
    script = shift()
    script.supervisor(FloorHeld(by="op-2", reason="fire"))
    script.tick(60).supervisor(FloorReleased(by="op-1"))
    page = run(script).stdout
    assert "the floor is held" not in page
    assert page.index("| hold all | every run | op-2 |") < page.index("| resume all | every run | op-1 |")
    assert shape(run(script, "--json"))["held"] is None


def left_behind() -> Script:
    """Asks that end, each by something that is no decision of a person, and one that goes on."""
    script = Script()
    for run in ("r1", "r2", "r3"):
        script.start("refunds", run)
        script.ask("refunds", run, "a1", "issue_refund", {"amount": 1.0})
    script.ask("refunds", "r1", "a2", "issue_refund", {"amount": 2.0})
    script.ask("refunds", "r1", "a3", "issue_refund", {"amount": 3.0})
    script.tick(60)
    script.agent("refunds", "r1", ActionFinished(action="a1", outcome="withdrawn"))
    script.agent("refunds", "r1", ActionFinished(action="a2", outcome="expired"))
    script.agent("refunds", "r1", ActionStarted(action="a3", decision="", digest="0" * 64))
    script.finish("refunds", "r2", "killed")
    script.supervisor(ActionDecided(action="a1", outcome="canceled", by="supervisor"), "refunds", "r2")
    return script


def test_an_ask_that_nobody_can_answer_any_more_is_not_open(run: Run) -> None:
    found = shape(run(left_behind(), "--json"))
    outcomes = {f"{ask['run']}/{ask['action']}": (ask["outcome"], ask["by"]) for ask in found["asks"]}
    assert outcomes == {
        "r1/a1": ("withdrawn", "agent"), "r1/a2": ("expired", "agent"), "r1/a3": ("ran undecided", "agent"),
        "r2/a1": ("canceled", "agent"), "r3/a1": ("", ""),
    }  # fmt: skip
    assert found["summary"]["decided_alone"] == {}
    page = run(left_behind()).stdout
    assert page.count("- waits since") == 1


def test_an_ask_of_before_the_span_ends_in_it(run: Run) -> None:
    script = left_behind()
    script.tick(7_200).finish("refunds", "r3", "failed")
    found = shape(run(script, "--since", "90m", "--json"))
    assert [(ask["run"], ask["outcome"]) for ask in found["asks"]] == [("r3", "canceled")]


def test_nobody_is_there_later_than_their_first_decision(run: Run) -> None:
    script = Script()
    script.start("refunds", "r1")
    script.ask("refunds", "r1", "a1", "issue_refund", {"amount": 1.0})
    script.decide("refunds", "r1", "a1")
    decided = script.at
    script.tick(60).supervisor(OperatorJoined(operator="op-1", console="c1"))
    (person,) = shape(run(script, "--json"))["people"]
    assert person["joined_at"] == decided


@pytest.mark.parametrize("rotate_after", [(), (12,), (5, 20, 30)])
def test_sessions_make_no_difference(run: Run, rotate_after: tuple[int, ...]) -> None:
    whole = shape(run(shift(), "--json", rotate_after=rotate_after))
    assert whole["summary"]["outcomes"] == {"approved": 1, "rejected": 1, "expired": 1, "open": 1}
    assert whole["records"] == len(shift().rows)


def test_what_began_before_the_span_is_known_from_the_floor_as_it_stood(run: Run) -> None:
    script = shift()
    ago = f"{(script.at - START) // 60_000 - 1}m"  # after the first ask began, and was answered
    found = shape(run(script, "--since", ago, "--json"))
    asks = {ask["action"]: ask for ask in found["asks"]}
    assert asks["a2"]["tool"] == "send_email"
    assert asks["a2"]["waited"] == 90_000
    assert found["records"] < len(script.rows)


def test_a_session_is_reported_whole(run: Run, home: Home) -> None:
    found = shape(run(shift(), "last", "--json"))
    assert found["records"] == len(shift().rows)
    path = next(home.sessions.glob("*.sqlite"))
    assert shape(run(shift(), str(path), "--json")) == found


@pytest.mark.parametrize("since", ["yesterday", "12", "-3h", "2026-99-01"])
def test_a_time_that_is_none_is_one_line(run: Run, since: str) -> None:
    result = run(shift(), "--since", since)
    assert result.exit_code == 2
    assert result.stderr.startswith(f"watchfloor: --since {since}: give 8h")
    assert result.stderr.count("\n") == 1


def test_without_a_recording_it_says_where_there_is_one(home: Home) -> None:
    result = CliRunner().invoke(cli, ["oncall"], obj=Place(site=SITE))
    assert result.exit_code == 2
    assert "it is where the supervisor runs" in result.stderr


def kinds(page: str) -> set[str]:
    """What a reader of Markdown makes of a page: the kinds of everything in it."""
    found: set[str] = set()
    for token in MarkdownIt("gfm-like").parse(page):
        found.add(token.type)
        found |= {child.type for child in token.children or ()}
    return found


def test_hostile_text_stays_text_in_the_report(run: Run, home: Home) -> None:
    calm = run(shift()).stdout
    shutil.rmtree(home.sessions)
    page = run(shift(HOSTILE, HOSTILE)).stdout
    assert kinds(page) == kinds(calm)
    assert "\x1b" not in page
    assert "evil" in page


@given(st.text() | st.text(st.sampled_from("[]()<>!*_`~|#&;:/.@wWhtps \\\n-=+$")))
def test_escaped_text_reads_as_itself(text: str) -> None:
    (_, inline, _) = MarkdownIt("gfm-like").parse(f"x {escaped(text)} x")
    read = "".join(child.content for child in inline.children or () if child.type in ("text", "text_special"))
    assert {child.type for child in inline.children or ()} <= {"text", "text_special"}
    assert " ".join(read.split()) == " ".join(f"x {plain(text, 160)} x".split())


@given(st.lists(st.integers(0, 100)))
def test_sums(values: list[int]) -> None:
    middle = median(values)
    assert (middle is None) == (not values)
    if middle is not None:
        assert 2 * sum(value < middle for value in values) <= len(values)
        assert 2 * sum(value > middle for value in values) <= len(values)
    expected = max((sum(start <= value < start + 10 for value in values) for start in values), default=0)
    assert most_within(values, 10) == expected
