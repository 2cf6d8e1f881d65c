"""Containment against real processes and a real site: what is frozen, what is dead, and what the floor says of it."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
from contextlib import suppress

import psutil
import pytest
import pytest_asyncio

from tests.containment.floor import SOON, ContainFloor
from tests.fixtures.site_processes import alive, until

pytestmark = [
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.broker,
    pytest.mark.skipif(sys.platform != "linux", reason="what holds elsewhere is said in docs/containment.md"),
]

SLEEP = "time.sleep(600)"
COUNTS = "import itertools\nfor n in itertools.count(): print(n, flush=True); time.sleep(0.01)"
"""A child of which can be seen whether it runs."""

FAMILY = """
import os, subprocess
subprocess.Popen(['setsid', 'sh', '-c', 'sleep 601 & sleep 602'], start_new_session=True)
if os.fork() == 0:
    if os.fork() == 0:
        os.setsid(); time.sleep(603)
    os._exit(0)
time.sleep(604)
"""
"""A tree with a session of its own in it, and a process whose parent has gone."""


@pytest.fixture(params=["cgroup", "signals"])
def means(request: pytest.FixtureRequest) -> list[str]:
    """By the kernel's control group where there is one, and by signals alone."""
    return [] if request.param == "cgroup" else ["--no-cgroup"]


@pytest_asyncio.fixture(loop_scope="module")
async def world(site: ContainFloor) -> ContainFloor:
    """The one site, with a run id that no test has used."""
    return await site.anew()


async def test_a_command_lives_as_a_contained_run(world: ContainFloor) -> None:
    wrapper = world.run(command=["sh", "-c", "echo out; printf '\\033[31mred' >&2; exit 3"])
    run = await world.becomes("failed")
    assert await wait(wrapper) == 3
    assert (run.control, run.ended_text, run.misdeeds) == ("contained", "exit status 3", 0)
    said = {message.name: message.text for message in run.messages}
    assert said["stdout"] == "out"
    assert "red" in said["stderr"]
    assert "\x1b" not in said["stderr"]
    assert world.alarms() == set()


async def test_a_signal_is_named(world: ContainFloor) -> None:
    wrapper = world.run(command=["sh", "-c", "kill -SEGV $$"])
    run = await world.becomes("failed")
    assert "ended by signal 11 (SIGSEGV)" in run.ended_text
    assert await wait(wrapper) == 128 + 11


async def test_what_cannot_be_started_says_so(world: ContainFloor) -> None:
    wrapper = world.run(command=["/nowhere/at-all"])
    run = await world.becomes("failed")
    assert run.ended_text == "/nowhere/at-all cannot be run: No such file or directory"
    assert await wait(wrapper) == 127


async def test_a_pause_freezes_the_whole_tree_and_a_resume_lets_it_go_on(
    world: ContainFloor, means: list[str]
) -> None:
    wrapper = world.python(FAMILY.replace("time.sleep(604)", COUNTS), *means)
    await world.ready()
    await settled(world, wrapper)
    await world.say("pause")
    await world.becomes("paused")
    assert world.rungs("pause") == ["frozen"]
    family = world.tree(wrapper)
    assert [one for one in family if means and one.status() != psutil.STATUS_STOPPED] == []
    before = [one.cpu_times() for one in family]
    written = world.said()
    await world.say("resume")
    await world.becomes("working")
    assert world.rungs("resume") == ["thawed"]
    assert len(before) >= 5
    await until(lambda: len(world.said()) > len(written), SOON, "it goes on")
    await world.say("kill")
    await world.becomes("killed")
    assert [one for one in family if alive(one)] == []


async def test_a_kill_finds_everybody_and_says_each_rung(world: ContainFloor, means: list[str]) -> None:
    wrapper = world.python(FAMILY, *means)
    await world.ready()
    await settled(world, wrapper)
    family = world.tree(wrapper)
    await world.say("kill", reason="enough")
    run = await world.becomes("killed")
    assert [one for one in family if alive(one)] == []
    assert world.rungs("kill") == ["terminate", "dead"]
    command = world.command("kill")
    assert (command.state, "killed: enough" in run.ended_text) == ("effective", True)
    assert command.rungs[0].processes == len(family)
    await wait(wrapper)
    assert world.alarms() == set()


async def test_who_ignores_sigterm_is_killed_after_the_grace_period(
    world: ContainFloor, means: list[str]
) -> None:
    wrapper = world.python(
        f"import signal; signal.signal(15, signal.SIG_IGN); print('deaf'); {SLEEP}", "--grace", "0.5", *means
    )
    await until(lambda: "deaf" in world.said(), SOON, "it is deaf")
    await world.ready()
    await world.say("kill")
    await world.becomes("killed")
    terminate, kill, dead = world.command("kill").rungs
    assert (terminate.rung, kill.rung, dead.rung) == ("terminate", "kill", "dead")
    assert terminate.after + 0.5 <= kill.after <= dead.after
    assert await wait(wrapper) == 128 + signal.SIGKILL


async def test_what_is_frozen_is_killed_without_running_again(world: ContainFloor, means: list[str]) -> None:
    code = "import signal; signal.signal(15, lambda *_: print('heard')); " + COUNTS
    world.python(code, *means)
    await world.ready()
    await world.say("pause")
    await world.becomes("paused")
    await world.say("kill")
    await world.becomes("killed")
    assert world.rungs("kill") == ["kill", "dead"]
    assert "heard" not in world.said()


