"""A proxy in front of an MCP server on standard input and output: `watchfloor mcp -- COMMAND`."""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import logging
import os
import stat
import sys
from collections.abc import Awaitable, Callable, Iterator, Sequence
from typing import Any, Final

from bus.adapters.mcp import words
from bus.adapters.mcp.gate import McpGate
from bus.adapters.mcp.trials import Trials
from bus.adapters.mcp.words import Message
from bus.home import Home
from bus.limits import ID_CHARS
from bus.sdk.agent import Agent
from bus.sdk.decision import RunKilled
from bus.sdk.job import Run
from bus.topics import check_id

log = logging.getLogger("watchfloor")

LINE_BYTES: Final = 16 * 1024 * 1024
"""Longest message of either side."""

GRACE: Final = 2.0
"""Seconds that a server may take to end when its input ends, and again when it is asked to."""

NAMES: Final = 99
"""Proxies of one name that may run at once on this machine."""


@contextlib.contextmanager
def claimed(home: Home, name: str) -> Iterator[str]:
    """Hold an agent's name on this machine: `name`, or `name-2` … while others have it, for clients start many proxies.

    Raises:
        BadIdError: the name is no id.
        OSError: the folder of the locks cannot be used, or all names are taken.
    """
    folder = home.data / "mcp"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    for number in range(1, NAMES + 1):
        one = check_id(name if number == 1 else f"{name[: ID_CHARS - 3]}-{number}", "agent")
        with (folder / f"{one}.lock").open("wb") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                continue
            yield one
            return
    raise OSError(f"{NAMES} proxies named {name} run on this machine already")


class NoPipeError(Exception):
    """Standard input or output is nothing that an MCP client could be behind. The text says which."""


class ServerEndedError(Exception):
    """The server ended by itself, and not well. `code` is what a shell would say of it."""

    def __init__(self, returncode: int) -> None:
        how = f"by signal {-returncode}" if returncode < 0 else f"with exit code {returncode}"
        super().__init__(f"the MCP server ended {how}")
        self.code = returncode if returncode >= 0 else 128 - returncode


def check_streams() -> None:
    """Refuse to stand between files.

    Raises:
        NoPipeError: our standard input or output is closed, a file, or a device that is no terminal.
    """
    for number, what in ((0, "input"), (1, "output")):
        try:
            mode = os.fstat(number).st_mode
        except OSError:
            mode = 0
        if not (stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode) or os.isatty(number)):
            raise NoPipeError(
                f"standard {what} is no pipe: an MCP client starts this and speaks to it; to try it, use a terminal or pipes"
            )


async def serve(
    agent: Agent,
    command: Sequence[str],
    *,
    run_id: str | None,
    decide_within: float,
    trials: Trials | None = None,
) -> int:
    """Start the server and stand between it and our own standard input and output until either ends.

    Return the exit code: the server's, or 1 if an operator ended the run.

    Raises:
        OSError: the server cannot be started.
    """
    server = await asyncio.create_subprocess_exec(
        *command, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, limit=LINE_BYTES
    )
    try:
        reader, writer = await _own_streams()
        work = f"MCP server {' '.join(command)}"
        async with agent, agent.run(work, run_id=run_id) as run:
            return await stand(run, reader, writer, server=server, decide_within=decide_within, trials=trials)
    except RunKilled as error:
        log.warning("an operator ended this run: %s", error)
        return 1
    except ServerEndedError as error:
        log.error("%s", error)  # noqa: TRY400 - the line says all
        return error.code
    finally:
        await ended(server)


