"""Keys of the Alarms screen, what hides an alarm and what comes of it, at 80 by 24."""

from __future__ import annotations

from typing import Any

import pytest

from bus.alarm_records import AlarmAcknowledged, AlarmCleared, AlarmShelved
from console.tui.sheets.shelve_sheet import shelf_time
from tests.fixtures.alarms import alarming, flooded, raised
from tests.fixtures.console import console
from tests.fixtures.floor import calm

LOST = "agent-lost/indexer"


async def test_every_state_of_an_alarm_has_its_word_and_its_sign() -> None:
    """In words, so that it is read without colour too."""
    async with console(alarming()) as it:
        await it.press("A")
        seen = it.text()
        for _ in range(3):
            await it.press("tab")
            seen += it.text()
        for words in ("!! unacked", "!  acked", "~  returned", "z  11m left", "-  by rule", "x  out"):
            assert words in seen
        it.source.script.supervisor(
            AlarmAcknowledged(alarm="gap/deployer/d000", by="op-2"), "deployer", "d000"
        )
        await it.press("tab")
        assert "#  latched  P2 gap" in it.text()


async def test_what_follows_is_folded_acknowledged_with_it_and_unfolds() -> None:
    async with console(alarming()) as it:
        await it.press("A", "down", "down")
        assert it.screen.body.cursor == LOST
        assert "1st of 3" in it.text()
        assert "and 2 more, 2 unacked: effect-unknown" in it.text()
        await it.press("A")
        assert it.said == [{"verb": "acknowledge", "agent": "indexer", "alarm": LOST, "group": True}]
        await it.press("o")
        assert it.text().count("effect-unknown") == 2
        assert "and 2 more" not in it.text()
        await it.press("A")
        assert "group" not in it.said[-1]  # they stand there by themselves now


async def test_a_group_stands_where_its_worst_does() -> None:
    """Its first may have gone while what followed from it has been seen by nobody."""
    script = alarming()
    script.supervisor(AlarmCleared(alarm=LOST), "indexer")
    async with console(script) as it:
        await it.press("A")
        rows = [line for line in it.lines() if " P2 " in line]
        assert "agent-lost" in rows[1]
        assert "loop" in rows[2]
        assert "and 2 more, 2 unacked" in it.text()


async def test_shelving_takes_a_time_and_a_reason() -> None:
    async with console(alarming()) as it:
        await it.press("A", "down", "down", "z", "ctrl+t")
        assert it.said == []
        await it.type("2h")
        await it.press("ctrl+t")
        assert it.said == []
        await it.type(" tape robot")
        assert "for 2h00m, then it is back" in it.text()
        await it.press("ctrl+t")
        assert it.said == [
            {"verb": "shelve", "agent": "indexer", "alarm": LOST, "reason": "tape robot", "seconds": 7200}
        ]


async def test_what_an_operator_hid_is_brought_back_with_the_same_key() -> None:
    async with console(alarming()) as it:
        await it.press("A", "tab")
        assert "z unshelve" in it.lines()[-1]
        assert "shelved by op-1: nightly crawl" in it.text()
        await it.press("z")
        assert [said["verb"] for said in it.said] == ["restore"]
        await it.press("tab", "z")
        assert "a rule of the site hides it" in it.text()
        await it.press("tab", "O")
        assert [said["verb"] for said in it.said] == ["restore", "restore"]


async def test_out_of_service_takes_a_reason() -> None:
    async with console(alarming()) as it:
        await it.press("A", "down", "down", "O")
        assert "esc leave it in sight" in it.lines()[-1]
        await it.type("being rebuilt")
        await it.press("ctrl+t")
        assert it.said == [{"verb": "remove", "agent": "indexer", "alarm": LOST, "reason": "being rebuilt"}]


@pytest.mark.parametrize("key", ["z", "O"])
async def test_what_must_stay_in_sight_has_no_sheet(key: str) -> None:
    async with console(alarming()) as it:
        await it.press("A", key)
        assert it.screen.sheet is None
        assert "stays in sight" in it.text()


async def test_hiding_is_closed_while_nothing_can_be_recorded() -> None:
    async with console(alarming()) as it:
        it.source.turn(recording="failing")
        await it.press("A", "down", "down", "z")
        assert it.screen.sheet is None
        assert "closed while the recording fails" in it.text()


async def test_next_goes_round_what_nobody_has_seen_and_enter_opens_the_run() -> None:
    async with console(alarming()) as it:
        await it.press("A")
        seen = [it.screen.body.cursor]
        for _ in range(5):
            await it.press("n")
            seen.append(it.screen.body.cursor)
        assert seen[0] == seen[-1] == "ungated-action/refunds/7q4f/a3"
        assert len(set(seen)) == 5
        await it.press("enter")
        assert it.screen.mode == "run"


async def test_a_flood_keeps_what_is_worst_in_sight_and_says_its_number_calmly() -> None:
    async with console(flooded()) as it:
        assert "flood 13 in 10m" in it.lines()[1]
        await it.press("A")
        first = it.lines()[7]
        assert "P1 recording-failing" in first
        assert "flood: 13 new alarms in 10 minutes for one operator" in it.text()


async def test_a_shelf_that_is_over_hides_nothing_though_no_supervisor_says_so() -> None:
    script = calm()
    name = raised(script, "stalled", "nothing for 140 s", "indexer", "44zt")
    script.supervisor(AlarmShelved(alarm=name, by="op-1", seconds=60, reason="known"), "indexer", "44zt")
    async with console(script) as it:
        assert it.coloured() == []
        assert "z 1" in it.lines()[1]
        await it.settle(61)
        assert "!! 1 alarm" in it.lines()[1]
        assert "not well" in it.text()
        await it.press("A")
        assert "active 1   shelved 0" in it.text()
        assert "!! unacked  P3 stalled" in it.text()


async def test_what_is_hidden_has_no_colour() -> None:
    script = calm()
    name = raised(script, "stalled", "nothing for 140 s", "indexer", "44zt")
    script.supervisor(AlarmShelved(alarm=name, by="op-1", seconds=690, reason="known"), "indexer", "44zt")
    async with console(script) as it:
        await it.press("A", "tab")
        assert "z  11m left" in it.text()
        assert it.coloured() == []


async def test_the_empty_screen_is_calm() -> None:
    async with console(calm()) as it:
        await it.press("A")
        assert it.coloured() == []
        for word in ("shelved", "suppressed", "out of service"):
            await it.press("tab")
            assert f"No alarm is {word}." in it.text()


@pytest.mark.parametrize("options", [{"read_only": True}, {"signed": False}])
async def test_who_may_not_act_hides_nothing(options: dict[str, Any]) -> None:
    async with console(alarming(), **options) as it:
        await it.press("A", "down", "down", "z", "O", "R", "A")
        assert it.said == []
        assert it.screen.sheet is None


@pytest.mark.parametrize(
    "typed, seconds, why",
    [
        ("known", 900, "known"),
        ("30m known", 1800, "known"),
        ("2h nightly crawl", 7200, "nightly crawl"),
        ("99h much", 28_800, "much"),
        ("0m now", 60, "now"),
        ("2hours of work", 900, "2hours of work"),
        ("2h", 7200, ""),
        ("", 900, ""),
    ],
)
def test_a_time_may_stand_before_a_reason(typed: str, seconds: int, why: str) -> None:
    assert shelf_time(typed) == (seconds, why)
