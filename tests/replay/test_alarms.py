"""Alarms and Reliability in a replay: the very rows of the live floor, as they were known then."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.fixtures.alarms import alarming, proven
from tests.fixtures.console import console
from tests.fixtures.replay import record, replaying


async def test_reliability_shows_what_was_known_then(tmp_path: Path) -> None:
    script = proven()
    (path,) = await record(script.rows, tmp_path)
    async with console(script) as it:
        await it.press("4")
        live = it.lines()
    async with replaying(path) as it:
        await it.go(40)
        await it.strike("L")
        assert it.mode() == "reliability"
        crawler = next(line for line in it.lines() if "fetch_page" in line)
        assert crawler.split()[-1] == "31"  # of 121 at the end
        assert "cite" not in it.text()
        await it.go(len(script.rows))
        assert [line for line in it.lines() if "fetch_page" in line] == [
            line for line in live if "fetch_page" in line
        ]
        await it.go(40)
        assert next(line for line in it.lines() if "fetch_page" in line) == crawler


@pytest.mark.parametrize("key", ["A", "z", "R", "O"])
async def test_alarms_are_as_they_stood_and_no_key_acts(tmp_path: Path, key: str) -> None:
    script = alarming()
    (path,) = await record(script.rows, tmp_path)
    async with console(script) as it:
        await it.press("A")
        live = [line for line in it.lines() if " P1 " in line or " P2 " in line or " P3 " in line]
    async with replaying(path) as it:
        await it.go(len(script.rows))
        await it.strike("A")
        rows = [line for line in it.lines() if " P1 " in line or " P2 " in line or " P3 " in line]
        assert [row[:50] for row in rows] == [row[:50] for row in live[: len(rows)]]
        assert len(rows) >= 4
        await it.strike(key)
        assert it.screen.sheet is None
        assert it.mode() == "alarms"
