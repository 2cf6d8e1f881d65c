"""The wrapper's local socket: programs of its tree report through it, and this machine's people reach it directly."""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import Callable

import msgspec

from bus.contain.door import Door, credentials
from bus.contain.ending import Ended
from bus.contain.talk import Talk
from bus.contain.voice import Voice
from bus.sdk import parent_wire as wire
from bus.sdk.shell import BusStoppedError


class Server:
    """Answers at the door. `inside` says whether a process is one of the tree: only such may report as the run."""

    def __init__(self, voice: Voice, inside: Callable[[int], bool]) -> None:
        self.said: Ended | None = None
        self._voice = voice
        self._inside = inside
        self._attached = 0
        self._names = 0
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def attached(self) -> bool:
        """Whether a program of the tree listens to what the run is told."""
        return self._attached > 0

    async def serve(self, door: Door) -> None:
        """Answer until cancelled."""
        loop = asyncio.get_running_loop()
        door.socket.setblocking(False)
        while True:
            connection, _ = await loop.sock_accept(door.socket)
            peer = credentials(connection)
            if peer is not None and peer[1] not in (os.getuid(), 0):
                connection.close()
                continue
            task = asyncio.create_task(self._converse(connection, peer))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def finish(self, within: float) -> None:
        """Let conversations end, for so many seconds."""
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=within)
        for task in self._tasks:
            task.cancel()

    async def _converse(self, connection: socket.socket, peer: tuple[int, int] | None) -> None:
        self._names += 1
        reader, writer = await asyncio.open_unix_connection(sock=connection, limit=wire.LINE_BYTES)
        talk = Talk(
            self._voice,
            writer,
            f"{self._names}",
            peer,
            self._inside,
            joined=self._count,
            told=self._keep,
        )
        try:
            while text := await reader.readline():
                await talk.take(wire.REQUEST.decode(text))
        except (msgspec.MsgspecError, ValueError) as error:
            self._voice.say(f"a program spoke nonsense to the wrapper: {error}", error=True)
        except (ConnectionError, BusStoppedError):
            pass
        finally:
            talk.end()
            writer.close()

    def _count(self, change: int) -> int:
        """Count the programs that listen."""
        self._attached += change
        return self._attached

    def _keep(self, ended: Ended) -> None:
        """Keep how a program's own run ended; what went wrong weighs more than what went well."""
        if self.said is None or ended.outcome != "completed":
            self.said = ended
