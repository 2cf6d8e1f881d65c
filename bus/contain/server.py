"""The wrapper's local socket: programs of its tree report through it, and this machine's people reach it directly."""

from __future__ import annotations

import asyncio
import contextlib
import os
import pwd
import socket
import struct
import sys
import tempfile
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from typing import Final

import msgspec

from bus.codec import encode
from bus.contain.ending import Ended
from bus.contain.voice import Voice
from bus.events import (
    AGENT_TYPES,
    ActionFinished,
    ActionProposed,
    ActionStarted,
    Data,
    MessageSeen,
    Progress,
    RunStateChanged,
    StepFinished,
    StepStarted,
)
from bus.home import Home
from bus.sdk import parent_wire as wire
from bus.sdk.agent_core import AgentCore
from bus.sdk.decision import Action, RunKilled
from bus.sdk.shell import BusStoppedError
from bus.sdk.values import clip

PATH_BYTES: Final = 100
"""Longest path of a local socket that every system takes."""

_TELEMETRY: Final = frozenset(
    kind.TYPE for kind in (StepStarted, StepFinished, Progress, MessageSeen, RunStateChanged)
)
"""What a program may report by itself; of commands, and of actions that had a gate, the wrapper's core alone writes."""

_CALLS: Final = frozenset(kind.TYPE for kind in (ActionProposed, ActionStarted, ActionFinished))
"""What it may report of a call that was made and had no gate: see `Reports.ran`."""

CLOSED: Final = "the program closed its connection; nobody waits for this, and how far it got is not known"


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """Where a contained run of this machine can be reached: a file in `Home.contained`."""

    agent: str
    run: str
    pid: int
    socket: str


class Door:
    """The listening socket, in a folder that only this user may enter, and the file that says where it is."""

    def __init__(self, home: Home, agent: str, run: str) -> None:
        """Listen.

        Raises:
            OSError: the folder or the socket cannot be made.
        """
        home.contained.mkdir(mode=0o700, parents=True, exist_ok=True)
        home.contained.chmod(0o700)
        path = home.contained / f"{os.getpid()}.sock"
        self._folder: Path | None = None
        if len(os.fsencode(path)) > PATH_BYTES:
            self._folder = Path(tempfile.mkdtemp(prefix="watchfloor-"))
            path = self._folder / "run.sock"
        path.unlink(missing_ok=True)
        self.path = path
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.socket.bind(str(path))
        path.chmod(0o600)
        self.socket.listen()
        self._file = home.contained / f"{agent}~{run}.json"
        self._file.write_bytes(encode(Place(agent=agent, run=run, pid=os.getpid(), socket=str(path))))

    def remove(self) -> None:
        """Leave nothing behind."""
        self.socket.close()
        for path in (self.path, self._file):
            path.unlink(missing_ok=True)
        if self._folder is not None and self._folder.exists():
            self._folder.rmdir()


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
        talk = Talk(self, self._voice, writer, f"{self._names}", peer, self._inside)
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

    def joined(self, change: int) -> None:
        """Count the programs that listen."""
        self._attached += change

    def told(self, ended: Ended) -> None:
        """Keep how a program's own run ended; what went wrong weighs more than what went well."""
        if self.said is None or ended.outcome != "completed":
            self.said = ended


