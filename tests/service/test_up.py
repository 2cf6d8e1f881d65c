"""`watchfloor up` and its children: what ends when, and what comes back."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from tests.fixtures.brokers import free_port
from tests.fixtures.site_processes import FloorProcesses, alive, until


@pytest.mark.skipif(sys.platform == "win32", reason="signals")
async def test_a_supervisor_that_waits_for_its_broker_ends_with_its_parent(tmp_path: Path) -> None:
    """However the parent went, and long before there is anything to serve."""
    environment = os.environ | {
        "WATCHFLOOR_HOME": str(tmp_path),
        "WATCHFLOOR_BROKER": f"mqtt://127.0.0.1:{free_port()}",
    }
    parent = subprocess.Popen(  # noqa: ASYNC220  (nothing else runs here)
        [sys.executable, "-m", "console.cli.main", "up"],
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert parent.stderr is not None
    assert parent.stdout is not None
    try:
        assert "waiting for the broker" in parent.stderr.readline()
        children = psutil.Process(parent.pid).children()
        assert len(children) == 1
    finally:
        parent.kill()
        parent.wait()
        parent.stderr.close()
    await until(lambda: not any(map(alive, children)), 60.0, "the child ends")
    said = parent.stdout.read()
    parent.stdout.close()
    assert "starting site" in said
    assert "supervisor: up" not in said


@pytest.mark.broker
async def test_up_ends_with_its_standard_input_when_it_is_told_to(tmp_path: Path) -> None:
    """Whoever started it may be killed; without the option a service with no standard input stays up."""
    parent = subprocess.Popen(  # noqa: ASYNC220  (nothing else runs here)
        [sys.executable, "-m", "console.cli.main", "up", "--watch-stdin", "--port", str(free_port())],
        env=os.environ | {"WATCHFLOOR_HOME": str(tmp_path)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert parent.stdin is not None
    assert parent.stdout is not None
    try:
        assert any("supervisor: up" in line for line in parent.stdout)
        children = psutil.Process(parent.pid).children()
        assert len(children) == 2
        parent.stdin.close()
        await until(lambda: parent.poll() is not None, 60.0, "up ends")
        assert parent.returncode == 0
        assert not any(map(alive, children))
    finally:
        parent.kill()
        parent.wait()
        parent.stdin.close()
        parent.stdout.close()


@pytest.mark.broker
@pytest.mark.skipif(sys.platform == "win32", reason="signals")
async def test_a_supervisor_that_was_told_to_end_comes_back(tmp_path: Path) -> None:
    """Only `up` may end a site."""
    with FloorProcesses(tmp_path) as floor:
        floor.start()
        await until(lambda: floor.pid("supervisor"), 60.0, "a supervisor")
        first = floor.pid("supervisor")
        await until(
            lambda: "supervisor.pid" in [path.name for path in floor.home.data.glob("*")], 60.0, "its lock"
        )
        floor.send("supervisor", signal.SIGTERM)
        await until(lambda: floor.pid("supervisor") not in (0, first), 60.0, "another supervisor")
        assert await floor.stop() == 0


def test_a_port_in_use_is_one_clear_line(tmp_path: Path) -> None:
    """It names the port and two ways out."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        done = subprocess.run(
            [sys.executable, "-m", "console.cli.main", "up", "--port", str(port)],
            env=os.environ | {"WATCHFLOOR_HOME": str(tmp_path)},
            capture_output=True,
            text=True,
            timeout=90,
            check=False,
        )
    assert done.returncode == 3
    [line] = done.stderr.splitlines()
    assert str(port) in line
    assert "--port" in line
    assert "--broker" in line
