"""Claude Code itself under our hooks: what is held, changed, refused; and that a hook that fails lets nothing through.

In every test Claude Code's own settings allow the tool: it would run if the hook did nothing.
"""

from __future__ import annotations

import os
import signal
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.adapters.claude_api import Call, ClaudeApi
from tests.adapters.claude_floor import CATALOGUE, POLICY, ClaudeFloor
from tests.adapters.kept import WANTED
from tests.containment.floor import SOON, ContainFloor
from tests.fixtures.site_processes import alive, until

pytestmark = [
    pytest.mark.skipif(WANTED not in os.environ, reason="for make test-adapters"),
    pytest.mark.timeout(900),
]

Begin = Callable[..., ClaudeFloor]


def write(name: str) -> Call:
    return "Bash", {"command": f"printf done > {name}", "description": f"write {name}"}


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[ContainFloor]:
    async with ContainFloor(tmp_path, catalogue=CATALOGUE, policy=POLICY) as up:
        yield up


@pytest.fixture
async def begin(world: ContainFloor, tmp_path: Path) -> AsyncIterator[Begin]:
    begun: list[ClaudeFloor] = []
    apis: list[ClaudeApi] = []

    def make(*script: Call | list[Call] | str, wait: float = 240.0) -> ClaudeFloor:
        api = ClaudeApi([*script, "that is all"]).__enter__()
        apis.append(api)
        floor = ClaudeFloor(world, tmp_path, api)
        begun.append(floor)
        floor.install(wait)
        return floor

    yield make
    for floor in begun:
        floor.end()
    for api in apis:
        api.__exit__()


async def test_a_call_is_approved_edited_rejected_and_answered(begin: Begin) -> None:
    claude = begin(write("one"), write("two"), write("three"), write("four"))
    claude.start()
    await claude.say("approve", await claude.asked(1))
    second = await claude.asked(2)
    assert claude.files() == {"one": "done"}
    await claude.say("edit", second, args={"command": "printf edited > two", "description": "changed"})
    await claude.say("reject", await claude.asked(3), reason="three is not yours")
    await claude.say("respond", await claude.asked(4), reason="four is there already")
    assert await claude.ends() == 0
    assert claude.files() == {"one": "done", "two": "edited"}
    told = claude.api.told
    assert "three is not yours" in told[2]
    assert "four is there already" in told[3]
    await claude.becomes("completed")
    assert [action.state for action in claude.run.actions.values()] == ["done", "done", "denied", "denied"]
    assert next(action.reason for action in claude.run.actions.values()) == "write one"
    assert any(message.role == "user" and "do the work" in message.text for message in claude.run.messages)


async def test_what_a_file_tool_would_change_is_shown_while_it_waits(begin: Begin) -> None:
    claude = begin()
    path = claude.work / "list.txt"
    claude.api.script.insert(0, ("Write", {"file_path": str(path), "content": "milk\n"}))
    claude.start()
    action = await claude.asked()
    assert action.preview is not None
    assert (action.preview.of, action.preview.present, action.preview.proposed) == (
        "list.txt",
        None,
        ["milk"],
    )
    await claude.say("reject", action, reason="no lists")
    assert await claude.ends() == 0
    assert claude.files() == {}


async def test_a_kill_while_a_call_is_held_ends_the_session_and_nothing_runs(begin: Begin) -> None:
    claude = begin(write("one"), write("two"))
    claude.start()
    await claude.asked()
    await claude.say("kill")
    await claude.ends()
    assert claude.files() == {}
    assert claude.api.requests <= 2  # the model was not asked again for work
    await claude.becomes("killed")


async def test_contained_its_calls_wait_as_ever_and_a_kill_ends_a_command_that_runs(begin: Begin) -> None:
    """Under `watchfloor run` the hooks speak through the wrapper; what a call has started dies with it."""
    late = "Bash", {"command": "touch begun; sleep 600; touch late", "description": "takes long"}
    claude = begin(write("one"), write("two"), late)
    claude.start(contained=True)
    await claude.say("reject", await claude.asked(1), reason="one is not yours")
    await claude.say("approve", await claude.asked(2))
    await claude.say("approve", await claude.asked(3))
    await until(lambda: "begun" in claude.files(), SOON, "the command runs")
    assert claude.process is not None
    tree = psutil.Process(claude.process.pid).children(recursive=True)
    assert any("sleep" in process.name() for process in tree)
    await claude.say("pause")
    await claude.becomes("paused")
    await claude.say("kill")
    await claude.becomes("killed")
    assert claude.run.control == "contained"
    assert await claude.ends() == 128 + signal.SIGKILL
    assert [process for process in tree if alive(process)] == []
    assert claude.files() == {"two": "done", "begun": ""}
    assert "one is not yours" in claude.api.told[0]


