"""`watchfloor spool`: events that agents of this machine could not get stored yet."""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path
from typing import Any, Final

import click

from bus.home import Home
from bus.sdk.spool.on_disk import SUFFIX, SqliteSpool, spool_folder, spool_path, spool_paths
from bus.sdk.spool.store import SpoolBusyError, SpoolError
from console.cli import printing
from console.cli.exits import CliError, Exit, bad, complain
from console.cli.numbers import Real
from console.cli.options import Place, common
from console.core.amounts import size

WITHIN: Final = 30.0
"""Seconds that sending may take unless told otherwise."""


@click.group()
def spool() -> None:
    """See and send what agents could not send yet."""


@spool.command("list")
@common
def list_(place: Place) -> None:
    """List the spools of this machine's agents, one a run."""
    folder = place.home().spool
    found = [_shape(path) for path in _all(folder)]
    if place.json:
        printing.say_json(found)
        return
    if not found:
        printing.say([f"no spools in {folder}"])
        return
    rows = [
        (
            f"{shape['agent']}/{shape['run']}",
            printing.NOTHING if shape["unstored"] is None else str(shape["unstored"]),
            printing.NOTHING if shape["bytes"] is None else size(shape["bytes"]),
            _standing(shape),
        )
        for shape in found
    ]
    printing.say(printing.columns(("RUN", "UNSTORED", "SIZE", ""), rows))


def _standing(shape: dict[str, Any]) -> str:
    if shape["problem"] or shape["busy"]:
        return str(shape["problem"] or "in use by its agent")
    left = "left behind" if shape["unstored"] else "all stored"
    return f"{left}, the run had ended" if shape["finished"] else left


@spool.command("send")
@click.argument("what", required=False, metavar="[AGENT|AGENT/RUN|FILE]")
@click.option(
    "--within",
    type=Real(min=0.1),
    default=WITHIN,
    show_default=True,
    metavar="SECONDS",
    help="How long sending may take, for each agent.",
)
@common
def send(place: Place, what: str | None, *, within: float) -> int:
    """Send what dead agents left behind: of one agent, one run, one file, or all. A living agent sends its own."""
    logging.basicConfig(format="watchfloor: %(message)s", level=logging.WARNING)
    home = place.home()
    places = _meant(home, what)
    if not places:
        if place.json:
            printing.say_json([])
        else:
            printing.say([f"no spools in {home.spool}"])
        return Exit.DONE
    shapes: list[dict[str, Any]] = []
    unread: list[SpoolError] = []
    for where in places:
        shapes += _sent(place, home, where, within, unread, alone=what is not None)
    for error in unread:
        complain(f"{error}: not sent")
    if place.json:
        printing.say_json(shapes)
    elif shapes:
        rows = [
            (
                f"{shape['agent']}/{shape['run']}",
                str(shape["stored"]),
                str(shape["left"]),
                "sent whole, spool removed"
                if shape["gone"]
                else "still here"
                if shape["left"]
                else "sent whole",
            )
            for shape in shapes
        ]
        printing.say(printing.columns(("RUN", "STORED", "LEFT", ""), rows))
    left = sum(shape["left"] for shape in shapes)
    if not left:
        return Exit.UNCONFIRMED if unread else Exit.DONE
    if any(shape["stored"] for shape in shapes):
        return Exit.UNCONFIRMED
    raise CliError(
        Exit.NO_ANSWER,
        f"nothing was stored within {within:g} s, {left} events are still here; see: watchfloor doctor",
    )


def _meant(home: Home, what: str | None) -> list[Path]:
    """The spool file, or the folders, to be sent."""
    if what is None:
        folders = sorted(home.spool.iterdir()) if home.spool.is_dir() else []
        return [folder for folder in folders if folder.is_dir() and spool_paths(folder)]
    if Path(what).is_file():
        return [Path(what)]
    agent, _, run = what.partition("/")
    where = spool_path(home.spool, agent, run) if run else spool_folder(home.spool, agent)
    if not where.exists():
        raise bad(f"no spool of {what} in {home.spool}; see: watchfloor spool list")
    return [where]


def _sent(
    place: Place, home: Home, where: Path, within: float, unread: list[SpoolError], *, alone: bool
) -> list[dict[str, Any]]:
    from bus.sdk.spool_send import send_spool

    agent = where.name if where.is_dir() else where.parent.name
    try:
        sent = asyncio.run(
            send_spool(where, home=home, broker=place.broker, within=within, unread=unread.append)
        )
    except SpoolBusyError as error:
        if alone:
            raise
        complain(f"{error}: passed over, its agent sends its own")
        return []
    except SpoolError as error:
        if alone:
            raise
        unread.append(error)  # the spools of other agents are sent all the same
        return []
    except FileNotFoundError as error:
        raise bad(str(error)) from None
    return [
        {"agent": agent, "run": one.run, "stored": one.stored, "left": one.left, "gone": one.gone}
        for one in sent
    ]


def _all(folder: Path) -> list[Path]:
    if not folder.is_dir():
        return []
    return [path for agent in sorted(folder.iterdir()) if agent.is_dir() for path in spool_paths(agent)]


def _shape(path: Path) -> dict[str, Any]:
    shape: dict[str, Any] = {
        "agent": path.parent.name,
        "run": path.name.removesuffix(SUFFIX),
        "file": str(path),
        "unstored": None,
        "first": None,
        "last": None,
        "bytes": None,
        "finished": None,
        "busy": False,
        "problem": "",
    }
    try:
        opened = SqliteSpool.open_existing(path)
    except SpoolBusyError:
        return shape | {"busy": True}
    except FileNotFoundError:
        return shape | {"problem": "gone meanwhile"}
    except SpoolError as error:
        return shape | {"problem": str(error)}
    try:
        return shape | {
            "unstored": opened.last - opened.stored,
            "first": opened.first,
            "last": opened.last,
            "bytes": opened.size,
            "finished": opened.finished,
        }
    finally:
        opened.close()
