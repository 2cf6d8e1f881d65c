"""The runs that an agent's code lives: each in a spool of its own; what ends it, and what dead processes left."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Mapping
from functools import partial
from typing import Any, Final, TypeVar

from bus.events import RunOutcome
from bus.home import Home
from bus.identity import Identity
from bus.sdk.agent_core import AgentCore
from bus.sdk.parent import ParentShell
from bus.sdk.reports import Reports
from bus.sdk.shell import BusStoppedError, Shell
from bus.sdk.spool.store import MemorySpool, Owner, Spool, SpoolBusyError, SpoolError
from bus.sdk.voices import HANDED, run_here
from bus.topics import check_id

log = logging.getLogger("watchfloor")

CLOSED: Final = "the agent was closed before its run had ended"

R = TypeVar("R", bound=Reports)


class RunExistsError(ValueError):
    """There is a run of that id already. `resume=True` goes on with one whose process died."""


class Runs:
    """The runs of one agent that have begun and not ended. `begin` may be called in any thread, the others as well."""

    def __init__(self, shell: Shell, home: Home, identity: Identity, *, on_disk: bool) -> None:
        self._shell = shell
        self._home = home
        self._identity = identity
        self._on_disk = on_disk
        self._open: set[Reports] = set()
        self._closed = False

    def begin(
        self,
        kind: type[R],
        run: str | None,
        goal: str,
        model: str,
        parent: str,
        labels: Mapping[str, str] | None,
        *,
        resume: bool,
    ) -> R:
        """Open the spool of a run, start it and return it.

        Raises:
            RunExistsError, FileNotFoundError, SpoolError: see `Agent.run`.
            BusStoppedError: the agent is closed.
            ForkedError: this process is a fork of the agent's.
        """
        name = check_id(run or secrets.token_hex(6), "run")
        parent = parent or run_here()
        self._shell.check_process()
        if isinstance(self._shell, ParentShell):
            # The wrapper takes a goal for the user's words.
            name, steps = self._shell.begin("" if parent else goal, model)
            job = kind(name, self._shell, steps_from=steps, parent=parent)
            if parent and goal:
                job.message("assistant", goal, name=HANDED)
            self._open.add(job)
            return job
        if self._closed:
            raise BusStoppedError("the agent is closed")
        spool: Spool | None = None
        try:
            spool = self._resumed(name) if resume else self._new(name)
            job = kind(name, self._shell, steps_from=spool.last + 1, parent=parent)
            about = {"goal": goal, "model": model, "parent": parent, "labels": dict(labels or {})}
            self._shell.call(partial(self._start, job, spool, about))
        except Exception:
            if spool is not None:
                if spool.last == 0:
                    spool.remove()
                spool.close()
            if resume and not self._closed:  # what waits there is sent as before
                adopt_rests(self._shell, self._home, self._identity.agent)
            raise
        return job

    def _start(self, job: Reports, spool: Spool, about: dict[str, Any], core: AgentCore, now: float) -> None:
        if self._closed:  # meanwhile
            raise BusStoppedError("the agent is closed")
        core.start_run(job.id, spool, now=now, **about)
        self._open.add(job)

    def end(self, job: Reports, outcome: RunOutcome, text: str) -> None:
        """End a run. Doing so twice changes nothing."""
        job._finish(outcome, text)  # noqa: SLF001 - what begins it here ends it
        self._open.discard(job)

    def close(self) -> None:
        """End what has not ended, since nobody could tell its end any more; nothing begins after this."""

        def close(_core: AgentCore, _now: float) -> None:
            self._closed = True

        self._shell.call(close)
        for job in list(self._open):
            if job.outcome is None:
                log.warning("agent %s: run %s: %s; it is canceled", self._identity.agent, job.id, CLOSED)
            job._finish("canceled", CLOSED, closed=True)  # noqa: SLF001
            self._open.discard(job)

    def _new(self, run: str) -> Spool:
        owner = Owner(self._identity.site, self._identity.agent, run, self._identity.incarnation)
        if not self._on_disk:
            return MemorySpool(owner)
        from bus.sdk.spool.on_disk import SqliteSpool, spool_path

        try:
            return SqliteSpool.create(spool_path(self._home.spool, owner.agent, run), owner)
        except FileExistsError:
            raise RunExistsError(
                f"run {run!r} of agent {owner.agent} has a spool already: resume=True goes on with it"
            ) from None

    def _resumed(self, run: str) -> Spool:
        from bus.sdk.spool.on_disk import SqliteSpool, spool_path

        if not self._on_disk:
            raise FileNotFoundError(f"run {run!r} cannot be resumed: this agent has no spool on disk")
        rest = self._shell.call(lambda core, now: core.release_rest(run, now))
        if rest is not None:
            rest.close()
        path = spool_path(self._home.spool, self._identity.agent, run)
        # Where names that differ only in case are one file, it may be another run's.
        looked = SqliteSpool.open_existing(path)
        looked.close()
        if (looked.owner.agent, looked.owner.run) != (self._identity.agent, run):
            raise FileNotFoundError(f"{path} holds run {looked.owner.run} of agent {looked.owner.agent}")
        return SqliteSpool.open_existing(path, self._identity.incarnation)


def adopt_rests(shell: Shell, home: Home, agent: str) -> None:
    """Take on what dead processes of an agent left. What cannot be read is said and left where it is."""
    from bus.sdk.spool.on_disk import SqliteSpool, spool_folder, spool_paths

    for path in spool_paths(spool_folder(home.spool, agent)):
        try:
            rest = SqliteSpool.open_existing(path)
        except SpoolBusyError:
            continue  # another process of the same name lives that run
        except (SpoolError, FileNotFoundError) as error:
            log.error("agent %s: %s", agent, error)  # noqa: TRY400 - the trace says nothing more
            continue
        if rest.owner.agent != agent:  # a name that differs only in case, where that is one folder
            rest.close()
            continue
        shell.call(partial(_send_rest, rest))


def _send_rest(rest: Spool, core: AgentCore, now: float) -> None:
    core.send_rest(rest, now)