async def test_a_pause_holds_an_approved_call_until_the_run_goes_on(begin: Begin) -> None:
    claude = begin(write("one"))
    claude.start()
    first = await claude.asked()
    await claude.say("pause")
    await claude.becomes("paused")
    await claude.say("approve", first)
    await until(
        lambda: first.id and claude.run.actions[first.id].outcome == "approved", SOON, "it is approved"
    )
    assert claude.files() == {}
    await claude.say("resume")
    assert await claude.ends() == 0
    assert claude.files() == {"one": "done"}


async def test_two_calls_of_one_turn_are_decided_each_for_itself(begin: Begin) -> None:
    claude = begin([write("one"), write("two")])
    claude.start()
    await claude.say("reject", await claude.asked(1), reason="not one")
    await claude.say("approve", await claude.asked(2))
    assert await claude.ends() == 0
    assert len(claude.files()) == 1


async def test_nobody_decides_and_the_call_expires(begin: Begin) -> None:
    claude = begin(write("one"), wait=3.0)
    claude.start()
    await claude.ends()
    assert claude.files() == {}
    assert "nobody decided in time" in claude.api.told[0]


@pytest.mark.parametrize("part", ["supervisor", "broker"])
async def test_without_supervisor_or_broker_nothing_runs(
    begin: Begin, world: ContainFloor, part: Any
) -> None:
    claude = begin(write("one"), wait=4.0)
    pid = world.site.send(part, signal.SIGSTOP)
    try:
        claude.start()
        await claude.ends()
    finally:
        os.kill(pid, signal.SIGCONT)
    assert claude.files() == {}
    assert len(claude.api.told) == 1


async def test_a_keeper_that_dies_while_a_call_is_held_lets_nothing_through_and_the_next_call_is_asked_anew(
    begin: Begin,
) -> None:
    claude = begin(write("one"), write("two"))
    claude.start()
    await claude.asked(1)
    for process in psutil.process_iter(["cmdline"]):
        line = process.info["cmdline"] or []
        if "bus.adapters.claude_code.keeper" in line and str(claude.world.site.home.data) in " ".join(line):
            process.kill()
    await until(lambda: claude.api.told, SOON, "the model is told")
    assert "keeper ended" in claude.api.told[0]
    await claude.say("approve", await claude.asked(2))
    assert await claude.ends() == 0
    assert claude.files() == {"two": "done"}
    await claude.becomes("completed")
    assert len(claude.run.lives) == 2


def missing(claude: ClaudeFloor) -> None:
    claude.change(
        "PreToolUse", lambda hook: hook.update(command=hook["command"].replace("python", "no-python"))
    )


def gone(claude: ClaudeFloor) -> None:
    claude.change("PreToolUse", lambda hook: hook.update(command="/nowhere/watchfloor hook"))


def broken(start: str) -> Callable[[ClaudeFloor], None]:
    """Every Python of the session begins with this."""

    def breaks(claude: ClaudeFloor) -> None:
        folder = claude.work.parent / "broken"
        folder.mkdir()
        (folder / "sitecustomize.py").write_text(start)
        claude.environment["PYTHONPATH"] = f"{folder}{os.pathsep}{claude.environment['PYTHONPATH']}"

    return breaks


def slow(claude: ClaudeFloor) -> None:
    broken("import time; time.sleep(20)")(claude)
    for event in ("PreToolUse", "UserPromptSubmit", "SessionStart", "SessionEnd", "Stop"):
        claude.change(event, lambda hook: hook.update(timeout=1))


@pytest.mark.parametrize(
    "breaks",
    [
        missing,
        gone,
        broken("import os; os._exit(1)"),
        broken("import os; os.abort()"),
        broken("import os; os._exit(0)"),
        broken("print('{\"hookSpecificOutput\": 1')"),
        broken("import sys, os; os.write(1, b'[]'); os._exit(0)"),
        slow,
    ],
    ids=[
        "missing",
        "gone",
        "exits 1",
        "crashes",
        "says nothing",
        "prints rubbish",
        "prints only rubbish",
        "is slow",
    ],
)
async def test_a_broken_hook_lets_nothing_through(
    begin: Begin, breaks: Callable[[ClaudeFloor], None]
) -> None:
    claude = begin(write("one"), wait=20.0)
    breaks(claude)
    claude.start()
    await claude.ends()
    assert claude.files() == {}
    assert len(claude.api.told) == 1


async def test_the_tests_would_see_a_call_that_runs_unheld(begin: Begin) -> None:
    claude = begin(write("one"))
    assert claude.verb("uninstall").returncode == 0
    claude.start()
    assert await claude.ends() == 0
    assert claude.files() == {"one": "done"}
