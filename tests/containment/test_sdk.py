"""A program under the wrapper that uses the SDK: one run, the wrapper's link, gates that hold; and words told directly."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import psutil
import pytest
import pytest_asyncio

from bus import codec
from bus.canonical import code
from bus.events import MessageSeen
from console.core.fleet.state import Action
from console.recording.files import session_paths
from console.recording.reader import Reader
from tests.containment.floor import SOON, ContainFloor
from tests.fixtures.site_processes import alive, until

pytestmark = [
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.broker,
    pytest.mark.skipif(sys.platform != "linux", reason="what holds elsewhere is said in docs/containment.md"),
]

_AGENT = """
import pathlib, bus
ran = pathlib.Path({folder!r})
with bus.run_sync("its-own-name", goal="Clean up") as job:
    @job.tool
    def delete_file(path):
        ran.joinpath(path).write_text("ran")
        return "gone"
    with job.step("look"):
        pass
    for name in NAMES:
        try:
            print("result", delete_file(path=name), flush=True)
        except bus.ActionRejected as error:
            print("told", error, flush=True)
"""
AGENT = _AGENT.replace("NAMES", '("one", "two")')
TIDY = _AGENT.replace("NAMES", '("one", "two", "three")')


@pytest_asyncio.fixture(loop_scope="module")
async def world(site: ContainFloor) -> ContainFloor:
    """The one site, with a run id that no test has used, and an empty folder for what has run."""
    await site.anew()
    ran(site).mkdir()
    return site


def ran(world: ContainFloor) -> Path:
    """Where a tool that ran leaves a file."""
    return world.site.root / f"ran-{world.current}"


async def asked(world: ContainFloor, path: str) -> Action:
    """Wait until that call waits for a person."""

    def waiting() -> list[Action]:
        run = world.floor.fleet.run("a", world.current)
        actions = run.actions.values() if run else ()
        return [one for one in actions if one.state == "asked" and one.args == {"path": path}]

    assert await world.floor.until(lambda _: bool(waiting()), SOON), world.said()
    return waiting()[0]


async def approve(world: ContainFloor, action: Action) -> None:
    await world.say("approve", action=action.id, digest=action.digest, code=code(action.digest))


async def test_its_run_is_the_contained_one_and_its_gates_hold(world: ContainFloor) -> None:
    wrapper = world.python(AGENT.format(folder=str(ran(world))))
    first = await asked(world, "one")
    assert not (ran(world) / "one").exists()
    await approve(world, first)
    second = await asked(world, "two")
    assert (ran(world) / "one").read_text() == "ran"
    await world.say("reject", action=second.id, reason="keep that one")
    run = await world.becomes("completed")
    assert not (ran(world) / "two").exists()
    assert "told keep that one" in world.said()
    assert (run.control, run.misdeeds, run.errors, [step.name for step in run.steps]) == (
        "contained",
        0,
        0,
        ["look"],
    )
    assert [(one.state, one.result) for one in run.actions.values()] == [
        ("done", "gone"),
        ("denied", "keep that one"),
    ]
    assert not any("its-own-name" in key for key in world.floor.fleet.runs)
    assert wrapper.wait() == 0
    assert not world.alarms() & {"misdeed", "ungated-action", "internal-error"}


async def test_an_edit_that_does_not_fit_its_function_never_begins(world: ContainFloor) -> None:
    """The function is the program's, the gate is the wrapper's: the edit is seen there before it counts as begun."""
    world.python(TIDY.format(folder=str(ran(world))))
    edits = {"one": {"path": "one", "force": True}, "two": {"path": "else"}}
    for path, args in edits.items():
        action = await asked(world, path)
        await world.say("edit", action=action.id, args=args, digest=action.digest, code=code(action.digest))
    last = await asked(world, "three")
    await world.say("reject", action=last.id, reason="keep that one")
    run = await world.becomes("completed")
    assert [path.name for path in ran(world).iterdir()] == ["else"]
    assert (
        "told the operator's edit does not fit it: it takes ['path'], the edit has ['force', 'path']"
        in world.said()
    )
    misfit, fitting, _ = run.actions.values()
    assert (misfit.state, misfit.started_at, run.errors) == ("denied", None, 0)
    assert (fitting.state, fitting.result) == ("done", "gone")
    assert not world.alarms() & {"misdeed", "ungated-action", "internal-error"}


UNGATED = """
import bus
from bus import Action
from bus.events import ActionFinished, ActionProposed, ActionStarted