async def stand(
    run: Run,
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
    *,
    server: asyncio.subprocess.Process,
    decide_within: float,
    trials: Trials | None = None,
) -> int:
    """Stand between a client, who is read from `reader`, and a server that was started, until either ends.

    Return the server's exit code as a shell says it, 0 if it goes on.

    Raises:
        RunKilled: an operator ended the run. No `Exception`.
        ServerEndedError: the server ended by itself, and not well.
    """
    assert server.stdin is not None  # noqa: S101 - whoever started it asked for both
    assert server.stdout is not None  # noqa: S101
    server_in = server.stdin
    gate = McpGate(run, _sender(server_in), _sender(writer), decide_within=decide_within, trials=trials)

    async def out(line: bytes) -> None:
        if await gate.from_server(message := words.decode(line)):
            writer.write(
                words.encode(message) + b"\n"
            )  # not the line: some read another message in its bytes
            await writer.drain()

    async def back(line: bytes) -> None:
        await gate.from_client(words.decode(line))

    async def unread_out(line: bytes, error: words.NotMcpError) -> None:
        found = words.stub(line)
        if "id" in found and "method" not in found:  # who waits for it is told
            told = words.failure(found["id"], f"watchfloor: the server's answer cannot be read: {error}")
            await out(words.encode(told))
        elif "id" in found:  # a request of the server: it waits itself
            await _sender(server_in)(words.failure(found["id"], f"watchfloor: {error}"))

    async def unread_back(line: bytes, error: words.NotMcpError) -> None:
        found = words.stub(line)
        # An answer: the server waits for it, and the client counts ids of its own.
        if "id" in found and "method" not in found:
            told = words.failure(found["id"], f"watchfloor: the client's answer cannot be read: {error}")
            await gate.from_client(told)
        elif "id" in found or "method" not in found:  # no notification: who wrote it waits
            await _sender(writer)(words.failure(found.get("id"), f"watchfloor: {error}"))

    client = asyncio.create_task(_lines(reader, back, unread_back, "the client"))
    theirs = asyncio.create_task(_lines(server.stdout, out, unread_out, "the server"))
    any_end: set[asyncio.Future[Any]] = {client, theirs, gate.killed}
    await asyncio.wait(any_end, return_when=asyncio.FIRST_COMPLETED)
    unasked = not client.done() and not gate.killed.done()
    waiting = gate.unanswered
    await gate.close("the client left" if client.done() else "the server ended")
    if client.done() and not gate.killed.done() and waiting:
        calls = "a call was" if waiting == 1 else f"{waiting} calls were"
        run._finish("canceled", f"the client left while {calls} unanswered")  # noqa: SLF001 - nobody says that it completed
    if client.done() and not gate.killed.done():  # what it asked for before it left may still be on its way
        server_in.close()
        await asyncio.wait({theirs}, timeout=GRACE)
    for task in (client, theirs):
        task.cancel()
    await asyncio.gather(client, theirs, return_exceptions=True)
    if gate.killed.done():
        raise gate.killed.result()
    await asyncio.wait({asyncio.create_task(server.wait())}, timeout=GRACE)
    code = server.returncode or 0
    if unasked and code:
        raise ServerEndedError(code)
    return code if code >= 0 else 128 - code


async def _lines(
    reader: asyncio.StreamReader,
    take: Callable[[bytes], Awaitable[None]],
    unread: Callable[[bytes, words.NotMcpError], Awaitable[None]],
    who: str,
) -> None:
    """Read messages to the end. A line that is none is neither forwarded nor guessed at."""
    try:
        while line := await reader.readline():
            if not line.strip():
                continue
            try:
                await take(line)
            except words.NotMcpError as error:
                log.warning("%s wrote something that is no message: %s", who, error)
                await unread(line, error)
    except ValueError:
        log.error("%s wrote a message longer than %d bytes", who, LINE_BYTES)  # noqa: TRY400 - the line says all
    except ConnectionError:
        pass


def _sender(writer: asyncio.StreamWriter) -> Callable[[Message], Awaitable[None]]:
    async def send(message: Message) -> None:
        with contextlib.suppress(ConnectionError):
            writer.write(words.encode(message) + b"\n")
            await writer.drain()

    return send


async def _own_streams() -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """Our standard input and output as streams. From here on `print` goes to standard error, not into the protocol."""
    loop = asyncio.get_running_loop()
    out = os.fdopen(os.dup(1), "wb", 0)
    os.dup2(2, 1)
    reader = asyncio.StreamReader(limit=LINE_BYTES)
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    transport, protocol = await loop.connect_write_pipe(
        lambda: asyncio.streams.FlowControlMixin(loop=loop), out
    )
    return reader, asyncio.StreamWriter(transport, protocol, None, loop)


async def ended(server: asyncio.subprocess.Process) -> None:
    """End the server, politely first."""
    if server.stdin is not None:
        server.stdin.close()
    for stop in (server.terminate, server.kill):
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(GRACE):
                await server.wait()
        if server.returncode is not None:
            return
        with contextlib.suppress(ProcessLookupError):
            stop()
    await server.wait()
