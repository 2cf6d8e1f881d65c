"""Sends what a dead agent left in its spools, unchanged, and does not claim that any of its runs goes on."""

from __future__ import annotations

import asyncio
import logging
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from bus.home import Home
from bus.identity import Identity
from bus.sdk.agent import MakeTransport, connect_with, mqtt, wall_time
from bus.sdk.agent_core import AgentCore
from bus.sdk.era import EraFile
from bus.sdk.shell import Shell
from bus.sdk.spool.file import set_aside
from bus.sdk.spool.on_disk import SqliteSpool, spool_paths
from bus.sdk.spool.store import SpoolBusyError, SpoolError, SpoolTornError
from bus.trust import PinnedTrust, pinned

log = logging.getLogger("watchfloor")

SEND_WITHIN: Final = 30.0
"""Seconds that sending may take unless told otherwise."""


@dataclass(frozen=True, slots=True)
class Sent:
    """What became of one spool: its run, how many events were stored now, how many are still here.

    `gone`: the run had finished and everything is stored, so the spool was deleted.
    """

    run: str
    stored: int
    left: int
    gone: bool


async def send_spool(
    where: Path,
    *,
    home: Home,
    broker: str | None = None,
    supervisor: str | None = None,
    transport: MakeTransport | None = None,
    within: float = SEND_WITHIN,
    unread: Callable[[SpoolError], object] | None = None,
) -> list[Sent]:
    """Send a spool file, or all of an agent's folder, for at most `within` seconds.

    A spool of a folder that cannot be read keeps no other from being sent: `unread` is told of it, and what is torn is
    set aside under another name. The agent is announced under its old incarnation and `lost` afterwards, as it is.

    Raises:
        FileNotFoundError: there is no spool.
        SpoolBusyError: an agent is using it, and sends its rest itself.
        SpoolError: the file is no spool, or damaged, or there are spools of several agents.
        KeyFileError: the supervisor's key cannot be read.
        BadBrokerUrlError: the broker's URL is none.
    """
    spools = await asyncio.to_thread(_open, where, unread or log.error)
    if not spools:
        return []
    try:
        return await _send(spools, home, supervisor, transport or mqtt(home.broker(broker)), within)
    finally:
        for spool in spools:
            spool.close()


def _open(where: Path, unread: Callable[[SpoolError], object]) -> list[SqliteSpool]:
    paths = spool_paths(where) if where.is_dir() else [where]
    if not paths:
        raise FileNotFoundError(f"{where}: no spools here")
    spools: list[SqliteSpool] = []
    try:
        for path in paths:
            try:
                spools.append(SqliteSpool.open_existing(path))
            except SpoolBusyError:
                raise
            except SpoolError as error:
                if not where.is_dir():
                    raise
                unread(_aside(path, error))
        if len({(spool.owner.site, spool.owner.agent) for spool in spools}) > 1:
            raise SpoolError(f"{where}: spools of several agents")
    except BaseException:
        for spool in spools:
            spool.close()
        raise
    return spools


def _aside(path: Path, error: SpoolError) -> SpoolError:
    """Set a torn spool aside, and say so. What is only not ours, or of a newer version, stays where it is."""
    if not isinstance(error, SpoolTornError):
        return error
    try:
        return SpoolError(f"{error}; kept as {set_aside(path).name}")
    except SpoolError as failed:
        return SpoolError(f"{error}; {failed}")


async def _send(
    spools: list[SqliteSpool], home: Home, supervisor: str | None, make: MakeTransport, within: float
) -> list[Sent]:
    newest = max(spools, key=lambda spool: spool.path.stat().st_mtime).owner
    core = AgentCore(
        Identity(newest.site, newest.agent, newest.incarnation, sdk="watchfloor-spool"),
        trust=PinnedTrust(pinned(home, supervisor)),
        wall=wall_time,
        new_id=lambda: secrets.token_hex(6),
        goodbye="lost",
        era=EraFile(spools[0].path.parent),
    )
    before = [spool.stored for spool in spools]
    for spool in spools:
        core.send_rest(spool, time.monotonic())
    shell = Shell(core, connect_with(core, make))
    living = asyncio.create_task(shell.main(), name="watchfloor spool send")
    await asyncio.wrap_future(shell.started)
    shell.close(within)
    await living
    return [
        Sent(
            run=spool.owner.run,
            stored=spool.stored - stored,
            left=spool.last - spool.stored,
            gone=not spool.path.exists(),
        )
        for spool, stored in zip(spools, before, strict=True)
    ]
