"""Over a real sshd, 300 ms away each way on 64 kbit/s: open, decide, resize, hang up, come back."""

from __future__ import annotations

import os
import sys
from asyncio import to_thread
from pathlib import Path
from typing import Final

import pytest

from tests.consoles.floor import ConsolesFloor
from tests.fixtures.fleet_keys import choose
from tests.fixtures.slow_line import SlowLine
from tests.fixtures.sshd import THERE, sshd
from tests.fixtures.terminal import Terminal

pytestmark = [
    pytest.mark.pty,
    pytest.mark.broker,
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform == "win32" or not THERE, reason="no OpenSSH server and client here"),
    pytest.mark.timeout(400),
]

DELAY: Final = 0.3
"""Seconds that a byte is on its way, in each direction."""

RATE: Final = 64_000
"""Bits a second, in each direction."""

WITHIN: Final = 60.0
"""Seconds for anything on such a line: a bound, not a measure."""

ESC: Final = "\x1b"


async def test_rule_21_a_far_and_thin_line_is_enough(tmp_path: Path) -> None:
    async with ConsolesFloor(tmp_path / "floor", ["far"]) as floor:
        environment = {
            **floor.site.environment,
            "WATCHFLOOR_OPERATOR": "far",
            "PYTHONPATH": os.pathsep.join(path for path in sys.path if path),
            "LANG": "C.UTF-8",
        }
        command = [sys.executable, "-m", "console.cli.main"]
        with sshd(tmp_path / "ssh", command, environment) as server:
            async with SlowLine(server.port, delay=DELAY, rate=RATE) as line:
                client = server.client(line.port)
                first = await to_thread(opened, client)
                with first:
                    # decide
                    before = await floor.asks("post")
                    await to_thread(approve, first)
                    after = await floor.asks("post", beyond=before.id)
                    assert decided(floor, before.id) == ("approved", "far")
                    # another size, while the floor goes on
                    await to_thread(fleet, first)
                    await to_thread(resized, first)
                    # it hangs up in the middle of a sheet: nothing is said
                    await to_thread(first.press, "\r")
                    await to_thread(first.shows, "› Decide", WITHIN)
                    await to_thread(first.press, "a")
                    await line.cut()
                    await to_thread(first.ended, WITHIN)
                await floor.leaves("far")
                left = floor.latest("post")
                assert left is not None
                assert (left.id, left.state) == (after.id, "asked")
                # and comes back
                passed = line.passed
                with await to_thread(opened, client) as second:
                    print(f"bytes to the first picture and both asks, over ssh: {line.passed - passed}")  # noqa: T201
                    await to_thread(choose, second, "post")
                    await to_thread(second.press, "d")
                    await floor.asks("post", beyond=after.id)
                    assert decided(floor, after.id) == ("rejected", "far")
                    await to_thread(second.press, "q")
                    assert await to_thread(second.ended, WITHIN) == 0


def opened(client: list[str]) -> Terminal:
    terminal = Terminal(client, os.environ)
    terminal.until(lambda text: "send_letter" in text and "wire_money" in text, "both asks", WITHIN)
    return terminal


def approve(terminal: Terminal) -> None:
    choose(terminal, "post")
    terminal.press("\r")
    terminal.shows("› Decide", WITHIN)
    terminal.press("a")
    terminal.shows("exactly these arguments", WITHIN)
    terminal.press("y")
    terminal.until(lambda text: "effective +" in text, "what became of it", WITHIN)


def fleet(terminal: Terminal) -> None:
    terminal.press("1")
    terminal.shows("waits for you", WITHIN)


def resized(terminal: Terminal) -> None:
    for columns, rows in ((120, 36), (80, 24)):
        terminal.resize(columns, rows)
        terminal.until(lambda text: "? help" in text.splitlines()[-1], "the key line in the last row", WITHIN)
        assert all(len(row) <= columns for row in terminal.lines)


def decided(floor: ConsolesFloor, action: str) -> tuple[str, str]:
    """What was decided of an action of the agent that posts, and by whom."""
    found = next(
        one for run in floor.floor.fleet.runs.values() for one in run.actions.values() if one.id == action
        and run.agent == "post"
    )  # fmt: skip
    return found.outcome or "", found.decided_by