class Talk:
    """One connection."""

    def __init__(
        self,
        server: Server,
        voice: Voice,
        writer: asyncio.StreamWriter,
        name: str,
        peer: tuple[int, int] | None,
        inside: Callable[[int], bool],
    ) -> None:
        self._server = server
        self._voice = voice
        self._writer = writer
        self._name = name
        self._peer = peer
        self._inside = inside
        self._in = False
        self._mine: set[str] = set()
        self._ungated: set[str] = set()
        self._loop = asyncio.get_running_loop()

    async def take(self, request: wire.AnyRequest) -> None:
        """Answer one request."""
        try:
            if isinstance(request, wire.Direct):
                answer = await self._direct(request)
            elif isinstance(request, wire.Begin):
                answer = self._begin(request)
            elif not self._in:
                answer = wire.failure(0, RuntimeError("begin first"))
            else:
                answer = self._question(request)
        except (Exception, RunKilled) as error:  # noqa: BLE001 - what it was goes to whoever asked
            answer = wire.failure(request.n, error)
        if request.n:
            self._writer.write(wire.line(msgspec.structs.replace(answer, n=request.n)))
            await self._writer.drain()

    def end(self) -> None:
        """The program closed its end, or is gone: nobody waits at its gates, and of its tools nobody will report."""
        if self._in:
            self._server.joined(-1)
        with contextlib.suppress(KeyError):  # the run is over
            self._call(self._abandon)

    def _abandon(self, core: AgentCore, now: float) -> None:
        for action in self._mine:
            self._voice.of(core).abandon(action, CLOSED, now)

    def _call(self, work: Callable[[AgentCore, float], object]) -> object:
        return self._voice.shell.call(work)

    def _begin(self, request: wire.Begin) -> wire.Answer:
        if self._peer is not None and not self._inside(self._peer[0]):
            raise ValueError("only a process of the contained tree may report as its run")
        steps = self._voice.shell.call(lambda core, _: core.run(self._voice.run).writer.box.spool.last) + 1
        if not self._in:
            self._in = True
            self._server.joined(1)
        what = f"{request.name or 'a program'} reports through the wrapper"
        self._voice.say(what + (f", model {request.model}" if request.model else ""))
        if request.goal:
            goal = clip(request.goal)[0]
            self._voice.tell(RunStateChanged(state="working", text=goal))
            self._voice.tell(MessageSeen(role="user", name="goal", text=goal))
        return wire.Answer(agent=self._voice.identity.agent, run=self._voice.run, steps=steps)

    def _question(self, request: wire.AnyRequest) -> wire.Answer:
        run, ask = self._voice.of, self._voice.shell.ask
        match request:
            case wire.Propose():
                return wire.Answer(token=self._propose(request))
            case wire.Take(token=token, edits=edits):
                decision = ask(
                    self._voice.run, token, lambda core, now: run(core).take(token, now, edits=edits)
                )
                if isinstance(decision, Future):
                    return self._wait(decision, token)
                if not decision.approved:
                    self._mine.discard(token)
                return wire.Answer(decided=wire.Decided.of(decision))
            case wire.Misfit(token=token, text=text):
                self._mine.discard(token)
                ended = ask(self._voice.run, token, lambda core, now: run(core).misfit(token, text, now))
                return (
                    wire.Answer()
                    if isinstance(ended, Future)
                    else wire.Answer(decided=wire.Decided.of(ended))
                )
            case wire.Checkpoint(token=token):
                mine = f"{self._name}.{token}"
                go_on = ask(self._voice.run, mine, lambda core, now: run(core).checkpoint(mine, now) or None)
                return self._wait(go_on, token) if isinstance(go_on, Future) else wire.Answer()
            case _:
                self._word(request)
                return wire.Answer()

    def _word(self, request: wire.AnyRequest) -> None:
        run = self._voice.of
        match request:
            case wire.Emit(type=kind, data=raw) if kind in _TELEMETRY:
                data: Data = msgspec.json.decode(raw, type=AGENT_TYPES[kind])
                self._voice.tell(data)
            case wire.Emit(type=kind, data=raw) if kind in _CALLS:
                self._made(msgspec.json.decode(raw, type=AGENT_TYPES[kind]))
            case wire.Report(token=token, done=done, text=text):
                self._mine.discard(token)
                self._call(lambda core, now: run(core).report(token, done=done, text=text, now=now))
            case wire.Withdraw(token=token, why=why):
                self._mine.discard(token)
                self._call(lambda core, now: run(core).withdraw(token, now, why))
            case wire.Leave(token=token):
                self._call(lambda core, _: run(core).leave(f"{self._name}.{token}"))
            case wire.Finish(outcome=outcome, text=text):
                self._server.told(Ended(outcome, clip(text)[0]))
            case _:
                pass

    def _made(self, data: Data) -> None:
        """Pass on what is told of a call that had no gate: never that a decision allowed it, and of no other action."""
        match data:
            case ActionProposed(action=action, passed=True) if action not in self._mine:
                self._ungated.add(action)
            case ActionStarted(action=action, decision="") if action in self._ungated:
                pass
            case ActionFinished(action=action) if action in self._ungated:
                self._ungated.discard(action)
            case _:
                return
        self._voice.tell(data)

    def _propose(self, wanted: wire.Propose) -> str:
        action = Action(
            wanted.tool,
            wanted.args,
            confidence=wanted.confidence,
            reason=wanted.reason,
            hints=wanted.hints,
            call_id=wanted.call_id,
            decide_within=wanted.decide_within,
            supersedes=wanted.supersedes,
            preview=wanted.preview,
        )
        token = self._voice.shell.call(
            lambda core, now: self._voice.of(core).propose(action, now, step=wanted.step)
        )
        self._mine.add(token)
        return token

    def _wait(self, future: Future[None], said: str) -> wire.Answer:
        def woken(_: Future[None]) -> None:
            with contextlib.suppress(RuntimeError):  # the loop is closed: all is over
                self._loop.call_soon_threadsafe(self._ready, said)

        # Only after the answer is on its way: it says that somebody waits.
        self._loop.call_soon(lambda: future.add_done_callback(woken))
        return wire.Answer(wait=True, token=said)

    def _ready(self, token: str) -> None:
        if not self._writer.is_closing():
            self._writer.write(wire.line(wire.Answer(ready=token)))

    async def _direct(self, request: wire.Direct) -> wire.Answer:
        account = _account(self._peer[1]) if self._peer else "this account"
        by = f"{request.by} ({account}, direct)" if request.by else f"{account} (direct)"
        command = self._voice.direct(request.kind, by, request.reason)
        while not self._voice.settled(command):  # noqa: ASYNC110 - the core tells those who wait for a token alone
            await asyncio.sleep(0.02)
        return wire.Answer(token=command, text="\n".join(self._voice.rungs.get(command, ())))


def credentials(connection: socket.socket) -> tuple[int, int] | None:
    """The process and the user at the other end, or None where the system does not tell."""
    if sys.platform != "linux":
        return None
    form = "3i"
    raw = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize(form))
    pid, uid, _ = struct.unpack(form, raw)
    return pid, uid


def _account(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"uid {uid}"
