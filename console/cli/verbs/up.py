"""`watchfloor up`."""

from __future__ import annotations

import click

from console.cli.numbers import Whole
from console.cli.options import Place, common

PORT = 1883


@click.command()
@click.option(
    "--port",
    type=Whole(1, 65_535),
    default=PORT,
    show_default=True,
    help="Port of the embedded broker.",
)
@click.option(
    "--listen",
    default="127.0.0.1",
    show_default=True,
    metavar="ADDRESS",
    help="IP address of the embedded broker, which has no access control.",
)
@click.option(
    "--watch-stdin", is_flag=True, help="End when standard input does: the program that started it is gone."
)
@common
def up(place: Place, *, port: int, listen: str, watch_stdin: bool) -> int:
    """Bring the site up and keep it up: the embedded broker, unless --broker names another, and the supervisor."""
    from console.supervisor.process.up import run_up

    return run_up(site=place.site, broker=place.broker, listen=listen, port=port, watch_stdin=watch_stdin)
