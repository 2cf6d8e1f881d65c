"""The bridge on a real supervisor, and a caller of it: over ASGI without a network, or through a real port."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from bus import Agent
from bus.aap.requests import Requests
from bus.aap.serve import listening, serve, url
from bus.aap.web import Application
from bus.transports.memory import MemoryTransport
from console.core.fleet.state import Action
from tests.fixtures.answering import about
from tests.fixtures.desk import SUPERVISOR
from tests.fixtures.service import Running, running

CALL: dict[str, Any] = {
    "tool": "delete_file",
    "arguments": {"path": "/srv/a b"},
    "timeout": "10m",
    "context": {"framework": "test", "call_id": "talk:1"},
}


class Reply(NamedTuple):
    """A status and the JSON that came with it."""

    status: int
    body: dict[str, Any]

    @property
    def code(self) -> str:
        """The code of an error."""
        return str(self.body["error"]["code"])


class Bridge:
    """The bridge and its supervisor."""

    def __init__(self, site: Running, requests: Requests, application: Application) -> None:
        self.site = site
        self.requests = requests
        self.application = application

    async def call(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        key: str = "",
        raw: bytes | None = None,
        **headers: str,
    ) -> Reply:
        """Say something to the bridge."""
        content = raw if raw is not None else b"" if body is None else json.dumps(body).encode()
        given = {"authorization": "Bearer t", "content-type": "application/json"} | headers
        if key:
            given["idempotency-key"] = key
        sent: list[dict[str, Any]] = []
        pieces = [{"type": "http.request", "body": content, "more_body": False}]

        async def receive() -> Any:
            return pieces.pop(0) if pieces else {"type": "http.disconnect"}

        async def send(message: Any) -> None:
            sent.append(message)

        where, _, query = path.partition("?")
        scope = {
            "type": "http",
            "method": method,
            "path": where,
            "query_string": query.encode(),
            "headers": [(name.replace("_", "-").encode(), value.encode()) for name, value in given.items()],
        }
        await self.application(scope, receive, send)
        return Reply(sent[0]["status"], json.loads(sent[1]["body"]))

    async def ask(self, key: str = "k1", **changes: Any) -> str:
        """Ask for a call and return the request's id, when a person is asked."""
        before = len(self.site.desk.fleet.waiting)
        reply = await self.call("POST", "/v1/requests", CALL | changes, key=key)
        assert reply.status == 201, reply
        await self.site.until(lambda: len(self.site.desk.fleet.waiting) > before)
        return str(reply.body["id"])

    def waiting(self) -> Action:
        """The action that waits for a person."""
        action = self.site.desk.fleet.action(self.site.desk.fleet.waiting[-1])
        assert action is not None
        return action

    async def operator(self, verb: str, **more: Any) -> None:
        """Decide what waits."""
        action = self.waiting()
        answer = await self.site.say(verb, **about(action), **more)
        assert answer.accepted, answer

    async def got(self, name: str, wait: str = "25s") -> dict[str, Any]:
        """A request as it is once it is decided."""
        reply = await self.call("GET", f"/v1/requests/{name}?wait={wait}")
        assert reply.status == 200, reply
        return reply.body


def agent(site: Running) -> Agent:
    """The agent of a bridge on a bus in memory."""
    return Agent(
        "aap",
        home=site.home,
        transport=partial(MemoryTransport, site.bus),
        supervisor=SUPERVISOR.public.line,
        on_disk=False,
    )


@asynccontextmanager
async def bridged(
    folder: Path, clock: Callable[[], float] = time.monotonic, **how: Any
) -> AsyncIterator[Bridge]:
    """A bridge without a port."""
    async with running(folder) as site, agent(site) as ours:
        requests = Requests(ours, clock=clock)
        try:
            yield Bridge(site, requests, Application(requests, **how))
        finally:
            await requests.close()


@asynccontextmanager
async def served(folder: Path, *, token: str = "") -> AsyncIterator[tuple[Running, str]]:
    """A supervisor, and a bridge that serves at a real port of this machine."""
    async with running(folder) as site:
        stopping = asyncio.Event()
        heard: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        with listening("127.0.0.1:0", token=token) as sock:
            task = asyncio.create_task(
                serve(agent(site), sock, token=token, ready=heard.set_result, stopping=stopping)
            )
            either: list[asyncio.Future[Any]] = [task, heard]
            await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
            assert heard.result() == url(sock)
            try:
                yield site, heard.result()
            finally:
                stopping.set()
                await task


__all__ = ["CALL", "Bridge", "Reply", "bridged", "served"]
