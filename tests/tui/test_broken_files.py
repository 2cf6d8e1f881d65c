"""A file of the site that could not be put in force is said on every screen, and in full on Policy."""

import pytest

from console.core.fleet.alarm_state import Alarm
from console.policy.site_file import NONE_YET, STAYS
from console.tui.floor.broken_files import broken_files, told
from tests.fixtures.console import console
from tests.fixtures.floor import Script, calm
from tests.policy.floor import ruled

WHERE = "/srv/watchfloor/sites/harbour/configuration/of/this/house/policy.toml"
WHY = (
    "rule 'payout-limit': the table contains unknown field `raises`; the keys are `id`, `raise`, `why`, `tool`,"
    f" `agent`, `args`, `when`, `fires`, `silent` {STAYS}"
)


def broken() -> Script:
    script = ruled()
    script.alarm("policy-file", f"{WHERE}:12: {WHY}", 2)
    return script


@pytest.mark.parametrize("size", [(80, 24), (100, 30), (200, 50)])
@pytest.mark.parametrize("screen", "123456789")
async def test_every_screen_names_the_file_and_that_the_last_good_one_holds(
    screen: str, size: tuple[int, int]
) -> None:
    async with console(broken(), size=size) as it:
        await it.press(screen)
        row = next(line for line in it.lines() if "not in force" in line)
        assert row.startswith(" ▲ policy.toml:12 not in force: rule 'payout-limit'")
        assert row.endswith("; last good one holds")
        assert len(row) < size[0]
        assert "last good version" not in row  # it is said once


@pytest.mark.parametrize("size", [(80, 24), (100, 30), (200, 50)])
async def test_policy_tells_all_of_it_and_cuts_nothing(size: tuple[int, int]) -> None:
    async with console(broken(), size=size) as it:
        await it.press("9")
        text = it.text()
        left = [line.partition("│")[0] for line in it.lines()[3:9]]
        told_here = "".join(line.removeprefix(" ▲").strip() for line in left)
        assert f"{WHERE}:12:" in told_here
        assert WHY.replace(" ", "") in told_here.replace(" ", "")
        assert "payout-limit          hold" in text  # the last good one stands below


@pytest.mark.parametrize("size", [(80, 24), (100, 30)])
async def test_a_long_path_leaves_digest_and_time_whole(size: tuple[int, int]) -> None:
    async with console(ruled(), size=size) as it:
        known = it.source.fleet.policy
        it.source.fleet.policy.policy = known.catalogue = WHERE.replace("this", "this-very-long")
        await it.press("9")
        [force] = [line for line in it.lines() if line.startswith("   in force ")]
        [tools] = [line for line in it.lines() if line.startswith("   tools ")]
        assert force.endswith(" since 2025-10-09 09:20")
        assert "policy.toml  " in force
        assert tools.endswith("policy.toml")


def test_one_that_was_mended_is_not_told() -> None:
    one = Alarm(id="policy-file", kind="policy-file", priority=2, text=f"{WHERE}:12: {WHY}")
    other = Alarm(id="budgets-file", kind="budgets-file", priority=2, text="budgets.toml:1: x: y")
    assert told([one, other], 76).endswith("; last good one holds, and 1 more")
    one.state = "returned"
    assert told([one, other], 76).startswith("budgets.toml:1 not in force: x: y")
    assert broken_files([one]) == []
    assert told([one], 76) == ""


@pytest.mark.parametrize("size", [(80, 24), (100, 30), (200, 50)])
async def test_where_there_was_none_before_every_screen_says_that_nothing_holds(
    size: tuple[int, int],
) -> None:
    script = calm()
    script.alarm("policy-file", f"{WHERE}:12: {WHY.replace(STAYS, NONE_YET)}", 2)
    async with console(script, size=size) as it:
        for screen in "123456789":
            await it.press(screen)
            row = next(line for line in it.lines() if line.startswith(" ▲ policy.toml:12 not in force: rule"))
            assert row.endswith("; nothing of it holds")


def test_what_holds_is_not_said_where_the_alarm_does_not_say_it() -> None:
    one = Alarm(id="policy-file", kind="policy-file", priority=2, text="policy.toml:1: x: cut o…")
    assert told([one], 76) == "policy.toml:1 not in force: x: cut o…"


@pytest.mark.parametrize("size", [(80, 24), (200, 50)])
async def test_row_two_names_the_file_and_neither_its_folder_nor_the_reason(size: tuple[int, int]) -> None:
    script = calm()
    script.alarm("policy-file", f"{WHERE}:12: {WHY}", 2)
    async with console(script, size=size) as it:
        assert " policy.toml:12 not in force " in it.lines()[1]
        assert "/srv" not in it.lines()[1]
        assert "rule" not in it.lines()[1]
        await it.press("3")
        row = next(line for line in it.lines() if " policy-file " in line)
        assert " policy.toml:12: rule" in row
