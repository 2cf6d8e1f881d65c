"""A process made by fork from an agent's: it may use nothing of the agent, and harms nothing of it."""

import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from bus import Action, Agent, SyncRun
from bus.home import Home
from bus.sdk.forked import ForkedError
from bus.sdk.parent import ParentShell
from bus.sdk.spool.on_disk import SqliteSpool, spool_path
from tests.sdk.scripted import AGENT, RUN, SITE

pytestmark = [
    pytest.mark.skipif(sys.platform == "win32", reason="no fork"),
    pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork:DeprecationWarning"),  # what this is about
]


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(site=SITE, data=tmp_path / "data", config=tmp_path / "config")


def agent(home: Home, name: str = AGENT) -> Agent:
    """An agent whose events stay in its spool."""
    return Agent(name, home=home, broker="mqtt://127.0.0.1:1", close_within=0)


def end_at_last() -> None:
    """See to it that this fork ends, also if it waits for ever: nothing stays behind."""
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.alarm(20)


def in_child(work: Callable[[], object]) -> str:
    """Do something in a fork of this process. Return what it raised, empty if nothing; the fork ends as a process does."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        end_at_last()
        try:
            work()
        except BaseException as error:  # noqa: BLE001 - whatever it is, it is to be told
            os.write(writing, type(error).__name__.encode())
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        said = pipe.read().decode()
    os.waitpid(child, 0)
    return said


def kept(home: Home) -> list[bytes]:
    spool = SqliteSpool.open_existing(spool_path(home.spool, AGENT, RUN))
    try:
        return [event for _, event in spool.read(0, 100)]
    finally:
        spool.close()


def test_everything_of_an_agent_raises_in_a_fork(home: Home) -> None:
    with agent(home) as whole, whole.run_sync(run_id=RUN) as job:

        def begin() -> None:
            with whole.run_sync():
                pytest.fail("it began")

        def step() -> None:
            with job.step("look"):
                pytest.fail("it began")

        waiting = job._token()
        for work in (
            lambda: job.message("user", "from the child"),
            lambda: job.gate(Action("delete", {"path": "a.txt"}, decide_within=1)),
            lambda: job._shell.ask(RUN, waiting, job._passer(waiting)),
            job.checkpoint,
            step,
            begin,
            whole.__enter__,
        ):
            assert in_child(work) == "ForkedError"
        job.message("user", "from the parent")
    events = kept(home)
    assert len(events) == 3
    assert b"from the parent" in events[1]


def test_a_fork_while_another_thread_is_inside_does_not_wait_for_it(home: Home) -> None:
    with agent(home) as whole, whole.run_sync(run_id=RUN) as job:
        with job._shell._lock:  # as a thread does, which is not there in the fork
            said = in_child(lambda: job.message("user", "from the child"))
        assert said == "ForkedError"


def leaving(home: Home) -> None:
    """Fork inside every kind of context, and leave them all in the fork."""
    with agent(home) as whole, whole.run_sync(run_id=RUN) as job, job.step("look"):
        child = os.fork()
        if child == 0:
            end_at_last()
            sys.exit(7)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7
        job.message("user", "from the parent")


def test_a_fork_leaves_its_contexts_without_a_word(home: Home) -> None:
    try:
        leaving(home)
    except SystemExit as error:  # the fork's: all contexts are left
        os._exit(error.code)  # type: ignore[arg-type]
    assert len(kept(home)) == 5


CHILD_ENDS = """
import os, sys
from pathlib import Path
from bus.sdk.spool.store import Owner
from bus.sdk.spool.on_disk import SqliteSpool
spool = SqliteSpool.create(Path(sys.argv[1]), Owner("test", "a", "r1", "i"))
spool.append([b"before"])
child = os.fork()
if child == 0:
    sys.exit()
os.waitpid(child, 0)
spool.append([b"after"])
os.kill(os.getpid(), 9)
"""


def test_the_end_of_a_fork_takes_nothing_from_the_parents_spool(tmp_path: Path) -> None:
    """SQLite in a process that ends closes what it believes to be its own, and deletes the log."""
    import subprocess

    path = tmp_path / "a" / "r1.sqlite3"
    subprocess.run([sys.executable, "-c", CHILD_ENDS, str(path)], check=False, timeout=60)
    spool = SqliteSpool.open_existing(path)
    assert spool.read(0, 10) == [(1, b"before"), (2, b"after")]
    spool.close()


def test_a_fork_may_begin_an_agent_of_its_own(home: Home) -> None:
    def live() -> None:
        with agent(home, "child") as whole, whole.run_sync(run_id=RUN) as job:
            job.message("user", "hello")

    with agent(home) as whole, whole.run_sync(run_id="r0"):
        assert in_child(live) == ""
    assert spool_path(home.spool, "child", RUN).is_file()


def test_under_a_wrapper_a_fork_says_nothing_in_the_programs_name() -> None:
    shell = ParentShell("/nowhere", "program")
    job = SyncRun(RUN, shell)

    def talk() -> None:
        for work in (
            lambda: shell.begin("goal", ""),
            lambda: job.message("user", "hello"),
            job.checkpoint,
        ):
            with pytest.raises(ForkedError, match="begin a new Agent"):
                work()

    said = in_child(talk)
    shell.close(0)
    assert said == ""
