"""What breaks between an MCP client and its server: lines that nobody can read, answers too early, a server that dies."""

from __future__ import annotations

import asyncio
import json
import socket
import sys
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from bus import Agent
from bus.adapters.mcp import words
from bus.adapters.mcp.proxy import ServerEndedError, ended, stand
from bus.adapters.mcp.tasks import KEPT, Tasks
from bus.adapters.mcp.words import Message
from bus.events import ActionFinished, Data, MessageSeen, RunFinished
from bus.home import Home
from bus.sdk.decision import Decision
from bus.transports.memory import MemoryTransport
from tests.integrations.test_mcp_gate import Between, between, decide  # noqa: F401 - a fixture
from tests.sdk.scripted import AGENT, RUN, SITE, Supervisor, living

SILENT = "import sys\nfor line in sys.stdin: pass\n"
UNREADABLE = """
import sys
for line in sys.stdin:
    print('{"jsonrpc": "2.0", "id": 7, "result": {"share": NaN}}', flush=True)
"""
LISTING = """
import json, sys
for line in sys.stdin:
    print(json.dumps({"jsonrpc": "2.0", "id": json.loads(line)["id"], "result": {"tools": []}}), flush=True)
"""
SPLIT = """
import sys
for line in sys.stdin:
    other = '{"jsonrpc": "2.0", "method": "notifications/other"}'
    print('{"jsonrpc": "2.0", "id": 7, "id": 7, "result": {"x": ["a\u2028b",\\r' + other + '\\r]}}', flush=True)
"""
WAITING = """
import json, sys
sys.stdin.readline()
print('{"jsonrpc": "2.0", "id": 9, "method": "roots/list", "params": {"share": NaN}}', flush=True)
told = json.loads(sys.stdin.readline())
print(json.dumps({"jsonrpc": "2.0", "id": 7, "result": {"told": told}}), flush=True)
for line in sys.stdin: pass
"""
DYING = "import sys\nsys.stdin.readline()\nraise SystemExit(3)\n"
ASKING = """
import json, sys
sys.stdin.readline()
print('{"jsonrpc": "2.0", "id": 7, "method": "sampling/createMessage", "params": {}}', flush=True)
told = json.loads(sys.stdin.readline())
print(json.dumps({"jsonrpc": "2.0", "id": 7, "result": {"told": told}}), flush=True)
for line in sys.stdin: pass
"""
PING = {"jsonrpc": "2.0", "id": 7, "method": "ping"}


async def spoken(
    floor: Supervisor,
    folder: Path,
    program: str,
    *lines: bytes,
    answers: int,
    until: Callable[[], Awaitable[object]] | None = None,
) -> list[Message]:
    """What a client reads that writes these lines to a server through the proxy, leaving after so many answers, or then."""
    home = Home(site=SITE, data=folder / "data", config=folder / "config")
    agent = Agent(AGENT, home=home, transport=partial(MemoryTransport, floor.bus))
    server = await asyncio.create_subprocess_exec(
        sys.executable, "-c", program, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
    )
    ours, theirs = socket.socketpair()
    reader, writer = await asyncio.open_connection(sock=ours)
    from_us, to_us = await asyncio.open_connection(sock=theirs)
    try:
        async with agent, agent.run("serve", run_id=RUN) as run:
            proxy = asyncio.create_task(stand(run, reader, writer, server=server, decide_within=60.0))
            to_us.writelines(line + b"\n" for line in lines)
            # As a reader does that ends lines wherever some library does.
            read = [json.loads(line) for _ in range(answers) for line in await whole_lines(from_us)]
            if until is not None:
                await until()
            if answers or until is not None:
                to_us.write_eof()
            await proxy
            return read
    finally:
        await ended(server)
        for stream in (writer, to_us):
            stream.close()


async def whole_lines(reader: asyncio.StreamReader) -> list[str]:
    return (await reader.readline()).decode().splitlines()


@pytest.mark.parametrize(
    "line, request_id",
    [
        (b'[{"jsonrpc": "2.0", "id": 1, "method": "ping"}]', None),
        (b"nonsense", None),
        (b'{"jsonrpc": "2.0", "id": 5, "method": "resources/read", "params": {"uri": "\\ud800"}}', 5),
        (b'{"jsonrpc": "2.0", "id": "five", "method": "ping", "params": {"share": NaN}}', "five"),
    ],
)
async def test_who_writes_what_nobody_can_read_is_told_so(
    line: bytes, request_id: object, tmp_path: Path
) -> None:
    async with living() as floor:
        [told] = await spoken(floor, tmp_path, SILENT, line, answers=1)
    assert (told["id"], told["error"]["code"]) == (request_id, words.BAD_REQUEST)


