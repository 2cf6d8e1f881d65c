"""Claude Code's sessions as runs: which run a session is, and how it ends."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import logging
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any, Final

import msgspec
import psutil

from bus.adapters.claude_code.events import Conversation, Output, denied, killed
from bus.limits import ID_CHARS
from bus.sdk.agent import Agent
from bus.sdk.decision import RunKilled, RunRefusedError
from bus.sdk.job import Run
from bus.sdk.runs import RunExistsError
from bus.sdk.shell import BusStoppedError
from bus.sdk.spool.on_disk import spool_path
from bus.topics import BadIdError, check_id

log = logging.getLogger("watchfloor")

SHELLS: Final = frozenset({"sh", "bash", "dash", "zsh", "ksh", "busybox"})
LOOK: Final = 2.0
"""Seconds between two looks whether Claude Code still lives."""

_LIFE_CHARS: Final = 6


class ClaudeGoneError(Exception):
    """Claude Code's process ended and said nothing of the session's end."""


class Life(msgspec.Struct, frozen=True):
    """What is kept of a session on disk: how often it was begun, whether it ended, and whether an operator ended it.

    `allowed` are its calls that were allowed and not reported: the next keeper hears how they went.
    """

    number: int = 0
    ended: bool = False
    killed: bool = False
    allowed: tuple[str, ...] = ()


class Session:
    """One session: a run from its first event to its end."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.process: psutil.Process | None = None
        self.over: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.talk: Conversation
        self.task: asyncio.Task[None]

    def end(self, error: BaseException | None = None) -> None:
        """Let the run end; with an error, by it."""
        if not self.over.done():
            if error is None:
                self.over.set_result(None)
            else:
                self.over.set_exception(error)


