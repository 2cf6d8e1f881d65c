"""The process behind the hooks: one for an agent name, started by the first hook, gone soon after the last session."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import fcntl
import logging
import os
import signal
import socket
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, BinaryIO, Final

import msgspec

from bus.adapters.claude_code.events import denied
from bus.adapters.claude_code.hook import GATE, STDIN_BYTES, VERSION, name
from bus.adapters.claude_code.sessions import Sessions
from bus.contain.door import credentials
from bus.home import Home
from bus.limits import DECIDE_WITHIN, DECIDE_WITHIN_MAX
from bus.sdk.agent import Agent
from bus.sdk.parent_wire import VARIABLE

log = logging.getLogger("watchfloor")

LINGER: Final = 20.0
"""Seconds that a keeper without a session waits for the next one."""

HANDOVER: Final = 8.0
"""Seconds that a keeper waits for its predecessor to let go of spools and link."""

HEAD_BYTES: Final = 4_096


class Keeper:
    """Answers hooks, one connection an event. Closing the connection withdraws what it asked for."""

    def __init__(self, sessions: Sessions, *, linger: float) -> None:
        self._sessions = sessions
        self._linger = linger
        self._talks = 0
        self._change = asyncio.Event()

    async def serve(self, listening: socket.socket) -> None:
        """Answer until nothing was to be done for a while."""
        server = await asyncio.start_unix_server(self._converse, sock=listening, limit=HEAD_BYTES)
        async with server:
            watching = asyncio.create_task(self._sessions.watch())
            try:
                await self._idle()
            finally:
                watching.cancel()

    async def _idle(self) -> None:
        while True:
            self._change.clear()
            try:
                async with asyncio.timeout(self._linger):
                    await self._change.wait()
            except TimeoutError:
                if not self._talks and not self._sessions:
                    return

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._talks += 1
        self._change.set()
        try:
            peer = credentials(writer.get_extra_info("socket"))
            if peer is None or peer[1] in (os.getuid(), 0):
                await self._answer(reader, writer, peer[0] if peer else 0)
        except (ConnectionError, asyncio.IncompleteReadError, ValueError) as error:
            log.warning("a hook was cut short: %s", error)
        finally:
            self._talks -= 1
            self._change.set()
            writer.close()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, pid: int) -> None:
        version, event, wait, size = (await reader.readline()).decode().split()
        if int(version) != VERSION:
            text = f"this keeper is of another version; end it, and it starts anew: kill {os.getpid()}"
            writer.write(_line(2 if event == GATE else 1, b"", f"watchfloor: {text}\n".encode()))
            return
        if int(size) > STDIN_BYTES:
            raise ValueError(f"an event of {size} bytes")
        body = await reader.readexactly(int(size))
        within = min(max(float(wait), 1.0), DECIDE_WITHIN_MAX)
        work = asyncio.create_task(self._handle(event, body, within, pid))
        left = asyncio.create_task(reader.read(1))
        await asyncio.wait({work, left}, return_when=asyncio.FIRST_COMPLETED)
        left.cancel()
        if not work.done():  # the hook is gone, and nobody would act on a decision
            work.cancel()
            await asyncio.wait({work})
            return
        writer.write(work.result())
        await writer.drain()

    async def _handle(self, event: str, body: bytes, within: float, pid: int) -> bytes:
        try:
            said = _event(body)
            if said.get("hook_event_name") != event:
                raise ValueError(f"installed for {event}, called for {said.get('hook_event_name')!r}")
            output = await self._sessions.take(said, within=within, pid=pid)
        except Exception as error:  # whatever it is, the tool must not run, and somebody must read why
            log.exception("%s failed", event)
            if event != GATE:
                return _line(1, b"", f"watchfloor: {event} was not recorded: {error}\n".encode())
            kind = "" if isinstance(error, NoEventError) else f"{type(error).__name__}: "
            output = denied(f"the tool was not run: {kind}{error}")
        return _line(0, msgspec.json.encode(output) if output else b"", b"")


class NoEventError(ValueError):
    """What a hook handed over is no event."""


def _event(body: bytes) -> dict[str, Any]:
    try:
        return msgspec.json.decode(body, type=dict[str, Any])
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise NoEventError("the hook was given no event of Claude Code (a JSON object)") from None


def _line(code: int, out: bytes, err: bytes) -> bytes:
    return f"{code} {len(out)} {len(err)}\n".encode() + out + err


def listen(called: str) -> tuple[socket.socket, BinaryIO] | None:
    """Listen in the present folder, and hold the lock that says that we do. None if another keeper does."""
    held = Path(f"{called}.lock").open("wb")  # noqa: SIM115 - open for as long as this process lives
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        held.close()
        return None
    path = Path(f"{called}.sock")
    path.unlink(missing_ok=True)
    listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    listening.bind(str(path))
    path.chmod(0o600)
    listening.listen(64)
    listening.setblocking(False)
    return listening, held


async def live(agent: Agent, called: str, *, linger: float, decide_within: float) -> int:
    """Keep an agent's sessions until there are none. Return the exit code."""
    own = asyncio.current_task()
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        asyncio.get_running_loop().add_signal_handler(number, own.cancel if own else lambda: None)
    ours = listen(called)
    for _ in range(int(HANDOVER / 0.1)):
        if ours is not None:
            break
        await asyncio.sleep(0.1)
        ours = listen(called)
    if ours is None:
        log.error(
            "another keeper of %s lives and does not answer; its process id is in no file of ours", called
        )
        return 1
    listening, held = ours
    with held:
        async with agent:
            sessions = Sessions(agent, Path.cwd(), decide_within=decide_within)
            try:
                with contextlib.suppress(asyncio.CancelledError):
                    await Keeper(sessions, linger=linger).serve(listening)
            finally:
                Path(f"{called}.sock").unlink(missing_ok=True)  # noqa: ASYNC240 - one local name, at the end
                await sessions.close()
    return 0


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a keeper. Arguments as the hook passes them on: FOLDER AGENT and what `hook install` wrote behind them."""
    parser = argparse.ArgumentParser(prog="watchfloor-keeper")
    parser.add_argument("folder", type=Path)
    parser.add_argument("agent")
    parser.add_argument("--home")
    parser.add_argument("--site")
    parser.add_argument("--broker")
    parser.add_argument("--linger", type=float, default=LINGER)
    given = parser.parse_args(arguments)
    logging.basicConfig(format="%(asctime)s %(message)s", level=logging.INFO, stream=sys.stderr)
    if given.home:
        os.environ["WATCHFLOOR_HOME"] = given.home
    os.chdir(given.folder)
    os.umask(0o077)
    contained = bool(os.environ.get(VARIABLE))
    # Below a wrapper the link is the wrapper's: the broker that `hook install` wrote down is for sessions without one.
    broker = None if contained else given.broker
    agent = Agent(given.agent, site=given.site, broker=broker, home=Home.of(given.site))
    linger = 0.2 if contained else given.linger
    return asyncio.run(live(agent, name(given.agent), linger=linger, decide_within=DECIDE_WITHIN))


if __name__ == "__main__":
    raise SystemExit(main())