async def test_who_is_left_behind_is_named_and_ended(world: ContainFloor, means: list[str]) -> None:
    wrapper = world.run(*means, "--grace", "0.5", command=["sh", "-c", "sleep 605 & exit 0"])
    run = await world.becomes("completed")
    # Named as it is called when it is found: it may not have become `sleep` yet.
    assert re.search(r"left behind and ended: (sleep|sh) \(", run.ended_text), run.ended_text
    assert await wait(wrapper) == 0


async def test_a_frozen_run_that_somebody_continues_is_stopped_again_and_that_is_said(
    world: ContainFloor,
) -> None:
    wrapper = world.python(COUNTS, "--no-cgroup")
    await world.ready()
    await world.say("pause")
    await world.becomes("paused")
    child = world.tree(wrapper)[0]
    child.send_signal(signal.SIGCONT)
    assert await world.floor.until(
        lambda fleet: any("stopped again" in message.text for message in world.of().messages), SOON
    )
    assert child.status() == psutil.STATUS_STOPPED
    assert world.of().state == "paused"


async def test_one_that_forks_without_end_ends_at_its_bound(world: ContainFloor, means: list[str]) -> None:
    """Slowly, and each child for a while only: the machine is not the subject of this test."""
    code = "import os\nfor n in range(400):\n    if os.fork() == 0: time.sleep(60); os._exit(0)\n    time.sleep(0.01)"
    wrapper = world.python(code, "--processes", "20", *means)
    run = await world.becomes("failed")
    assert "--processes 20: there were" in run.ended_text
    await wait(wrapper)


async def test_bounds_of_time_and_memory_end_the_run(world: ContainFloor) -> None:
    world.python(SLEEP, "--time", "0.5", run="t")
    world.python(f"x = bytearray(300_000_000); {SLEEP}", "--memory", "200M", run="m")
    run = await world.becomes("failed", "t")
    assert "--time 0.5: it ran for" in run.ended_text
    run = await world.becomes("failed", "m")
    assert "--memory 209,715,200: " in run.ended_text


async def test_the_wrapper_ended_by_a_signal_ends_everything_first(world: ContainFloor) -> None:
    wrapper = world.python(FAMILY)
    await world.ready()
    await settled(world, wrapper)
    family = world.tree(wrapper)
    wrapper.send_signal(signal.SIGTERM)
    run = await world.becomes("canceled")
    assert "the wrapper got SIGTERM" in run.ended_text
    assert [one for one in family if alive(one)] == []


async def test_a_wrapper_that_is_killed_takes_the_tree_with_it_and_the_run_is_lost(
    world: ContainFloor, means: list[str]
) -> None:
    wrapper = world.python(FAMILY, *means)
    await world.ready()
    await settled(world, wrapper)
    family, inner = world.tree(wrapper), world.inner(wrapper)
    assert inner is not None
    inner.kill()
    assert await wait(wrapper) == 128 + signal.SIGKILL
    assert [one for one in family if alive(one)] == []
    assert "the wrapper ended by signal 9 (SIGKILL); ended: " in world.said()
    await world.becomes("lost")


async def test_a_wrapper_whose_keeper_is_killed_ends_in_order(world: ContainFloor) -> None:
    wrapper = world.python(FAMILY)
    await world.ready()
    await settled(world, wrapper)
    family = world.tree(wrapper)
    wrapper.kill()
    run = await world.becomes("canceled")
    assert "the wrapper got SIGTERM" in run.ended_text
    assert [one for one in family if alive(one)] == []
    # Another keeper under the same name: nothing of the first stands in its way, and its run is not taken up again.
    again = world.python("", run=f"{world.current}-again")
    assert await wait(again) == 0
    ended = await world.becomes("completed", f"{world.current}-again")
    assert (ended.control, ended.agent) == ("contained", run.agent)
    assert world.of().state == "canceled"


async def test_a_reader_who_does_not_read_keeps_nobody_from_stopping_the_run(world: ContainFloor) -> None:
    """The program waits for its reader, as it would without a wrapper; the wrapper does not."""
    wrapper = world.run(command=[sys.executable, "-c", "while True: print('x' * 1000)"], unread=True)
    assert await world.floor.until(
        lambda fleet: (run := fleet.run("a", world.current)) is not None and len(run.messages) > 1, SOON
    )
    await world.say("pause")
    await world.becomes("paused")
    await world.say("kill")
    await world.becomes("killed")
    assert wrapper.stdout is not None
    wrapper.stdout.close()
    assert await wait(wrapper) == 128 + signal.SIGKILL


@pytest.mark.slow
async def test_a_frozen_run_is_paused_for_as_long_as_it_lasts_and_never_lost(world: ContainFloor) -> None:
    """Longer than an agent may be silent: its heartbeats are the wrapper's, which is not frozen."""
    world.python(COUNTS)
    await world.ready()
    await world.say("pause")
    await world.becomes("paused")
    lost = await world.floor.until(lambda fleet: world.of().state != "paused", 17.0)
    assert not lost
    assert world.alarms() == set()
    assert world.floor.fleet.agents["a"].status == "online"


async def settled(world: ContainFloor, wrapper: subprocess.Popen[bytes]) -> None:
    """Wait until the family is whole and nobody else is there: the program's own children only live to leave others."""

    def whole() -> bool:
        with suppress(psutil.NoSuchProcess):
            family = world.tree(wrapper)
            program = min(family, key=psutil.Process.create_time)
            return len(family) >= 5 and all(one.ppid() != program.pid for one in family)
        return False

    await until(whole, SOON, "the family is there")


async def wait(wrapper: subprocess.Popen[bytes]) -> int:
    """Wait for a wrapper to end and return its exit code."""
    await until(lambda: wrapper.poll() is not None, SOON, "the wrapper ends")
    return int(wrapper.returncode)
