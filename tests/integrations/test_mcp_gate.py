"""The gate of the MCP proxy, between a client and a server by script: what passes, what waits, what never arrives."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bus import Agent
from bus.adapters.mcp import words
from bus.adapters.mcp.depth import DEPTH
from bus.adapters.mcp.gate import McpGate
from bus.adapters.mcp.proxy import claimed
from bus.adapters.mcp.words import Message
from bus.events import ActionProposed, Hints
from bus.home import Home
from bus.messages import DecisionCommand, KillCommand
from bus.transports.memory import MemoryBus, MemoryTransport
from console.cli.agents.mcp import server_name
from tests.sdk.scripted import AGENT, RUN, SITE, Supervisor

WRITE: Message = {
    "name": "write",
    "inputSchema": {"type": "object", "properties": {"path": {"type": "string"}}, "required": ["path"]},
    "annotations": {"destructiveHint": True, "readOnlyHint": "yes"},
}


class Between:
    """A proxied session: `server` and `client` are what each of them got."""

    def __init__(self, floor: Supervisor) -> None:
        self.floor = floor
        self.server: list[Message] = []
        self.client: list[Message] = []
        self.tasks: list[Any] = []
        self.gate: McpGate
        self._news = asyncio.Event()

    async def to_server(self, message: Message) -> None:
        self.server.append(message)
        self._news.set()
        if message.get("method") == "tools/list":
            answer = {"jsonrpc": "2.0", "id": message["id"], "result": {"tools": [WRITE]}}
            asyncio.get_running_loop().call_soon(
                lambda: self.tasks.append(asyncio.ensure_future(self.says(answer)))
            )

    async def to_client(self, message: Message) -> None:
        self.client.append(message)
        self._news.set()

    async def says(self, message: Message) -> None:
        if await self.gate.from_server(message):
            await self.to_client(message)

    async def until(self, seen: Any) -> None:
        while not seen():
            self._news.clear()
            await self._news.wait()

    async def call(self, number: Any = 1, path: str = "a", **more: Any) -> None:
        params = {"name": "write", "arguments": {"path": path}} | more
        await self.gate.from_client(
            {"jsonrpc": "2.0", "id": number, "method": "tools/call", "params": params}
        )

    @property
    def called(self) -> list[Message]:
        return [message for message in self.server if message.get("method") == "tools/call"]


@pytest.fixture
async def between(tmp_path: Path) -> AsyncIterator[Between]:
    floor = Supervisor(MemoryBus())
    task = asyncio.create_task(floor.live())
    floor.renew()
    home = Home(site=SITE, data=tmp_path / "data", config=tmp_path / "config")
    made = Between(floor)
    agent = Agent(AGENT, home=home, transport=partial(MemoryTransport, floor.bus))
    async with agent, agent.run("serve", run_id=RUN) as run:
        made.gate = McpGate(run, made.to_server, made.to_client, decide_within=60.0)
        yield made
        await made.gate.close("the test ends")
    task.cancel()
    await asyncio.wait({task})


def decide(between: Between, outcome: str, **fields: Any) -> None:
    def answer(run: str, proposal: ActionProposed) -> DecisionCommand:
        return between.floor.answer(run, proposal, outcome, **fields)

    between.floor.decide = answer


@pytest.mark.parametrize("method", sorted(words.HARMLESS - {"tools/list"}))
async def test_what_calls_no_tool_passes_unchanged(between: Between, method: str) -> None:
    message = {
        "jsonrpc": "2.0",
        "id": "x",
        "method": method,
        "params": {"uri": "u", "name": "n", "more": [1, None]},
    }
    await between.gate.from_client(dict(message))
    assert between.server == [message]
    answer = {"jsonrpc": "2.0", "id": "x", "result": {"contents": [{"uri": "u", "text": "words"}]}}
    await between.says(answer)
    assert between.client == [answer]


@pytest.mark.parametrize(
    "message",
    [
        {"jsonrpc": "2.0", "method": "notifications/progress", "params": {"progressToken": 1, "progress": 1}},
        {"jsonrpc": "2.0", "id": 7, "method": "sampling/createMessage", "params": {}},
        {"jsonrpc": "2.0", "id": 7, "method": "elicitation/create", "params": {}},
        {"jsonrpc": "2.0", "method": "notifications/tools/list_changed"},
    ],
)
async def test_what_the_server_asks_and_tells_passes_and_so_does_the_answer(
    between: Between, message: Message
) -> None:
    await between.says(message)
    assert between.client == [message]
    answer = {"jsonrpc": "2.0", "id": 7, "result": {}}
    await between.gate.from_client(answer)
    assert between.server == [answer]


async def test_an_approved_call_reaches_the_server_once_with_its_hints_at_the_gate(between: Between) -> None:
    decide(between, "approved")
    await between.call(5)
    await between.until(lambda: between.called)
    assert between.called == [
        {
            "jsonrpc": "2.0",
            "id": 5,
            "method": "tools/call",
            "params": {"name": "write", "arguments": {"path": "a"}},
        }
    ]
    await between.says(
        {"jsonrpc": "2.0", "id": 5, "result": {"content": [{"type": "text", "text": "written"}]}}
    )
    await between.floor.until(lambda floor: "action.finished" in floor.types(RUN))
    data = between.floor.data(RUN)
    proposed = next(one for one in data if isinstance(one, ActionProposed))
    assert proposed.hints == Hints(destructive_hint=True, schema_digest=words.schema_digest(WRITE))
    assert getattr(data[-1], "text", "") == "written"
    assert len(between.client) == 1  # the list that we asked for ourselves is not the client's


async def test_an_edit_must_fit_the_tool(between: Between) -> None:
    decide(between, "edited", args={"path": "b"})
    await between.call(1)
    await between.until(lambda: between.called)
    assert between.called[0]["params"]["arguments"] == {"path": "b"}
    decide(between, "edited", args={"path": 5})
    await between.call(2)
    await between.until(lambda: between.client)
    assert len(between.called) == 1
    assert between.client[0]["result"]["isError"]
    assert "does not fit" in between.client[0]["result"]["content"][0]["text"]


@pytest.mark.parametrize("outcome, error", [("rejected", True), ("responded", False)])
async def test_a_call_that_is_not_run_is_answered_in_words(
    between: Between, outcome: str, error: bool
) -> None:
    decide(between, outcome, text="because")
    await between.call()
    await between.until(lambda: between.client)
    result = between.client[0]["result"]
    assert result["isError"] is error
    assert "because" in result["content"][0]["text"]
    assert between.called == []


async def test_a_cancelled_call_is_withdrawn_and_an_approval_that_comes_late_changes_nothing(
    between: Between,
) -> None:
    proposals: list[ActionProposed] = []
    between.floor.decide = lambda run, proposal: proposals.append(proposal)
    await between.call(3)
    await between.floor.until(lambda floor: bool(proposals))
    cancel = {"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": 3}}
    await between.gate.from_client(cancel)
    between.floor.send(between.floor.answer(RUN, proposals[0], "approved"))
    await between.floor.until(lambda floor: "command.refused" in floor.types(RUN))
    assert between.called == []
    assert between.client == []
    assert cancel not in between.server


async def test_a_kill_answers_the_held_and_says_that_all_is_over(between: Between) -> None:
    proposals: list[ActionProposed] = []
    between.floor.decide = lambda run, proposal: proposals.append(proposal)
    await between.call(3)
    await between.floor.until(lambda floor: bool(proposals))
    between.floor.order(KillCommand, RUN)
    await between.gate.killed
    await between.until(lambda: between.client)
    assert between.client[0]["result"]["isError"]
    assert between.called == []


async def test_a_request_of_a_protocol_to_come_waits_like_a_tool(between: Between) -> None:
    decide(between, "rejected", text="what is that")
    await between.gate.from_client(
        {"jsonrpc": "2.0", "id": 1, "method": "tools/callMany", "params": {"all": True}}
    )
    await between.until(lambda: between.client)
    assert between.server == []
    assert "what is that" in between.client[0]["error"]["message"]


@pytest.mark.parametrize(
    "message",
    [
        {"method": "tools/call", "params": {"name": "write"}},
        {"id": None, "method": "tools/call", "params": {"name": "write"}},
        {"method": "tools/list"},
        {},
    ],
)
async def test_a_request_without_an_id_goes_nowhere(between: Between, message: Message) -> None:
    await between.gate.from_client(message)
    assert between.server == []


async def test_two_calls_of_one_id_cannot_be_told_apart(between: Between) -> None:
    between.floor.decide = lambda run, proposal: None
    await between.call(1, "a")
    await between.call(1, "b")
    assert between.client[0]["error"]["message"] == "a call with the id 1 is running"


@pytest.mark.parametrize("name", ["", "x" * 129, 5, None])
async def test_a_call_of_no_tool_is_an_error(between: Between, name: Any) -> None:
    await between.call(1, name=name)
    await between.until(lambda: between.client)
    assert between.client[0]["result"]["isError"]
    assert between.called == []


READ_AS_A_CALL: Any = [
    {"method": "ping", "Method": "tools/call", "params": {"name": "delete", "arguments": {}}},
    {"method": "ping", "method\0": "tools/call", "params": {"name": "delete", "arguments": {}}},
    {"method": "ping", "method\0x": "tools/call", "params": {"name": "delete", "arguments": {}}},
    {"method": "ping", "\uff4dethod": "tools/call", "params": {"name": "delete", "arguments": {}}},
    {"method": "ping", "PARAM\u017f": {"name": "delete"}},
    {"method": "ping\0", "params": {}},
    {"method": "tools/call", "params": {"name": "write", "arguments": {"path": "a"}, "Name": "delete"}},
    {"method": "tools/call", "params": {"name": "write", "Arguments": {"path": "/"}}},
    {"method": "tools/call", "params": {"name": "write\0", "arguments": {"path": "a"}}},
]


@pytest.mark.parametrize("message", READ_AS_A_CALL)
async def test_what_another_reader_takes_for_another_call_is_refused(
    between: Between, message: Message
) -> None:
    decide(between, "approved")
    await between.gate.from_client({"jsonrpc": "2.0", "id": 1} | message)
    assert between.server == []
    assert between.client[0]["id"] == 1
    assert "error" in between.client[0]


@pytest.mark.parametrize("more", [{"METHOD": "tools/call"}, {"ID": 9}, {"Params": {"name": "delete"}}])
async def test_a_notification_that_may_be_read_as_a_call_goes_nowhere(
    between: Between, more: Message
) -> None:
    with pytest.raises(words.NotMcpError, match="may be read as"):
        await between.gate.from_client({"jsonrpc": "2.0", "method": "notifications/x"} | more)
    assert between.server == []


async def test_an_argument_that_may_be_read_as_another_is_refused(between: Between) -> None:
    decide(between, "approved")
    await between.call(1, arguments={"path": "a", "Path": "/"})
    await between.until(lambda: between.client)
    assert "'Path' may be read as 'path'" in between.client[0]["result"]["content"][0]["text"]
    assert between.called == []


async def test_only_what_the_protocol_knows_reaches_the_server(between: Between) -> None:
    decide(between, "approved")
    known = {"name": "write", "arguments": {"path": "a"}, "_meta": {"x": 1}, "task": {"ttl": 1}}
    params = known | {"inputResponses": {}, "requestState": "s"}
    call = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params}
    await between.gate.from_client(call | {"result": {}, "more": 1, "params": params | {"more": 1}})
    await between.until(lambda: between.called)
    assert between.called == [call]
    await between.gate.from_client({"jsonrpc": "2.0", "id": 7, "result": {"more": 1}, "more": 1})
    assert between.server[-1] == {"jsonrpc": "2.0", "id": 7, "result": {"more": 1}}


async def test_a_list_that_comes_too_late_is_forgotten_and_none_of_the_clients(
    between: Between, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bus.adapters.mcp.gate.LIST_WITHIN", 0.0)
    asked: list[Message] = []

    async def silent(message: Message) -> None:
        asked.append(message)

    monkeypatch.setattr(between.gate._ours, "_to_server", silent)
    decide(between, "rejected")
    await between.call()
    await between.until(lambda: between.client)
    assert between.gate._ours._asked == {}
    late = {"jsonrpc": "2.0", "id": asked[0]["id"], "result": {"tools": [WRITE]}}
    assert await between.gate.from_server(late) is False


# ---- words -----------------------------------------------------------------------------------------------------------

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**60), 2**60) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@given(st.binary(max_size=40) | JSON.map(lambda value: words.encode({"id": 1, "x": value})[1:]))
def test_a_line_is_a_message_or_an_error(line: bytes) -> None:
    try:
        message = words.decode(line)
    except words.NotMcpError:
        return
    assert words.decode(words.encode(message)) == message


@given(JSON, st.integers(DEPTH - 10, DEPTH + 10), st.text(max_size=3))
def test_what_is_nested_too_deep_is_no_message(value: Any, levels: int, key: str) -> None:
    """Else it may be read, and not be written again where more frames stand above."""
    nested: Any = [key]
    for _ in range(levels - 2):
        nested = {key: nested}
    line = words.encode({"x": value, "deep": nested, "text": "[" * 300})
    if levels <= DEPTH:
        assert words.decode(line)["deep"] == nested
    else:
        with pytest.raises(words.NotMcpError, match="nested"):
            words.decode(line)


@pytest.mark.parametrize(
    "line", [b"[]", b"1", b'{"id": true}', b'{"id": 1.5}', b'{"id": {}}', b'{"method": 1}', b"{"]
)
def test_what_is_no_message_is_said(line: bytes) -> None:
    with pytest.raises(words.NotMcpError):
        words.decode(line)


def test_what_is_sent_twice_in_one_message_is_sent_on_once() -> None:
    message = words.decode(b'{"method": "tools/call", "id": 1, "method": "ping"}')
    assert words.encode(message) == b'{"method":"ping","id":1}'


@given(JSON)
def test_any_annotations_are_hints_or_none(annotations: Any) -> None:
    found = words.hints({"annotations": annotations}, None)
    assert found is None or isinstance(found, Hints)


@given(JSON)
def test_any_answer_has_an_outcome(result: Any) -> None:
    well, text = words.outcome({"id": 1, "result": result})
    assert isinstance(well, bool)
    assert isinstance(text, str)


@pytest.mark.parametrize(
    "command, name",
    [
        (("npx", "-y", "@modelcontextprotocol/server-filesystem@1.2", "/x"), "server-filesystem"),
        (("uvx", "mcp-server-git"), "mcp-server-git"),
        (("python", "-m", "mcp_server_time"), "mcp_server_time"),
        (("node", "/opt/server-memory/dist/index.js"), "server-memory"),
        (("/usr/bin/srv",), "srv"),
    ],
)
def test_a_proxy_is_named_after_its_server(command: tuple[str, ...], name: str) -> None:
    assert server_name(command) == name


def test_proxies_of_one_name_are_told_apart_and_the_name_is_free_again(tmp_path: Path) -> None:
    home = Home(site=SITE, data=tmp_path, config=tmp_path)
    with claimed(home, "fs") as first, claimed(home, "fs") as second:
        assert (first, second) == ("fs", "fs-2")
    with claimed(home, "fs") as again:
        assert again == "fs"


@pytest.mark.parametrize("which", ["input", "output"])
def test_a_proxy_between_files_is_one_line(which: str, tmp_path: Path) -> None:
    file = (tmp_path / "stream").open("w+b")
    streams: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    streams["stdin" if which == "input" else "stdout"] = file
    command = [sys.executable, "-m", "console.cli.main", "mcp", "--", "cat"]
    where = {**os.environ, "WATCHFLOOR_HOME": str(tmp_path)}
    with file, subprocess.Popen(command, env=where, stderr=subprocess.PIPE, **streams) as proxy:
        _, said = proxy.communicate(timeout=60)
    assert proxy.returncode == 2
    assert said.decode().startswith(f"watchfloor: mcp: standard {which} is no pipe: ")
    assert said.count(b"\n") == 1
