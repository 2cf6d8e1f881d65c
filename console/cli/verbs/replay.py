"""`watchfloor replay`: the console over a recorded session. Paints first, and reads the recording behind that."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from console.cli.exits import bad
from console.cli.looks import looks, settings_for
from console.cli.options import Place, common
from console.cli.session_file import session_path
from console.cli.terminal import check_screen
from console.core.amounts import size
from console.core.replay.timeline import FASTEST, SLOWEST

if TYPE_CHECKING:
    from console.cli.screens.replayed import Replayed
    from console.tui.settings import Asked, Settings


@click.command()
@click.argument("session", default="last", metavar="[SESSION|FILE]")
@click.option(
    "--speed",
    type=click.FloatRange(SLOWEST, FASTEST),
    default=1.0,
    metavar="X",
    help=f"So many times as fast, {SLOWEST:g} to {FASTEST:g}. [1]",
)
@click.option(
    "--at", metavar="TIME|PERCENT", help="Stand still there: HH:MM:SS, +30, -2m (before the end) or 50%."
)
@common
@looks
def replay(place: Place, session: str, look: Asked, *, speed: float, at: str | None) -> int:
    """Show a recorded SESSION in the screens of the console: a name, the beginning of one, `last`, or a file.

    Space plays, `,` and `.` step, `?` names the other keys. Nothing in it can act: it has no connection to anything.
    """
    if place.json:
        raise bad("replay is for eyes; for programs see: watchfloor export --json")
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise bad("replay needs a terminal; in a pipe see: watchfloor export")
    check_screen("watchfloor oncall, tail or export")
    settings = settings_for(place, look)
    path = session_path(place.home(), session)
    return asyncio.run(_show(path, place.home().site, speed, at, settings))


async def _show(path: Path, site: str, speed: float, at: str | None, settings: Settings) -> int:
    from console.cli.screens.archived import Archived
    from console.tui.app import leave_on_signals, prepare

    prepare(settings)
    from console.tui.replay.replay_app import ReplayApp

    app = ReplayApp(
        lambda: _opened(path, speed, at),
        site=site,
        reading=f"{path.stem}, {_size(path)}",
        archive=Archived(path.parent),
        settings=settings,
    )
    leave_on_signals(app)
    try:
        code = await app.run_async(mouse=settings.mouse)
    finally:
        await app.left()
    if app.failure is not None:
        raise app.failure
    return code if code is not None else (app.return_code or 0)


@asynccontextmanager
async def _opened(path: Path, speed: float, at: str | None) -> AsyncIterator[Replayed]:
    """The recording; everything that it brings along is loaded here, after the first paint."""
    from console.cli.screens.replayed import opened

    async with opened(path, speed, at) as source:
        yield source


def _size(path: Path) -> str:
    return size(path.stat().st_size)
