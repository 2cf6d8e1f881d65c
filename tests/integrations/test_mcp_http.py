"""The MCP proxy over HTTP, as an application: a server by script behind it, and a floor by script that decides."""

from __future__ import annotations

import asyncio
import json
import urllib.request
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any, cast

import pytest

from bus import Agent
from bus.adapters.mcp import words
from bus.adapters.mcp.asking import local
from bus.adapters.mcp.http import McpFront
from bus.adapters.mcp.serve import bound, serve_http
from bus.adapters.mcp.upstream import Answer, Headers, Upstream, UpstreamError
from bus.events import ActionFinished
from bus.home import Home
from bus.messages import KillCommand
from bus.transports.memory import MemoryTransport
from tests.sdk.scripted import AGENT, RUN, SITE, Supervisor, living

WRITE = {"name": "write", "inputSchema": {"type": "object", "properties": {"path": {"type": "string"}}}}
JSON: Headers = [(b"content-type", b"application/json")]
EVENTS: Headers = [(b"content-type", b"text/event-stream; charset=utf-8")]


class Scripted:
    """Where the server would be. `asked` is what reached it; `pieces` how it answers a call of a tool."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, dict[str, Any]]] = []
        self.headers: list[dict[bytes, bytes]] = []
        self.status = 200
        self.kind = JSON
        self.news = asyncio.Condition()
        self.lists: list[tuple[Headers, bytes]] = []
        self.pieces: Sequence[bytes] = ()
        self.away = False
        self.dies = False

    @asynccontextmanager
    async def ask(self, method: str, headers: Headers, body: bytes) -> AsyncIterator[Answer]:
        if self.away:
            raise UpstreamError("the MCP server cannot be reached")
        message = json.loads(body or b"{}")
        self.asked.append((method, message))
        self.headers.append(dict(headers))
        async with self.news:
            self.news.notify_all()
        result = (
            {"tools": [WRITE]}
            if message.get("method") == "tools/list"
            else {"content": [{"type": "text", "text": "ok"}]}
        )
        answer = json.dumps({"jsonrpc": "2.0", "id": message.get("id"), "result": result}).encode()
        listed = message.get("method") == "tools/list"
        if listed and self.lists:
            kind, told = self.lists.pop(0)
            number = json.dumps(message["id"]).encode()
            yield Answer(200, kind, _each([told.replace(b'"id": 1', b'"id": ' + number)]))
            return
        yield Answer(
            200 if listed else self.status,
            JSON if listed else self.kind,
            _each([answer] if listed or not self.pieces else self.pieces, dies=self.dies and not listed),
        )

    @property
    def called(self) -> list[dict[str, Any]]:
        return [
            message["params"]["arguments"]
            for _, message in self.asked
            if message.get("method") == "tools/call"
        ]


async def _each(pieces: Sequence[bytes], *, dies: bool = False) -> AsyncIterator[bytes]:
    for piece in pieces:
        yield piece
    if dies:
        raise UpstreamError("the MCP server broke off")


class Client:
    """One HTTP request of a client that may leave."""

    def __init__(
        self, front: McpFront, message: Any, *, method: str = "POST", headers: Headers | None = None
    ) -> None:
        self.status = 0
        self.headers: dict[bytes, bytes] = {}
        self.body = b""
        self.ended = False
        self.began = asyncio.Event()
        self._left = asyncio.Event()
        self._body: list[bytes] = [message if isinstance(message, bytes) else json.dumps(message).encode()]
        given = [
            (b"host", b"127.0.0.1:1"),
            (b"accept", b"application/json, text/event-stream"),
            *(headers or []),
        ]
        scope = {"type": "http", "method": method, "headers": given}
        self.task = asyncio.create_task(front(scope, self._receive, self._send))

    async def _receive(self) -> Any:
        if self._body:
            return {"type": "http.request", "body": self._body.pop(), "more_body": False}
        await self._left.wait()
        return {"type": "http.disconnect"}

    async def _send(self, message: Any) -> None:
        if message["type"] == "http.response.start":
            assert not self.status, "a head is sent once"
            self.status = message["status"]
            self.headers = dict(message["headers"])
            self.began.set()
        else:
            assert not self.ended, "nothing comes after the end"
            self.ended = not message.get("more_body")
        self.body += message.get("body", b"")

    def leave(self) -> None:
        self._left.set()

    async def answer(self) -> Any:
        await self.task
        return json.loads(self.body)


@pytest.fixture
async def floor() -> AsyncIterator[Supervisor]:
    async with living() as made:
        yield made


@pytest.fixture
def behind() -> Scripted:
    return Scripted()


@pytest.fixture
async def front(floor: Supervisor, behind: Scripted, tmp_path: Path) -> AsyncIterator[McpFront]:
    home = Home(site=SITE, data=tmp_path / "data", config=tmp_path / "config")
    agent = Agent(AGENT, home=home, transport=partial(MemoryTransport, floor.bus))
    async with agent, agent.run("serve", run_id=RUN) as run:
        made = McpFront(run, cast("Upstream", behind), decide_within=60.0)
        yield made
        await made.close()


def said(message: dict[str, Any]) -> bytes:
    """A message as an event."""
    return b"event: message\ndata: " + words.encode(message) + b"\n\n"


def call(number: int = 1, path: str = "a") -> dict[str, Any]:
    return {
        "jsonrpc": "2.0",
        "id": number,
        "method": "tools/call",
        "params": {"name": "write", "arguments": {"path": path}},
    }


async def test_an_approved_call_goes_on_and_its_answer_comes_back(
    front: McpFront, floor: Supervisor, behind: Scripted
) -> None:
    floor.decide = lambda run, proposal: floor.answer(run, proposal, "approved")
    answer = await Client(front, call()).answer()
    assert answer["result"]["content"][0]["text"] == "ok"
    assert behind.called == [{"path": "a"}]
    await floor.until(lambda floor: "action.finished" in floor.types(RUN))
    assert getattr(floor.data(RUN)[-1], "text", "") == "ok"


async def test_an_answer_in_events_comes_through_whole_however_it_is_cut(
    front: McpFront, floor: Supervisor, behind: Scripted
) -> None:
    floor.decide = lambda run, proposal: floor.answer(run, proposal, "approved")
    told = json.dumps(
        {"jsonrpc": "2.0", "id": 1, "result": {"content": [{"type": "text", "text": "in events"}]}}
    )
    stream = f": hello\n\nevent: message\ndata: {told}\n\n".encode()
    behind.kind, behind.pieces = EVENTS, [stream[at : at + 7] for at in range(0, len(stream), 7)]
    client = Client(front, call())
    await client.task
    assert client.body == b":\n\n" + said(json.loads(told))
    await floor.until(lambda floor: "action.finished" in floor.types(RUN))
    assert getattr(floor.data(RUN)[-1], "text", "") == "in events"


async def test_a_held_call_goes_on_with_its_own_headers(
    front: McpFront, floor: Supervisor, behind: Scripted
) -> None:
    proposals = floor.undecided()
    session = (b"mcp-session-id", b"s")
    alice = [session, (b"authorization", b"alice"), (b"mcp-method", b"tools/call"), (b"mcp-name", b"write")]
    bob = [session, (b"authorization", b"bob"), (b"mcp-method", b"ping")]
    held = Client(front, call(), headers=alice)
    await floor.until(lambda _: bool(proposals))
    await Client(front, {"jsonrpc": "2.0", "id": 2, "method": "ping"}, headers=bob).answer()
    floor.send(floor.answer(RUN, proposals[0], "approved"))
    await held.answer()
    by = {message["method"]: told for (_, message), told in zip(behind.asked, behind.headers, strict=True)}
    assert by["tools/call"][b"authorization"] == by["tools/list"][b"authorization"] == b"alice"
    assert by["tools/call"][b"mcp-name"] == b"write"
    assert by["tools/list"][b"mcp-method"] == b"tools/list"
    assert b"mcp-name" not in by["tools/list"]
    assert by["ping"][b"authorization"] == b"bob"


@pytest.mark.parametrize(
    "header",
    [
        (b"mcp-method", b"ping"),
        (b"mcp-name", b"read"),
        (b"mcp-name", b"=?base64?cmVhZA==?="),
        (b"mcp-name", b"\xff"),
    ],
)
async def test_headers_that_say_something_else_than_the_message_go_nowhere(
    front: McpFront, behind: Scripted, header: tuple[bytes, bytes]
) -> None:
    client = Client(front, call(), headers=[header])
    await client.task
    assert client.status == 400
    assert behind.asked == []


async def test_a_rejected_call_never_leaves(front: McpFront, floor: Supervisor, behind: Scripted) -> None:
    floor.decide = lambda run, proposal: floor.answer(run, proposal, "rejected", text="because")
    answer = await Client(front, call()).answer()
    assert answer["result"]["isError"]
    assert behind.called == []


async def test_a_client_that_leaves_while_it_is_held_has_withdrawn(
    front: McpFront, floor: Supervisor, behind: Scripted
) -> None:
    proposals = floor.undecided()
    client = Client(front, call())
    await floor.until(lambda _: bool(proposals))
    client.leave()
    await client.task
    floor.send(floor.answer(RUN, proposals[0], "approved"))
    await floor.until(lambda floor: "command.refused" in floor.types(RUN))
    assert behind.called == []


async def test_a_cancellation_on_another_connection_withdraws(
    front: McpFront, floor: Supervisor, behind: Scripted
) -> None:
    proposals = floor.undecided()
    session: Headers = [(b"mcp-session-id", b"s1")]
    held = Client(front, call(7), headers=session)
    await floor.until(lambda _: bool(proposals))
    cancel = Client(
        front,
        {"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": 7}},
        headers=session,
    )
    await cancel.task
    assert cancel.status == 202
    await floor.until(lambda floor: "action.finished" in floor.types(RUN))
    held.leave()
    await held.task
    assert behind.called == []


async def test_a_server_that_is_away_is_said_and_the_call_has_no_known_end(
    front: McpFront, floor: Supervisor, behind: Scripted
) -> None:
    floor.decide = lambda run, proposal: floor.answer(run, proposal, "approved")
    assert (await Client(front, call()).answer())["result"]
    behind.away = True
    client = Client(front, call(2))
    await client.task
    assert client.status == 502
    await floor.until(lambda floor: floor.types(RUN).count("action.finished") == 2)
    assert getattr(floor.data(RUN)[-1], "outcome", "") == "failed"


async def test_a_server_that_breaks_off_leaves_no_half_of_an_answer_in_json(
    front: McpFront, floor: Supervisor, behind: Scripted
) -> None:
    floor.decide = lambda run, proposal: floor.answer(run, proposal, "approved")
    behind.dies, behind.pieces = True, [b'{"jsonrpc"']
    client = Client(front, call())
    await client.task
    assert client.status == 502
    assert client.body == b"watchfloor: the MCP server broke off"
    await floor.until(lambda floor: "action.finished" in floor.types(RUN))
    assert getattr(floor.data(RUN)[-1], "outcome", "") == "failed"


async def test_a_client_in_the_middle_of_events_is_told_that_the_server_broke_off(
    front: McpFront, floor: Supervisor, behind: Scripted
) -> None:
    floor.decide = lambda run, proposal: floor.answer(run, proposal, "approved")
    behind.dies, behind.kind, behind.pieces = True, EVENTS, [b": hello\n\n"]
    client = Client(front, call(3))
    await client.task
    hello, _, told = client.body.decode().partition("\n\n")
    assert (client.status, hello) == (200, ":")
    message = json.loads(told.partition("data: ")[2])
    assert message["id"] == 3
    assert "broke off" in message["error"]["message"]


async def test_a_server_that_breaks_off_after_its_answer_is_answered_for_once(
    front: McpFront, floor: Supervisor, behind: Scripted
) -> None:
    floor.decide = lambda run, proposal: floor.answer(run, proposal, "approved")
    news = said({"jsonrpc": "2.0", "method": "notifications/message", "params": {}})
    told = said({"jsonrpc": "2.0", "id": 3, "result": {"content": []}})
    behind.dies, behind.kind, behind.pieces = True, EVENTS, [news, told]
    client = Client(front, call(3))
    await client.task
    assert (client.status, client.body) == (200, news + told)
    assert client.ended
    await floor.until(lambda floor: "action.finished" in floor.types(RUN))
    assert getattr(floor.data(RUN)[-1], "outcome", "") == "done"


def ends(floor: Supervisor) -> list[tuple[str, str]]:
    found = [data for data in floor.data(RUN) if isinstance(data, ActionFinished)]
    return [(end.outcome, end.text) for end in found]


@pytest.mark.parametrize("session", [b"", b"s"])
async def test_a_call_that_became_a_task_runs_on_when_its_request_is_over(
    front: McpFront, floor: Supervisor, behind: Scripted, session: bytes
) -> None:
    floor.decide = lambda run, proposal: floor.answer(run, proposal, "approved")
    headers: Headers = [(b"mcp-session-id", session)] if session else []

    async def told(message: dict[str, Any], **result: Any) -> None:
        answer = {"jsonrpc": "2.0", "id": message["id"], "result": result}
        behind.pieces = [json.dumps(answer).encode()]
        assert await Client(front, message, headers=headers).answer() == answer

    await told(call(1), task={"taskId": "t1", "status": "working"})
    await told(call(2), resultType="task", taskId="t2", status="working")
    await told(call(3), content=[])
    await floor.until(lambda floor: len(ends(floor)) >= 1)  # of the call that is none
    asking = {"jsonrpc": "2.0", "id": 1, "method": "tasks/get", "params": {"taskId": "t1"}}
    await told(asking, taskId="t1", status="completed", statusMessage="well")
    await floor.until(lambda floor: len(ends(floor)) >= 2)
    await front.close()
    await floor.until(lambda floor: len(ends(floor)) >= 3)
    assert ends(floor)[1:] == [
        ("done", "well"),
        ("failed", "the proxy ended; how far it got is not known"),
    ]


async def test_a_client_that_was_told_to_wait_is_told_that_the_server_is_away(
    front: McpFront, floor: Supervisor, behind: Scripted, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bus.adapters.mcp.http.HELD_AFTER", 0.01)
    monkeypatch.setattr("bus.adapters.mcp.http.TELL_EVERY", 0.01)
    proposals = floor.undecided()
    client = Client(front, call(3))
    await floor.until(lambda _: bool(proposals))
    await client.began.wait()
    behind.away = True
    floor.send(floor.answer(RUN, proposals[0], "approved"))
    await client.task
    message = json.loads(client.body.decode().rpartition("data: ")[2])
    assert (client.status, message["id"]) == (200, 3)
    assert "cannot be reached" in message["error"]["message"]


async def test_a_kill_is_told_to_the_client_and_to_who_serves(
    front: McpFront, floor: Supervisor, behind: Scripted
) -> None:
    proposals = floor.undecided()
    client = Client(front, call())
    await floor.until(lambda _: bool(proposals))
    floor.order(KillCommand, RUN)
    assert (await client.answer())["result"]["isError"]
    await front.ended
    assert behind.called == []


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"1", b'{"id": 1.5, "method": "ping"}'])
async def test_what_is_no_message_goes_nowhere(front: McpFront, behind: Scripted, body: bytes) -> None:
    client = Client(front, body)
    await client.task
    assert client.status == 400
    assert behind.asked == []


@pytest.mark.parametrize("method", ["PUT", "OPTIONS", "HEAD"])
async def test_other_methods_are_refused(front: McpFront, behind: Scripted, method: str) -> None:
    client = Client(front, b"", method=method)
    await client.task
    assert (client.status, behind.asked) == (405, [])


@pytest.mark.parametrize(
    "headers, ours",
    [
        ([(b"host", b"127.0.0.1:80")], True),
        ([(b"host", b"localhost")], True),
        ([(b"host", b"[::1]:80")], True),
        ([(b"host", b"localhost"), (b"origin", b"http://localhost:3000")], True),
        ([(b"host", b"evil.example")], False),
        ([(b"host", b"127.0.0.1.evil.example")], False),
        ([(b"host", b"localhost"), (b"origin", b"https://evil.example")], False),
        ([(b"host", b"localhost"), (b"origin", b"null")], False),
        ([], False),
    ],
)
def test_only_local_names_are_answered(headers: Headers, ours: bool) -> None:
    assert local(headers) is ours


@pytest.mark.parametrize(
    "listen", ["0.0.0.0:1", "192.0.2.1:80", "[::]:1", "example.org:80", "127.0.0.1", "127.0.0.1:x", ""]
)
def test_it_listens_on_this_machine_alone(listen: str) -> None:
    with pytest.raises(ValueError, match=r"address|alone"):
        bound(listen)


@pytest.mark.parametrize("url", ["ftp://x/", "x", "http://", "http://a:b@host/", "http://host/#x", ""])
def test_a_url_must_be_one(url: str) -> None:
    with pytest.raises(ValueError, match="no address of an MCP server"):
        Upstream(url)


async def test_the_process_serves_until_an_operator_ends_the_run(
    floor: Supervisor, behind: Scripted, tmp_path: Path
) -> None:
    home = Home(site=SITE, data=tmp_path / "data", config=tmp_path / "config")
    agent = Agent(AGENT, home=home, transport=partial(MemoryTransport, floor.bus))
    proposals = floor.undecided()
    with bound("127.0.0.1:0") as sock:
        served = asyncio.create_task(
            serve_http(agent, cast("Upstream", behind), sock, url="u", run_id=RUN, decide_within=60.0)
        )
        await floor.until(lambda floor: "run.started" in floor.types(RUN))
        asked = urllib.request.Request(
            f"http://127.0.0.1:{sock.getsockname()[1]}/mcp",
            json.dumps(call()).encode(),
            {"Accept": "application/json, text/event-stream", "Content-Type": "application/json"},
        )
        answer = asyncio.create_task(asyncio.to_thread(lambda: json.load(urllib.request.urlopen(asked))))
        await floor.until(lambda _: bool(proposals))
        floor.order(KillCommand, RUN)
        assert (await answer)["result"]["isError"]
        assert await served == 1
    assert behind.called == []
