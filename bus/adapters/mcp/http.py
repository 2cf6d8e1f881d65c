"""A proxy in front of an MCP server that speaks streamable HTTP: `watchfloor mcp --url URL --listen 127.0.0.1:PORT`."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Any, Final

from bus.adapters.mcp import words
from bus.adapters.mcp.answering import Answering, Receive, Scope, Send
from bus.adapters.mcp.asking import SESSION, Asking, asked, asking, local
from bus.adapters.mcp.gate import McpGate
from bus.adapters.mcp.relaying import BODY_BYTES, Relay, messages
from bus.adapters.mcp.tasks import Tasks
from bus.adapters.mcp.trials import Trials
from bus.adapters.mcp.upstream import Upstream, UpstreamError
from bus.adapters.mcp.words import Id, Message
from bus.sdk.decision import RunKilled
from bus.sdk.job import Run

log = logging.getLogger("watchfloor")

SESSIONS: Final = 256
"""Sessions of clients that are remembered; the oldest is forgotten first, and what it holds is withdrawn."""

HELD_AFTER: Final = 1.0
"""Seconds after which a client whose call is held gets the head of the answer."""

TELL_EVERY: Final = 5.0
"""Seconds between two signs of life to it."""

Out = asyncio.Future[tuple[bool, Message]]


class Channel:
    """The gate of one session, with where each of its messages goes."""

    def __init__(
        self,
        run: Run,
        upstream: Upstream,
        killed: Callable[[RunKilled], object],
        wait: float,
        trials: Trials,
        tasks: Tasks | None,
    ) -> None:
        self.outs: dict[Id, Out] = {}
        self._upstream = upstream
        self._tasks: set[asyncio.Task[None]] = set()
        self.gate = McpGate(
            run, self._to_server, self._to_client, decide_within=wait, trials=trials, tasks=tasks
        )
        self.gate.killed.add_done_callback(lambda done: None if done.cancelled() else killed(done.result()))

    async def _to_server(self, message: Message) -> None:
        request = words.request_id(message)
        out = self.outs.get(request) if request is not None else None
        if out is not None:
            if not out.done():
                out.set_result((True, message))
        elif request is not None:  # what the gate asks for itself
            task = asyncio.create_task(self._own(message))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        else:
            asking.get().passed = message

    async def _to_client(self, message: Message) -> None:
        out = self.outs.get(message["id"]) if "id" in message and "method" not in message else None
        if out is not None and not out.done():
            out.set_result((False, message))

    async def _own(self, message: Message) -> None:
        of_a_list = message.get("method") == words.LIST
        headers = asking.get().of_a_list if of_a_list else asking.get().headers
        own, why = words.request_id(message), "the server gave no answer"
        try:
            async with self._upstream.ask("POST", headers, words.encode(message)) as answer:
                async for told in messages(answer):
                    answered = words.answered_id(told)
                    if answered in (None, own):
                        await self.gate.from_server(told)
                    if answered == own:
                        return
        except (UpstreamError, words.NotMcpError) as error:
            why = str(error)
        # Where that was no answer: whoever waits for it need not wait longer.
        await self.gate.from_server(words.failure(message["id"], why))

    def read(self, body: bytes) -> Message:
        """What a client says.

        Raises:
            NotMcpError: nobody can read it. If it is an answer, the server is told.
        """
        try:
            return words.decode(body)
        except words.NotMcpError as error:
            found = words.stub(body)
            if "id" in found and "method" not in found:
                self.refuse(found["id"], f"watchfloor: the client's answer cannot be read: {error}")
            raise

    def refuse(self, request: Id, text: str) -> None:
        """Tell the server, which waits for an answer of the client, that none will come."""
        task = asyncio.create_task(self._refused(words.failure(request, text)))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _refused(self, told: Message) -> None:
        try:
            async with self._upstream.ask("POST", asking.get().of_an_answer, words.encode(told)):
                pass
        except UpstreamError as error:
            log.warning("%s", error)


class McpFront:
    """The ASGI application. All sessions of all its clients are one run. `ended` holds why an operator ended it."""

    def __init__(
        self, run: Run, upstream: Upstream, *, decide_within: float, trials: Trials | None = None
    ) -> None:
        self.ended: asyncio.Future[RunKilled] = asyncio.get_running_loop().create_future()
        self._run = run
        self._upstream = upstream
        self._decide_within = decide_within
        self._trials = Trials() if trials is None else trials
        self._sessions: dict[bytes, Channel] = {}
        self._tasks = Tasks(shared=True)
        """Of requests without a session: the end of a task is told to a later one than that of its call."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            return
        back = Answering(send)
        headers = [(bytes(name).lower(), bytes(value)) for name, value in scope["headers"]]
        if not local(headers):
            await back.say(403, "watchfloor: this proxy answers to local names only")
            return
        method = str(scope["method"])
        if method not in ("POST", "GET", "DELETE"):
            await back.say(405, "watchfloor: POST, GET and DELETE")
            return
        session = dict(headers).get(SESSION, b"")
        channel = await self._channel(session)
        request = asked(method, headers)
        asking.set(request)
        try:
            if method == "POST":
                await self._post(channel, request, receive, back)
            else:
                await self._pass(channel, request, b"", receive, back)
        except words.NotMcpError as error:
            await back.say(400, f"watchfloor: {error}")
        except UpstreamError as error:
            log.warning("%s", error)
            await back.say(502, f"watchfloor: {error}")
        if method == "DELETE":
            self._sessions.pop(session, None)
            await channel.gate.close("the client ended its session")
        elif not session:
            await channel.gate.close("it went on without a session")

    async def close(self) -> None:
        """Withdraw everything that is held."""
        for channel in self._sessions.values():
            await channel.gate.close("the proxy ended")
        self._tasks.lose("the proxy ended")

    async def _channel(self, session: bytes) -> Channel:
        made = self._sessions.pop(session, None) if session else None
        if made is None:
            tasks = None if session else self._tasks
            made = Channel(self._run, self._upstream, self._killed, self._decide_within, self._trials, tasks)
        if session:
            self._sessions[session] = made
            if len(self._sessions) > SESSIONS:
                await self._sessions.pop(next(iter(self._sessions))).gate.close("too many sessions")
        return made

    def _killed(self, error: RunKilled) -> None:
        if not self.ended.done():
            self.ended.set_result(error)

    async def _post(self, channel: Channel, client: Asking, receive: Receive, back: Answering) -> None:
        message = channel.read(await _body(receive))
        client.agrees(message)
        request = words.request_id(message)
        if request is None:
            await channel.gate.from_client(message)
            if client.passed is None:
                await back.say(202, "")
            else:
                await self._pass(channel, client, words.encode(client.passed), receive, back)
            return
        if request in channel.outs:
            raise words.NotMcpError(f"a call with the id {request!r} is running")
        out: Out = asyncio.get_running_loop().create_future()
        channel.outs[request] = out
        back.awaited = request
        gone = asyncio.create_task(_gone(receive))
        why = "the connection ended before an answer came"
        try:
            await channel.gate.from_client(message)
            await self._held(client, out, gone, back)
            if not out.done():  # the client left, and nobody would read an answer
                cancel = {"jsonrpc": "2.0", "method": words.CANCELLED, "params": {"requestId": request}}
                await channel.gate.from_client(cancel)
                return
            forward, answer = out.result()
            if forward:
                await self._pass(channel, client, words.encode(answer), receive, back, gone=gone)
            else:
                await back.tell(answer)
        except UpstreamError as error:
            why = str(error)
            if not back.started:
                raise
            log.warning("%s", error)  # who was told to wait for an answer gets one, but never a second
            await back.fail(f"watchfloor: {error}")
        finally:
            gone.cancel()
            channel.outs.pop(request, None)
            if not (client.in_session and back.resumable):  # else its answer may come in a later stream
                channel.gate.lost(request, why)

    async def _held(self, client: Asking, out: Out, gone: asyncio.Task[None], back: Answering) -> None:
        """Wait until a request goes on, is answered, or its client left; tell a client that reads events that it is held."""
        pause = HELD_AFTER
        waiting: set[asyncio.Future[Any]] = {out, gone}
        while True:
            done, _ = await asyncio.wait(waiting, timeout=pause, return_when=asyncio.FIRST_COMPLETED)
            if done:
                return
            if client.takes_events:
                if not back.started:
                    await back.head(
                        200, [(b"content-type", b"text/event-stream"), (b"cache-control", b"no-cache")]
                    )
                await back.more(b": held, an operator is asked\n\n")
            pause = TELL_EVERY

    async def _pass(
        self,
        channel: Channel,
        client: Asking,
        body: bytes,
        receive: Receive,
        back: Answering,
        gone: asyncio.Task[None] | None = None,
    ) -> None:
        """Forward a request, and its answer as it comes."""
        leaving = gone or asyncio.create_task(_gone(receive))
        work = asyncio.create_task(self._relay(channel, client, body, back))
        try:
            await asyncio.wait({work, leaving}, return_when=asyncio.FIRST_COMPLETED)
            if work.done():
                work.result()
        finally:
            for task in (work, leaving):
                task.cancel()
            await asyncio.gather(work, leaving, return_exceptions=True)

    async def _relay(self, channel: Channel, client: Asking, body: bytes, back: Answering) -> None:
        async with self._upstream.ask(client.method, client.headers, body) as answer:
            await Relay(channel.gate, back, channel.outs, channel.refuse).all_of(answer)


async def _body(receive: Receive) -> bytes:
    body = b""
    while True:
        message = await receive()
        if message["type"] != "http.request":
            raise words.NotMcpError("the client left")
        body += bytes(message.get("body", b""))
        if len(body) > BODY_BYTES:
            raise words.NotMcpError(f"a message is longer than {BODY_BYTES} bytes")
        if not message.get("more_body"):
            return body


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
