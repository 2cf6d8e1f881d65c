"""Hooks as Claude Code starts them, a process an event, and the keeper behind them, on a real floor."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import AsyncIterator
from typing import Any

import psutil
import pytest
import pytest_asyncio

from bus.adapters.claude_code import settings
from bus.adapters.claude_code.hook import GATE
from bus.canonical import code
from console.core.fleet.state import Action, Run
from tests.containment.floor import SOON, ContainFloor
from tests.fixtures.site_processes import until

pytestmark = [pytest.mark.broker, pytest.mark.asyncio(loop_scope="module"), pytest.mark.xdist_group("claude")]

POLICY = """
[[rule]]
id = "every-deletion"
tool = "delete_file"
raise = "ask"
why = "a person looks at every deletion"
"""
SESSION = "3f0c9a52-0000-4000-8000-000000000001"


class Hooks:
    """Hooks as Claude Code starts them."""

    def __init__(self, world: ContainFloor) -> None:
        self.world = world
        self.begun: list[subprocess.Popen[str]] = []
        wanted = settings.Wanted(home=world.site.home, wait=120.0, broker=str(world.site.url))
        self.command = wanted.command
        self.environment = world.site.environment | {
            "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)
        }

    def start(self, event: str, session: str = SESSION, **more: Any) -> subprocess.Popen[str]:
        said = {"session_id": session, "hook_event_name": event, "cwd": "/work"} | more
        hook = subprocess.Popen(
            ["/bin/sh", "-c", self.command(event)],
            env=self.environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        self.begun.append(hook)
        assert hook.stdin is not None
        hook.stdin.write(json.dumps(said))
        hook.stdin.close()
        hook.stdin = None
        return hook

    def tell(self, event: str, session: str = SESSION, **more: Any) -> dict[str, Any]:
        hook = self.start(event, session, **more)
        out, err = hook.communicate(timeout=SOON)
        assert hook.returncode == 0, err
        return dict(json.loads(out)) if out else {}

    def call(self, number: int, tool: str = "delete_file", session: str = SESSION) -> subprocess.Popen[str]:
        return self.start(
            GATE, session, tool_name=tool, tool_input={"path": f"{number}"}, tool_use_id=f"toolu_{number}"
        )

    def run(self, session: str = SESSION) -> Run | None:
        return self.world.floor.fleet.run("claude-code", session)

    async def asked(self, number: int, session: str = SESSION) -> Action:
        def found() -> Action | None:
            shown = self.run(session)
            for action in shown.actions.values() if shown else ():
                if action.call_id == f"toolu_{number}" and action.state == "asked":
                    return action
            return None

        await until(found, SOON, f"call {number} is asked about")
        action = found()
        assert action is not None
        return action

    async def say(self, verb: str, action: Action | None = None, run: str = SESSION, **more: Any) -> None:
        if action is not None:
            more |= {"action": action.id, "digest": action.digest, "code": code(action.digest)}
        answer = await self.world.floor.say(verb, agent="claude-code", run=run, **more)  # type: ignore[arg-type]
        assert answer.accepted, answer

    def keeper(self) -> psutil.Process:
        (found,) = [
            one for one in self.world.site.processes() if "bus.adapters.claude_code.keeper" in one.cmdline()
        ]
        return found


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def world(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[ContainFloor]:
    site = ContainFloor(tmp_path_factory.mktemp("claude"))
    site.site.home.config.mkdir(parents=True)
    site.site.home.policy.write_text(POLICY)
    async with site as floor:
        yield floor


@pytest_asyncio.fixture(loop_scope="module")
async def hooks(world: ContainFloor) -> AsyncIterator[Hooks]:
    made = Hooks(world)
    yield made
    for hook in made.begun:
        if hook.poll() is None:
            os.killpg(hook.pid, 9)
        hook.communicate()


def permission(hook: subprocess.Popen[str]) -> dict[str, Any]:
    out, err = hook.communicate(timeout=SOON)
    assert hook.returncode == 0, err
    return dict(json.loads(out))


pytestmark_floor = [
    pytest.mark.broker,
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.xdist_group("claude"),
]


async def test_a_session_of_many_processes_is_one_run(hooks: Hooks) -> None:
    hooks.tell("SessionStart", source="startup")
    hooks.tell("UserPromptSubmit", prompt="delete the old ones")
    first = hooks.call(1)
    await hooks.say("approve", await hooks.asked(1))
    assert permission(first)["hookSpecificOutput"]["permissionDecision"] == "allow"
    hooks.tell("PostToolUse", tool_name="delete_file", tool_use_id="toolu_1", tool_response="gone")
    second, third = hooks.call(2), hooks.call(3)
    await hooks.say("edit", await hooks.asked(2), args={"path": "other"})
    await hooks.say("reject", await hooks.asked(3), reason="keep that")
    assert permission(second)["hookSpecificOutput"]["updatedInput"] == {"path": "other"}
    denied = permission(third)["hookSpecificOutput"]
    assert denied["permissionDecision"] == "deny"
    assert "keep that" in denied["permissionDecisionReason"]
    hooks.tell("SessionEnd", reason="other")
    run = hooks.run()
    assert run is not None
    await until(lambda: run.state == "completed" or hooks.run().state == "completed", SOON, "it ends")  # type: ignore[union-attr]
    run = hooks.run()
    assert run is not None
    assert len(run.lives) == 1
    first_action = next(iter(run.actions.values()))
    assert (first_action.state, first_action.result) == ("done", "gone")


async def test_a_session_taken_up_again_is_a_run_of_its_own(hooks: Hooks) -> None:
    for _ in range(2):
        hooks.tell("SessionStart", session="again", source="resume")
        hooks.tell("SessionEnd", session="again")
    await until(lambda: hooks.run("again.2"), SOON, "the second run")


async def test_a_killed_session_stays_killed_until_a_person_starts_it_anew(hooks: Hooks) -> None:
    waiting = hooks.call(1, session="ended")
    await hooks.asked(1, "ended")
    await hooks.say("kill", run="ended")
    answer = permission(waiting)
    assert answer["hookSpecificOutput"]["permissionDecision"] == "deny"
    assert answer["continue"] is False
    assert permission(hooks.call(2, session="ended"))["continue"] is False
    assert hooks.tell("UserPromptSubmit", session="ended", prompt="go on")["decision"] == "block"
    assert hooks.tell("SessionStart", session="ended", source="resume") == {}
    hooks.tell("SessionEnd", session="ended")


async def test_a_hook_that_is_ended_withdraws_what_it_asked(hooks: Hooks) -> None:
    hook = hooks.call(1, session="left")
    action = await hooks.asked(1, "left")
    os.killpg(hook.pid, 9)

    def state() -> str:
        run = hooks.run("left")
        assert run is not None
        return run.actions[action.id].state

    await until(lambda: state() == "withdrawn", SOON, "it is withdrawn")
    hooks.tell("SessionEnd", session="left")


async def test_a_keeper_that_dies_shuts_the_gate_and_the_run_goes_on_in_the_next(hooks: Hooks) -> None:
    hook = hooks.call(1, session="kept")
    await hooks.asked(1, "kept")
    hooks.keeper().kill()
    _, err = hook.communicate(timeout=SOON)
    assert hook.returncode == 2
    assert "keeper ended" in err
    again = hooks.call(2, session="kept")
    await hooks.say("approve", await hooks.asked(2, "kept"), run="kept")
    assert permission(again)["hookSpecificOutput"]["permissionDecision"] == "allow"
    run = hooks.run("kept")
    assert run is not None
    assert len(run.lives) == 2
    hooks.tell("SessionEnd", session="kept")


async def test_what_is_no_event_is_refused(hooks: Hooks) -> None:
    for text in ("", "{", "[]", '{"hook_event_name": "Stop"}', '{"hook_event_name": "PreToolUse"}'):
        told = subprocess.run(  # noqa: ASYNC221 - nothing else is to happen meanwhile
            ["/bin/sh", "-c", hooks.command(GATE)],
            env=hooks.environment,
            input=text,
            capture_output=True,
            text=True,
            check=False,
        )
        refused = told.returncode == 2 or '"permissionDecision":"deny"' in told.stdout
        assert refused, (text, told)


async def test_a_folder_that_others_may_enter_is_refused(hooks: Hooks) -> None:
    folder = settings.folder(hooks.world.site.home)
    folder.mkdir(parents=True, exist_ok=True)  # other tests have a hook make it, if they ran before
    folder.chmod(0o755)
    try:
        hook = hooks.call(1)
        _, err = hook.communicate(timeout=SOON)
    finally:
        folder.chmod(0o700)
    assert hook.returncode == 2
    assert "must belong to you" in err
