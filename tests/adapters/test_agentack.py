"""Recorded runs before an outside judge: the real `agentack`, in an environment of its own.

It judges what was written, not whether it is true; so it is also shown what was tampered with, and must see that.
"""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest

from console.recording.agentack import Trace
from console.recording.bodies import Row
from tests.adapters.kept import WANTED, environment
from tests.fixtures.lived_decisions import RUNS, lived
from tests.integrations.test_agentack_export import traces
from tests.simulation.world import World

pytestmark = pytest.mark.skipif(WANTED not in os.environ, reason="for make test-adapters")

JUDGE = "agentack==0.6.3"
SCHEDULES = int(os.environ.get("WATCHFLOOR_SEEDS", "300"))

MANY = """
import sys, collections, json
from agentack.parser import read_jsonl
from agentack.engine import evaluate_events
for path in sys.argv[1:]:
    report = evaluate_events(read_jsonl(path))
    print(json.dumps([path, report.status, sorted(report.rule_counts)]))
"""
"""The same judgement as `agentack check`, of many traces by one process."""

Items = list[dict[str, Any]]


@pytest.fixture(scope="session")
def judge() -> Path:
    return environment("agentack", JUDGE)


@pytest.fixture(scope="module")
def floor(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Items]:
    return asyncio.run(_lived(tmp_path_factory.mktemp("floor")))


async def _lived(folder: Path) -> dict[str, Items]:
    return await traces(await lived(folder))


def check(judge: Path, folder: Path, items: Items) -> tuple[int, list[str]]:
    """The exit code of `agentack check`, and the rules that were broken."""
    path, said = folder / "trace.jsonl", folder / "said.json"
    path.write_text("".join(json.dumps(item) + "\n" for item in items))
    done = subprocess.run(
        [judge / "agentack", "check", path, "--json", said], capture_output=True, check=False
    )
    assert done.returncode in (0, 1, 3), done.stderr
    return done.returncode, sorted({found["rule_id"] for found in _findings(json.loads(said.read_text()))})


def _findings(report: Any) -> Iterable[dict[str, Any]]:
    match report:
        case {"findings": list(found)}:
            yield from found
        case dict():
            for value in report.values():
                yield from _findings(value)


def test_it_passes_what_a_real_floor_recorded(judge: Path, floor: dict[str, Items], tmp_path: Path) -> None:
    assert {run: check(judge, tmp_path, floor[run]) for run in RUNS} == dict.fromkeys(RUNS, (0, []))


def _of(items: Items, kind: str) -> dict[str, Any]:
    return next(item for item in items if item["type"] == kind)


def _ran_though_denied(items: Items) -> None:
    asked = _of(items, "approval_requested")
    items[-1:-1] = [asked | {"type": "action_executed"}]


def _ran_something_else(items: Items) -> None:
    ran = _of(items, "action_executed")
    ran["action"] = ran["action"] | {"parameters": {"path": "/"}}


def _ran_twice(items: Items) -> None:
    items[-1:-1] = [_of(items, "action_executed")]


def _ran_late(items: Items) -> None:
    _of(items, "action_executed")["timestamp"] = "2099-01-01T00:00:00Z"


def _ran_after_the_kill(items: Items) -> None:
    asked = _of(items, "approval_requested")
    items[-1:-1] = [asked | {"type": "action_executed"}]


def _another_way(items: Items) -> None:
    asked = _of(items, "approval_requested")
    new = {key: value for key, value in asked.items() if key != "approval_id"} | {"action_id": "other"}
    items[-1:-1] = [new | {"type": "action_proposed"}, new | {"type": "action_executed"}]


def _nobody_decided(items: Items) -> None:
    items.remove(_of(items, "approval_decision"))


@pytest.mark.parametrize(
    "run, tamper, code, rule",
    [
        ("rejected", _ran_though_denied, 1, "ACK002"),
        ("approved", _ran_something_else, 1, "ACK003"),
        ("edited", _ran_something_else, 1, "ACK003"),
        ("replayed", _ran_twice, 1, "ACK004"),
        ("approved", _ran_late, 1, "ACK005"),
        ("expired", _ran_though_denied, 1, "ACK006"),
        ("rejected", _another_way, 1, "ACK007"),
        ("killed", _ran_after_the_kill, 1, "ACK008"),
        ("approved", _nobody_decided, 3, "ACK009"),
    ],
)
def test_it_finds_what_was_tampered_with(
    judge: Path,
    floor: dict[str, Items],
    tmp_path: Path,
    run: str,
    tamper: Callable[[Items], None],
    code: int,
    rule: str,
) -> None:
    items: Items = json.loads(json.dumps(floor[run]))
    tamper(items)
    status, rules = check(judge, tmp_path, items)
    assert (status, rule in rules) == (code, True), rules


@pytest.mark.timeout(1_200)
def test_it_finds_nothing_wrong_whatever_breaks(judge: Path, tmp_path: Path) -> None:
    """Logs of the simulation: links break, processes die, decisions are forged and played back."""
    ended: set[str] = set()
    for seed in range(SCHEDULES):
        for name, (trace, lines) in _simulated(seed).items():
            path = tmp_path / f"{seed}-{name.replace('/', '~')}.jsonl"
            path.write_bytes(b"".join(lines))
            if trace.ended:
                ended.add(str(path))
    paths = [str(path) for path in sorted(tmp_path.glob("*.jsonl")) if path.stat().st_size]
    said = subprocess.run(
        [judge / "python", "-c", MANY, *paths], capture_output=True, text=True, check=True
    ).stdout.splitlines()
    found = {path: (status, rules) for path, status, rules in map(json.loads, said)}
    counts = {
        status: sum(one == status for one, _ in found.values()) for status in ("PASS", "INCOMPLETE", "FAIL")
    }
    sys.stdout.write(f"\nagentack over {SCHEDULES} schedules: {counts}, {len(ended)} runs ended\n")
    assert {path: what for path, what in found.items() if what[0] == "FAIL"} == {}
    assert {path: what for path, what in found.items() if what[0] != "PASS" and path in ended} == {}
    assert counts["PASS"] > SCHEDULES


def _simulated(seed: int) -> dict[str, tuple[Trace, list[bytes]]]:
    world = World(seed)
    assert world.run() == []
    runs: dict[str, tuple[Trace, list[bytes]]] = {}
    for entry in world.tape.entries:
        if entry.run:
            name = f"{entry.agent}/{entry.run}"
            trace, lines = runs.setdefault(name, (Trace(name), []))
            lines.extend(trace.lines(Row(entry.pos, entry.at, entry.agent, entry.run, entry.event)))
    for trace, lines in runs.values():
        lines.extend(trace.last(world.tape.entries[-1].at))
    return runs
