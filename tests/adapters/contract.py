"""What every adapter must do, by what is on the disk afterwards: `make test-adapters`.

Each case runs a framework's example, unchanged, in the framework's own environment, under a real broker and supervisor.
The file is not named like a test, so that the default run, which has no framework, leaves it out.
"""

from __future__ import annotations

import json
import signal
import subprocess
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from bus.sdk.ending import EXIT_KILLED
from console.link.floor import Floor
from tests import ROOT
from tests.adapters.delegation import judged
from tests.adapters.environments import EXAMPLES, Example, chosen, python_of
from tests.adapters.floor import OPERATOR, SOON, Desk, Site, site, start

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1200)]

DRAFT = [["c1", "write_note", {"name": "draft.txt", "text": "hello"}]]
TWO = [
    ["c2", "write_note", {"name": "a.txt", "text": "one"}],
    ["c3", "write_note", {"name": "b.txt", "text": "two"}],
]
SHORT = 2.0
"""Seconds that a call waits where nobody is to answer."""

Open = Callable[..., Any]


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with site(tmp_path_factory.mktemp("floor")) as running:
        yield running


@pytest.fixture
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with site(tmp_path_factory.mktemp("own")) as running:
        yield running


@pytest.fixture(params=chosen())
def example(request: pytest.FixtureRequest) -> Example:
    return EXAMPLES[request.param]


@asynccontextmanager
async def desk(
    example: Example, site: Site, case: str, turns: list[Any], **options: Any
) -> AsyncIterator[Desk]:
    async with Floor(site.broker.url, home=site.processes.home, operator=OPERATOR, key=site.key) as floor:
        await floor.join(SOON)
        agent = start(example, site, f"{example.name}-{case}", {"turns": turns} | options)
        try:
            yield Desk(site, floor, agent)
        finally:
            agent.process.kill()
            agent.process.wait()


@pytest.mark.parametrize("name", chosen(gated=False))
async def test_observed(name: str, shared: Site) -> None:
    """What is only watched runs unasked, is recorded as it is, and is never shown as something that could be stopped."""
    async with desk(EXAMPLES[name], shared, "observed", [DRAFT, TWO]) as at:
        assert await at.agent.ends() == 0, at.agent.said
        assert at.agent.written() == {"a.txt": "one\n", "b.txt": "two\n", "draft.txt": "hello\n"}
        await at.reaches("completed")
        run = at.run
        assert run is not None
        assert (run.control, run.misdeeds, run.steps_seen) == ("observed", 0, 3)
        assert run.tokens > 0
        assert [(call.args, call.state, call.call_id) for call in run.actions.values()] == [
            (args, "done", call_id) for call_id, _, args in [*DRAFT, *TWO]
        ]
        assert "wrote draft.txt" in next(iter(run.actions.values())).result


async def test_approve(example: Example, shared: Site) -> None:
    """The tool runs once, the model gets its result, the run ends completed with its steps and messages told."""
    async with desk(example, shared, "approve", [DRAFT]) as at:
        [call] = await at.asks()
        assert (call.tool, call.args, call.call_id) == ("write_note", DRAFT[0][2], "c1")
        assert call.preview is not None
        assert (call.preview.of, call.preview.proposed) == ("draft.txt", ["hello"])
        assert at.agent.written() == {}
        await at.decide("approve", call)
        assert await at.agent.ends() == 0, at.agent.said
        assert at.agent.written() == {"draft.txt": "hello\n"}
        assert "I was told: wrote draft.txt" in at.agent.said
        await at.reaches("completed")
        run = at.run
        assert run is not None
        assert at.outcomes() == ["done"]
        assert "wrote draft.txt" in run.actions[call.id].result
        assert (run.misdeeds, run.steps_seen, call.step) == (0, 2, 1)
        assert "user" in [message.role for message in run.messages]


async def test_edit(example: Example, shared: Site) -> None:
    """Only what was edited runs."""
    async with desk(example, shared, "edit", [DRAFT]) as at:
        [call] = await at.asks()
        await at.decide("edit", call, args={"name": "other.txt", "text": "mended"})
        assert await at.agent.ends() == 0, at.agent.said
        assert at.agent.written() == {"other.txt": "mended\n"}
        assert "wrote other.txt" in at.agent.said


