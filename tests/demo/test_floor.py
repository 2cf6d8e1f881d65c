"""`watchfloor demo` as a whole: real processes, a real broker; the disk follows the decisions, and nothing is left over."""

import asyncio
import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from console.demo.cast import CAST
from tests.demo.effects import (
    actions,
    alarms,
    autonomy,
    check_disk,
    check_ledger,
    of_this_demo,
    records,
    verdicts,
)
from tests.fixtures.site_processes import until

pytestmark = [
    pytest.mark.broker,
    pytest.mark.slow,
    pytest.mark.timeout(150),
    pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals"),
]


HEALTHY = frozenset({"crawler", "triage", "indexer"})
"""The majority with which nothing is ever wrong: an alarm about one of them is false."""


def start(
    folder: Path, *options: str, program: Sequence[str] = ("-m", "console.cli.main")
) -> subprocess.Popen[bytes]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("WATCHFLOOR_")}
    return subprocess.Popen(
        [sys.executable, *program, "demo", "--headless", "--seed", "7", *options],
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
    assert not facts["alarms_by_agent"].keys() & HEALTHY
    assert facts["agents"] == len(CAST)
    assert facts["verdicts"]["right"] >= 10
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
            lambda: len(of_this_demo(tmp_path, "console.demo.agents")) == len(CAST),
            40.0,
            "all agents are there",
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


SIGNALLED = """
import asyncio, os, signal, sys
from console.cli.agents import demo
from console.cli.main import main
watch = demo._watch
async def watching(*given):
    if {early}:
        os.kill(os.getpid(), signal.SIGTERM)
    return await watch(*given)
demo._watch = watching
def run(work, run=asyncio.run):
    done = run(work)
    if work.__name__ == "watching":
        os.kill(os.getpid(), signal.SIGTERM)
    return done
demo.asyncio.run = run
sys.exit(main())
"""
"""The demo, signalled before it follows its floor, or as soon as it has ceased to."""


@pytest.mark.parametrize("early", [True, False])
async def test_a_signal_at_any_moment_leaves_the_summary(tmp_path: Path, *, early: bool) -> None:
    demo = start(tmp_path, "--for", "1", "--json", program=["-c", SIGNALLED.format(early=early)])
    said, complaints = await asyncio.to_thread(demo.communicate)
    assert (demo.returncode, complaints) == (143, b"")
    assert json.loads(said)["lost"] == 0
    assert not of_this_demo(tmp_path)


async def test_killed_at_any_moment_of_its_end_nothing_is_left(tmp_path: Path) -> None:
    """The summary is read when all others have ended: then the home is still somebody's who will remove it."""
    demo = start(tmp_path, "--for", "3", "--json")
    try:
        await until(
            lambda: len(of_this_demo(tmp_path, "console.demo.agents")) == len(CAST),
            40.0,
            "all agents are there",
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
            lambda: len(of_this_demo(tmp_path, "console.demo.agents")) == len(CAST),
            40.0,
            "all agents are there",
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


EXPLAINED = {
    (
        "deployer",
        "stalled",
    ): r"nothing heard for 30 s; \d+ earlier times smoke_test took \d\.\d s in the middle",
    ("looper", "loop"): r"the same call of search_docs gave the same result \d times in \d calls",
    ("looper", "no-progress"): r"the last 5 calls brought no result that it had not seen before",
    ("exporter", "confident-failure"): r"it says completed, but its last change, upload_export, failed",
    ("crasher", "effect-unknown"): r"lost in the middle of append_batch: whether it happened is unknown",
    ("crasher", "agent-lost"): r"crasher is lost",
    ("sleeper", "agent-lost"): r"sleeper is lost: nothing was heard of it",
    ("beacon", "gap"): r"events 10 to \d+ are lost, never sent again",
    ("clerk", "drift"): r"book_delivery fails more often than it used to: \d+ of the last \d+ verified calls",
    ("parcels", "error-streak"): r"the last 3 calls failed",
}
"""Who was given which trouble, and what the alarm about it says."""


async def test_each_detector_speaks_of_whom_it_should_and_of_nobody_else(tmp_path: Path) -> None:
    facts, home = await run(tmp_path, "--for", "80", "--auto", "approve", "--speed", "2", "--detectors")
    assert facts["lost"] == facts["effects_undecided"] == 0
    assert facts["lost_by_design"] >= 4
    told = await alarms(home)
    # Whoever approves everything at once is told so, too, and that is true of `--auto approve`.
    assert told.keys() <= EXPLAINED.keys() | {("", "rubber-stamping")}
    for key, words in EXPLAINED.items():
        assert re.search(words, told.get(key, [""])[0]), (key, told.get(key))
    assert len(told["parcels", "error-streak"]) >= 10
    assert [data["raised"] >= 10 async for _, kind, data in records(home) if kind == "alarm.flood"][:1] == [
        True
    ]
    found = await verdicts(home)
    assert found["clerk", True] >= 43
    assert found["clerk", False] >= 5
    assert found["exporter", False] >= 2
    assert found["triage", True] > 5 * found["triage", False]
    moved = await autonomy(home)
    assert moved[0].startswith("43 of 43 verified calls were right: more than 90% is proven")
    assert moved[1].startswith("action clerk/")
    assert "failures have become more frequent" in moved
