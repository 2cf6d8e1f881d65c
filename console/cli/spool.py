"""`watchfloor spool`: events that agents of this machine could not get stored yet."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from bus.spool import SpoolBusyError, SpoolError
from bus.spool_file import SUFFIX, SqliteSpool, spool_paths
from console.cli import printing
from console.cli.options import Place, common


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
            printing.NOTHING if shape["bytes"] is None else printing.size(shape["bytes"]),
            shape["problem"]
            or ("in use" if shape["busy"] else "ended" if shape["finished"] else "left behind"),
        )
        for shape in found
    ]
    printing.say(printing.columns(("RUN", "UNSTORED", "SIZE", ""), rows))


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
