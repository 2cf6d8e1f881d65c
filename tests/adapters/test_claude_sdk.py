"""The Claude Agent SDK under a run, with its own bundled program and a model by script."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from console.core.fleet.state import Action, Run
from tests import ROOT
from tests.adapters.claude_api import Call, ClaudeApi
from tests.adapters.claude_floor import CATALOGUE, POLICY, SDK
from tests.adapters.kept import WANTED, environment
from tests.containment.floor import SOON, ContainFloor
from tests.fixtures.answering import about
from tests.fixtures.site_processes import until

pytestmark = [
    pytest.mark.skipif(WANTED not in os.environ, reason="for make test-adapters"),
    pytest.mark.timeout(900),
]

OURS = (
    "aiomqtt>=2.5,<3",
    "cryptography>=45",
    "filelock>=3.16,<5",
    "msgspec>=0.22,<0.23",
    "platformdirs>=4.3",
    "rfc8785>=0.1.4",
)


def write(name: str) -> Call:
    return "Bash", {"command": f"printf done > {name}", "description": f"write {name}"}


class SdkFloor:
    """One agent on a floor."""

    def __init__(self, world: ContainFloor, root: Path, api: ClaudeApi) -> None:
        self.world = world
        self.api = api
        self.work = root / "work"
        self.home = root / "agent-home"
        self.said = root / "sdk.log"
        self.work.mkdir()
        self.home.mkdir()
        self.process: subprocess.Popen[bytes] | None = None

    def start(self, wait: float = 240.0, **more: str) -> None:
        mine = {
            "PYTHONPATH": str(ROOT),
            "HOME": str(self.home),
            "CLAUDE_CONFIG_DIR": str(self.home / ".claude"),
            "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
            "ANTHROPIC_BASE_URL": self.api.url,
            "ANTHROPIC_API_KEY": "none",
            "WATCHFLOOR_BROKER": str(self.world.site.url),
        }
        with self.said.open("wb") as output:
            self.process = subprocess.Popen(
                [
                    environment("claude-sdk", SDK, *OURS) / "python",
                    ROOT / "tests/adapters/claude_sdk_agent.py",
                    str(wait),
                ],
                cwd=self.work,
                env=self.world.site.environment | mine | more,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
            )

    def log(self) -> str:
        return self.said.read_text("utf-8", "replace")

    def files(self) -> dict[str, str]:
        return {path.name: path.read_text() for path in sorted(self.work.iterdir())}

    @property
    def run(self) -> Run:
        run = self.world.floor.fleet.run("sdk", "r1")
        assert run is not None
        return run

    async def asked(self, count: int = 1) -> Action:
        def there() -> bool:
            run = self.world.floor.fleet.run("sdk", "r1")
            actions = list(run.actions.values()) if run else []
            return len(actions) >= count and actions[count - 1].state == "asked"

        await until(there, SOON, f"call {count} is asked about: {self.log()}")
        return list(self.run.actions.values())[count - 1]

    async def say(self, verb: str, action: Action | None = None, **more: Any) -> None:
        named = about(action) if action else {"agent": "sdk", "run": "r1"}
        answer = await self.world.floor.say(verb, **named, **more)  # type: ignore[arg-type]
        assert answer.accepted, answer

    async def ends(self) -> int:
        process = self.process
        assert process is not None
        await until(lambda: process.poll() is not None, 240.0, f"it ends: {self.log()}")
        return process.returncode


@pytest.fixture
async def begin(tmp_path: Path) -> AsyncIterator[Callable[..., SdkFloor]]:
    floor = ContainFloor(tmp_path)
    floor.site.home.config.mkdir(parents=True)
    floor.site.home.catalogue.write_text(CATALOGUE)
    floor.site.home.policy.write_text(POLICY)
    begun: list[SdkFloor] = []
    async with floor as world:

        def make(*script: Call | list[Call] | str) -> SdkFloor:
            begun.append(SdkFloor(world, tmp_path, ClaudeApi([*script, "that is all"]).__enter__()))
            return begun[-1]

        yield make
        for one in begun:
            if one.process is not None and one.process.poll() is None:
                one.process.kill()
                one.process.wait()
            one.api.__exit__()


async def test_a_call_is_approved_edited_rejected_and_answered(begin: Callable[..., SdkFloor]) -> None:
    sdk = begin(write("one"), write("two"), write("three"))
    sdk.start()
    await sdk.say("approve", await sdk.asked(1))
    await sdk.say(
        "edit", await sdk.asked(2), args={"command": "printf edited > two", "description": "changed"}
    )
    await sdk.say("reject", await sdk.asked(3), reason="three is not yours")
    assert await sdk.ends() == 0, sdk.log()
    assert sdk.files() == {"one": "done", "two": "edited"}
    assert "three is not yours" in sdk.api.told[2]
    await until(lambda: sdk.run.state == "completed", SOON, "it completes")
    assert [action.state for action in sdk.run.actions.values()] == ["done", "done", "denied"]
    assert sdk.run.tokens > 0


async def test_killed_while_held_nothing_runs_and_the_agent_s_own_code_is_told(
    begin: Callable[..., SdkFloor],
) -> None:
    sdk = begin(write("one"), write("two"))
    sdk.start()
    await sdk.asked()
    await sdk.say("kill")
    assert await sdk.ends() != 0
    assert sdk.files() == {}
    await until(lambda: sdk.run.state == "killed", SOON, "it is killed")


async def test_nobody_decides_and_the_call_expires(begin: Callable[..., SdkFloor]) -> None:
    sdk = begin(write("one"))
    sdk.start(3.0)
    await sdk.ends()
    assert sdk.files() == {}
    assert "nobody decided in time" in sdk.api.told[0]


@pytest.mark.parametrize("part", ["supervisor", "broker"])
async def test_without_supervisor_or_broker_nothing_runs(begin: Callable[..., SdkFloor], part: Any) -> None:
    sdk = begin(write("one"))
    pid = sdk.world.site.send(part, signal.SIGSTOP)
    try:
        sdk.start(4.0)
        await until(lambda: sdk.api.told, 240.0, f"the model is told: {sdk.log()}")
    finally:
        os.kill(pid, signal.SIGCONT)
    await sdk.ends()
    assert sdk.files() == {}


async def test_a_hook_that_raises_lets_nothing_through(begin: Callable[..., SdkFloor]) -> None:
    sdk = begin(write("one"))
    sdk.start(BREAK_THE_HOOK="1")
    await sdk.ends()
    assert sdk.files() == {}
    assert len(sdk.api.told) == 1
