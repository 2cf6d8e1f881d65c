"""A few rounds of the fault matrix: the same functions as `python -m tests.faults`."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.faults.matrix import matrix

pytestmark = [
    pytest.mark.broker,
    pytest.mark.slow,
    pytest.mark.timeout(240),
    pytest.mark.skipif(sys.platform == "win32", reason="the faults are POSIX signals"),
]


async def test_a_floor_survives_the_deaths_of_its_processes(tmp_path: Path) -> None:
    """Killed, all of them, one after another; and told to stop."""
    said: list[str] = []
    names = ["kill -9 supervisor", "kill -9 broker", "kill -9 agent", "kill -9 console", "kill -9 up"]
    held = await matrix("embedded", tmp_path / "site", names=names, rounds=1, seed=1, say=said.append)
    assert held, "\n".join(said)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux sets limits of other processes")
async def test_a_floor_survives_a_full_disk_and_a_rival(tmp_path: Path) -> None:
    said: list[str] = []
    names = ["full disk", "full disk, SIGTERM", "second up, same home"]
    held = await matrix("embedded", tmp_path / "site", names=names, rounds=1, seed=1, say=said.append)
    assert held, "\n".join(said)
