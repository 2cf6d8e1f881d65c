"""Alarms in words, where a person can answer them, and what they say about runs."""

from typing import Any

import pytest

from bus.alarm_records import AlarmAcknowledged, AlarmCleared, AlarmRaised
from console.cli import card
from console.cli.plain.rows import alarm_line
from console.cli.verbs.alarms import lines as alarm_lines
from console.tui.floor.index import FleetIndex
from tests.fixtures.alarms import flooded
from tests.fixtures.console import console
from tests.fixtures.floor import Script, busy, calm

TEXT = "2 messages were not understood"


def troubled() -> Script:
    script = calm()
    script.alarm("bad-input", TEXT)
    script.tick(5)
    script.supervisor(
        AlarmRaised(
            alarm="second", kind="second", priority=1, text="another supervisor was here", latched=True
        )
    )
    return script


async def test_row_two_says_what_the_worst_alarm_is() -> None:
    async with console(troubled()) as it:
        assert "another supervisor was here" in it.lines()[1]
        assert "2 alarms" in it.lines()[1]
        it.source.script.supervisor(AlarmAcknowledged(alarm="second", by="op-2"))
        await it.settle()
        assert TEXT in it.lines()[1]


async def test_row_two_keeps_its_ends_however_long_an_alarm_is() -> None:
    script = calm()
    script.alarm("long", "word " * 60)
    async with console(script) as it:
        assert "…" in it.lines()[1]
        assert it.lines()[1].endswith("!! 1 alarm 0s")


async def test_an_alarm_of_a_whole_agent_says_where_its_runs_are() -> None:
    script = calm()
    script.start("crasher", "c2")
    script.alarm("gone", "crasher is lost", 1, "crasher")
    script.alarm("over", "its run ended badly", 3, "crasher", "c1")
    async with console(script) as it:
        await it.press("A", "enter")
        assert "it is about all of crasher: 1 shows its runs" in it.text()
        await it.press("down", "enter")
        assert "it is about no run that is still known" in it.text()


async def test_alarms_are_listed_and_acknowledged_with_one_key() -> None:
    async with console(troubled()) as it:
        await it.press("A")
        assert it.screen.mode == "alarms"
        rows = [line for line in it.lines() if " unacked " in line]
        assert "P1" in rows[0]
        assert "2 messages" in rows[1]
        await it.press("down", "A")
        assert it.said == [{"verb": "acknowledge", "alarm": "bad-input"}]
        await it.press("R")
        assert it.screen.sheet is None  # it is not latched


async def test_a_latched_alarm_is_reset_with_a_reason() -> None:
    async with console(troubled()) as it:
        await it.press("A", "R", "ctrl+t")
        assert it.said == []
        await it.type("seen to")
        await it.press("ctrl+t")
        assert it.said == [{"verb": "reset", "alarm": "second", "reason": "seen to"}]


@pytest.mark.parametrize("options", [{"read_only": True}, {"signed": False}])
async def test_who_may_not_act_reads_alarms_all_the_same(options: dict[str, Any]) -> None:
    async with console(troubled(), **options) as it:
        await it.press("A")
        assert "2 messages" in it.text()
        await it.press("A", "R")
        assert it.said == []
        assert it.screen.sheet is None
        assert ("A ack" in it.text()) is not options.get("read_only", False)


async def test_a_floor_without_alarms_says_so() -> None:
    async with console(calm()) as it:
        await it.press("A")
        assert "There are no alarms." in it.text()
        await it.press("A", "escape")
        assert it.said == []
        assert it.screen.mode == "fleet"


def test_an_alarm_of_an_agent_concerns_its_living_runs_and_counts_once() -> None:
    script = calm()
    script.start("deployer", "old1")
    script.finish("deployer", "old1")
    script.alarm("too-many", "too many events", 2, "deployer")
    index = FleetIndex(script.fleet)
    index.update(script.at)
    assert index.plight("deployer/d000")
    assert index.plight("deployer/old1") is None
    assert index.counts(script.at).act == 1


def test_a_run_counts_from_its_own_trouble_and_an_alarm_from_when_it_last_began() -> None:
    script = calm()
    began = script.at
    script.alarm("gone", "crasher is lost", 2, "crasher")
    script.tick(120)
    script.supervisor(AlarmAcknowledged(alarm="gone", by="op-1"), "crasher")
    script.supervisor(AlarmCleared(alarm="gone"), "crasher")
    script.tick(300)
    script.start("crasher", "c2")
    heard = script.at
    script.tick(10)
    script.alarm("gone", "crasher is lost", 2, "crasher")
    index = FleetIndex(script.fleet)
    index.update(script.at)
    found = index.plight("crasher/c2")
    assert found is not None
    assert heard < found.since == script.at > began
    script.tick(60)
    script.start("crasher", "c3")
    script.lose("crasher")
    index = FleetIndex(script.fleet)
    index.update(script.at)
    late = index.plight("crasher/c3")
    assert late is not None
    assert late.since == script.fleet.runs["crasher/c3"].last_at > found.since