async def test_a_client_is_told_that_an_answer_cannot_be_read(tmp_path: Path) -> None:
    async with living() as floor:
        [told] = await spoken(floor, tmp_path, UNREADABLE, json.dumps(PING).encode(), answers=1)
    assert told["id"] == 7
    assert "the server's answer cannot be read" in told["error"]["message"]


async def test_a_client_reads_one_message_wherever_it_ends_a_line(tmp_path: Path) -> None:
    async with living() as floor:
        [told] = await spoken(floor, tmp_path, SPLIT, json.dumps(PING).encode(), answers=1)
    other = {"jsonrpc": "2.0", "method": "notifications/other"}
    assert told == {"jsonrpc": "2.0", "id": 7, "result": {"x": ["a\u2028b", other]}}


async def test_a_server_is_told_that_its_request_cannot_be_read(tmp_path: Path) -> None:
    async with living() as floor:
        [answered] = await spoken(floor, tmp_path, WAITING, json.dumps(PING).encode(), answers=1)
    told = answered["result"]["told"]
    assert (told["id"], told["error"]["code"]) == (9, words.BAD_REQUEST)


async def test_a_server_is_told_that_an_answer_cannot_be_read(tmp_path: Path) -> None:
    """Both sides count their requests from one: the client's own request of that number goes on."""
    broken = b'{"jsonrpc": "2.0", "id": 7, "result": {"content": {"type": "text", "text": "\\ud83d"}}}'
    async with living() as floor:
        asked, answered = await spoken(floor, tmp_path, ASKING, json.dumps(PING).encode(), broken, answers=2)
    told = answered["result"]["told"]
    assert (asked["method"], told["id"]) == ("sampling/createMessage", 7)
    assert "the client's answer cannot be read" in told["error"]["message"]


async def test_a_server_that_dies_leaves_a_run_that_failed(tmp_path: Path) -> None:
    async with living() as floor:
        with pytest.raises(ServerEndedError, match="ended with exit code 3") as caught:
            await spoken(floor, tmp_path, DYING, json.dumps(PING).encode(), answers=0)
        await floor.until(lambda _: "run.finished" in floor.types(RUN))
        [end] = [data for data in floor.data(RUN) if isinstance(data, RunFinished)]
    assert (caught.value.code, end.outcome) == (3, "failed")
    assert "the MCP server ended with exit code 3" in end.text
    assert ServerEndedError(-9).code == 137


async def test_a_client_that_leaves_while_a_call_waits_has_not_completed(tmp_path: Path) -> None:
    call = {"jsonrpc": "2.0", "id": 7, "method": "tools/call", "params": {"name": "write", "arguments": {}}}
    async with living() as floor:
        proposals = floor.undecided()

        async def asked() -> None:
            await floor.until(lambda _: bool(proposals))

        await spoken(floor, tmp_path, LISTING, json.dumps(call).encode(), answers=0, until=asked)
        await floor.until(lambda _: "run.finished" in floor.types(RUN))
        [end] = [data for data in floor.data(RUN) if isinstance(data, RunFinished)]
    assert (end.outcome, end.text) == ("canceled", "the client left while a call was unanswered")


@pytest.mark.parametrize("line", [b"[]", b"7", b"\xff", b"[" * 100_000, b'{"id": true}', b'{"id": 1.5}'])
def test_nothing_is_told_of_what_names_no_request(line: bytes) -> None:
    assert words.stub(line) == {}


def answer(request: object, **result: Any) -> Message:
    return {"jsonrpc": "2.0", "id": request, "result": result}


async def test_an_answer_to_a_call_that_is_held_goes_nowhere(between: Between) -> None:  # noqa: F811 - the fixture
    proposals = between.floor.undecided()
    await between.call(1)
    await between.floor.until(lambda _: bool(proposals))
    await between.says(answer(1, content=[{"type": "text", "text": "it is done"}]))
    assert between.client == []
    between.floor.send(between.floor.answer(RUN, proposals[0], "approved"))
    await between.until(lambda: between.called)
    await between.says(answer(1, content=[{"type": "text", "text": "now it is"}]))
    assert [message["result"]["content"][0]["text"] for message in between.client] == ["now it is"]


