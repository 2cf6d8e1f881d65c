"""The main job on real input: real runs on a real floor, a real terminal of 80x24, decided by keys."""

from __future__ import annotations

import asyncio
import json
import os
import re
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

import msgspec
import pytest

from bus import codec
from console.recording.history import history
from tests import DATA
from tests.fixtures.site_processes import FloorProcesses, until
from tests.fixtures.terminal import Terminal

RUNS = 10


async def recorded(floor: FloorProcesses) -> list[tuple[str, str, dict[str, Any]]]:
    """Run, type and data of every record, in order."""
    found = []
    async for row in history(floor.home.sessions):
        envelope = codec.decode_envelope(row.event)
        found.append((f"{row.agent}/{row.run}", envelope.type, msgspec.json.decode(bytes(envelope.data))))
    return found


async def effective(floor: FloorProcesses, kind: str) -> None:
    """Wait until a command of this kind stands in the recording as effective."""
    for _ in range(1_200):  # a minute and more
        records = await recorded(floor)
        asked = {
            data["command"]
            for _, name, data in records
            if name == "command.requested" and data["kind"] == kind
        }
        if asked & {data["command"] for _, name, data in records if name == "command.effective"}:
            return
        await asyncio.sleep(0.05)
    raise AssertionError(f"no {kind} took effect")


POLICY: Final = """\
[[rule]]
id = "flights-hold"
tool = "update_reservation_*"
raise = "hold"
why = "a person looks at every change of a flight"
"""


CHOSEN: Final = re.compile(r"^▌■ \S+ ◐ (\S+) hold ", re.MULTILINE)
"""The row under the cursor, of a run that waits for somebody."""


def another_that_waits(screen: Terminal, decided: str) -> None:
    """Choose a run that waits, not the one that was decided about: it goes on, and may be over any moment."""
    for _ in range(8):
        screen.press("g")
        with suppress(AssertionError):
            screen.until(
                lambda text: (row := CHOSEN.search(text)) and row[1] != decided, "another that waits", 2.0
            )
            return
    raise AssertionError(f"no run that waits is chosen\n{screen.text}")


async def decide_by_keys(screen: Terminal, floor: FloorProcesses) -> None:
    """Approve an action that waits, reject one, pause, resume and kill a run, leave."""
    screen.until(lambda text: text.count(" hold ") >= 3, "three actions that wait")
    screen.press_until("g\r", "› Decide")
    screen.shows("if nobody")
    # What was not on screen is not approved: long values are opened, then all is gone through, up and down.
    for keys in ("o", *("\x1b[5~", "\x1b[6~") * 8):
        if "not displayed yet" not in screen.text:
            break
        screen.press(keys)
        with suppress(AssertionError):
            screen.until(lambda text: "not displayed yet" not in text, "all of its arguments", 1.0)
    code = re.search(r"type the code +(\d{4})", screen.press_until("a", "type the code"))
    assert code is not None
    screen.press(code[1])
    # First as a note, which goes when the action is done; then as the outcome, with its time.
    screen.until(re.compile(r"approved (at \S+ )?by").search, "that it was approved")
    screen.shows("effective +")
    screen.press("\x1b")
    screen.until(lambda text: "› Decide" not in text, "the fleet")
    chosen = CHOSEN.search(screen.press_until("g", "▌■"))
    assert chosen is not None
    screen.press_until("d", "recorded as rejected")
    screen.until(lambda text: text.count(" hold ") >= 3, "three actions that wait")
    another_that_waits(screen, chosen[1])
    screen.press_until("p", "pause tool-calling")
    await effective(floor, "pause")
    screen.press_until("p", "resume tool-calling")
    await effective(floor, "resume")
    screen.press_until("K", "type its id")
    sheet = screen.until(lambda text: re.search(r"^ \S+ kill", text, re.MULTILINE), "the id to type")
    name = re.search(r"^ (\S+) kill", sheet, re.MULTILINE)
    assert name is not None
    screen.press(name[1])
    screen.shows("effective +")
    screen.press("\x1b")
    screen.until(lambda text: "Kill run" not in text, "the fleet")
    screen.press("q")
    assert screen.ended() == 0


def agree(records: list[tuple[str, str, dict[str, Any]]], lines: list[dict[str, Any]]) -> None:
    """What was pressed stands in the recording, and the tools did exactly what was allowed."""
    assert len({run for run, kind, _ in records if kind == "run.started"}) == RUNS
    decided = [data for _, kind, data in records if kind == "action.decided"]
    outcomes = [data["outcome"] for data in decided if data["by"] not in ("policy", "clock")]
    assert outcomes.count("approved") == 1
    assert outcomes.count("rejected") >= 1
    assert any(data.get("outcome") == "killed" for _, kind, data in records if kind == "run.finished")
    allowed = {
        (data["action"], data["digest"], data["command"])
        for data in decided
        if data["outcome"] in ("approved", "edited")
    }
    assert {(line["action"], line["digest"], line["decision"]) for line in lines} == allowed
    assert not any(kind == "alarm.raised" and data["kind"] == "ungated-action" for _, kind, data in records)


@pytest.mark.pty
@pytest.mark.data
@pytest.mark.broker
@pytest.mark.timeout(600)
@pytest.mark.skipif(sys.platform == "win32", reason="no pty")
async def test_ten_real_runs_are_supervised_by_keys(tmp_path: Path) -> None:
    """Approve, reject, pause, resume, kill; then ledger and recording agree with what was pressed."""
    file = DATA / "tau1-airline.jsonl.gz"
    if not file.exists():
        pytest.skip(f"no sample runs in {DATA}")
    ledger = tmp_path / "ledger.jsonl"
    with FloorProcesses(tmp_path) as floor:
        floor.home.policy.parent.mkdir(parents=True)
        floor.home.policy.write_text(POLICY, "utf-8")
        floor.start()
        await until(
            lambda: floor.home.operators.exists() and floor.home.broker_file.exists(), 60.0, "the site is up"
        )
        lives = ["rerun", str(file), "--limit", str(RUNS), "--parallel", str(RUNS), "--speed", "3"]
        environment = floor.environment | {"PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
        with Terminal([sys.executable, "-m", "console.cli.main"], environment) as screen:
            screen.shows("rec ok")
            agents = floor.spawn(
                "-m", "console.cli.main", *lives, "--ledger", str(ledger), said=tmp_path / "rerun.log"
            )
            await decide_by_keys(screen, floor)
        agents.terminate()
        agents.wait()
        await floor.stop()
        agree(await recorded(floor), [json.loads(line) for line in ledger.read_text("utf-8").splitlines()])