async def test_misfit(example: Example, shared: Site) -> None:
    """An edit that does not fit the tool's schema runs nothing, and the model gets to know why."""
    async with desk(example, shared, "misfit", [DRAFT]) as at:
        [call] = await at.asks()
        await at.decide("edit", call, args={"name": "other.txt", "text": ["no", "text"]})
        assert await at.agent.ends() == 0, at.agent.said
        assert at.agent.written() == {}
        assert "does not fit" in at.agent.said
        await at.reaches("completed")
        assert at.outcomes() == ["denied"]
        assert [action.started_at for action in at.actions()] == [None]


@pytest.mark.skipif("smolagents" not in chosen(), reason="not among FRAMEWORKS")
def test_a_word_of_the_agents_memory_is_replaced_once() -> None:
    """What is decided on is what smolagents' tool gets, though it names something in the agent's memory, too."""
    python, script = python_of(EXAMPLES["smolagents"]), ROOT / "tests" / "adapters" / "smolagents_memory.py"
    done = subprocess.run(
        [python, script], env={"PYTHONPATH": str(ROOT)}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout.splitlines()[-1]) == ["b", "b", "b", "b"]


REFUSED = "behind no gate: use `gate.tools`"
NOBODY = "count was not run: no canonical form"
UNSHOWN = "pay was not run: no JSON makes the arguments"
AGAIN = "already: supervise each agent once"
PAST: dict[str, list[tuple[list[str], list[str], str]]] = {
    "openai-agents": [
        ([], [], REFUSED),
        (["inner", "write"], ["inner"], "ran inner"),
        ([], [], NOBODY),
    ],
    "pydantic-ai": [
        (["tool"], ["try 1"], "ran try 1"),
        (["tool", "tool"], ["try 3"], "ran try 3"),
        (["tool"], ["in pieces"], "ran in pieces"),
        ([], [], NOBODY),
        (["pay"], ["99 to eve"], "[['pay', {'order': {'amount': 99, 'to': 'eve'}}]]"),
        ([], [], UNSHOWN),
        (["pay"], ["99 to eve"], "[['pay', {'amount': 99, 'to': 'eve'}]]"),
        ([], [], UNSHOWN),
    ],
    "agno": [
        ([], [], "decoding function arguments"),
        ([], [], AGAIN),
        ([], [], "write with tool_hooks of its own"),
    ],
    "google-adk": [
        ([], [], "what its UnsafeLocalCodeExecutor does comes by no gate"),
        (["inner", "write"], ["inner"], "text='end'"),
        ([], [], "inner cannot be gated: its tools come by no gate"),
    ],
    "smolagents": [
        ([], [], "supervised"),
        ([], [], AGAIN),
        ([], [], AGAIN),
        ([], [], "supervised"),
        ([], [], "True"),
    ],
    "llama-index": [([], [], "supervised"), ([], [], AGAIN), ([], [], AGAIN), ([], [], "supervised")],
    "crewai": [
        (["write", "write"], ["a", "a"], "([('c1', 1), ('c1', 3)], [22, 22])"),
        ([], [], "supervised"),
        ([], [], AGAIN),
    ],
}
"""Of each case of `ways_past.py`: which tools were asked about, what ran, and a part of what was said."""


