"""Small rows that people read under pressure: gaps between columns, what is over, what a kill leaves, what was cut."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC
from types import SimpleNamespace
from typing import cast

from click.testing import CliRunner

from console.cli.agents.rerun import _in_words
from console.cli.live import unreachable
from console.cli.main import cli
from console.cli.options import Place
from console.core.fleet.alarm_state import Alarm
from console.link.floor import Floor
from console.tui.drawing.paint import text_of as text
from console.tui.rows import decide_rows, queue_rows, run_rows
from console.tui.rows.alarm_rows import alarm_tail
from console.tui.rows.frame_rows import NOWHERE, View
from console.tui.sheets.confirm_sheets import Wish
from console.tui.sheets.kill_sheet import KillSheet
from tests.fixtures.floor import WELL, Script

EIGHTY = View(0, 80, UTC, NOWHERE.standing, "harbour", "op-1", read_only=False, signed=True)


def asked(tool: str) -> Script:
    script = Script()
    script.start("releasedeployer", "r1", "release")
    script.ask("releasedeployer", "r1", "a1", tool, {"to": "x"})
    return script


def test_a_long_tool_leaves_a_gap_before_its_agent() -> None:
    for length in range(10, 30):
        script = asked("p" * length)
        run = script.fleet.runs["releasedeployer/r1"]
        row = text(queue_rows.ask(run, run.actions["a1"], "act", EIGHTY._replace(now=script.at)))
        assert "p rel" in row or " rel" in row.partition("p" * 5)[2], row
        assert "S3" in row
        script.decide("releasedeployer", "r1", "a1")
        done = text(queue_rows.verdict(run.actions["a1"], None, EIGHTY._replace(now=script.at)))
        assert " rel" in done.partition("p" * 5)[2], done


def test_a_path_of_an_argument_as_long_as_its_column_leaves_a_gap() -> None:
    path = "flights[0].flight_number"
    assert decide_rows.value_column([path]) >= 3 + len(path) + 1


def test_an_ask_that_expired_is_headed_so() -> None:
    script = asked("pay")
    script.decide("releasedeployer", "r1", "a1", "expired", "clock")
    run = script.fleet.runs["releasedeployer/r1"]
    head = text(decide_rows.head(run, run.actions["a1"], EIGHTY)[0])
    assert head.rstrip().endswith("expired")
    assert "denied" not in head


def test_a_kill_names_what_stays_once_and_no_reads() -> None:
    script = Script()
    script.start("looper", "r1", "search")
    for number, (tool, severity) in enumerate(
        [("write_file", 2), ("write_file", 2), ("search_docs", 0), ("search_docs", 0)]
    ):
        action = f"a{number}"
        script.ask("looper", "r1", action, tool, {"q": str(number)}, severity=severity)
        script.decide("looper", "r1", action)
        script.do("looper", "r1", action)
    run = script.fleet.runs["looper/r1"]
    sheet = KillSheet(Wish("kill", "kill", "looper", "r1"), run, lambda: script.fleet, lambda _run: [])
    said = "\n".join(map(text, sheet.rows(EIGHTY)))
    assert "write_file: what was done stays done" in said
    assert "write_file, write_file" not in said
    assert "search_docs" not in said


def test_of_a_run_that_ended_first_nothing_is_killed() -> None:
    """The supervisor refuses such a kill, and no fact will ever come of it."""
    script = Script()
    script.start("looper", "r1", "search")
    run = script.fleet.runs["looper/r1"]
    sheet = KillSheet(Wish("kill", "kill", "looper", "r1"), run, lambda: script.fleet, lambda _run: [])
    said = ["\n".join(map(text, sheet.rows(EIGHTY)))]
    for character in sheet.typed:
        sheet.take(character)
    said.append("\n".join(map(text, sheet.rows(EIGHTY))))
    script.finish("looper", "r1")
    said.append("\n".join(map(text, sheet.rows(EIGHTY))))
    assert ["kill requested" in one for one in said] == [False, True, False]
    assert ["the run is over (completed): nothing to kill" in one for one in said] == [False, False, True]


def test_an_alarm_with_more_text_than_lines_says_that_it_is_cut() -> None:
    alarm = Alarm(id="a", kind="loop", priority=2, text="words of an alarm " * 20)
    lines = [text(line).rstrip() for line in alarm_tail(alarm, EIGHTY)]
    assert lines[2].endswith("…")
    alarm.text = "short"
    assert "…" not in "".join(text(line) for line in alarm_tail(alarm, EIGHTY)[1:2])


def test_a_file_that_is_not_there_is_told_in_plain_words() -> None:
    for verb in ("rerun", "evaluate"):
        said = CliRunner().invoke(cli, [verb, "nowhere.jsonl"])
        assert said.exit_code == 2
        assert "'nowhere.jsonl' does not exist" in said.stderr
        assert "Errno" not in said.stderr


def test_where_nothing_is_shown_nothing_may_be_old() -> None:
    link = SimpleNamespace(status=replace(WELL, supervisor="unknown"))
    where = Place(site="none", broker="mqtt://127.0.0.1:1")
    floor = cast("Floor", link)
    said = str(unreachable(where, floor, "the supervisor has not been heard of: what is shown may be old"))
    assert "(the supervisor has not been heard of)" in said


def test_a_sum_of_counts_is_told_in_words() -> None:
    assert _in_words({"approved": 2, "rejected": 1}) == "2 approved, 1 rejected"
    assert _in_words({}) == "none"


def test_a_kill_of_a_paused_run_names_no_pause_as_the_milder_way() -> None:
    script = Script()
    script.start("looper", "r1", "search")
    run = script.fleet.runs["looper/r1"]
    sheet = KillSheet(Wish("kill", "kill", "looper", "r1"), run, lambda: script.fleet, lambda _run: [])
    assert "instead    esc, then p: a pause keeps the run" in "\n".join(map(text, sheet.rows(EIGHTY)))
    script.obey("looper", "r1", script.command("looper", "r1", "pause"))
    assert "instead    esc: it is paused, and waits until it is resumed" in "\n".join(
        map(text, sheet.rows(EIGHTY))
    )


def test_commands_of_a_run_that_have_no_row_are_counted() -> None:
    script = Script()
    script.start("looper", "r1", "search")
    run = script.fleet.runs["looper/r1"]
    told = []
    for kind in ("pause", "resume", "pause"):
        script.command("looper", "r1", kind)
        rows = "\n".join(map(text, run_rows.tail(run, list(script.fleet.commands.values()), EIGHTY)))
        told.append("   commands   newest 2 of 3      requested" in rows)
    assert told == [False, False, True]
