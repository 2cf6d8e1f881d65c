"""A terminal that stops reading delays neither the supervisor nor any decision; when it reads again it shows what is so."""

from __future__ import annotations

import sys
from asyncio import to_thread
from pathlib import Path
from typing import Final

import pytest

from console.core.fleet.state import Fleet
from tests.consoles.floor import SOON, ConsolesFloor
from tests.fixtures.fleet_keys import choose
from tests.fixtures.terminal import Terminal

pytestmark = [
    pytest.mark.pty,
    pytest.mark.broker,
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform == "win32", reason="no pty"),
]

DECISIONS: Final = 6
TRIES: Final = 12

PICTURES: Final = "23456789" * 16
"""Keys that have whole pictures painted: more bytes than any pty keeps for a reader that does not come."""


async def test_rule_20_a_terminal_that_stops_reading_delays_no_decision(tmp_path: Path) -> None:
    async with ConsolesFloor(tmp_path, ["reads", "sleeps"]) as floor:
        sleeps = floor.console("sleeps")
        await to_thread(
            sleeps.until, lambda text: "send_letter" in text and "wire_money" in text, "both", SOON
        )
        sleeps.press(PICTURES)  # from here on nobody reads what it writes
        kept = len(sleeps.received)
        reads = floor.console("reads")
        await to_thread(
            reads.until, lambda text: "send_letter" in text and "wire_money" in text, "both", SOON
        )
        for _ in range(DECISIONS):
            await rejects(floor, reads)
        assert len(sleeps.received) == kept
        await to_thread(sleeps.press_until, "1", "waits for you")
        await rejects(floor, sleeps)
        for screen in (sleeps, reads):
            screen.press("q")
            assert await to_thread(screen.ended) == 0


async def rejects(floor: ConsolesFloor, screen: Terminal) -> None:
    """Reject what waits, and wait until that is so; a key just after rows have moved is pressed again."""
    asked = (await floor.asks("post")).id

    def answered(_: Fleet) -> bool:
        latest = floor.latest("post")
        return latest is not None and (latest.id != asked or latest.state != "asked")

    for _ in range(TRIES):
        await to_thread(choose, screen, "post")
        screen.press("d")
        if await floor.floor.until(answered, SOON / TRIES):
            break
    await floor.asks("post", beyond=asked)
