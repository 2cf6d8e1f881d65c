"""`watchfloor demo` at a terminal, by keys alone: approve, edit, reject, pause, resume, kill; the disk follows."""

import asyncio
import os
import re
import sqlite3
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import msgspec
import pytest

from bus import codec
from console.demo.agents import janitor
from console.demo.script import Script
from console.recording.history import history
from tests.demo.effects import actions, check_disk, check_ledger, of_this_demo
from tests.fixtures.fleet_keys import CHECK, choose, facts_come, fleet, waits
from tests.fixtures.site_processes import until
from tests.fixtures.terminal import Terminal

DOWN, END, BACKSPACE = "\x1b[B", "\x1b[F", "\x7f"
LITTER = janitor.plan(Script(7, "janitor", 1)).delete[1][0]
FACTS = ["command.requested", "command.sent", "command.acknowledged", "command.effective"]


async def facts(home: Path) -> dict[str, list[tuple[str, dict[str, Any]]]]:
    """The facts of every command in the order of the log."""
    found: dict[str, list[tuple[str, dict[str, Any]]]] = {}
    async for row in history(home / "home" / "data" / "demo" / "sessions"):
        envelope = codec.decode_envelope(row.event)
        if envelope.type in FACTS:
            data = msgspec.json.decode(bytes(envelope.data))
            found.setdefault(data["command"], []).append((envelope.type, data))
    return found


async def effective(home: Path, kind: str) -> None:
    """Wait until a command of this kind has all its four facts in the recording, one after the other."""
    for _ in range(1_200):  # a minute and more
        for told in (await facts(home)).values():
            names = list(dict.fromkeys(name for name, _ in told))
            if told[0][1].get("kind") == kind and len(names) == len(FACTS):
                assert names == FACTS
                return
        await asyncio.sleep(0.05)
    raise AssertionError(f"no {kind} took effect")


async def works_again(home: Path, agent: str) -> None:
    """Wait until an agent has begun a step after it was resumed. On the screen it may be paused again by then."""
    for _ in range(1_200):  # a minute and more
        resumed = False
        resume = next(
            name for name, told in (await facts(home)).items() if told[0][1].get("kind") == "resume"
        )
        async for row in history(home / "home" / "data" / "demo" / "sessions"):
            envelope = codec.decode_envelope(row.event)
            if envelope.type == "command.effective":
                resumed |= msgspec.json.decode(bytes(envelope.data))["command"] == resume
            if resumed and row.agent == agent and envelope.type == "step.started":
                return
        await asyncio.sleep(0.05)
    raise AssertionError(f"{agent} does not work again")


def payments(home: Path) -> list[tuple[str, float]]:
    with closing(sqlite3.connect(home / "sandbox" / "desk.sqlite")) as desk:
        return desk.execute("SELECT kind, amount FROM payments").fetchall()


async def edit_the_credit(screen: Terminal, home: Path) -> None:
    """Have the refunds agent pay 5 instead of what it wanted."""
    args = next(one["args"] for one in (await actions(home)).values() if one["tool"] == "issue_credit")
    choose(screen, "refunds", "issue_credit")
    screen.press_until("\r", "› Decide")
    screen.press_until("e", "as JSON")
    was = f"{args['amount']},"
    screen.shows(f'"amount": {was}')
    screen.press(DOWN * 2 + END + BACKSPACE * len(was))
    screen.until(lambda text: re.search(r'"amount":\s*$', text, re.MULTILINE), "the amount gone")
    screen.press("5,")
    screen.shows('"amount": 5,')
    screen.press_until(CHECK, "→ 5")
    assert payments(home) == []
    screen.press("y")
    screen.until(re.compile(r"edited (at \S+ )?by").search, "that it was edited")
    facts_come(screen)
    await until(lambda: payments(home), 10.0, "the credit is paid")
    assert payments(home) == [("credit", 5.0)]
    fleet(screen)


async def judge_the_janitor(screen: Terminal, home: Path, *, wide: bool) -> None:
    """Refuse what it must keep, approve what comes after that. A wide screen has the ask beside the list."""
    box = home / "sandbox" / "files" / "box-1"
    choose(screen, "janitor", "act.pdf")  # its middle is cut where the row is narrow
    beside = re.compile(r"^.{80,} │ .*delete_file", re.MULTILINE)
    screen.until(lambda text: bool(beside.search(text)) == wide, "the ask beside the list on a wide screen")
    screen.press_until("d", "recorded as rejected")
    path = box / LITTER
    waits(screen, "janitor", " ask ", f"box-1/{LITTER[:8]}")
    assert path.exists()
    choose(screen, "janitor", LITTER[:8])
    screen.press_until("\r", "› Decide")
    screen.press_until("a", "exactly these arguments")
    screen.press("y")
    screen.until(re.compile(r"approved (at \S+ )?by").search, "that it was approved")
    facts_come(screen)
    await until(lambda: not path.exists(), 10.0, "the file is gone")
    assert (box / "contract.pdf").exists()
    fleet(screen)


async def stop_the_looper(screen: Terminal, home: Path) -> None:
    """Pause it, let it go on, kill it."""
    choose(screen, "looper")
    screen.press_until("\r", " recorded")
    screen.press_until("p", "pause looper")
    facts_come(screen, "pause")
    await effective(home, "pause")
    screen.shows("paused")
    screen.press_until("p", "resume looper")
    facts_come(screen, "resume")
    await effective(home, "resume")
    await works_again(home, "looper")
    fleet(screen)
    choose(screen, "looper")
    sheet = screen.press_until("K", "type its id")
    name = re.search(r"Kill run (\S+) of looper", sheet)
    assert name is not None, sheet
    screen.press(name[1])
    facts_come(screen)
    await effective(home, "kill")
    fleet(screen)


@pytest.mark.pty
@pytest.mark.broker
@pytest.mark.slow
@pytest.mark.timeout(180)
@pytest.mark.skipif(sys.platform == "win32", reason="no pty")
@pytest.mark.parametrize("columns, rows", [(80, 24), (120, 36)])
async def test_the_floor_is_run_by_keys_and_the_disk_follows(tmp_path: Path, columns: int, rows: int) -> None:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("WATCHFLOOR_")}
    environment |= {"TMPDIR": str(tmp_path), "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    command = [sys.executable, "-m", "console.cli.main", "demo", "--seed", "7", "--keep"]
    with Terminal(command, environment, columns=columns, rows=rows) as screen:
        screen.shows("rec ok", 40.0)
        for agent, gate in (("researcher", " hold "), ("janitor", " ask "), ("refunds", " ask ")):
            waits(screen, agent, gate, within=60.0)
        (home,) = await asyncio.to_thread(lambda: list(tmp_path.iterdir()))
        await stop_the_looper(screen, home)
        await edit_the_credit(screen, home)
        await judge_the_janitor(screen, home, wide=columns >= 120)
        choose(screen, "researcher", " hold ")
        screen.press_until("d", "recorded as rejected")
        screen.press("q")
        assert screen.ended(40.0) == 0
    assert of_this_demo(tmp_path) == []
    found = await actions(home)
    check_ledger(home, found)
    assert check_disk(home, found) >= {"delete_file", "issue_credit", "send_email"}
    assert not list((home / "sandbox" / "outbox").iterdir())
