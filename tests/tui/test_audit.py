"""Audit and Policy on screen: what keys do there, that rows stand still, and that a replay shows what was so then."""

from __future__ import annotations

from pathlib import Path

from bus.alarm_records import AlarmCleared, AlarmRaised
from bus.operator_records import OperatorSigned
from bus.policy_records import PolicyAdopted, PolicyRule, PolicyTool
from bus.records import ActionDecided
from console.cli.screens.archived import Archived
from console.core.deeds import DEEDS_KEPT
from tests.fixtures.console import Console, console
from tests.fixtures.floor import Script, busy
from tests.fixtures.replay import record, replaying
from tests.policy.floor import POLICY, acted, in_force, ruled


def cursor_row(it: Console) -> int:
    return next(number for number, line in enumerate(it.lines()) if line.startswith("▌"))


async def test_enter_opens_what_a_deed_is_about() -> None:
    async with console(acted()) as it:
        await it.press("8", "enter")
        assert it.mode() == "decide"
        await it.press("escape", "down", "down", "enter")
        assert it.mode() == "run"
        await it.press("escape", "down", "enter")
        assert it.mode() == "alarms"
        assert it.screen.body.cursor == "bad-input"
        assert it.said == []


async def test_rows_stand_still_under_the_cursor_and_the_first_follows() -> None:
    script = acted()
    async with console(script) as it:
        await it.press("8")
        first = it.screen.body.cursor
        script.supervisor(ActionDecided(action="a1", outcome="rejected", by="op-2"), "refunds", "7q4f")
        await it.settle()
        assert it.screen.body.cursor != first
        await it.press("down", "down")
        chosen, row = it.screen.body.cursor, cursor_row(it)
        script.command("researcher", "p81a", "resume", "op-2")
        await it.settle()
        assert it.screen.body.cursor == chosen
        assert cursor_row(it) >= row


async def test_a_filter_narrows_by_who_what_and_how_it_ended() -> None:
    async with console(acted()) as it:
        await it.press("8", "slash")
        await it.type("state:expired")
        assert "1 of 13 shown" in it.text()
        await it.press("enter", "escape")
        assert "known since" in it.text()
        assert "expired" in it.text()


def long() -> Script:
    script = busy()
    for number in range(DEEDS_KEPT + 40):
        script.tick(1).supervisor(ActionDecided(action=f"x{number}", outcome="rejected", by="op-1"), "a", "r")
    return script


async def test_older_deeds_come_by_page_from_the_recording(tmp_path: Path) -> None:
    script = long()
    await record(script.rows, tmp_path, rotate_after=(60,))
    async with console(script, archive=Archived(tmp_path)) as it:
        await it.press("8", "G")
        newest = it.screen.body.cursor
        assert "b: what is recorded before" in it.text()
        for _ in range(3):
            await it.press("b")
            await it.screen.reading  # type: ignore[attr-defined]
            await it.settle()
        assert it.screen.body.cursor == newest
        assert "nothing older is recorded" in it.text()
        await it.press("G")
        assert it.screen.body.cursor == "deed:1"
        assert "b: what is" not in it.text()


async def test_without_recordings_it_says_from_when_it_knows() -> None:
    async with console(acted()) as it:
        await it.press("8", "b")
        assert "known since 2025-10-09 08:53" in it.text()
        assert "watchfloor oncall reads them" in it.text()


async def test_policy_opens_a_rule_whole_and_closes_to_the_same_row() -> None:
    async with console(ruled()) as it:
        await it.press("9", "down", "enter")
        assert "the auditors need these exports" in it.text()
        assert "path = /srv/exports/keep*" in it.text()
        await it.press("escape")
        assert it.screen.body.cursor == "rule:no-exports"
        await it.press("tab", "enter")
        assert "pays out of the till" in it.text()
        await it.press("tab")
        assert "below 0.70" in it.text()
        await it.press("escape")
        assert it.mode() == "fleet"
        assert it.said == []


async def test_a_broken_edit_is_a_banner_while_the_last_good_policy_stands() -> None:
    script = ruled()
    text = "policy.toml:3: rule 'x': why is empty (the last good version stays in force)"
    script.supervisor(AlarmRaised(alarm="policy-file", kind="policy-file", priority=2, text=text))
    async with console(script) as it:
        await it.press("9")
        assert "▲ policy.toml:3: rule 'x'" in it.text()
        assert "payout-limit" in it.text()
        script.supervisor(AlarmCleared(alarm="policy-file"))
        await it.settle()
        assert "rule 'x'" not in it.text()


async def test_a_replay_shows_the_policy_and_the_deeds_of_that_time(tmp_path: Path) -> None:
    script = ruled()
    before = len(script.rows)
    for part in in_force(POLICY.replace("400.0", "900.0").replace("480.0", "980.0")):
        script.supervisor(part)
    script.tick(5).supervisor(ActionDecided(action="p0", outcome="rejected", by="op-2"), "refunds", "7q4f")
    (path,) = await record(script.rows, tmp_path)
    async with replaying(path) as it:
        await it.go(before)
        await it.strike("Y", "enter")
        assert "> 400.0" in it.text()
        await it.go(len(script.rows))
        assert "> 900.0" in it.text()
        await it.strike("escape", "W")
        assert "op-2             decide" in it.text()
        await it.go(before)
        assert "op-2             decide" not in it.text()


HOSTILE = "\x1b]0;owned\x07\x1b[2J[bold red]x[/]\u202e\x9b31m\ttab"


async def test_no_byte_of_hostile_text_reaches_the_screen() -> None:
    script = acted()
    rule = PolicyRule(id="r", raises="ask", tool=HOSTILE, why=HOSTILE, when=HOSTILE, fires=[HOSTILE])
    tool = PolicyTool(tool=HOSTILE, effect="read", severity=0, why=HOSTILE)
    script.supervisor(
        PolicyAdopted(digest="a" * 64, content="b" * 64, policy=HOSTILE, rules=[rule], tools=[tool])
    )
    script.supervisor(OperatorSigned(operator=HOSTILE, key=HOSTILE))
    script.supervisor(
        ActionDecided(action="a1", outcome="rejected", by=HOSTILE, reason=HOSTILE), "refunds", "7q4f"
    )
    for size in ((80, 24), (120, 36)):
        async with console(script, size=size) as it:
            for keys in (("8",), ("down",), ("9",), ("enter",), ("escape", "tab"), ("enter",), ("tab",)):
                await it.press(*keys)
                shown = it.text()
                assert not [sign for sign in shown if sign != "\n" and not sign.isprintable()], keys
                assert "owned" in shown or keys in (("tab",), ("down",))