@pytest.mark.parametrize("name", [name for name in chosen() if name in PAST])
def test_no_way_past(name: str, tmp_path: Path) -> None:
    done = subprocess.run(
        [python_of(EXAMPLES[name]), "-m", "tests.adapters.ways_past", name],
        cwd=tmp_path,
        env={"PYTHONPATH": str(ROOT), "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout.splitlines()[-1])
    assert [([tool for tool, _ in one["asked"]], one["ran"]) for one in found] == [
        one[:2] for one in PAST[name]
    ]
    for one, (_, _, part) in zip(found, PAST[name], strict=True):
        assert part in one["said"]


@pytest.mark.parametrize("name", [name for name in chosen() if name != "langchain-sync"])
def test_delegated(name: str, tmp_path: Path) -> None:
    """What only a mail and the task that a model gives another agent say is not authorised: no word of it is the user's."""
    done = subprocess.run(
        [python_of(EXAMPLES[name]), "-m", "tests.adapters.delegated", name],
        cwd=tmp_path,
        env={"PYTHONPATH": str(ROOT), "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    for case, events in json.loads(done.stdout.splitlines()[-1]).items():
        seen = judged(events)
        [sent] = [one for one in seen if one.tool == "send_email"]
        assert (sent.gate, sent.origin) == ("hold", "text"), case
        assert any(one.tool == "read_mail" for one in seen), case


async def test_reject(example: Example, shared: Site) -> None:
    """It never runs; the model gets the reason; the run goes on."""
    async with desk(example, shared, "reject", [DRAFT, [TWO[0]]]) as at:
        [call] = await at.asks()
        await at.decide("reject", call, reason="drafts are not wanted")
        [after] = await at.asks()
        await at.decide("approve", after)
        assert await at.agent.ends() == 0, at.agent.said
        assert at.agent.written() == {"a.txt": "one\n"}
        assert "drafts are not wanted" in at.agent.said
        assert "wrote a.txt" in at.agent.said


async def test_respond(example: Example, shared: Site) -> None:
    """It never runs; the operator's words are its result."""
    async with desk(example, shared, "respond", [DRAFT]) as at:
        [call] = await at.asks()
        await at.decide("respond", call, reason="it stands there already")
        assert await at.agent.ends() == 0, at.agent.said
        assert at.agent.written() == {}
        assert "I was told: it stands there already" in at.agent.said


async def test_pause(example: Example, shared: Site) -> None:
    """Pressed while a call is held, it outweighs the approval that follows; resumed, the run goes on to its end."""
    async with desk(example, shared, "pause", [DRAFT, [TWO[0]]]) as at:
        [call] = await at.asks()
        await at.command("pause", "paused")
        await at.decide("approve", call)
        assert await at.floor.until(lambda _: at.outcomes() == ["allowed"], SOON)
        assert at.agent.written() == {}
        await at.command("resume")
        [after] = await at.asks()
        assert at.agent.written() == {"draft.txt": "hello\n"}
        await at.decide("approve", after)
        assert await at.agent.ends() == 0, at.agent.said
        assert at.agent.written() == {"a.txt": "one\n", "draft.txt": "hello\n"}


async def test_kill(example: Example, shared: Site) -> None:
    """Killed while two calls are held: neither ever runs, and the process ends as a killed one."""
    async with desk(example, shared, "kill", [TWO, DRAFT]) as at:
        await at.asks(2)
        await at.command("kill", "killed")
        assert await at.agent.ends() == EXIT_KILLED, at.agent.said
        assert at.agent.written() == {}
        assert at.outcomes() == ["withdrawn", "withdrawn"]


async def test_two_gates(example: Example, shared: Site) -> None:
    """Two calls of one turn wait side by side; each gets its own answer, whichever comes first."""
    async with desk(example, shared, "two", [TWO]) as at:
        one, two = await at.asks(2)
        await at.decide("approve", two)
        assert await at.floor.until(lambda _: "done" in at.outcomes(), SOON)
        assert at.agent.written() == {"b.txt": "two\n"}
        await at.decide("reject", one, reason="one is enough")
        assert await at.agent.ends() == 0, at.agent.said
        assert at.agent.written() == {"b.txt": "two\n"}
        assert "one is enough" in at.agent.said


async def test_silence(example: Example, shared: Site) -> None:
    """Nobody answers: the call expires, never runs, and the model gets to know."""
    async with desk(example, shared, "silence", [DRAFT], within=SHORT) as at:
        assert await at.agent.ends() == 0, at.agent.said
        assert at.agent.written() == {}
        assert "nobody decided" in at.agent.said


async def test_hook_raises(example: Example, shared: Site) -> None:
    """The author's own hook is broken: nothing runs, and somebody gets to know."""
    async with desk(example, shared, "raises", [DRAFT], broken=True) as at:
        await at.agent.ends()
        assert at.agent.written() == {}
        assert "the hook is broken" in at.agent.said


async def test_broker_gone(example: Example, own: Site) -> None:
    """The broker dies while a call is held: the call expires by the agent's own clock."""
    async with desk(example, own, "broker", [DRAFT], within=4.0) as at:
        await at.asks()
        own.broker.kill()
        assert await at.agent.ends() == 0, at.agent.said
        assert at.agent.written() == {}
        assert "nobody decided" in at.agent.said


async def test_supervisor_gone(example: Example, own: Site) -> None:
    """The supervisor dies while a call is held; another call, made without one, does not run either."""
    async with desk(example, own, "supervisor", [DRAFT, [TWO[0]]], within=4.0) as at:
        await at.asks()
        await own.processes.stop(signal.SIGKILL)
        assert await at.agent.ends() == 0, at.agent.said
        assert at.agent.written() == {}
        assert at.agent.said.count("nobody decided") == 2