def test_all_lists_count_an_alarm_from_when_it_last_began() -> None:
    script = calm()
    script.alarm("gone", "it left", 2, "indexer")
    script.supervisor(AlarmCleared(alarm="gone"), "indexer")
    script.tick(120)
    script.alarm("gone", "it left", 2, "indexer")
    now = script.tick(3).at
    (alarm,) = script.fleet.alarms.values()
    assert "  3s" in card.alarm_table([alarm], now)[1]
    assert "  3s" in alarm_lines(script.fleet, now)[0]
    assert "3s ago" in alarm_line(1, alarm, now)


def test_an_alarm_of_a_run_stays_with_it_after_its_end() -> None:
    script = busy()
    script.finish("researcher", "p81a")
    script.alarm("stuck", "it ended late", 1, "researcher", "p81a")
    index = FleetIndex(script.fleet)
    index.update(script.at)
    found = index.plight("researcher/p81a")
    assert found is not None
    assert found.fact == "it ended late"


async def test_an_alarm_that_went_by_itself_is_grey_and_listed_until_somebody_has_seen_it() -> None:
    script = calm()
    script.alarm("stuck", "no step for 2 minutes", 1, "indexer", "44zt")
    async with console(script) as it:
        assert "■ 1 stop" in it.lines()[1]
        script.supervisor(AlarmCleared(alarm="stuck"), "indexer", "44zt")
        await it.settle()
        assert it.lines()[1].startswith(" nothing waits ")
        assert it.lines()[1].endswith("~ 1 returned")
        assert "no alarms" not in it.lines()[1]
        assert it.coloured() == []
        await it.press("3")
        assert "~  returned P1 stuck             indexer 44zt     no step for 2 min" in it.text()
        assert "its cause went, unseen" in it.text()
        assert it.coloured() == []
        await it.press("A")
        assert it.said == [{"verb": "acknowledge", "agent": "indexer", "run": "44zt", "alarm": "stuck"}]
        script.supervisor(AlarmAcknowledged(alarm="stuck", by="op-1"), "indexer", "44zt")
        await it.settle()
        assert "There are no alarms." in it.text()


async def test_a_sheet_that_resets_an_alarm_says_that_leaving_it_keeps_the_alarm() -> None:
    async with console(troubled()) as it:
        await it.press("3", "R")
        assert "esc leave it latched" in it.lines()[-1]
        assert "waiting" not in it.lines()[-1]
        await it.press("escape")
        assert it.said == []


async def test_what_stands_comes_before_what_went() -> None:
    script = troubled()
    script.alarm("past", "it went", 1)
    script.supervisor(AlarmCleared(alarm="past"))
    script.supervisor(AlarmAcknowledged(alarm="second", by="op-2"))
    async with console(script) as it:
        await it.press("3")
        states = [line.split()[0] for line in it.lines()[6:9]]
        assert [state.lstrip("▌") for state in states] == ["!!", "#", "~"]


def test_an_alarm_that_returned_is_not_counted_as_active() -> None:
    script = calm()
    for name in ("one", "two", "three"):
        script.alarm(name, "it left", 2, "indexer")
    assert not any("active" in line for line in alarm_lines(script.fleet, script.at))
    for name in ("one", "two"):
        script.supervisor(AlarmCleared(alarm=name), "indexer")
    assert "1 active, 1 open, 2 returned" in alarm_lines(script.fleet, script.at)
    script.supervisor(AlarmAcknowledged(alarm="three", by="op-2"))
    assert "1 active, 0 open, 2 returned" in alarm_lines(script.fleet, script.at)
    script.supervisor(AlarmCleared(alarm="three"), "indexer")
    assert "0 active, 0 open, 2 returned" in alarm_lines(script.fleet, script.at)


async def test_what_went_by_itself_is_not_counted_as_active_and_stands_below_what_is_still_so() -> None:
    script = calm()
    for name in ("was", "was-too", "known", "new"):
        script.alarm(name, f"{name} so")
        script.tick(1)
    script.supervisor(AlarmCleared(alarm="was"))
    script.supervisor(AlarmCleared(alarm="was-too"))
    script.supervisor(AlarmAcknowledged(alarm="known", by="op-2"))
    async with console(script) as it:
        await it.press("A")
        assert "   active 2, 2 returned   shelved 0 " in it.text()
        rows = [line.split()[1] for line in it.lines() if " P2 " in line]
        assert rows == ["unacked", "acked", "returned", "returned"]


async def test_in_a_flood_the_rows_of_a_small_terminal_are_the_alarms() -> None:
    async with console(flooded()) as it:
        await it.press("A")
        assert "flood: " in it.text()
        assert "   load " not in it.text()  # how many there are stands above
        assert sum(" P2 " in line or " P3 " in line or " P1 " in line for line in it.lines()) >= 8
    async with console(flooded(), size=(100, 50)) as it:
        await it.press("A")
        assert "   load " in it.text()


async def test_a_reset_that_is_given_up_leaves_an_alarm_as_it_is() -> None:
    script = calm()
    script.alarm("known", "it is so")
    script.supervisor(AlarmAcknowledged(alarm="known", by="op-2"))
    async with console(script) as it:
        await it.press("A", "R")
        assert "esc leave it as it is" in it.lines()[-1]
