"""One request to an MCP server over HTTP, a real connection: where it goes, and what is said of the body that it brings."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from bus.adapters.mcp.upstream import HOPS, UnreadableError, Upstream, UpstreamError


class Server:
    """Answers by path, and keeps each request as it came."""

    def __init__(self) -> None:
        self.answers: dict[str, bytes] = {}
        self.asked: list[bytes] = []
        self.port = 0

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        size = next(int(line[15:]) for line in head.split(b"\r\n") if line.startswith(b"content-length:"))
        self.asked.append(head + await reader.readexactly(size))
        writer.write(b"HTTP/1.1 " + self.answers[head.split(b" ")[1].decode()])
        await writer.drain()
        writer.close()


def moved(to: str, status: int = 307) -> bytes:
    return f"{status} Moved\r\nLocation: {to}\r\nContent-Length: 0\r\n\r\n".encode()


OK = b"200 OK\r\nContent-Length: 2\r\n\r\nok"


@asynccontextmanager
async def serving() -> AsyncIterator[Server]:
    made = Server()
    listening = await asyncio.start_server(made.talk, "127.0.0.1", 0)
    made.port = listening.sockets[0].getsockname()[1]
    try:
        yield made
    finally:
        listening.close()
        await listening.wait_closed()


async def asked(server: Server, method: str = "POST") -> bytes:
    headers = [
        (b"authorization", b"me"),
        (b"content-type", b"text/x; charset=utf-7"),
        (b"content-encoding", b"x"),
    ]
    upstream = Upstream(f"http://127.0.0.1:{server.port}/mcp")
    async with upstream.ask(method, headers, b"{}" if method == "POST" else b"") as answer:
        return await answer.whole(10)


@pytest.mark.parametrize("to", ["/mcp/", "mcp/", "http://127.0.0.1:{port}/mcp/", "//127.0.0.1:{port}/mcp/"])
@pytest.mark.parametrize("status", [307, 308])
async def test_a_redirect_within_the_origin_is_followed_with_all_that_was_asked(to: str, status: int) -> None:
    async with serving() as server:
        server.answers = {"/mcp": moved(to.format(port=server.port), status), "/mcp/": OK}
        assert await asked(server) == b"ok"
    first, second = server.asked
    assert first.replace(b"/mcp ", b"/mcp/ ") == second
    assert second.endswith(b"\r\n\r\n{}")


async def test_a_get_is_followed_as_browsers_do() -> None:
    async with serving() as server:
        server.answers = {"/mcp": moved("/there", 302), "/there": OK}
        assert await asked(server, "GET") == b"ok"


@pytest.mark.parametrize(
    "to, status, shown",
    [
        ("http://other.example/mcp?token=secret", 307, "to http://other.example/mcp;"),
        ("https://127.0.0.1:{port}/mcp", 308, "to https://127.0.0.1:{port}/mcp;"),
        ("http://me:secret@127.0.0.1:{port}/", 307, "to http://127.0.0.1:{port}/;"),
        ("http://127.0.0.1:{other}/mcp", 307, "to http://127.0.0.1:{other}/mcp;"),
        ("//other.example", 307, "to http://other.example;"),
        ("/mcp/", 301, "to http://127.0.0.1:{port}/mcp/;"),
        ("/mcp/", 303, "to http://127.0.0.1:{port}/mcp/;"),
        ("file:///etc/passwd", 307, "to file:///etc/passwd;"),
        ("http://[", 307, "points to no address"),
        ("http://127.0.0.1:x/", 307, "points to no address"),
        ("/\xe6", 307, "points to no address"),
        ("", 304, "does not say where"),
    ],
)
async def test_no_other_redirect_is(to: str, status: int, shown: str) -> None:
    async with serving() as server:
        place = {"port": server.port, "other": server.port - 1}
        server.answers = {"/mcp": moved(to.format(**place), status)}
        with pytest.raises(UpstreamError) as raised:
            await asked(server)
    told = str(raised.value)
    assert told.startswith(f"the MCP server at http://127.0.0.1:{server.port}/mcp answered {status} and ")
    assert shown.format(**place) in told
    assert "secret" not in told
    assert len(server.asked) == 1


async def test_redirects_in_a_circle_end() -> None:
    async with serving() as server:
        server.answers = {"/mcp": moved("/mcp")}
        with pytest.raises(UpstreamError, match=f"redirects more than {HOPS} times"):
            await asked(server)
    assert len(server.asked) == HOPS


async def test_a_server_is_told_that_it_gets_json_whatever_the_client_says() -> None:
    """Else it may read our bytes in another code, and another message in them."""
    async with serving() as server:
        server.answers = {"/mcp": OK}
        await asked(server)
    head = server.asked[0].lower()
    assert b"content-type: application/json\r\n" in head
    assert b"accept-encoding: identity\r\n" in head
    assert b"utf-7" not in head
    assert b"content-encoding" not in head


async def test_a_body_that_is_encoded_is_not_read() -> None:
    async with serving() as server:
        server.answers = {"/mcp": OK.replace(b"\r\n\r\n", b"\r\nContent-Encoding: br\r\n\r\n")}
        with pytest.raises(UnreadableError, match="br"):
            await asked(server)
