"""An agent process ends with one line and an exit code, whatever ended its run; its own faults keep their traceback."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from bus import Agent, RunKilled, RunRefusedError, main
from bus.events import RunFinished, StepFinished
from bus.home import Home
from bus.messages import KillCommand
from bus.sdk.job import outcome_of
from bus.sdk.spool.on_disk import SqliteSpool, spool_path
from bus.transports.memory import MemoryBus, MemoryTransport
from tests.sdk.scripted import AGENT, RUN, SITE, Supervisor, events_of


def raises(error: BaseException) -> Callable[[], None]:
    def work() -> None:
        raise error

    return work


@pytest.fixture(autouse=True)
def named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["/somewhere/janitor.py"])


@pytest.mark.parametrize(
    "error, code, line",
    [
        (RunKilled("wrong\nfolder"), 137, "janitor.py: an operator killed the run: wrong folder\n"),
        (RunKilled(), 137, "janitor.py: an operator killed the run\n"),
        (
            RunRefusedError("the id is taken"),
            1,
            "janitor.py: the run is refused: the id is taken\n",
        ),
        (KeyboardInterrupt(), 130, "janitor.py: interrupted\n"),
        (
            BaseExceptionGroup("two", [RunKilled("a"), RunKilled("b")]),
            137,
            "janitor.py: an operator killed the run: b\n",
        ),
    ],
)
def test_one_line_and_a_code(
    error: BaseException, code: int, line: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as end:
        main(raises(error))
    assert (end.value.code, capsys.readouterr().err) == (code, line)


def test_a_return_is_success(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        main(asyncio.sleep(0))
    assert (end.value.code, capsys.readouterr().err) == (0, "")


def test_its_own_fault_is_not_touched() -> None:
    with pytest.raises(ValueError, match="ours"):
        main(raises(ValueError("ours")))
    with pytest.raises(BaseExceptionGroup, match="both"):
        main(raises(BaseExceptionGroup("both", [RunKilled(), ValueError("ours")])))


def test_a_killed_run_is_reported_before_its_process_ends(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The kill leaves the contexts like any exception: the log has the end of the run, the terminal one line."""
    home = Home(site=SITE, data=tmp_path / "data", config=tmp_path / "config")
    told: list[str] = []

    async def work() -> None:
        floor = Supervisor(MemoryBus())
        task = asyncio.create_task(floor.live())
        floor.renew()
        try:
            transport = partial(MemoryTransport, floor.bus)
            async with Agent(AGENT, home=home, transport=transport) as agent, agent.run(run_id=RUN) as job:
                await floor.until(lambda floor: floor.types(RUN) == ["run.started"])
                floor.order(KillCommand, RUN, reason="wrong folder")
                while True:
                    await job.checkpoint()
                    await asyncio.sleep(0)
        finally:
            told.extend(floor.types(RUN))
            task.cancel()
            await asyncio.wait({task})

    with pytest.raises(SystemExit) as end:
        main(work())
    assert end.value.code == 137
    assert told[-1] == "run.finished"
    assert capsys.readouterr().err.endswith("janitor.py: an operator killed the run: wrong folder\n")


LIVING = """
import asyncio, sys, bus
from pathlib import Path
from bus.home import Home
home = Home(site="test", data=Path(sys.argv[1]), config=Path(sys.argv[1]))
async def f():
    settings = {"home": home, "broker": "mqtt://127.0.0.1:1", "close_within": 0}
    async with bus.run("janitor", run_id="r1", **settings) as job, job.step("wait"):
        print("on", flush=True)
        await asyncio.Event().wait()
bus.main(f())
"""


def interrupted(program: str, *arguments: str) -> tuple[int, str]:
    """Interrupt a program once it says that it is on. Returns its exit code, and what it said on standard error."""
    pipes: Any = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with subprocess.Popen([sys.executable, "-c", program, *arguments], text=True, **pipes) as child:
        try:
            assert child.stdout is not None
            assert child.stdout.readline() == "on\n"
            child.send_signal(signal.SIGINT)
            _, said = child.communicate(timeout=60)
        finally:
            child.kill()
    return child.returncode, said


@pytest.mark.skipif(os.name != "posix", reason="Ctrl-C is sent as a POSIX signal")
def test_a_run_that_ctrl_c_ended_says_so(tmp_path: Path) -> None:
    """Not the name of an exception: its step and its end, as the supervisor will get them from the spool."""
    code, _ = interrupted(LIVING, str(tmp_path))
    home = Home(site="test", data=tmp_path, config=tmp_path)
    spool = SqliteSpool.open_existing(spool_path(home.spool, "janitor", "r1"))
    told = [data for _, data in events_of(event for _, event in spool.read(0, 100))]
    spool.close()
    assert code == 130
    assert told[-2:] == [
        StepFinished(step=1, ok=None, text="interrupted by Ctrl-C"),
        RunFinished(outcome="canceled", text="interrupted by Ctrl-C"),
    ]


@pytest.mark.parametrize(
    "error, words",
    [
        (KeyboardInterrupt(), "interrupted by Ctrl-C"),
        (asyncio.CancelledError(), "its task was cancelled, by Ctrl-C or by the code around it"),
        (asyncio.CancelledError("the queue is empty"), "the queue is empty"),
    ],
)
def test_what_cancelled_a_run_is_told_in_words(error: BaseException, words: str) -> None:
    assert outcome_of(error) == ("canceled", words)


@pytest.mark.skipif(os.name != "posix", reason="Ctrl-C is sent as a POSIX signal")
def test_ctrl_c_ends_in_one_line() -> None:
    """A real process and a real signal, once it says that it runs."""
    script = "import asyncio, bus\nasync def f():\n print('on', flush=True)\n await asyncio.Event().wait()\nbus.main(f())"
    assert interrupted(script) == (130, "-c: interrupted\n")


@pytest.mark.parametrize(
    "setting, value, said",
    [
        ("WATCHFLOOR_BROKER", "http://x", "bad broker URL"),
        ("WATCHFLOOR_SITE", "a b", "is not an id"),
        ("WATCHFLOOR_SUPERVISOR_KEY", "garbage", "not an OpenSSH ed25519 public key"),
    ],
)
def test_a_wrong_setting_is_one_line(setting: str, value: str, said: str, tmp_path: Path) -> None:
    script = "import bus\nasync def f():\n async with bus.run('a', goal='g') as run: pass\nbus.main(f())"
    child = subprocess.run(
        [sys.executable, "-c", script],
        env=os.environ | {"WATCHFLOOR_HOME": str(tmp_path), setting: value},
        capture_output=True,
        text=True,
        check=False,
    )
    assert child.returncode == 78
    assert said in child.stderr
    assert child.stderr.count("\n") == 1
