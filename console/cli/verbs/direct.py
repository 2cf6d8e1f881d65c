"""`pause --direct` and `kill --direct`: straight to the wrapper of a run on this machine, past broker and supervisor."""

from __future__ import annotations

import socket
from typing import Literal

import msgspec

from bus.contain.door import Place as Reached
from bus.home import Home
from bus.sdk import parent_wire as wire
from console.cli import printing
from console.cli.exits import CliError, Exit, bad
from console.cli.names import short
from console.cli.options import Place
from console.core.text import plain

WITHIN = 30.0
"""Seconds that the wrapper may take: every rung of a kill, and more."""


def reachable(home: Home) -> list[Reached]:
    """The contained runs of this machine that say where they are. Some may be gone by now."""
    found = []
    for path in sorted(home.contained.glob("*.json")) if home.contained.is_dir() else []:
        try:
            found.append(msgspec.json.decode(path.read_bytes(), type=Reached))
        except (OSError, msgspec.MsgspecError):
            continue  # it is being written, or taken away
    return found


def find(home: Home, run: str) -> Reached:
    """The one run of that name: `agent/run`, the run's id, or its last four characters.

    Raises:
        CliError: there is none, or there are several.
    """
    every = reachable(home)
    found = [one for one in every if run in (f"{one.agent}/{one.run}", one.run)]
    found = found or [one for one in every if run == short(one.run)]
    if len(found) == 1:
        return found[0]
    names = ", ".join(f"{one.agent}/{one.run}" for one in (found or every)) or "none"
    raise bad(
        f"{run}: {'several runs' if found else 'no contained run'} of that name here; there are: {names}"
    )


def carry_out(place: Place, kind: Literal["pause", "kill"], run: str, reason: str) -> int:
    """Tell the wrapper, wait until it is so, and print each rung."""
    found = find(place.home(), run)
    request = wire.Direct(n=1, kind=kind, by=place.who(), reason=reason)
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as link:
            link.settimeout(WITHIN)
            link.connect(found.socket)
            link.sendall(wire.line(request))
            with link.makefile("rb") as lines:
                text = lines.readline()
    except OSError as error:
        why = "the wrapper is gone" if isinstance(error, ConnectionError | FileNotFoundError) else str(error)
        raise CliError(Exit.NO_ANSWER, f"{kind} of {found.agent}/{found.run}: {why}") from None
    if not text:
        raise CliError(
            Exit.UNCONFIRMED, f"{kind} of {found.agent}/{found.run}: the wrapper ended before it said so"
        )
    answer = wire.ANSWER.decode(text)
    if answer.error:
        raise CliError(Exit.REFUSED, f"{kind} of {found.agent}/{found.run}: {answer.text or answer.error}")
    if place.json:
        rungs = answer.text.splitlines()
        shape = {"agent": found.agent, "run": found.run, "command": answer.token, "rungs": rungs}
        printing.tell(printing.safe_json(shape))
    else:
        printing.tell(
            f"{kind} {found.agent}/{found.run}  effective, told directly; the supervisor records it late"
        )
        for rung in answer.text.splitlines():
            printing.tell(f"  {plain(rung)}")
    return Exit.DONE
