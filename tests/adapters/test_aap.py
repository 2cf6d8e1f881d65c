"""The protocol's own adapters, unmodified, against our bridge: whether a file is there says what really ran."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from bus.canonical import code
from tests.adapters.kept import WANTED, environment
from tests.fixtures.service import Running
from tests.integrations.aap_floor import served

pytestmark = [
    pytest.mark.skipif(WANTED not in os.environ, reason="for make test-adapters"),
    pytest.mark.timeout(900),
]

PACKAGE = "agentapprovalprotocol{}==0.3.3"
ENVIRONMENTS = {
    "bare": ("aap-pydantic-ai", "[pydantic-ai]"),
    "pydantic-ai": ("aap-pydantic-ai", "[pydantic-ai]"),
    "langgraph": ("aap-langgraph", "[langgraph]"),
    "openai-agents": ("aap-openai-agents", "[openai-agents]"),
}
PROGRAM = Path(__file__).with_name("aap_agents.py")

Operate = Callable[[Running], Awaitable[None]]


@pytest.fixture(params=ENVIRONMENTS)
def framework(request: pytest.FixtureRequest) -> str:
    return str(request.param)


async def decide(site: Running, verb: str, **more: object) -> None:
    """Answer the next call that waits."""
    await site.until(lambda: bool(site.desk.fleet.waiting))
    action = site.desk.fleet.action(site.desk.fleet.waiting[0])
    assert action is not None
    answer = await site.say(
        verb,
        agent="aap",
        run=action.run,
        action=action.id,
        digest=action.digest,
        code=code(action.digest),
        **more,
    )
    assert answer.accepted, answer
    await site.until(lambda: action.key not in site.desk.fleet.waiting)


async def lived(
    framework: str,
    folder: Path,
    names: list[str],
    operate: Operate,
    *,
    timeout: str = "10m",
    gone: bool = False,
) -> tuple[set[str], list[str], Running]:
    """Have an agent of a framework ask for the writing of files; return what is there, and what its model was told."""
    name, extra = ENVIRONMENTS[framework]
    programs = await asyncio.to_thread(environment, name, PACKAGE.format(extra))
    files = folder / "files"
    files.mkdir()
    async with served(folder) as (site, base):
        where = "http://127.0.0.1:9" if gone else base
        told: list[str | Path] = [programs / "python", PROGRAM, framework, where, files, timeout, *names]
        agent = asyncio.create_task(asyncio.to_thread(_ran, told))
        await operate(site)
        done = await agent
    assert done.returncode == 0, done.stderr
    return {path.name for path in files.iterdir()}, json.loads(done.stdout.splitlines()[-1]), site


def _ran(told: list[str | Path]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(told, capture_output=True, text=True, check=False)


async def test_only_what_was_approved_ran(framework: str, tmp_path: Path) -> None:
    async def operate(site: Running) -> None:
        await decide(site, "approve")
        await decide(site, "reject", reason="b is precious")
        await decide(site, "edit", args={"name": "d.txt"})
        await decide(site, "respond", reason="it is there already")

    files, said, site = await lived(framework, tmp_path, ["a.txt", "b.txt", "c.txt", "e.txt"], operate)
    assert files == {"a.txt"}
    assert said[0] == "wrote a.txt"
    assert "b is precious" in said[1]
    assert '{"name":"d.txt"}' in said[2]
    assert "it is there already" in said[3]
    (run,) = site.desk.fleet.runs.values()
    assert run.agent == "aap"
    states = [action.state for action in run.actions.values()]
    assert states.count("done") == 1, states


async def test_what_was_killed_while_held_never_ran(framework: str, tmp_path: Path) -> None:
    async def operate(site: Running) -> None:
        await site.until(lambda: bool(site.desk.fleet.waiting))
        run = site.desk.fleet.waiting[0].split("/")[1]
        await site.say("kill", agent="aap", run=run, reason="enough")

    files, said, _ = await lived(framework, tmp_path, ["a.txt", "b.txt"], operate)
    assert files == set()
    assert all("operator ended this run" in text for text in said)


async def test_silence_and_nobody_there_are_no(framework: str, tmp_path: Path) -> None:
    async def operate(_site: Running) -> None:
        """Do nothing."""

    (tmp_path / "a").mkdir()
    files, said, _ = await lived(framework, tmp_path / "a", ["a.txt"], operate, timeout="1s")
    assert files == set()
    assert "was not run" in said[0]
    if framework == "bare":  # the others wait half a minute for somebody to come back
        (tmp_path / "b").mkdir()
        files, said, _ = await lived(framework, tmp_path / "b", ["a.txt"], operate, gone=True)
        assert files == set()
        assert "was not run" in said[0]
