"""`watchfloor demo` as a whole: real processes, a real broker; the disk follows the decisions, and nothing is left over."""

import asyncio
import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.demo_effects import actions, check_disk, check_ledger, of_this_demo
from tests.floor_processes import until

pytestmark = [
    pytest.mark.broker,
    pytest.mark.slow,
    pytest.mark.timeout(150),
    pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals"),
]


def start(folder: Path, *options: str) -> subprocess.Popen[bytes]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("WATCHFLOOR_")}
    return subprocess.Popen(
        [sys.executable, "-m", "console.cli.main", "demo", "--headless", "--seed", "7", *options],
        env=environment | {"TMPDIR": str(folder), "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


async def run(folder: Path, *options: str) -> tuple[dict[str, Any], Path]:
    """Run a demo to its end; its summary and its home, which is kept."""
    demo = start(folder, "--json", "--keep", *options)
    said, complaints = await asyncio.to_thread(demo.communicate)
    assert demo.returncode == 0, (said, complaints)
    assert complaints == b""
    assert of_this_demo(folder) == []
    facts: dict[str, Any] = json.loads(said)
    return facts, Path(facts["home"])


async def test_approved_effects_are_there_and_the_summary_adds_up(tmp_path: Path) -> None:
    facts, home = await run(tmp_path, "--for", "15", "--auto", "approve", "--speed", "1.5")
    assert facts["lost"] == facts["effects_undecided"] == 0
    assert facts["asks"] >= 2
    assert facts["decided_by"]["operator"] >= 2
    assert facts["decisions"]["approved"] >= 40
    assert facts["control"].keys() == {"gated"}
    assert facts["alarms"].get("agent-lost", 0) >= 1
    assert facts["alarms"].keys() <= {"agent-lost"}
    assert facts["agents"] == 10
    for name in ("auto_round_trip", "publish_to_recorded", "publish_to_journal"):
        latency = facts["latency_ms"][name]
        assert 0 <= latency["p50"] <= latency["p99"]
        assert latency["n"] >= 30
    found = await actions(home)
    check_ledger(home, found)
    assert {"delete_file", "issue_credit"} <= check_disk(home, found)
    assert not (home / "sandbox" / "files" / "box-1" / "contract.pdf").exists()


async def test_rejected_effects_are_not_there(tmp_path: Path) -> None:
    facts, home = await run(tmp_path, "--for", "12", "--auto", "reject", "--speed", "1.5")
    assert facts["lost"] == facts["effects_undecided"] == 0
    found = await actions(home)
    check_ledger(home, found)
    assert {"delete_file", "issue_credit"} <= check_disk(home, found)
    assert [action["by"] for action in found.values() if action.get("outcome") == "rejected"]
    assert (home / "sandbox" / "files" / "box-1" / "contract.pdf").exists()
    assert not list((home / "sandbox" / "outbox").iterdir())


@pytest.mark.parametrize("number, code", [(signal.SIGTERM, 143), (signal.SIGHUP, 129), (signal.SIGKILL, -9)])
async def test_nothing_outlives_the_demo(tmp_path: Path, number: signal.Signals, code: int) -> None:
    demo = start(tmp_path, "--for", "100", "--json")
    try:
        await until(
            lambda: len(of_this_demo(tmp_path, "console.demo.agents")) == 10, 40.0, "ten agents are there"
        )
        demo.send_signal(number)
        said, complaints = await asyncio.to_thread(demo.communicate)
    finally:
        demo.kill()
        demo.wait()
    assert (demo.returncode, complaints) == (code, b"")
    await until(lambda: not of_this_demo(tmp_path), 30.0, "no process is left")
    await until(lambda: not list(tmp_path.iterdir()), 10.0, "no folder is left")
    if number != signal.SIGKILL:
        assert json.loads(said)["lost"] == 0


async def test_killed_at_any_moment_of_its_end_nothing_is_left(tmp_path: Path) -> None:
    """The summary is read when all others have ended: then the home is still somebody's who will remove it."""
    demo = start(tmp_path, "--for", "3", "--json")
    try:
        await until(
            lambda: len(of_this_demo(tmp_path, "console.demo.agents")) == 10, 40.0, "ten agents are there"
        )
        await until(lambda: not of_this_demo(tmp_path, "console.demo.agents"), 40.0, "they have ended")
        demo.kill()
        await asyncio.to_thread(demo.communicate)
    finally:
        demo.kill()
        demo.wait()
    await until(lambda: not of_this_demo(tmp_path), 30.0, "no process is left")
    await until(lambda: not list(tmp_path.iterdir()), 10.0, "no folder is left")


async def test_nothing_outlives_the_parent_of_all_others(tmp_path: Path) -> None:
    """However it ends, and whatever it was about to do."""
    demo = start(tmp_path, "--for", "100")
    try:
        await until(
            lambda: len(of_this_demo(tmp_path, "console.demo.agents")) == 10, 40.0, "ten agents are there"
        )
        (crew,) = of_this_demo(tmp_path, "console.demo.crew")
        crew.kill()
        _, complaints = await asyncio.to_thread(demo.communicate)
    finally:
        demo.kill()
        demo.wait()
    assert (demo.returncode, complaints.startswith(b"watchfloor: the demo ")) == (3, True), complaints
    await until(lambda: not of_this_demo(tmp_path), 30.0, "no process is left")
    await until(lambda: not list(tmp_path.iterdir()), 1.0, "no folder is left")