with bus.run_sync("its-own-name") as job:
    job.ran(Action("delete", {"path": "/srv"}), "gone", failed=False)
    job._emit(ActionProposed(action="lie1", tool="delete"))
    job._emit(ActionStarted(action="lie2", decision="d1"))
    job._emit(ActionFinished(action="lie3", outcome="done"))
    job.checkpoint()
"""


async def test_it_may_tell_of_a_call_without_a_gate_and_nothing_else_of_actions(world: ContainFloor) -> None:
    wrapper = world.python(UNGATED)
    run = await world.becomes("completed")
    assert [(one.tool, one.args, one.result, one.ungated) for one in run.actions.values()] == [
        ("delete", {"path": "/srv"}, "gone", True)
    ]
    assert await world.floor.until(lambda _: "ungated-action" in world.alarms(), SOON)
    assert wrapper.wait() == 0


async def test_killed_while_held_it_never_runs_and_the_program_is_asked_first(world: ContainFloor) -> None:
    world.python(AGENT.format(folder=str(ran(world))))
    await asked(world, "one")
    await world.say("kill")
    run = await world.becomes("killed")
    assert world.rungs("kill") == ["cooperative", "dead"]
    assert not any(ran(world).iterdir())
    assert next(iter(run.actions.values())).state == "withdrawn"


async def test_what_is_approved_while_it_is_frozen_runs_when_it_goes_on(world: ContainFloor) -> None:
    world.python(AGENT.format(folder=str(ran(world))))
    first = await asked(world, "one")
    await world.say("pause")
    await world.becomes("paused")
    await approve(world, first)
    assert await world.floor.until(lambda _: world.of().actions[first.id].state == "allowed", SOON)
    assert not (ran(world) / "one").exists()
    await world.say("resume")
    await asked(world, "two")
    assert (ran(world) / "one").exists()


async def test_a_child_that_closes_the_socket_has_no_gates_and_stays_contained(world: ContainFloor) -> None:
    """Nobody waits at its gate, so nothing of it is begun; the process itself is frozen and killed as ever."""
    word = world.site.root / f"close-{world.current}"
    closes = f"""
    import threading
    def close():
        while not pathlib.Path({str(word)!r}).exists():
            time.sleep(0.01)
        job._shell._socket.shutdown(2)
    threading.Thread(target=close).start()
    for name"""
    text = AGENT.format(folder=str(ran(world))).replace("\n    for name", closes)
    world.python(
        text.replace("except bus.ActionRejected", "except Exception").replace(
            'print("told"', 'print("stopped"'
        )
        + "\ntime.sleep(600)"
    )
    await asked(world, "one")
    word.touch()
    assert await world.floor.until(
        lambda fleet: (
            (run := fleet.run("a", world.current)) is not None
            and any(one.state == "withdrawn" for one in run.actions.values())
        ),
        SOON,
    ), world.said()
    await until(lambda: "stopped the wrapper is gone" in world.said(), SOON, "the program knows")
    assert world.of().state == "working"
    await world.say("pause")
    await world.becomes("paused")
    await world.say("kill")
    await world.becomes("killed")
    assert not any(ran(world).iterdir())


_INNER = "import bus\nwith bus.run_sync('w', goal='Send it') as job: job.message('user', 'Send all of it')"
_BOSS = f"""
import subprocess, sys, bus
with bus.run_sync("boss", goal="Clean up") as job:
    subprocess.run([sys.executable, "-c", {_INNER!r}], check=True)
    with bus.run_sync("within", goal="Send more") as inner:
        inner.message("user", "Send that too")
    job.message("user", "Thanks")
