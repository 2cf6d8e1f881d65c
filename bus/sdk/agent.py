"""The agent as its author sees it: `Agent`, and the short forms `run` and `run_sync` for an agent with one run."""

from __future__ import annotations

import asyncio
import logging
import os
import secrets
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, datetime
from importlib import metadata
from types import TracebackType
from typing import Any, Final, Self

from bus.events import ControlLevel
from bus.home import Home
from bus.identity import Identity
from bus.sdk.agent_core import AgentCore
from bus.sdk.era import Era, EraFile
from bus.sdk.job import Run, SyncRun, outcome_of
from bus.sdk.parent import ParentShell
from bus.sdk.parent_wire import VARIABLE
from bus.sdk.rests import adopt_rests
from bus.sdk.shell import Shell
from bus.sdk.spool import MemorySpool, Owner, Spool
from bus.topics import check_id
from bus.transports.transport import Transport, Will, WillFor
from bus.trust import PinnedTrust, pinned

log = logging.getLogger("watchfloor")

CLOSE_WITHIN: Final = 5.0
"""Seconds that closing an agent waits for the supervisor to store the rest."""

MakeTransport = Callable[[str, Sequence[str], WillFor], Transport]
"""Makes a transport from a client id, the topics to receive, and the will of a connection."""


class RunExistsError(ValueError):
    """There is a run of that id already. `resume=True` goes on with one whose process died."""


class Agent:
    """One agent process on the floor. A context, `async with` or `with`; its runs are contexts inside.

    A broker or a supervisor that is away never raises in agent code: telemetry waits in the spool, gates wait and expire.
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

        Raises:
            RunExistsError: there is a run of that id, and it is not to be resumed.
            FileNotFoundError: there is none to be resumed.
            SpoolError: its spool cannot be opened or made.
        """
        name, steps = await asyncio.to_thread(
            self._begin, run_id, goal, model, parent, dict(labels or {}), resume=resume
        )
        job = Run(name, self._shell, steps_from=steps)
        try:
            yield job
        except BaseException as error:
            job._finish(*outcome_of(error))  # noqa: SLF001 - the agent ends what it began
            raise
        job._finish("completed", "")  # noqa: SLF001

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
        name, steps = self._begin(run_id, goal, model, parent, dict(labels or {}), resume=resume)
        job = SyncRun(name, self._shell, steps_from=steps)
        try:
            yield job
        except BaseException as error:
            job._finish(*outcome_of(error))  # noqa: SLF001
            raise
        job._finish("completed", "")  # noqa: SLF001

    async def __aenter__(self) -> Self:
        try:
            if self._on_disk:
                await asyncio.to_thread(adopt_rests, self._shell, self.home, self.name)
            if self._own_thread:
                self._shell.start_thread()
            else:
                self._task = asyncio.create_task(self._shell.main(), name=f"watchfloor {self.name}")
            await asyncio.wrap_future(self._shell.started)
        except BaseException:
            self._release()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        ended = self._shell.close(self._close_within)
        try:
            if self._task is not None:
                await self._task
            await asyncio.wrap_future(ended)
        finally:
            self._release()

    def __enter__(self) -> Self:
        try:
            if self._on_disk:
                adopt_rests(self._shell, self.home, self.name)
            self._shell.start_thread().result()
        except BaseException:
            self._release()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self._shell.close(self._close_within).result()
        finally:
            self._release()

    def _release(self) -> None:
        """Let go of the spools; what is in them stays."""
        self._shell.call(lambda core, _: core.close())

    def _begin(
        self,
        run_id: str | None,
        goal: str,
        model: str,
        parent: str,
        labels: dict[str, str],
        *,
        resume: bool,
    ) -> tuple[str, int]:
        """Open the spool of a run and start it. Return its id and the number of its first step."""
        name = check_id(run_id or secrets.token_hex(6), "run")
        if isinstance(self._shell, ParentShell):
            return self._shell.begin(goal, model)
        spool = self._resumed(name) if resume else self._new(name)
        steps = spool.last + 1
        try:
            self._shell.call(
                lambda core, now: core.start_run(
                    name, spool, goal=goal, model=model, parent=parent, labels=labels, now=now
                )
            )
        except ValueError:
            if spool.last == 0:
                spool.remove()
            spool.close()
            raise
        return name, steps

    def _new(self, run: str) -> Spool:
        owner = Owner(self.identity.site, self.name, run, self.identity.incarnation)
        if not self._on_disk:
            return MemorySpool(owner)
        from bus.sdk.spool_file import SqliteSpool, spool_path

        try:
            return SqliteSpool.create(spool_path(self.home.spool, self.name, run), owner)
        except FileExistsError:
            raise RunExistsError(
                f"run {run!r} of agent {self.name} has a spool already: resume=True goes on with it"
            ) from None

    def _resumed(self, run: str) -> Spool:
        from bus.sdk.spool_file import SqliteSpool, spool_path

        if not self._on_disk:
            raise FileNotFoundError(f"run {run!r} cannot be resumed: this agent has no spool on disk")
        rest = self._shell.call(lambda core, now: core.release_rest(run, now))
        if rest is not None:
            rest.close()
        path = spool_path(self.home.spool, self.name, run)
        # Where names that differ only in case are one file, it may be another run's.
        looked = SqliteSpool.open_existing(path)
        looked.close()
        if (looked.owner.agent, looked.owner.run) != (self.name, run):
            raise FileNotFoundError(f"{path} holds run {looked.owner.run} of agent {looked.owner.agent}")
        return SqliteSpool.open_existing(path, self.identity.incarnation)


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
