"""The agent as its author sees it: `Agent`, and the short forms `run` and `run_sync` for an agent with one run."""

from __future__ import annotations

import asyncio
import logging
import os
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, datetime
from importlib import metadata
from types import TracebackType
from typing import Any, Final, Self, TypeVar

from bus.events import ControlLevel
from bus.home import Home
from bus.identity import Identity
from bus.sdk.agent_core import AgentCore
from bus.sdk.era import Era, EraFile
from bus.sdk.job import Run, SyncRun, outcome_of
from bus.sdk.parent import ParentShell
from bus.sdk.parent_wire import VARIABLE
from bus.sdk.runs import Runs, adopt_rests
from bus.sdk.shell import Shell
from bus.sdk.voices import inside
from bus.topics import check_id
from bus.transports.transport import Transport, Will, WillFor
from bus.trust import PinnedTrust, pinned

log = logging.getLogger("watchfloor")

T = TypeVar("T")
CLOSE_WITHIN: Final = 5.0
"""Seconds that closing an agent waits for the supervisor to store the rest."""

MakeTransport = Callable[[str, Sequence[str], WillFor], Transport]
"""Makes a transport from a client id, the topics to receive, and the will of a connection."""


class Agent:
    """One agent process on the floor. A context, `async with` or `with`; its runs are contexts inside.

    A broker or a supervisor that is away never raises in agent code: telemetry waits in the spool, gates wait and expire.

    It is entered once, and of one process: in a child made by fork all of it raises ForkedError, and a new one is begun.
    """

    def __init__(  # noqa: PLR0913 - everything an agent may say about itself, by keyword
        self,
        name: str,
        *,
        broker: str | None = None,
        site: str | None = None,
        home: Home | None = None,
        control: ControlLevel = "gated",
        version: str = "",
        supervisor: str | None = None,
        transport: MakeTransport | None = None,
        own_thread: bool | None = None,
        on_disk: bool = True,
        close_within: float = CLOSE_WITHIN,
    ) -> None:
        """Prepare; nothing is opened before entering.

        In a program under `watchfloor run` the wrapper is the agent: its run, its name and its link are used, unless a
        `broker` or a `transport` is given here.

        `broker` is a URL, `supervisor` the supervisor's public key line; both are found by themselves otherwise (see
        `bus.home` and `bus.trust`). The bus has a thread of its own, unless a `transport` is given: that one is used on
        the loop that enters the agent (`own_thread` says otherwise). `on_disk=False` keeps the spool in memory.
        `close_within` is in seconds.

        Raises:
            BadIdError: the name or the site is no id.
            KeyFileError: the supervisor's key cannot be read.
            BadBrokerUrlError: the broker's URL is none, or one of its files cannot be used.
            ValueError: `control` is `contained`, which only a wrapper can be.
        """
        if control == "contained":
            raise ValueError("only `watchfloor run` makes a run contained; say gated or observed")
        self.home = home or Home.of(site)
        self.identity = Identity(
            site=self.home.site,
            agent=check_id(name, "agent"),
            incarnation=secrets.token_hex(8),
            control=control,
            sdk=f"watchfloor-python {_version()}",
            version=version,
        )
        parent = "" if broker or transport else os.environ.get(VARIABLE, "")
        self._own_thread = transport is None if own_thread is None or parent else own_thread
        self._on_disk = on_disk and not parent
        self._close_within = close_within
        self._task: asyncio.Task[None] | None = None
        self._entered = False
        core = AgentCore(
            self.identity,
            trust=PinnedTrust(pinned(self.home, supervisor)),
            wall=wall_time,
            new_id=lambda: secrets.token_hex(6),
            era=EraFile(self.home.spool / self.name) if on_disk and name.strip(".") else Era(),
        )
        self._shell = (
            ParentShell(parent, self.name)
            if parent
            else Shell(core, connect_with(core, transport or mqtt(self.home.broker(broker))))
        )
        self._runs = Runs(self._shell, self.home, self.identity, on_disk=self._on_disk)

    @property
    def name(self) -> str:
        """The agent's name."""
        return self.identity.agent

    @asynccontextmanager
    async def run(
        self,
        goal: str = "",
        *,
        run_id: str | None = None,
        resume: bool = False,
        model: str = "",
        parent: str = "",
        labels: Mapping[str, str] | None = None,
    ) -> AsyncIterator[Run]:
        """Live one run. Leaving it ends it: completed; failed, by an exception; canceled; killed. What left it goes on.

        `resume` goes on with the run `run_id` whose process died, from its spool. `RunKilled` leaves like any other
        exception: what follows the run in the code of a killed agent must not happen either.

        `parent` is the `agent/run` that gave it its work; of a run that is begun within another, by itself, that one. The
        goal and the prompts of such a run are its parent's words and not the user's.

        Raises:
            RunExistsError: there is a run of that id, and it is not to be resumed.
            FileNotFoundError: there is none to be resumed.
            SpoolError: its spool cannot be opened or made, or the run to be resumed has finished.
            BusStoppedError: the agent is closed.
        """
        begun: list[Run] = []

        def begin() -> None:
            begun.append(self._runs.begin(Run, run_id, goal, model, parent, labels, resume=resume))

        try:
            await to_its_end(asyncio.to_thread(begin))
            with inside(begun[0], f"{self.name}/{begun[0].id}"):
                yield begun[0]
        except BaseException as error:
            for job in begun:
                self._runs.end(job, *outcome_of(error))
            raise
        self._runs.end(begun[0], "completed", "")

    @contextmanager
    def run_sync(
        self,
        goal: str = "",
        *,
        run_id: str | None = None,
        resume: bool = False,
        model: str = "",
        parent: str = "",
        labels: Mapping[str, str] | None = None,
    ) -> Iterator[SyncRun]:
        """Live one run in code without asyncio. See `run`."""
        job = self._runs.begin(SyncRun, run_id, goal, model, parent, labels, resume=resume)
        try:
            with inside(job, f"{self.name}/{job.id}"):
                yield job
        except BaseException as error:
            self._runs.end(job, *outcome_of(error))
            raise
        self._runs.end(job, "completed", "")

    async def __aenter__(self) -> Self:
        self._enter()
        try:
            if self._on_disk:
                await to_its_end(asyncio.to_thread(adopt_rests, self._shell, self.home, self.name))
        except BaseException:
            self._release()
            raise
        if self._own_thread:
            self._shell.start_thread()
        else:
            self._task = asyncio.create_task(self._shell.main(), name=f"watchfloor {self.name}")
        try:
            await asyncio.shield(asyncio.wrap_future(self._shell.started))
        except BaseException:
            ended = asyncio.wrap_future(self._shell.close(0))
            await to_its_end(asyncio.wait({self._task or ended}))
            self._release()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._shell.forked:
            return
        self._runs.close()
        ended = self._shell.close(self._close_within)
        try:
            if self._task is not None:
                await self._task
            await asyncio.wrap_future(ended)
        finally:
            self._release()

    def __enter__(self) -> Self:
        self._enter()
        try:
            if self._on_disk:
                adopt_rests(self._shell, self.home, self.name)
            self._shell.start_thread().result()
        except BaseException:
            self._shell.close(0)
            self._release()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._shell.forked:
            return
        self._runs.close()
        try:
            self._shell.close(self._close_within).result()
        finally:
            self._release()

    def _enter(self) -> None:
        """Note that it is entered.

        Raises:
            RuntimeError: it was before; what it said of its process then cannot be taken back.
            ForkedError: this process is a fork of the one that made it.
        """
        self._shell.check_process()
        if self._entered:
            raise RuntimeError(
                f"agent {self.name} was entered before: make a new Agent, or enter this one once"
            )
        self._entered = True

    def _release(self) -> None:
        """Let go of the spools; what is in them stays."""
        self._shell.call(lambda core, _: core.close())