async def test_an_answer_to_what_nobody_waits_for_goes_nowhere(between: Between) -> None:  # noqa: F811 - the fixture
    decide(between, "approved")
    await between.call(1)
    await between.until(lambda: between.called)
    given_up = {"jsonrpc": "2.0", "method": words.CANCELLED, "params": {"requestId": 1}}
    await between.gate.from_client(given_up)
    await between.gate.from_client({"jsonrpc": "2.0", "id": 2, "method": "ping"})
    for number in (1, 2, 2, 3):
        await between.says(answer(number, content=[]))
    assert [message["id"] for message in between.client] == [2]


# ---- tasks -------------------------------------------------------------------------------------------------------------

WORKING = {"taskId": "t1", "status": "working"}


async def begun(between: Between) -> None:  # noqa: F811 - the fixture
    """A call that the server answers with a task."""
    decide(between, "approved")
    await between.call(1, task={"ttl": 60_000})
    await between.until(lambda: between.called)
    assert between.called[0]["params"]["task"] == {"ttl": 60_000}
    await between.says(answer(1, task=WORKING))


def ends(floor: Supervisor) -> list[Data]:
    return [data for data in floor.data(RUN) if isinstance(data, ActionFinished)]


async def asks(between: Between, method: str, **result: Any) -> None:  # noqa: F811 - the fixture
    """The client asks about the task."""
    await between.gate.from_client({"jsonrpc": "2.0", "id": 2, "method": method, "params": {"taskId": "t1"}})
    await between.says(answer(2, **result))


async def test_a_call_that_became_a_task_ends_with_its_result(between: Between) -> None:  # noqa: F811 - the fixture
    await begun(between)
    await asks(between, "tasks/get", **WORKING)
    await asks(between, "tasks/result", content=[{"type": "text", "text": "written"}])
    await between.floor.until(lambda floor: bool(ends(floor)))
    [end] = ends(between.floor)
    assert isinstance(end, ActionFinished)
    assert (end.outcome, end.text) == ("done", "written")
    seen = [data for data in between.floor.data(RUN) if isinstance(data, MessageSeen)]
    assert [(one.name, one.text) for one in seen] == [("tasks/result t1", "written")]
    assert len(between.client) == 3


@pytest.mark.parametrize("by", ["tasks/get", "tasks/cancel", "notifications/tasks/status"])
async def test_a_task_that_failed_is_a_call_that_failed(between: Between, by: str) -> None:  # noqa: F811 - the fixture
    await begun(between)
    over = {"taskId": "t1", "status": "cancelled", "statusMessage": "as you wished"}
    if by.startswith("notifications/"):
        await between.says({"jsonrpc": "2.0", "method": by, "params": over})
    else:
        await asks(between, by, **over)
    await between.floor.until(lambda floor: bool(ends(floor)))
    [end] = ends(between.floor)
    assert isinstance(end, ActionFinished)
    assert (end.outcome, end.text) == ("failed", "as you wished")


async def test_the_end_of_a_task_that_nobody_asks_about_is_not_known(between: Between) -> None:  # noqa: F811 - the fixture
    await begun(between)
    await between.gate.close("the client left")
    await between.floor.until(lambda floor: bool(ends(floor)))
    [end] = ends(between.floor)
    assert isinstance(end, ActionFinished)
    assert (end.outcome, end.text) == ("failed", "the client left; how far it got is not known")


def test_tasks_are_kept_within_bounds_and_apart() -> None:
    told: list[tuple[int, bool, str]] = []

    def call(number: int) -> Decision:
        made = Decision(action=str(number), tool="t", outcome="approved", args={}, begun=True)
        made.reports_to(lambda done, text: told.append((number, done, text)))
        return made

    tasks = Tasks()
    tasks.answered(answer(0, content=[]), call(0))
    tasks.answered({"id": 0, "error": {"message": "no"}}, call(0))
    assert told == [(0, True, ""), (0, False, "no")]
    for number in range(KEPT + 1):
        of = {"resultType": "task", "taskId": f"t{number}", "status": "working"}
        tasks.answered(answer(number, **of), call(number))
    assert told[2:] == [(0, False, "too many tasks; how far it got is not known")]
    tasks.answered(answer(999, task={"taskId": "t1", "status": "completed"}), call(999))
    assert told[3:] == [
        (1, False, "another call has the id of its task; how far it got is not known"),
        (999, True, "the task completed"),
    ]
    said: list[Any] = [[], {"status": "failed", "taskId": 7}, {"status": "failed"}, None]
    for nonsense in said:
        tasks.heard({"id": 1, "result": nonsense})
    tasks.read("resources/read t2", well=True, text="")
    assert len(told) == 5
