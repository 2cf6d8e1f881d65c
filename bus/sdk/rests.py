"""What dead processes of an agent left in their spools, sent on by the next one."""

from __future__ import annotations

import logging
from functools import partial

from bus.home import Home
from bus.sdk.agent_core import AgentCore
from bus.sdk.shell import Shell
from bus.sdk.spool.store import Spool, SpoolBusyError, SpoolError

log = logging.getLogger("watchfloor")


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
