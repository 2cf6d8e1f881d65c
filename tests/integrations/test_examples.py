"""The examples run, the README shows them as they are, and what they cannot do they say in one line."""

from __future__ import annotations

import asyncio
import runpy
import subprocess
import sys
from collections.abc import Coroutine
from functools import partial
from pathlib import Path
from typing import Any

import pytest

import bus
from bus.events import ActionFinished, RunFinished
from bus.home import Home
from bus.transports.memory import MemoryBus, MemoryTransport
from tests import ROOT
from tests.sdk.scripted import SITE, Supervisor

JANITOR = ROOT / "examples" / "janitor.py"
SHELL = ROOT / "examples" / "shell_agent.sh"


def test_the_readme_shows_the_example() -> None:
    """To the letter."""
    assert JANITOR.read_text("utf-8") in (ROOT / "README.md").read_text("utf-8")


@pytest.mark.parametrize("arguments", [[], ["no-such-folder"], [".", "."]])
def test_the_janitor_without_one_folder_says_how_it_is_used(arguments: list[str], tmp_path: Path) -> None:
    done = _run([sys.executable, str(JANITOR), *arguments], tmp_path)
    assert (done.returncode, done.stderr) == (2, "usage: janitor.py FOLDER (it must exist)\n")


@pytest.mark.skipif(sys.platform == "win32", reason="no POSIX shell")
def test_the_shell_agent_without_a_file_says_how_it_is_used(tmp_path: Path) -> None:
    done = _run(["sh", str(SHELL)], tmp_path)
    assert (done.returncode, done.stderr) == (2, "usage: shell_agent.sh FILE\n")


def _run(command: list[str], folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=60, check=False)


async def test_the_janitor_that_may_not_delete_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A folder named like a file is deleted by nobody, whoever runs this: the run has failed, and says so in one line."""
    (tmp_path / "dust.tmp").mkdir()
    floor = Supervisor(MemoryBus())
    floor.decide = lambda run, proposal: floor.answer(run, proposal, "approved")
    work: list[Coroutine[Any, Any, None]] = []
    home = Home(site=SITE, data=tmp_path / "data", config=tmp_path / "config")
    monkeypatch.setattr(
        bus, "run", partial(bus.run, home=home, transport=partial(MemoryTransport, floor.bus)), raising=False
    )
    monkeypatch.setattr(bus, "main", work.append, raising=False)
    monkeypatch.setattr(sys, "argv", ["janitor.py", str(tmp_path)])
    runpy.run_path(str(JANITOR))
    task = asyncio.create_task(floor.live())
    floor.renew()
    try:
        with pytest.raises(SystemExit) as end:
            await work[0]
    finally:
        task.cancel()
        await asyncio.wait({task})
    assert str(end.value).startswith("janitor.py: cannot delete: ")
    assert str(tmp_path / "dust.tmp") in str(end.value)
    run, events = next(iter(floor.ingest.records)), floor.data
    assert [data.outcome for data in events(run) if isinstance(data, ActionFinished | RunFinished)] == [
        "failed"
    ] * 2