class Sessions:
    """All sessions of one agent. `folder` keeps their lives, `decide_within` is in seconds."""

    def __init__(self, agent: Agent, folder: Path, *, decide_within: float) -> None:
        self._agent = agent
        self._folder = folder
        self._decide_within = decide_within
        self._open: dict[str, Session] = {}
        self._opening: dict[str, asyncio.Lock] = {}

    def __len__(self) -> int:
        return len(self._open)

    async def take(self, event: dict[str, Any], *, within: float, pid: int) -> Output:
        """Take an event in and return what Claude Code is told. `pid` is the hook's process."""
        kind, name = str(event.get("hook_event_name", "")), str(event.get("session_id", ""))
        if not name:
            return denied("the event names no session") if kind == "PreToolUse" else {}
        async with self._opening.setdefault(name, asyncio.Lock()):
            session = self._open.get(name)
            if session is None:
                if kind == "SessionEnd":
                    return {}
                if self._life(name).killed and kind != "SessionStart":
                    return killed(event, RunKilled())
                try:
                    session = await self._begin(name, event)
                except (RunExistsError, OSError, ValueError, BusStoppedError) as error:
                    log.exception("session %s cannot be a run", name)
                    return (
                        denied(f"this session cannot be supervised: {error}") if kind == "PreToolUse" else {}
                    )
            session.process = session.process or claude_above(pid)
        if kind == "SessionEnd":
            session.end()
            await asyncio.wait({session.task})
            return {}
        try:
            return await session.talk.take(event, within=within)
        except RunKilled as error:
            self._keep(name, msgspec.structs.replace(self._life(name), ended=True, killed=True))
            session.end(error)
            return killed(event, error)
        except (RunRefusedError, BusStoppedError) as error:
            log.error("session %s: %s", name, error)  # noqa: TRY400 - the line says all
            return {}

    async def watch(self) -> None:
        """End the sessions whose Claude Code died without a word. Runs until cancelled."""
        while True:
            await asyncio.sleep(LOOK)
            for session in list(self._open.values()):
                if session.process is not None and not lives(session.process):
                    session.end(ClaudeGoneError("Claude Code ended and did not say so"))

    async def close(self) -> None:
        """End all sessions: nobody listens any more."""
        for session in list(self._open.values()):
            session.end(ClaudeGoneError("the keeper was told to end"))
        tasks = [session.task for session in self._open.values()]
        if tasks:
            await asyncio.wait(tasks)

    async def _begin(self, name: str, event: dict[str, Any]) -> Session:
        session = Session(name)
        began: asyncio.Future[Run] = asyncio.get_running_loop().create_future()
        session.task = asyncio.create_task(self._live(session, event, began), name=f"session {name}")
        session.talk = Conversation(
            await began,
            decide_within=self._decide_within,
            earlier=self._life(name).allowed,
            keep=lambda calls: self._allow(name, calls),
        )
        self._open[name] = session
        return session

    async def _live(self, session: Session, event: dict[str, Any], began: asyncio.Future[Run]) -> None:
        where = str(event.get("cwd", ""))
        run, resume = self._run_of(session.name)
        try:
            with contextlib.suppress(ClaudeGoneError, RunKilled):
                async with self._agent.run(
                    f"Claude Code in {where}" if where else "Claude Code",
                    run_id=run,
                    resume=resume,
                    model=str(event.get("model", "")),
                    labels={
                        "session": session.name,
                        "mode": str(event.get("permission_mode", "")),
                        "cwd": where,
                    },
                ) as job:
                    began.set_result(job)
                    await session.over
            self._keep(session.name, msgspec.structs.replace(self._life(session.name), ended=True))
        except Exception as error:  # noqa: BLE001 - goes to whoever began it
            if not began.done():
                began.set_exception(error)
        finally:
            self._open.pop(session.name, None)
            self._opening.pop(session.name, None)

    def _run_of(self, name: str) -> tuple[str, bool]:
        """Return the run's id and whether it goes on from a spool that an earlier keeper left."""
        life = self._life(name)
        run = run_id(name, life.number)
        left = spool_path(self._agent.home.spool, self._agent.name, run)
        if life.number and not life.ended and left.exists():
            return run, True
        self._keep(name, Life(life.number + 1))
        return run_id(name, life.number + 1), False

    def _allow(self, name: str, calls: Collection[str]) -> None:
        try:
            self._keep(name, msgspec.structs.replace(self._life(name), allowed=tuple(calls)))
        except OSError:
            log.exception(
                "session %s: what is allowed is not kept; a next keeper would call it ungated", name
            )

    def _file(self, name: str) -> Path:
        return self._folder / "sessions" / f"{self._agent.name}~{run_id(name, 1)}.json"

    def _life(self, name: str) -> Life:
        try:
            return msgspec.json.decode(self._file(name).read_bytes(), type=Life)
        except (OSError, msgspec.MsgspecError):
            return Life()

    def _keep(self, name: str, life: Life) -> None:
        path = self._file(name)
        path.parent.mkdir(mode=0o700, exist_ok=True)
        part = path.with_suffix(".part")
        part.write_bytes(msgspec.json.encode(life))
        part.replace(path)


def run_id(session: str, life: int) -> str:
    """The id of a session's run; each later life of a session that was ended and taken up again has its number behind."""
    try:
        base = check_id(session, "session")
    except BadIdError:
        base = hashlib.sha256(session.encode("utf-8", "replace")).hexdigest()
    base = base[: ID_CHARS - _LIFE_CHARS]
    return base if life <= 1 else f"{base}.{life}"


def claude_above(pid: int, find: Callable[[int], psutil.Process] = psutil.Process) -> psutil.Process | None:
    """The process that runs the hooks: the first above a hook that is no shell, or None if nobody can tell."""
    with contextlib.suppress(psutil.Error):
        for process in find(pid).parents():
            if process.name() not in SHELLS:
                return process
    return None


def lives(process: psutil.Process) -> bool:
    """Whether a process still runs; one that only waits to be reaped does not."""
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
    except psutil.Error:
        return True