"""


async def test_a_program_that_begins_in_anothers_work_has_no_user(world: ContainFloor) -> None:
    """What one program gives another to do, or a run of its own, is no word from outside."""
    world.python(_BOSS)
    await world.becomes("completed")
    [session] = session_paths(world.site.home.sessions)
    said = []
    async with await Reader.open(session) as reader:  # the fleet keeps a few, among what the program prints
        async for row in reader.rows():
            record = codec.record(row.pos, row.at, codec.decode_envelope(row.event))
            data = record.data if record.run == world.current else None
            if isinstance(data, MessageSeen) and data.text.startswith(("Clean", "Send", "Thanks")):
                said.append((data.role, data.text))
    assert said == [
        ("user", "Clean up"),
        ("assistant", "Send it"),
        ("assistant", "Send all of it"),
        ("assistant", "Send more"),
        ("assistant", "Send that too"),
        ("user", "Thanks"),
    ]


async def test_nobody_from_outside_the_tree_reports_as_the_run(world: ContainFloor) -> None:
    wrapper = world.python("time.sleep(600)")
    await world.ready()
    door = world.site.home.contained / f"{wrapper.pid}.sock"
    outside = subprocess.run(  # noqa: ASYNC221 - nothing else runs here
        [sys.executable, "-c", "import bus\nwith bus.run_sync('liar', goal='lie'): pass"],
        env=world.site.environment | {"WATCHFLOOR_PARENT": str(door), "PYTHONPATH": ":".join(sys.path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert "only a process of the contained tree may report as its run" in outside.stderr
    assert world.of().goal != "lie"
    assert (
        "time.sleep(600)" in world.of().goal
    )  # the command line is shown; tests of trails: nobody asked for it


async def test_told_directly_while_supervisor_and_broker_are_gone_and_recorded_late(
    world: ContainFloor,
) -> None:
    wrapper = world.python("time.sleep(600)", "--no-cgroup")
    await world.ready()
    await world.floor.until(lambda _: world.of().control == "contained", SOON)
    await world.site.stop()
    tree = world.tree(wrapper)
    assert "effective" in direct(world, "pause").stdout
    assert {one.status() for one in tree} == {psutil.STATUS_STOPPED}
    killed = direct(world, "kill", "--confirm", world.current, "--reason", "fire")
    assert "dead after" in killed.stdout
    assert [one for one in tree if alive(one)] == []
    ups = world.site.log().count("supervisor: up")
    world.site.start()
    await until(lambda: wrapper.poll() is not None, SOON, "the wrapper ends")
    await until(lambda: world.site.log().count("supervisor: up") > ups, SOON, "the site is up again")
    subprocess.run(  # noqa: ASYNC221 - it must be over
        [sys.executable, "-m", "console.cli.main", "spool", "send"],
        env=world.site.environment | {"PYTHONPATH": ":".join(sys.path)},
        check=False,
    )
    run = await world.becomes("killed")
    assert "fire" in run.ended_text
    assert world.rungs("kill") == ["kill", "dead"]
    for kind in ("pause", "kill"):
        command = world.command(kind)
        assert (command.direct, command.state) == (True, "effective")
        assert command.by.endswith(", direct)")
    late = [alarm for alarm in world.floor.fleet.alarms.values() if alarm.kind == "recorded-late"]
    assert len(late) == 2
    assert all(alarm.latched for alarm in late)


def direct(world: ContainFloor, verb: str, *more: str) -> subprocess.CompletedProcess[str]:
    """Say a verb on the command line with `--direct`."""
    done = subprocess.run(
        [sys.executable, "-m", "console.cli.main", verb, f"a/{world.current}", "--direct", *more],
        env=world.site.environment | {"PYTHONPATH": ":".join(sys.path)},
        capture_output=True,
        text=True,
        check=False,
        timeout=90,
    )
    assert done.returncode == 0, done.stderr
    return done