async def to_its_end(work: Awaitable[T]) -> T:
    """Await something to its end, also if the waiter is cancelled meanwhile: that it hears afterwards."""
    task = asyncio.ensure_future(work)
    told: asyncio.CancelledError | None = None
    while not task.done():
        try:
            await asyncio.wait({task})
        except asyncio.CancelledError as cancelled:
            told = cancelled
    if told is None:
        return task.result()
    raise told from None if task.cancelled() else task.exception()


def connect_with(core: AgentCore, make: MakeTransport) -> Callable[[], Transport]:
    """Return what makes the transport of a core."""

    def will(connection: str) -> Will:
        topic, payload, retain = core.presence.will(connection)
        return Will(topic, payload, retain)

    return lambda: make(f"agent-{core.identity.agent}", core.subscriptions(), will)


@asynccontextmanager
async def run(name: str, *, goal: str = "", run_id: str | None = None, **agent: Any) -> AsyncIterator[Run]:
    """Be an agent with one run: `Agent(name, ...)` and its `run(goal)` in one. Further arguments are `Agent`'s."""
    async with Agent(name, **agent) as whole, whole.run(goal, run_id=run_id) as job:
        yield job


@contextmanager
def run_sync(name: str, *, goal: str = "", run_id: str | None = None, **agent: Any) -> Iterator[SyncRun]:
    """Be an agent with one run, without asyncio. See `run`."""
    with Agent(name, **agent) as whole, whole.run_sync(goal, run_id=run_id) as job:
        yield job


def mqtt(text: str) -> MakeTransport:
    """Return what makes transports to the broker of that URL.

    Raises:
        BadBrokerUrlError: it is none, or one of its files cannot be used.
    """
    from bus.transports.mqtt import MqttTransport
    from bus.url import BrokerUrl

    url = BrokerUrl.parse(text)
    return lambda client_id, subscriptions, will: MqttTransport(
        url, client_id=client_id, subscriptions=subscriptions, will=will
    )


def wall_time() -> str:
    """The time of day, RFC 3339 in UTC, in milliseconds. For people only."""
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _version() -> str:
    try:
        return metadata.version("watchfloor")
    except metadata.PackageNotFoundError:
        return "unknown"
